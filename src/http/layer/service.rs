//! The guarded service.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::future::ResponseFuture;
use super::layer::{Admission, Anonymous, Guard};
use crate::verify::VerifiedToken;

/// A service behind an [`AuthLayer`](super::AuthLayer).
///
/// Its errors are those of the inner service: a refusal is a response. Ready when the inner service is.
#[derive(Clone, Debug)]
pub struct Auth<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl<S> Auth<S> {
    pub(super) fn new(inner: S, guard: Arc<Guard>) -> Self {
        Self { inner, guard }
    }
}

impl<S, B, R> Service<Request<B>> for Auth<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> ResponseFuture<S, B> {
        // Whatever came along, from another layer or a careless server: only this one says who is asking.
        request.extensions_mut().remove::<VerifiedToken>();
        request.extensions_mut().remove::<Anonymous>();
        let admission = self.guard.admit(request.headers());
        self.follow(admission, request)
    }
}

impl<S> Auth<S> {
    fn follow<B, R>(&mut self, admission: Admission, mut request: Request<B>) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        R: Default,
    {
        match admission {
            Admission::Verified(token) => {
                request.extensions_mut().insert(token);
                ResponseFuture::running(self.inner.call(request))
            }
            Admission::Anonymous(marker) => {
                request.extensions_mut().insert(marker);
                ResponseFuture::running(self.inner.call(request))
            }
            Admission::Refused(error) => {
                ResponseFuture::refused(self.guard.refusal(error, request.headers()).into_response())
            }
            Admission::Undecided(check) => {
                // The instance that was polled ready is called later; its clone stays behind and will be polled anew.
                let idle = self.inner.clone();
                let ready = mem::replace(&mut self.inner, idle);
                ResponseFuture::checking(check, ready, request, Arc::clone(&self.guard))
            }
        }
    }
}
