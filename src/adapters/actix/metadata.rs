//! The document of a protected resource, served by middleware.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse};
use http::Method;

use super::future::EarlyFuture;
use super::response::dressed;
use crate::http::{MetadataLayer, Page};

/// A service of actix-web behind a [`MetadataLayer`].
pub struct MetadataMiddleware<S> {
    inner: S,
    page: Arc<Page>,
}

impl<S, B> Transform<S, ServiceRequest> for MetadataLayer
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = MetadataMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<MetadataMiddleware<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(MetadataMiddleware { inner: service, page: Arc::clone(&self.page) }))
    }
}

impl<S, B> Service<ServiceRequest> for MetadataMiddleware<S>
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
        if !self.page.is_at(request.uri().path()) {
            return EarlyFuture::running(self.inner.call(request));
        }
        // A method that has no name in the other crate is not among those that are served.
        let method = Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or(Method::TRACE);
        let response = dressed(HttpResponse::new(StatusCode::OK), self.page.answer(&method));
        let (request, _) = request.into_parts();
        EarlyFuture::answered(ServiceResponse::new(request, response))
    }
}

/// Not derived, as the inner service need not be `Debug`.
impl<S> fmt::Debug for MetadataMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataMiddleware").field("page", &self.page).finish_non_exhaustive()
    }
}
