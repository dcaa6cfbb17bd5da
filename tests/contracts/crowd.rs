//! Ten thousand at once, most of them before the keys are there.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use portcullis::testkit::{Answer, Flaw};
use portcullis::{require, scope};
use tower::{ServiceBuilder, ServiceExt};

use crate::minting::{of_alice, verifier};
use crate::stage::{Asked, Strict, bearer, remote_that, verdict, without};

const CROWD: usize = 10_000;
const KNOWN: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_ten_thousand_gets_its_own_answer_and_one_fetch_serves_them_all() {
    let (server, waiting) = remote_that(Answer::Hang).await;
    let service = ServiceBuilder::new()
        .layer(waiting.layer().or(&verifier().layer()))
        .layer(require(scope("a")))
        .service(Strict::default());
    // So many wait as the queue for keys has places for, and no more: 3,125 of 4,096.
    let kind = |number: usize| if number % 16 < 5 { number % 16 } else { 5 + number % 3 };
    // Few, so that the cache has them: whoever waits must not wait for thousands of signatures, as a fetch may take 5 s.
    let known: Vec<_> =
        (0..KNOWN).map(|number| of_alice("a").subject(format!("known-{number}")).mint()).collect();
    let request = |number: usize| -> Asked {
        let theirs = server.token().subject(format!("user-{number}"));
        match kind(number) {
            // Must wait for keys.
            0 | 1 => bearer(&theirs.scope("a").mint()),
            2 => bearer(&theirs.scope("b").mint()),
            3 => bearer(&theirs.scope("a").flawed(Flaw::TamperedPayload)),
            4 => bearer(&theirs.scope("a").expired_for(Duration::from_secs(600)).mint()),
            // Need not.
            5 => bearer(&known[number % known.len()]),
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
    // The fetch is under way before the crowd keeps the machine busy.
    let first = tokio::spawn(service.clone().oneshot(bearer(&server.token().scope("a").mint())));
    server.fetched(1).await;
    let calls: Vec<_> =
        requests.into_iter().map(|request| tokio::spawn(service.clone().oneshot(request))).collect();
    // Whoever need not wait does not.
    for (_, call) in calls.iter().enumerate().filter(|(number, _)| kind(*number) >= 5) {
        while !call.is_finished() {
            tokio::task::yield_now().await;
        }
    }
    let early = calls.iter().enumerate().filter(|(number, call)| kind(*number) < 5 && call.is_finished());
    assert_eq!(early.map(|(number, _)| number).next(), None);
    server.answer(Answer::Normal);
    assert_eq!(verdict(&first.await.unwrap().unwrap()), (200, ""));
    for (number, call) in calls.into_iter().enumerate() {
        let answer = call.await.unwrap().unwrap();
        match kind(number) {
            0 | 1 => assert_eq!((verdict(&answer), answer.body()), ((200, ""), &format!("user-{number}"))),
            5 => assert_eq!(
                (verdict(&answer), answer.body()),
                ((200, ""), &format!("known-{}", number % KNOWN))
            ),
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
