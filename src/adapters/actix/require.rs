//! Requirements of routes as middleware.

use std::fmt;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::{Error, HttpMessage as _};

use super::future::EarlyFuture;
use super::head::dialect_of;
use super::response::refused;
use crate::audit::Asked;
use crate::http::{Refusal, RequireLayer, Terms};
use crate::stripes::Spread;

/// A service of actix-web behind a [`RequireLayer`].
pub struct RequireMiddleware<S> {
    inner: S,
    terms: Spread<Terms>,
}

impl<S, B> Transform<S, ServiceRequest> for RequireLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = RequireMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<RequireMiddleware<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RequireMiddleware { inner: service, terms: self.terms.rooted() }))
    }
}

impl<S, B> Service<ServiceRequest> for RequireMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = EarlyFuture<S::Future>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> EarlyFuture<S::Future> {
        let checked = {
            let planted = request.extensions();
            let anonymous = || planted.get().cloned();
            let asked = || Asked { method: Some(request.method().as_str()), context: planted.get() };
            self.terms.check(planted.get(), anonymous, asked)
        };
        match checked {
            Ok(()) => EarlyFuture::running(self.inner.call(request)),
            Err(fault) => {
                let refusal = Refusal::new(fault, dialect_of(request.head()));
                EarlyFuture::answered(refused(request, refusal.unfinished()))
            }
        }
    }
}

/// Not derived, as the inner service need not be `Debug`.
impl<S> fmt::Debug for RequireMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireMiddleware").field("terms", &self.terms).finish_non_exhaustive()
    }
}
