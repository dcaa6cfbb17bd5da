//! The guarded service.

use std::fmt;
use std::mem;
use std::task::{Context, Poll};

use http::header::CONTENT_TYPE;
use http::{Request, Response};
use tower_service::Service;

use super::future::{Finish, ResponseFuture};
use super::layer::Anonymous;
use crate::http::body::{NoBody, RefusalBody};
use crate::http::dialect::Dialect;
use crate::http::guard::{Admission, Finishing, Guard};
use crate::http::source::Head;
use crate::stripes::Spread;
use crate::verify::VerifiedToken;

/// A service behind an [`AuthLayer`](super::AuthLayer).
///
/// Its errors are those of the inner service: a refusal is a response. Ready when the inner service is.
pub struct Auth<S, W = NoBody> {
    inner: S,
    guard: Spread<Guard<W>>,
}

impl<S, W> Auth<S, W> {
    pub(super) fn new(inner: S, guard: Spread<Guard<W>>) -> Self {
        Self { inner, guard }
    }
}

impl<S, W, B, R> Service<Request<B>> for Auth<S, W>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    W: RefusalBody<R>,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> ResponseFuture<S, B, W> {
        // Whatever came along, from another layer or a careless server: only this one says who is asking.
        request.extensions_mut().remove::<VerifiedToken>();
        request.extensions_mut().remove::<Anonymous>();
        if self.guard.has_foreign_content() {
            request.headers_mut().remove(CONTENT_TYPE);
        }
        let head = Head { method: request.method(), uri: request.uri(), headers: request.headers() };
        let admission = self.guard.admit(head);
        self.follow(admission, request)
    }
}

impl<S, W> Auth<S, W> {
    #[inline]
    fn follow<B, R>(&mut self, admission: Admission, mut request: Request<B>) -> ResponseFuture<S, B, W>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        W: RefusalBody<R>,
        R: Default,
    {
        if let Admission::Verified(token, way, ()) = admission {
            self.guard.clear(way, request.headers_mut());
            request.extensions_mut().insert(token);
            let finish = (self.guard.finishing == Finishing::Needed).then(|| self.finish(&request));
            return ResponseFuture::running(self.inner.call(request), finish);
        }
        self.follow_others(admission, request)
    }

    /// Apart, so that the code for a good token stays short.
    #[inline(never)]
    fn follow_others<B, R>(
        &mut self,
        admission: Admission,
        mut request: Request<B>,
    ) -> ResponseFuture<S, B, W>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        W: RefusalBody<R>,
        R: Default,
    {
        match admission {
            Admission::Verified(token, ..) => {
                request.extensions_mut().insert(token);
                ResponseFuture::running(self.inner.call(request), None)
            }
            Admission::Anonymous(marker) => {
                request.extensions_mut().insert(marker);
                let finish = Some(self.finish(&request));
                ResponseFuture::running(self.inner.call(request), finish)
            }
            Admission::Refused(denial) => {
                let dialect = Dialect::of(request.method(), request.headers());
                ResponseFuture::refused(self.guard.refuse(denial, dialect))
            }
            Admission::Undecided(check) => {
                // The instance that was polled ready is called later; its clone stays behind and will be polled anew.
                let idle = self.inner.clone();
                let ready = mem::replace(&mut self.inner, idle);
                let finish = self.finish(&request);
                ResponseFuture::checking(check, ready, request, finish)
            }
        }
    }

    fn finish<B>(&self, request: &Request<B>) -> Finish<W> {
        Finish { guard: self.guard.clone(), dialect: Dialect::of(request.method(), request.headers()) }
    }
}

/// Not derived, as what writes bodies need be neither `Clone` nor `Debug`.
impl<S: Clone, W> Clone for Auth<S, W> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guard: self.guard.clone() }
    }
}

impl<S: fmt::Debug, W> fmt::Debug for Auth<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("inner", &self.inner).field("guard", &self.guard).finish()
    }
}

#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::Waker;
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tower_layer::Layer;
    use tower_test::mock;

    use super::*;
    use crate::error::{Error, Rejection, Unavailable};
    use crate::http::guard::Denial;
    use crate::jose::Jwk;
    use crate::time::UnixTime;
    use crate::verify::{Issuer, Verifier};

    /// Signed with the Ed25519 key of RFC 8037, appendix A; expires in second 1,300.
    const TOKEN: &str = concat!(
        "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImEifQ",
        ".eyJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbSIsImNsaWVudF9pZCI6InNob3AiLCJlbWFpbCI6ImFsaWNlQGV4YW1wbGUuY29tIiwiZX",
        "hwIjoxMzAwLCJpYXQiOjk5MCwiaXNzIjoiaHR0cHM6Ly9pZC5leGFtcGxlLmNvbSIsImp0aSI6IjEiLCJzY29wZSI6ImEiLCJzdWIiOiJhbGljZSJ9",
        ".L8gjzk5e97Tor6RtbF7AZl6EWOFClDyjYqJGrfskFYZv-3hV8UFfPEmSj4_UZmEN-sVedCy_GgT76LQK97KgCA",
    );

    fn verifier() -> Verifier {
        let key =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let issuer = Issuer::new("https://id.example.com", Jwk::parse(key).unwrap());
        let issuer = issuer.audience("https://api.example.com");
        Verifier::builder().issuer(issuer).clock(|| UnixTime::from_seconds(1_000)).build().unwrap()
    }

    fn good() -> VerifiedToken {
        let Poll::Ready(Ok(token)) = verifier().verify_cached(TOKEN) else { panic!("fixed keys never wait") };
        token
    }

    type Decide = oneshot::Sender<Result<VerifiedToken, Error>>;

    /// A check that ends when the test says so.
    fn open_check() -> (Decide, Admission) {
        let (decide, decided): (Decide, _) = oneshot::channel();
        let decided = async { decided.await.unwrap().map(|token| (token, 0, ())).map_err(Denial::first) };
        (decide, Admission::Undecided(Box::pin(decided)))
    }

    type Mock = mock::Mock<Request<&'static str>, Response<&'static str>>;
    type Handle = mock::Handle<Request<&'static str>, Response<&'static str>>;

    /// A service of which one instance is ready for one call.
    async fn ready_service() -> (Auth<Mock>, Handle) {
        let (mock, mut handle) = mock::pair();
        handle.allow(1);
        let mut service = verifier().layer().layer(mock);
        poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
        (service, handle)
    }

    fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn after_a_wait_the_instance_that_was_polled_is_called() {
        let (mut service, mut handle) = ready_service().await;
        let (decide, admission) = open_check();
        let mut response = Box::pin(service.follow(admission, Request::new("hello")));
        assert!(poll_once(&mut response).is_pending());
        // Readiness went with the request: what stayed behind must be polled anew, and is not ready.
        handle.allow(0);
        assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending());
        decide.send(Ok(good())).unwrap();
        assert!(poll_once(&mut response).is_pending(), "the inner service has not answered yet");
        let (request, respond) = handle.next_request().await.unwrap();
        assert_eq!(request.extensions().get::<VerifiedToken>().unwrap().subject(), Some("alice"));
        assert_eq!(*request.body(), "hello");
        respond.send_response(Response::new("welcome"));
        assert_eq!(response.await.unwrap().into_body(), "welcome");
    }

    #[tokio::test]
    async fn a_check_that_ends_badly_is_a_refusal_in_the_clients_way() {
        let wait = Duration::from_secs(3);
        for (error, content_type, status, header, value) in [
            (Rejection::KeyUnknown.into(), "text/plain", 401, "cache-control", "no-store"),
            (Unavailable::KeysNotLoaded { retry_after: wait }.into(), "text/plain", 503, "retry-after", "3"),
            (Rejection::KeyUnknown.into(), "application/grpc", 200, "grpc-status", "16"),
            (
                Unavailable::KeysNotLoaded { retry_after: wait }.into(),
                "application/grpc",
                200,
                "grpc-status",
                "14",
            ),
        ] {
            let (mut service, mut handle) = ready_service().await;
            let (decide, admission) = open_check();
            let request = Request::post("/").header("content-type", content_type).body("hello").unwrap();
            let mut response = Box::pin(service.follow(admission, request));
            decide.send(Err(Error::clone(&error))).unwrap();
            let Poll::Ready(Ok(refused)) = poll_once(&mut response) else { panic!("nothing to wait for") };
            assert_eq!(refused.status(), status);
            assert_eq!(refused.headers()[header], value);
            assert_eq!(refused.extensions().get::<Error>(), Some(&error));
            assert!(
                poll_once(&mut response).is_pending(),
                "polled late, it neither panics nor answers again"
            );
            drop((service, response));
            assert!(handle.next_request().await.is_none(), "the inner service was not called");
        }
    }

    #[tokio::test]
    async fn a_cancelled_wait_drops_the_request_and_calls_nobody() {
        let (mut service, mut handle) = ready_service().await;
        let (decide, admission) = open_check();
        let mut response = Box::pin(service.follow(admission, Request::new("hello")));
        assert!(poll_once(&mut response).is_pending());
        assert_eq!(format!("{response:?}"), r#"ResponseFuture { state: "checking" }"#);
        drop(response);
        assert!(decide.is_closed(), "nobody waits for the check any more");
        drop(service);
        assert!(handle.next_request().await.is_none());
    }

    #[tokio::test]
    async fn a_refusal_is_given_once() {
        let (mut service, _handle) = ready_service().await;
        let mut response = Box::pin(service.call(Request::new("hello")));
        assert!(poll_once(&mut response).is_ready());
        assert!(poll_once(&mut response).is_pending());
    }
}
