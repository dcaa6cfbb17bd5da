//! Services of every temper, and a verifier that has to wait for its keys.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Response};
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Answer, TestIssuer};
use portcullis::{Error, Issuer, VerifiedToken, Verifier};
use tower::Service;

use crate::minting::{token, verifier};

pub(crate) type Asked = Request<String>;
pub(crate) type Answered = Response<String>;

pub(crate) fn bearer(token: &str) -> Asked {
    Request::get("/").header(AUTHORIZATION, format!("Bearer {token}")).body(String::new()).unwrap()
}

pub(crate) fn without() -> Asked {
    Request::new(String::new())
}

/// A request as a layer outside has left it.
pub(crate) async fn planted() -> Asked {
    let verified = verifier().verify(&token("a")).await.unwrap();
    let mut request = without();
    request.extensions_mut().insert(verified);
    request
}

pub(crate) fn verdict(response: &Answered) -> (u16, &str) {
    let code = response.extensions().get::<Error>().map_or("", Error::code);
    (response.status().as_u16(), code)
}

pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A verifier that gets its keys from a server.
pub(crate) async fn remote() -> (TestIssuer, Verifier) {
    remote_that(Answer::Normal).await
}

/// The same, of a server that answers so from the start: where there are several threads, the verifier may be quick to ask.
pub(crate) async fn remote_that(answer: Answer) -> (TestIssuer, Verifier) {
    let server = TestIssuer::builder().audience("https://remote.example.com").start().await;
    server.answer(answer);
    // As long as can be: the test says when the keys are there, however busy the machine is.
    let keys = Remote::discover(server.identifier()).unwrap().wait_budget(Duration::from_secs(30));
    let issuer = Issuer::new(server.identifier(), keys).audience(server.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap();
    (server, verifier)
}

/// Only an instance that was polled ready may be called, and its clones are not ready: what tower's documentation warns
/// of, where it shows how to clone a service.
#[derive(Debug, Default)]
pub(crate) struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<Asked> for Strict {
    type Response = Answered;
    type Error = Infallible;
    type Future = Ready<Result<Answered, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Asked) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        let subject = request.extensions().get::<VerifiedToken>().and_then(VerifiedToken::subject);
        ready(Ok(Response::new(subject.unwrap_or("nobody").to_owned())))
    }
}
