//! What the resolver is asked, how often, and what its answers mean for a request.

use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use portcullis::testkit::Mint;
use portcullis::{Error, Unavailable, UnixTime, Verifier};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::house::{Directory, Play, forged, here, name, secs, verdict};

#[tokio::test(start_paused = true)]
async fn only_what_matches_is_asked_about_and_only_what_is_known_gets_in() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier();
    for other in [
        "https://login.example.com/acme/v2.0/".to_owned(),
        "https://login.example.com/acme".to_owned(),
        "https://evil.example/acme/v2.0".to_owned(),
        "http://login.example.com/acme/v2.0".to_owned(),
        name("a/b"),
        name(".."),
        name(""),
        name(&"a".repeat(65)),
    ] {
        let token = acme.token().claim("iss", &other).mint();
        assert_eq!(verdict(&verifier, &token).await, "issuer_unknown", "{other}");
    }
    assert_eq!(directory.calls(), 0);
    assert_eq!(verdict(&verifier, &forged(&acme, "nobody")).await, "issuer_unknown");
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "ok");
    assert_eq!((directory.calls_for("acme"), directory.calls()), (1, 2));
    let without = acme.token().without("iss").mint();
    assert_eq!(verdict(&verifier, &without).await, "claim_missing");
    let stranger = directory.mint("acme");
    assert_eq!(verdict(&verifier, &stranger.token().mint()).await, "signature_invalid", "in its name");
    assert_eq!(directory.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_requests_of_a_tenant_make_one_call() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    directory.play("acme", Play::Slow(secs(1), Play::Fixed(acme.clone()).into()));
    let verifier = directory.verifier();
    let token = acme.token().mint();
    let mut requests = JoinSet::new();
    for _ in 0..1_000 {
        let (verifier, token) = (verifier.clone(), token.clone());
        requests.spawn(async move { verdict(&verifier, &token).await });
    }
    assert_eq!(requests.join_all().await, ["ok"; 1_000]);
    assert_eq!(directory.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_cancels_nothing() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    directory.play("acme", Play::Slow(secs(1), Play::Fixed(acme.clone()).into()));
    let verifier = directory.verifier();
    let token = acme.token().mint();
    assert!(timeout(Duration::from_millis(100), verifier.verify(&token)).await.is_err());
    assert_eq!(directory.running(), 1);
    sleep(secs(1)).await;
    let Poll::Ready(Ok(_)) = verifier.verify_cached(&token) else { panic!("it is here") };
    assert_eq!(directory.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_hangs_costs_the_wait_budget_and_is_cut_off() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    directory.play("acme", Play::Hang);
    let verifier = directory.verifier();
    let token = acme.token().mint();
    let start = Instant::now();
    let error = verifier.verify(&token).await.unwrap_err();
    assert_eq!(error, Error::Unavailable(Unavailable::TenantUnresolved { retry_after: secs(1) }));
    assert_eq!(start.elapsed(), secs(2));
    assert_eq!(verdict(&verifier, &token).await, "tenant_unresolved");
    assert_eq!(
        (start.elapsed(), directory.calls(), directory.running()),
        (secs(4), 1, 1),
        "it joined the same call"
    );
    assert_eq!(verdict(&verifier, &token).await, "tenant_unresolved");
    assert_eq!((start.elapsed(), directory.running()), (secs(5), 0), "cut off");
    directory.play("acme", Play::Fixed(acme.clone()));
    assert_eq!(verdict(&verifier, &token).await, "tenant_unresolved", "a second has not passed");
    sleep(secs(1)).await;
    assert_eq!(verdict(&verifier, &token).await, "ok");
    assert_eq!(directory.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_never_taken_for_a_no() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    let other = directory.mint("other");
    for play in [Play::Fail, Play::Panic, Play::Other(other), Play::Unsafe(acme.clone())] {
        directory.play("acme", play);
        let verifier = directory.verifier();
        let token = acme.token().mint();
        let before = directory.calls();
        let start = Instant::now();
        for _ in 0..10 {
            assert_eq!(verdict(&verifier, &token).await, "tenant_unresolved");
        }
        assert_eq!(
            (directory.calls() - before, start.elapsed()),
            (1, Duration::ZERO),
            "one call a second, nobody hangs"
        );
        assert!(here(&verifier).is_empty());
        directory.play("acme", Play::Fixed(acme.clone()));
        sleep(secs(1)).await;
        assert_eq!(verdict(&verifier, &token).await, "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_no_is_remembered_for_a_minute_and_no_longer() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    let verifier = directory.verifier();
    let token = acme.token().mint();
    for _ in 0..1_000 {
        assert_eq!(verdict(&verifier, &token).await, "issuer_unknown");
    }
    assert_eq!(directory.calls(), 1);
    directory.play("acme", Play::Fixed(acme.clone()));
    sleep(Duration::from_millis(59_999)).await;
    assert_eq!(verdict(&verifier, &token).await, "issuer_unknown");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(verdict(&verifier, &token).await, "ok");
    assert_eq!(directory.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn forgetting_a_name_ends_a_no_at_once() {
    let directory = Directory::empty();
    let acme = directory.mint("acme");
    let verifier = directory.verifier();
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "issuer_unknown");
    directory.play("acme", Play::Fixed(acme.clone()));
    verifier.forget_tenant(&name("other"));
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "issuer_unknown");
    verifier.forget_tenant(acme.identifier());
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn without_waiting_it_is_pending_until_it_is_known() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier();
    let cached = |token: &str| match verifier.verify_cached(token) {
        Poll::Pending => "pending",
        Poll::Ready(decision) => decision.map_or_else(|error| error.code(), |_| "ok"),
    };
    let token = acme.token().mint();
    assert_eq!((cached(&token), cached(&token), directory.calls()), ("pending", "pending", 0));
    assert_eq!(cached(&acme.token().claim("iss", "https://other.example").mint()), "issuer_unknown");
    let nobody = forged(&acme, "nobody");
    assert_eq!(cached(&nobody), "pending");
    assert_eq!(verdict(&verifier, &nobody).await, "issuer_unknown");
    assert_eq!(cached(&nobody), "issuer_unknown");
    assert_eq!(verdict(&verifier, &token).await, "ok");
    assert_eq!(cached(&token), "ok");
    directory.play("down", Play::Fail);
    let down = forged(&acme, "down");
    assert_eq!(verdict(&verifier, &down).await, "tenant_unresolved");
    assert_eq!(cached(&down), "tenant_unresolved");
    sleep(secs(1)).await;
    assert_eq!(cached(&down), "pending");
}

#[test]
fn without_a_runtime_known_tenants_are_served_and_nobody_is_asked() {
    let directory = Directory::empty();
    let (acme, other) = (directory.tenant("acme"), directory.tenant("other"));
    let verifier = directory.verifier();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let first = runtime();
    assert_eq!(first.block_on(verdict(&verifier, &acme.token().mint())), "ok");
    directory.play("hanging", Play::Hang);
    let hanging = forged(&acme, "hanging");
    first.block_on(async {
        assert!(timeout(Duration::from_millis(1), verifier.verify(&hanging)).await.is_err());
    });
    assert_eq!(directory.running(), 1);
    drop(first);
    assert_eq!(directory.running(), 0, "its call went with the runtime");
    let cached = |token: &str| match verifier.verify_cached(token) {
        Poll::Pending => "pending",
        Poll::Ready(decision) => decision.map_or_else(|error| error.code(), |_| "ok"),
    };
    assert_eq!(cached(&acme.token().mint()), "ok");
    assert_eq!(cached(&other.token().mint()), "tenant_unresolved");
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let token = other.token().mint();
    let mut verify = Box::pin(verifier.verify(&token));
    let Poll::Ready(Err(error)) = verify.as_mut().poll(&mut context) else {
        panic!("it waits without a runtime")
    };
    assert_eq!((error.code(), directory.calls()), ("tenant_unresolved", 2));
    drop(verify);
    assert_eq!(runtime().block_on(verdict(&verifier, &token)), "ok", "another runtime will do");
}

#[tokio::test(start_paused = true)]
async fn the_last_verifier_takes_a_call_with_it() {
    let directory = Directory::empty();
    directory.play("acme", Play::Hang);
    let acme = directory.mint("acme");
    let verifier = directory.verifier();
    let _ = timeout(secs(1), verifier.verify(&acme.token().mint())).await;
    assert_eq!(directory.running(), 1);
    drop(verifier);
    tokio::task::yield_now().await;
    assert_eq!(directory.running(), 0);
}

/// A tenant's snapshot may be on a disk that is slow, and its requests are not the only ones.
#[tokio::test(start_paused = true)]
async fn a_tenant_is_made_ready_where_it_holds_up_nobody() {
    let directory = Directory::empty();
    let mint = directory.mint("acme");
    directory.play("acme", Play::Embedded(mint));
    let threads = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&threads);
    let clock = move || {
        notes.lock().unwrap().push(std::thread::current().id());
        UnixTime::EPOCH
    };
    let verifier = Verifier::builder().tenants(directory.tenants()).clock(clock).build().unwrap();
    // Before its signature holds nobody asks for the time on behalf of a token, only for the embedded keys.
    let stranger = Mint::new("https://stranger.example");
    assert_eq!(verdict(&verifier, &forged(&stranger, "acme")).await, "signature_invalid");
    let threads = threads.lock().unwrap();
    assert!(!threads.is_empty() && !threads.contains(&std::thread::current().id()), "{threads:?}");
}
