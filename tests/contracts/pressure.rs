//! Layers that hold callers back or turn them away, around ours and within.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use http::Response;
use portcullis::{require, scope};
use tower::buffer::BufferLayer;
use tower::limit::ConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower::load_shed::error::Overloaded;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_test::mock;

use crate::minting::{expired, token, verifier};
use crate::stage::{Answered, Asked, Strict, bearer, poll_once, verdict, without};

/// Good and bad requests in a row, more than there are places: a refusal keeps none.
async fn serves_in_turn<S>(name: &str, mut service: S)
where
    S: Service<Asked, Response = Answered>,
    S::Error: std::fmt::Debug,
{
    for _ in 0..3 {
        for (request, want) in [
            (bearer(&token("a")), (200, "")),
            (without(), (401, "credentials_missing")),
            (bearer(&expired()), (401, "token_expired")),
            (bearer(&token("b")), (403, "scope_missing")),
        ] {
            let answer = service.ready().await.unwrap().call(request).await.unwrap();
            assert_eq!(verdict(&answer), want, "{name}");
        }
    }
}

#[tokio::test]
async fn a_refusal_takes_nobodys_place() {
    let one = || ConcurrencyLimitLayer::new(1);
    let (auth, route) = (|| verifier().layer(), || require(scope("a")));
    let around = ServiceBuilder::new().layer(one()).layer(auth()).layer(route()).service(Strict::default());
    serves_in_turn("limit around", around).await;
    let between = ServiceBuilder::new().layer(auth()).layer(one()).layer(route()).service(Strict::default());
    serves_in_turn("limit between", between).await;
    let within = ServiceBuilder::new().layer(auth()).layer(route()).layer(one()).service(Strict::default());
    serves_in_turn("limit within", within).await;
    let buffered = ServiceBuilder::new().layer(BufferLayer::new(1)).layer(auth()).layer(route());
    serves_in_turn("buffer around", buffered.service(Strict::default())).await;
    let buffered = ServiceBuilder::new().layer(auth()).layer(route()).layer(BufferLayer::new(1));
    serves_in_turn("buffer within", buffered.service(Strict::default())).await;
    let shed = ServiceBuilder::new().layer(LoadShedLayer::new()).layer(auth()).layer(route()).layer(one());
    serves_in_turn("load shed around", shed.service(Strict::default())).await;
    let shed = ServiceBuilder::new().layer(auth()).layer(LoadShedLayer::new()).layer(route()).layer(one());
    serves_in_turn("load shed within", shed.service(Strict::default())).await;
}

/// A service that is full: who may go on waits, or is turned away, by the error of the layer that does it.
#[tokio::test]
async fn who_may_not_enter_is_told_so_even_where_it_is_full() {
    let (mock, mut handle) = mock::pair::<Asked, Answered>();
    let service = ServiceBuilder::new()
        .layer(verifier().layer())
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .service(mock);
    let first = tokio::spawn(service.clone().oneshot(bearer(&token("a"))));
    let (_, respond) = handle.next_request().await.unwrap();
    let refused = service.clone().oneshot(bearer(&expired())).await.unwrap();
    assert_eq!(verdict(&refused), (401, "token_expired"));
    let shed = service.clone().oneshot(bearer(&token("a"))).await.unwrap_err();
    assert!(shed.is::<Overloaded>(), "{shed}");
    respond.send_response(Response::new("done".to_owned()));
    assert_eq!(first.await.unwrap().unwrap().body(), "done");
}

#[tokio::test]
async fn without_load_shedding_they_wait() {
    let (mock, mut handle) = mock::pair::<Asked, Answered>();
    let service =
        ServiceBuilder::new().layer(verifier().layer()).layer(ConcurrencyLimitLayer::new(1)).service(mock);
    let first = tokio::spawn(service.clone().oneshot(bearer(&token("a"))));
    let (_, respond) = handle.next_request().await.unwrap();
    let mut second = pin!(service.clone().oneshot(bearer(&token("a"))));
    assert!(poll_once(second.as_mut()).is_pending());
    respond.send_response(Response::new("first".to_owned()));
    assert_eq!(first.await.unwrap().unwrap().body(), "first");
    let serve = async {
        let (_, respond) = handle.next_request().await.unwrap();
        respond.send_response(Response::new("second".to_owned()));
    };
    let (answer, ()) = tokio::join!(second, serve);
    assert_eq!(answer.unwrap().body(), "second");
}

#[tokio::test(start_paused = true)]
async fn many_share_few_places_and_each_gets_its_own_answer() {
    let slow = tower::service_fn(|request: Asked| async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let token = request.extensions().get::<portcullis::VerifiedToken>().unwrap();
        Ok::<_, tower::BoxError>(Response::new(token.subject().unwrap().to_owned()))
    });
    let service = ServiceBuilder::new()
        .layer(BufferLayer::new(4))
        .layer(verifier().layer())
        .layer(ConcurrencyLimitLayer::new(2))
        .service(slow);
    let calls = (0..100).map(|number| {
        let subject = format!("user-{number}");
        let token = crate::minting::of_alice("a").subject(&subject).mint();
        let call = service.clone().oneshot(if number % 3 == 0 { without() } else { bearer(&token) });
        async move { (number, subject, call.await.unwrap()) }
    });
    for (number, subject, answer) in join_all(calls).await {
        match number % 3 {
            0 => assert_eq!(verdict(&answer), (401, "credentials_missing")),
            _ => assert_eq!((answer.status().as_u16(), answer.body()), (200, &subject)),
        }
    }
}
