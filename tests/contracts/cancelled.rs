//! A caller that goes away, in whatever state it leaves: nothing stays behind, and nothing is done in its name.

use std::future::{Future, Pending, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;

use http::Response;
use portcullis::testkit::Answer;
use portcullis::{require, scope};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::minting::{token, verifier};
use crate::stage::{Answered, Asked, Strict, bearer, planted, poll_once, remote, verdict, without};

/// Answers never, and holds `held` as long as somebody waits.
fn endless(
    held: &Arc<()>,
) -> impl Service<Asked, Response = Answered, Error = tower::BoxError> + Clone + use<> {
    let held = Arc::clone(held);
    service_fn(move |_: Asked| {
        let held = Arc::clone(&held);
        async move {
            let never: Pending<()> = pending();
            never.await;
            drop(held);
            Ok(Response::new(String::new()))
        }
    })
}

#[tokio::test]
async fn while_the_service_within_works() {
    for name in ["auth", "auth with words", "require", "metadata"] {
        let held = Arc::new(());
        let inner = endless(&held);
        let mut call: Pin<Box<dyn Future<Output = _>>> = match name {
            "auth" => Box::pin(verifier().layer().layer(inner).call(bearer(&token("a")))),
            "auth with words" => {
                Box::pin(verifier().layer().problem_details().layer(inner).call(bearer(&token("a"))))
            }
            "require" => Box::pin(require(scope("a")).layer(inner).call(planted().await)),
            _ => Box::pin(verifier().protected_resource().unwrap().layer().layer(inner).call(without())),
        };
        assert!(poll_once(call.as_mut()).is_pending(), "{name}");
        assert_eq!(Arc::strong_count(&held), 2, "{name}: by the work");
        drop(call);
        assert_eq!(Arc::strong_count(&held), 1, "{name}: which is dropped with the call");
    }
}

#[tokio::test]
async fn before_it_was_ever_polled() {
    let (server, waiting) = remote().await;
    let mut service = waiting.layer().layer(Strict::default());
    drop(service.ready().await.unwrap().call(bearer(&server.token().mint())));
    drop(service.ready().await.unwrap().call(without()));
    let answer = service.ready().await.unwrap().call(bearer(&server.token().subject("rob").mint())).await;
    assert_eq!(answer.unwrap().body(), "rob");
}

/// The fetch belongs to all who wait for it: the first who asked may leave.
#[tokio::test]
async fn while_keys_are_waited_for() {
    let (server, waiting) = remote().await;
    server.answer(Answer::Hang);
    let marked = Arc::new(());
    let mut service = waiting.layer().layer(Strict::default());
    let mut request = bearer(&server.token().mint());
    request.extensions_mut().insert(Arc::clone(&marked));
    let mut first = Box::pin(service.ready().await.unwrap().call(request));
    assert!(poll_once(first.as_mut()).is_pending());
    server.fetched(1).await;
    assert!(poll_once(first.as_mut()).is_pending());
    assert_eq!(Arc::strong_count(&marked), 2);
    drop(first);
    assert_eq!(Arc::strong_count(&marked), 1, "the request is gone");
    let second =
        tokio::spawn(service.ready().await.unwrap().call(bearer(&server.token().subject("rob").mint())));
    server.answer(Answer::Normal);
    assert_eq!(second.await.unwrap().unwrap().body(), "rob");
    assert_eq!(server.fetches(), 1, "and its fetch was not");
}

/// Who waits has a place within, and gives it back by leaving.
#[tokio::test]
async fn a_place_that_was_taken_within_is_given_back() {
    let (server, waiting) = remote().await;
    server.answer(Answer::Hang);
    let service = ServiceBuilder::new()
        .layer(waiting.layer().or(&verifier().layer()))
        .layer(ConcurrencyLimitLayer::new(1))
        .service(Strict::default());
    let mut first = Box::pin(service.clone().oneshot(bearer(&server.token().mint())));
    assert!(poll_once(first.as_mut()).is_pending());
    let mut second = pin!(service.clone().oneshot(bearer(&token("a"))));
    assert!(poll_once(second.as_mut()).is_pending(), "the one place is taken");
    drop(first);
    let answer = second.await.unwrap();
    assert_eq!((verdict(&answer), answer.body().as_str()), ((200, ""), "alice"));
}
