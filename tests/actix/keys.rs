//! Requests that wait for keys, requests that nobody waits for any more, and many requests at once.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, web};
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Answer, Flaw, TestIssuer};
use portcullis::{Issuer, Verifier};
use tokio::time::{advance, pause, resume};

use crate::house::{Sent, routes, serve, subject};
use crate::minting::{expired, token, verifier};

fn trusting(issuer: &TestIssuer) -> Verifier {
    let keys = Remote::jwks_url(issuer.jwks_url()).unwrap();
    let trusted = Issuer::new(issuer.identifier(), keys).audience(issuer.audience());
    Verifier::builder().issuer(trusted).clock(issuer.clock()).build().unwrap()
}

/// Lets this much time pass for timers, without waiting for it.
async fn skip(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

#[tokio::test]
async fn the_first_request_waits_for_the_first_keys() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Answer::Hang);
    let verifier = trusting(&issuer);
    let app = init_service(App::new().route("/", web::get().to(subject)).wrap(verifier.layer())).await;
    let request = |token: String| {
        TestRequest::get().insert_header(("authorization", format!("Bearer {token}"))).to_request()
    };
    let mut good = pin!(app.call(request(issuer.token().subject("alice").mint())));
    let mut bad = pin!(app.call(request(issuer.token().flawed(Flaw::TamperedPayload))));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(good.as_mut().poll(&mut cx).is_pending() && bad.as_mut().poll(&mut cx).is_pending());
    issuer.answer(Answer::Normal);
    assert_eq!(good.await.unwrap().status(), 200);
    assert_eq!(bad.await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_first_token_of_a_new_key_is_served() {
    let issuer = TestIssuer::start().await;
    let verifier = trusting(&issuer);
    verifier.ready(Duration::from_secs(5)).await.unwrap();
    let app = init_service(App::new().route("/", web::get().to(subject)).wrap(verifier.layer())).await;
    let ask = async |token: String| {
        let request = TestRequest::get().insert_header(("authorization", format!("Bearer {token}")));
        call_service(&app, request.to_request()).await.status().as_u16()
    };
    let old = issuer.token().mint();
    assert_eq!(ask(old.clone()).await, 200);
    skip(Duration::from_secs(11)).await;
    issuer.rotate();
    assert_eq!(ask(issuer.token().mint()).await, 200, "it waited for the new keys");
    assert_eq!(ask(old).await, 401, "its key is gone");
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_calls_no_handler() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Answer::Hang);
    let verifier = trusting(&issuer);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = {
        let calls = Arc::clone(&calls);
        move || {
            calls.fetch_add(1, Ordering::Relaxed);
            std::future::ready("served")
        }
    };
    let app = init_service(App::new().route("/", web::get().to(counted)).wrap(verifier.layer())).await;
    let request = || {
        let token = issuer.token().mint();
        TestRequest::get().insert_header(("authorization", format!("Bearer {token}"))).to_request()
    };
    {
        let mut cancelled = pin!(app.call(request()));
        assert!(cancelled.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    issuer.answer(Answer::Normal);
    verifier.ready(Duration::from_secs(5)).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(call_service(&app, request()).await.status(), 200);
    assert_eq!((calls.load(Ordering::Relaxed), issuer.fetches()), (1, 1), "the fetch outlived the request");
}

#[tokio::test]
async fn over_a_socket_requests_wait_as_well() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Answer::Hang);
    let verifier = trusting(&issuer);
    let layer = verifier.layer();
    let house = serve!(App::new().configure(routes).wrap(layer.clone()));
    let sent = Sent::get("/subject").bearer(&issuer.token().subject("alice").mint());
    let answered = async {
        while issuer.fetches() == 0 {
            tokio::task::yield_now().await;
        }
        issuer.answer(Answer::Normal);
    };
    let (answer, ()) = tokio::join!(house.ask(&sent), answered);
    assert_eq!(answer.brief(), (200, "alice"));
}

#[tokio::test]
async fn a_thousand_at_once_each_get_their_own_answer() {
    let house = serve!(App::new().configure(routes).wrap(verifier().layer()));
    let (good, narrow, late) = (token("orders:read"), token("a"), expired());
    let asked = (0..1_000).map(|number| {
        let get = Sent::get("/orders");
        match number % 4 {
            0 => (get.bearer(&good), (200, "alice")),
            1 => (get.bearer(&narrow), (403, "scope_missing")),
            2 => (get.bearer(&late), (401, "token_expired")),
            _ => (get, (401, "")),
        }
    });
    let asked: Vec<_> = asked.collect();
    let mut answers: Vec<_> = asked.iter().map(|(sent, _)| Box::pin(house.ask(sent))).collect();
    let mut done = vec![None; answers.len()];
    std::future::poll_fn(|cx| {
        for (future, done) in answers.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(answer) = future.as_mut().poll(cx) {
                *done = Some(answer);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    for ((sent, want), answer) in asked.iter().zip(done) {
        assert_eq!(answer.unwrap().brief(), *want, "{sent:?}");
    }
}
