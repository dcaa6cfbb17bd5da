//! The response, once the token has been judged.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::http::body::{NoBody, RefusalBody};
use crate::http::dialect::Dialect;
use crate::http::guard::{Check, Finishing, Guard};
use crate::http::refusal::leave;
use crate::stripes::Spread;

pin_project! {
    /// Response future of [`Auth`](super::Auth).
    ///
    /// Never completes a second time.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B, W = NoBody>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, W, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, W, F, R> {
        Running { #[pin] response: F, finish: Option<Finish<W>> },
        Refused { response: Option<R> },
        Checking { waiting: Option<Box<Waiting<S, B, W>>> },
    }
}

/// What words refusals from within, and for whom.
pub(super) struct Finish<W> {
    pub(super) guard: Spread<Guard<W>>,
    pub(super) dialect: Dialect,
}

/// Everything needed to go on after the check, in one box to keep the future of the common case small.
struct Waiting<S, B, W> {
    check: Check,
    /// The instance that was polled ready.
    service: S,
    request: Request<B>,
    finish: Finish<W>,
}

impl<S: Service<Request<B>>, B, W> ResponseFuture<S, B, W> {
    pub(super) fn running(response: S::Future, finish: Option<Finish<W>>) -> Self {
        Self { state: State::Running { response, finish } }
    }

    pub(super) fn refused(response: S::Response) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }

    pub(super) fn checking(check: Check, service: S, request: Request<B>, finish: Finish<W>) -> Self {
        let waiting = Some(Box::new(Waiting { check, service, request, finish }));
        Self { state: State::Checking { waiting } }
    }
}

impl<S, B, W, R> Future for ResponseFuture<S, B, W>
where
    S: Service<Request<B>, Response = Response<R>>,
    W: RefusalBody<R>,
    R: Default,
{
    type Output = Result<Response<R>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let waiting = match state.as_mut().project() {
                StateProjection::Running { response, finish } => {
                    let mut answer = ready!(response.poll(cx));
                    match (&mut answer, finish) {
                        (Ok(response), Some(finish)) => finish.guard.finish(response, finish.dialect),
                        (Ok(response), None) => leave(response),
                        (Err(_), _) => {}
                    }
                    return Poll::Ready(answer);
                }
                StateProjection::Refused { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                StateProjection::Checking { waiting } => waiting,
            };
            let Some(checked) = waiting else { return Poll::Pending };
            let decision = ready!(checked.check.as_mut().poll(cx));
            let Some(waited) = waiting.take() else { return Poll::Pending };
            let Waiting { mut service, mut request, finish, .. } = *waited;
            match decision {
                Ok((token, way, ())) => {
                    finish.guard.clear(way, request.headers_mut());
                    request.extensions_mut().insert(token);
                    let response = service.call(request);
                    let finish = (finish.guard.finishing == Finishing::Needed).then_some(finish);
                    state.set(State::Running { response, finish });
                }
                Err(denial) => {
                    return Poll::Ready(Ok(finish.guard.refuse(denial, finish.dialect)));
                }
            }
        }
    }
}

impl<S: Service<Request<B>>, B, W> fmt::Debug for ResponseFuture<S, B, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running { .. } => "running",
            State::Refused { .. } => "refused",
            State::Checking { .. } => "checking",
        };
        f.debug_struct("ResponseFuture").field("state", &state).finish()
    }
}
