//! A service that does nothing, asked without a runtime, so that only what is around it is measured.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::task::{Context, Poll, Waker};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tower::{Service, ServiceExt};

pub fn authorization(token: &str) -> HeaderValue {
    HeaderValue::try_from(format!("Bearer {token}")).unwrap()
}

/// The inner service.
pub fn answer(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    black_box(&request);
    ready(Ok(Response::new(())))
}

/// One request, built and served, without a runtime: nothing waits.
pub fn through<S>(service: &mut S, authorization: &HeaderValue)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let request = Request::builder().header(AUTHORIZATION, authorization).body(()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut response = std::pin::pin!(service.ready());
    let Poll::Ready(Ok(ready)) = response.as_mut().poll(&mut context) else { panic!("not ready") };
    let mut response = std::pin::pin!(ready.call(request));
    let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut context) else { panic!("waited") };
    assert_eq!(response.status(), 200);
}
