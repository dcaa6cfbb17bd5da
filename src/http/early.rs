//! The response of a service that answers some requests by itself.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;

use super::dialect::Dialect;
use super::refusal::{Fault, Refusal};

pin_project! {
    /// Response future of [`Require`](super::Require), [`ByMethod`](super::ByMethod) and [`Metadata`](super::Metadata).
    ///
    /// Never completes a second time.
    #[must_use = "futures do nothing unless polled"]
    pub struct EarlyFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, R> {
        Running { #[pin] response: F },
        Answered { response: Option<Response<R>> },
    }
}

impl<F, R> EarlyFuture<F, R> {
    pub(super) const fn running(response: F) -> Self {
        Self { state: State::Running { response } }
    }

    pub(super) const fn answered(response: Response<R>) -> Self {
        Self { state: State::Answered { response: Some(response) } }
    }
}

impl<F, R: Default> EarlyFuture<F, R> {
    pub(super) fn refused<B>(fault: Fault, request: &Request<B>) -> Self {
        let refusal = Refusal::new(fault, Dialect::of(request.method(), request.headers()));
        Self::answered(refusal.unfinished())
    }
}

impl<F, R, E> Future for EarlyFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Running { response } => response.poll(cx),
            StateProjection::Answered { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
        }
    }
}

impl<F, R> fmt::Debug for EarlyFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running { .. } => "running",
            State::Answered { .. } => "answered",
        };
        f.debug_struct("EarlyFuture").field("state", &state).finish()
    }
}
