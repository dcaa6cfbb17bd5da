//! Readiness is that of the service within, and nobody is called without.

use std::fmt::Debug;

use http::Request;
use portcullis::testkit::Answer;
use portcullis::{require, scope};
use tower::{Layer, Service, ServiceExt};
use tower_test::mock::{self, Mock, Spawn};

use crate::minting::{expired, token, verifier};
use crate::stage::{Answered, Asked, Strict, bearer, planted, remote, verdict, without};

type Inner = Mock<Asked, Answered>;

/// Pending, ready and failed come from within.
async fn passes_readiness_on<L>(name: &str, layer: L)
where
    L: Layer<Inner>,
    L::Service: Service<Asked, Response = Answered, Error = tower::BoxError>,
{
    let (mock, mut handle) = mock::pair::<Asked, Answered>();
    let mut service = Spawn::new(layer.layer(mock));
    handle.allow(0);
    assert!(service.poll_ready().is_pending(), "{name}");
    assert!(!service.is_woken(), "{name}");
    handle.allow(1);
    assert!(service.is_woken(), "{name}: whoever waits is told");
    assert!(service.poll_ready().is_ready(), "{name}");
    handle.send_error("out of order");
    let std::task::Poll::Ready(Err(error)) = service.poll_ready() else { panic!("{name}: it failed") };
    assert!(error.to_string().contains("out of order"), "{name}: {error}");
}

#[tokio::test]
async fn readiness_comes_from_within() {
    let verifier = verifier();
    passes_readiness_on("auth", verifier.layer()).await;
    passes_readiness_on("optional auth", verifier.layer().optional().problem_details()).await;
    passes_readiness_on("require", require(scope("a"))).await;
    passes_readiness_on("metadata", verifier.protected_resource().unwrap().layer()).await;
}

/// An error of the call comes out as it is.
async fn passes_errors_on<L>(name: &str, layer: L, request: Asked)
where
    L: Layer<Inner>,
    L::Service: Service<Asked, Response = Answered, Error = tower::BoxError>,
{
    let (mock, mut handle) = mock::pair::<Asked, Answered>();
    let mut service = layer.layer(mock);
    let call = service.ready().await.unwrap().call(request);
    let answer = async { handle.next_request().await.unwrap().1.send_error("of its own") };
    let (result, ()) = tokio::join!(call, answer);
    assert_eq!(result.unwrap_err().to_string(), "of its own", "{name}");
}

#[tokio::test]
async fn errors_from_within_are_left_as_they_are() {
    let (server, waiting) = remote().await;
    let good = || bearer(&token("a"));
    passes_errors_on("auth", verifier().layer(), good()).await;
    passes_errors_on("auth with words", verifier().layer().realm("a").problem_details(), good()).await;
    passes_errors_on("anonymous", verifier().layer().optional(), without()).await;
    passes_errors_on("after a wait", waiting.layer(), bearer(&server.token().mint())).await;
    passes_errors_on("require", require(scope("a")), planted().await).await;
    let resource = verifier().protected_resource().unwrap();
    passes_errors_on("metadata", resource.layer(), without()).await;
}

/// Calls in a row and side by side, on one instance and on clones of it, of which each is polled by itself.
async fn calls_nobody_unready<S>(name: &str, mut service: S, requests: Vec<(Asked, (u16, &str))>)
where
    S: Service<Asked, Response = Answered> + Clone,
    S::Error: Debug,
{
    for (request, want) in requests {
        let again = copy(&request);
        let answer = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(verdict(&answer), want, "{name}");
        let answer = service.clone().oneshot(again).await.unwrap();
        assert_eq!(verdict(&answer), want, "{name}, cloned");
    }
}

/// With what a layer outside has left.
fn copy(request: &Asked) -> Asked {
    let mut copy = Request::builder().uri(request.uri()).body(String::new()).unwrap();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    copy
}

#[tokio::test]
async fn an_instance_that_was_not_polled_is_never_called() {
    let verifier = verifier();
    let requests = || {
        vec![
            (bearer(&token("a")), (200, "")),
            (without(), (401, "credentials_missing")),
            (bearer(&expired()), (401, "token_expired")),
            (bearer(&token("a")), (200, "")),
        ]
    };
    calls_nobody_unready("auth", verifier.layer().layer(Strict::default()), requests()).await;
    let wordy = verifier.layer().realm("a").problem_details();
    calls_nobody_unready("auth with words", wordy.layer(Strict::default()), requests()).await;
    let nested = verifier.layer().layer(require(scope("a")).layer(Strict::default()));
    calls_nobody_unready("auth around require", nested, requests()).await;
    let judged = vec![(planted().await, (200, "")), (without(), (500, "")), (planted().await, (200, ""))];
    calls_nobody_unready("require", require(scope("a")).layer(Strict::default()), judged).await;
    let resource = verifier.protected_resource().unwrap();
    let document = Request::get(resource.metadata_path()).body(String::new()).unwrap();
    let public = vec![(without(), (200, "")), (document, (200, "")), (without(), (200, ""))];
    calls_nobody_unready("metadata", resource.layer().layer(Strict::default()), public).await;
}

#[tokio::test]
async fn nor_is_it_after_a_wait_for_keys() {
    let (server, waiting) = remote().await;
    server.answer(Answer::Hang);
    let mut service = waiting.layer().layer(require(scope("a")).layer(Strict::default()));
    let mut calls = Vec::new();
    for number in 0..3 {
        let token = server.token().scope("a").subject(format!("user-{number}")).mint();
        // Polled and called anew while those before are still waiting.
        calls.push(tokio::spawn(service.ready().await.unwrap().call(bearer(&token))));
    }
    server.fetched(1).await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    server.answer(Answer::Normal);
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().body(), &format!("user-{number}"));
    }
    let late = service.ready().await.unwrap().call(bearer(&server.token().scope("a").subject("late").mint()));
    assert_eq!(late.await.unwrap().body(), "late");
    assert_eq!(server.fetches(), 1);
}
