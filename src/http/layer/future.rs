//! The response, once the token has been judged.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::layer::Guard;
use crate::error::Error;
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// A decision that waits for keys.
pub(super) type Check = Pin<Box<dyn Future<Output = Result<VerifiedToken, Error>> + Send>>;

pin_project! {
    /// Response future of [`Auth`](super::Auth).
    ///
    /// Never completes a second time.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F, R> {
        Running { #[pin] response: F },
        Refused { response: Option<R> },
        Checking { waiting: Option<Box<Waiting<S, B>>> },
    }
}

/// Everything needed to go on after the check, in one box to keep the future of the common case small.
struct Waiting<S, B> {
    check: Check,
    /// The instance that was polled ready.
    service: S,
    request: Request<B>,
    guard: Spread<Guard>,
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(super) fn running(response: S::Future) -> Self {
        Self { state: State::Running { response } }
    }

    pub(super) fn refused(response: S::Response) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }

    pub(super) fn checking(check: Check, service: S, request: Request<B>, guard: Spread<Guard>) -> Self {
        let waiting = Some(Box::new(Waiting { check, service, request, guard }));
        Self { state: State::Checking { waiting } }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let waiting = match state.as_mut().project() {
                StateProjection::Running { response } => return response.poll(cx),
                StateProjection::Refused { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                StateProjection::Checking { waiting } => waiting,
            };
            let Some(checked) = waiting else { return Poll::Pending };
            let decision = ready!(checked.check.as_mut().poll(cx));
            let Some(waited) = waiting.take() else { return Poll::Pending };
            let Waiting { mut service, mut request, guard, .. } = *waited;
            match decision {
                Ok(token) => {
                    request.extensions_mut().insert(token);
                    state.set(State::Running { response: service.call(request) });
                }
                Err(error) => {
                    let response = guard.refusal(error, &request).into_response();
                    return Poll::Ready(Ok(response));
                }
            }
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running { .. } => "running",
            State::Refused { .. } => "refused",
            State::Checking { .. } => "checking",
        };
        f.debug_struct("ResponseFuture").field("state", &state).finish()
    }
}
