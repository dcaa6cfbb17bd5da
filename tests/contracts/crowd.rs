//! Ten thousand at once, most of them before the keys are there.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use portcullis::testkit::{Answer, Flaw};
use portcullis::{require, scope};
use tower::{ServiceBuilder, ServiceExt};

use crate::minting::{of_alice, verifier};
use crate::stage::{Asked, Strict, bearer, remote, verdict, without};

const CROWD: usize = 10_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_ten_thousand_gets_its_own_answer_and_one_fetch_serves_them_all() {
    let (server, waiting) = remote().await;
    server.answer(Answer::Hang);
    let service = ServiceBuilder::new()
        .layer(waiting.layer().or(&verifier().layer()))
        .layer(require(scope("a")))
        .service(Strict::default());
    // So many wait as the queue for keys has places for, and no more: 3,125 of 4,096.
    let kind = |number: usize| if number % 16 < 5 { number % 16 } else { 5 + number % 3 };
    let request = |number: usize| -> Asked {
        let theirs = server.token().subject(format!("user-{number}"));
        match kind(number) {
            // Must wait for keys.
            0 | 1 => bearer(&theirs.scope("a").mint()),
            2 => bearer(&theirs.scope("b").mint()),
            3 => bearer(&theirs.scope("a").flawed(Flaw::TamperedPayload)),
            4 => bearer(&theirs.scope("a").expired_for(Duration::from_secs(600)).mint()),
            // Need not.
            5 => bearer(&of_alice("a").subject(format!("user-{number}")).mint()),
            6 => without(),
            _ => {
                let mut request = bearer("garbage");
                *request.method_mut() = Method::POST;
                request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                request
            }
        }
    };
    // Signed before anybody waits, as nobody waits for long.
    let requests: Vec<_> = (0..CROWD).map(request).collect();
    let calls: Vec<_> =
        requests.into_iter().map(|request| tokio::spawn(service.clone().oneshot(request))).collect();
    server.fetched(1).await;
    // Whoever need not wait does not.
    for (_, call) in calls.iter().enumerate().filter(|(number, _)| kind(*number) >= 5) {
        while !call.is_finished() {
            tokio::task::yield_now().await;
        }
    }
    assert!(calls.iter().enumerate().all(|(number, call)| call.is_finished() == (kind(number) >= 5)));
    server.answer(Answer::Normal);
    for (number, call) in calls.into_iter().enumerate() {
        let answer = call.await.unwrap().unwrap();
        match kind(number) {
            0 | 1 | 5 => {
                assert_eq!((verdict(&answer), answer.body()), ((200, ""), &format!("user-{number}")));
            }
            2 => assert_eq!(verdict(&answer), (403, "scope_missing")),
            3 => assert_eq!(verdict(&answer), (401, "signature_invalid")),
            4 => assert_eq!(verdict(&answer), (401, "token_expired")),
            6 => assert_eq!(verdict(&answer), (401, "credentials_missing")),
            _ => {
                assert_eq!(verdict(&answer), (200, "token_malformed"));
                assert_eq!(answer.headers()["grpc-status"], "16");
            }
        }
    }
    assert_eq!((server.discoveries(), server.fetches()), (1, 1));
}
