//! Requests through an axum router, without a runtime: nothing waits.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::routing::get;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use portcullis_peer_bench_shared::{Contender, Local};
use tower::Service;

/// The output of a future that has nothing to wait for: the keys are at hand.
pub fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits, although its keys are at hand"),
    }
}

/// A router as a contender: the token goes in as the header of a request and is accepted by status 200.
pub fn through(router: impl Routes + 'static) -> Box<dyn Contender> {
    Box::new(local(router))
}

pub fn local(mut router: impl Routes) -> Local<impl FnMut(&str) -> bool> {
    Local(move |token: &str| router.status(token) == StatusCode::OK)
}

/// The routers that guard nothing.
pub fn bare() -> Box<dyn Contender> {
    through(Router::new().route("/", get(async || {})))
}

pub fn bare_07() -> Box<dyn Contender> {
    through(axum_07::Router::new().route("/", axum_07::routing::get(|| async {})))
}

/// A router of either axum.
pub trait Routes {
    fn status(&mut self, token: &str) -> StatusCode;
}

impl Routes for Router {
    fn status(&mut self, token: &str) -> StatusCode {
        call::<_, axum::body::Body, _>(self, token)
    }
}

impl Routes for axum_07::Router {
    fn status(&mut self, token: &str) -> StatusCode {
        call::<_, axum_07::body::Body, _>(self, token)
    }
}

fn call<S, B, R>(service: &mut S, token: &str) -> StatusCode
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
    B: Default,
{
    let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}"));
    let request = request.body(B::default()).expect("base64url and dots");
    let ready = service.poll_ready(&mut Context::from_waker(Waker::noop()));
    assert!(ready.is_ready());
    let Ok(response) = at_once(service.call(request));
    response.status()
}
