//! Responses that are to come.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage as _};
use pin_project_lite::pin_project;

use super::head::HeadCopy;
use super::response::{Wording, refused};
use crate::http::{Check, Guard, NoBody, RefusalBody};
use crate::stripes::Spread;

pin_project! {
    /// Response future of [`AuthMiddleware`](super::AuthMiddleware).
    ///
    /// Dropping it drops the waiting and the request, and cancels no fetch of keys. Never completes a second time.
    #[must_use = "futures do nothing unless polled"]
    pub struct AuthFuture<S, W = NoBody>
    where
        S: Service<ServiceRequest>,
    {
        #[pin]
        state: State<S, W, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, W, F> {
        Running { #[pin] response: F, wording: Option<Wording<W>> },
        Answered { response: Option<ServiceResponse> },
        Checking { waiting: Option<Box<Waiting<S, W>>> },
    }
}

/// Everything needed to go on after the check, in one box to keep the future of the common case small.
pub(super) struct Waiting<S, W> {
    pub(super) check: Check,
    pub(super) service: Rc<S>,
    pub(super) request: ServiceRequest,
    pub(super) head: HeadCopy,
    pub(super) guard: Spread<Guard<W>>,
}

impl<S: Service<ServiceRequest>, W> AuthFuture<S, W> {
    pub(super) fn running(response: S::Future, wording: Wording<W>) -> Self {
        Self { state: State::Running { response, wording: Some(wording) } }
    }

    pub(super) fn answered(response: ServiceResponse) -> Self {
        Self { state: State::Answered { response: Some(response) } }
    }

    pub(super) fn checking(waiting: Waiting<S, W>) -> Self {
        Self { state: State::Checking { waiting: Some(Box::new(waiting)) } }
    }
}

impl<S, B, W> Future for AuthFuture<S, W>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
    W: RefusalBody<String> + 'static,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let waiting = match state.as_mut().project() {
                StateProjection::Running { response, wording } => {
                    let answer = ready!(response.poll(cx));
                    let wording = wording.take().unwrap_or(Wording::Theirs);
                    return Poll::Ready(match answer {
                        Ok(response) => Ok(wording.finish(response)),
                        Err(error) => Err(wording.finish_error(error)),
                    });
                }
                StateProjection::Answered { response } => return early(response),
                StateProjection::Checking { waiting } => waiting,
            };
            let Some(checked) = waiting else { return Poll::Pending };
            let decision = ready!(checked.check.as_mut().poll(cx));
            let Some(waited) = waiting.take() else { return Poll::Pending };
            let Waiting { service, mut request, mut head, guard, .. } = *waited;
            let next = match decision {
                Ok((token, way, ())) => {
                    head.clear(&guard, way, &mut request);
                    request.extensions_mut().insert(token);
                    let wording = Wording::of(&guard, &head);
                    State::Running { response: service.call(request), wording: Some(wording) }
                }
                Err(denial) => {
                    let written = guard.refuse(denial, head.dialect());
                    State::Answered { response: Some(refused(request, written)) }
                }
            };
            state.set(next);
        }
    }
}

impl<S: Service<ServiceRequest>, W> fmt::Debug for AuthFuture<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Running { .. } => "running",
            State::Answered { .. } => "answered",
            State::Checking { .. } => "checking",
        };
        f.debug_struct("AuthFuture").field("state", &state).finish()
    }
}

pin_project! {
    /// Response future of middleware that may answer by itself, without asking the inner service.
    #[must_use = "futures do nothing unless polled"]
    pub struct EarlyFuture<F> {
        #[pin]
        state: EarlyState<F>,
    }
}

pin_project! {
    #[project = EarlyProjection]
    enum EarlyState<F> {
        Running { #[pin] response: F },
        Answered { response: Option<ServiceResponse> },
    }
}

impl<F> EarlyFuture<F> {
    pub(super) fn running(response: F) -> Self {
        Self { state: EarlyState::Running { response } }
    }

    pub(super) fn answered(response: ServiceResponse) -> Self {
        Self { state: EarlyState::Answered { response: Some(response) } }
    }
}

impl<F, B> Future for EarlyFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            EarlyProjection::Running { response } => {
                response.poll(cx).map_ok(ServiceResponse::map_into_left_body)
            }
            EarlyProjection::Answered { response } => early(response),
        }
    }
}

impl<F> fmt::Debug for EarlyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            EarlyState::Running { .. } => "running",
            EarlyState::Answered { .. } => "answered",
        };
        f.debug_struct("EarlyFuture").field("state", &state).finish()
    }
}

fn early<B>(
    response: &mut Option<ServiceResponse<BoxBody>>,
) -> Poll<Result<ServiceResponse<EitherBody<B>>, Error>> {
    response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response.map_into_right_body())))
}
