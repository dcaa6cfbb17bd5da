//! The service as it is at this moment.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::util::Oneshot;
use tower::{Service, ServiceExt};

/// Hands each request to the routes that are current when it comes, guard and all. A request keeps what it began with, so a
/// change is seen by requests as a whole or not at all, and none is dropped for it.
#[derive(Clone)]
pub(crate) struct Current(Arc<ArcSwap<Router>>);

impl Current {
    pub(crate) fn new(routes: Router) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(routes)))
    }

    /// From here on requests go to these routes. The verifier of those before ends with the last request that has it.
    pub(crate) fn replace(&self, routes: Router) {
        self.0.store(Arc::new(routes));
    }

    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback_service(self)
    }
}

impl Service<Request> for Current {
    type Response = Response;
    type Error = Infallible;
    type Future = Oneshot<Router, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whether the routes are ready is asked of those that will get the request.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Router::clone(&self.0.load()).oneshot(request)
    }
}
