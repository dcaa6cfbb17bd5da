//! Tenants do not touch each other: neither keys nor rules nor time.

use std::task::Poll;
use std::time::Duration;

use portcullis::keys::KeyState;
use portcullis::keys::remote::Remote;
use portcullis::{Issuer, Verifier};
use tokio::time::Instant;

use crate::house::{Directory, Play, Web, forged, jwks, secs, verdict};

#[tokio::test(start_paused = true)]
async fn the_same_key_id_of_two_tenants_never_mixes() {
    let directory = Directory::empty();
    let (a, b) = (directory.tenant("a"), directory.tenant("b"));
    assert_eq!(a.key_id(), b.key_id());
    let verifier = directory.verifier();
    for _ in 0..2 {
        assert_eq!(verdict(&verifier, &a.token().mint()).await, "ok");
        assert_eq!(verdict(&verifier, &b.token().mint()).await, "ok");
        assert_eq!(verdict(&verifier, &forged(&a, "b")).await, "signature_invalid");
        assert_eq!(verdict(&verifier, &forged(&b, "a")).await, "signature_invalid");
        let other_api = a.token().audience(b.audience()).mint();
        assert_eq!(verdict(&verifier, &other_api).await, "audience_mismatch", "each has its own rules");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_whose_issuer_hangs_costs_the_others_no_time() {
    let directory = Directory::empty();
    let (web, dead, alive) = (Web::new(), directory.mint("dead"), directory.mint("alive"));
    web.hang(&dead);
    web.publish(&alive);
    directory.play("dead", Play::Remote(dead.clone(), web.clone()));
    directory.play("alive", Play::Remote(alive.clone(), web.clone()));
    let verifier = directory.verifier();
    let start = Instant::now();
    let (of_dead, took) =
        tokio::join!(async { (verdict(&verifier, &dead.token().mint()).await, start.elapsed()) }, async {
            (verdict(&verifier, &alive.token().mint()).await, start.elapsed())
        },);
    assert_eq!((of_dead, took), (("keys_not_loaded", secs(2)), ("ok", Duration::ZERO)));
    let Poll::Ready(Ok(_)) = verifier.verify_cached(&alive.token().mint()) else { panic!("it waits") };
    let states: Vec<_> = verifier.status().iter().map(|status| status.state).collect();
    assert_eq!(states, [KeyState::Fresh, KeyState::Loading]);
    // Each has a limiter of its own: unknown key ids of the one do not use up the other's interval.
    tokio::time::sleep(secs(10)).await;
    let before = web.fetches_for(&alive);
    for n in 0..100 {
        let _ = verdict(&verifier, &dead.token().header("kid", format!("unknown-{n}")).mint()).await;
    }
    let rotated = alive.rotate_with_overlap();
    web.publish(&alive);
    assert!(alive.published().contains(&rotated));
    assert_eq!(verdict(&verifier, &alive.token().mint()).await, "ok");
    assert!(web.fetches_for(&alive) > before);
}

#[tokio::test(start_paused = true)]
async fn one_dead_issuer_of_a_thousand_costs_the_others_nothing() {
    let directory = Directory::empty();
    let web = Web::new();
    let mints: Vec<_> = (0..1_000).map(|n| directory.mint(&format!("issuer-{n}"))).collect();
    let mut builder = Verifier::builder().clock(mints[0].clock());
    for (n, mint) in mints.iter().enumerate() {
        if n % 10 == 0 {
            web.hang(mint)
        } else {
            web.publish(mint)
        }
        let keys = Remote::jwks_url_with(jwks(mint.identifier()), web.clone()).unwrap();
        builder = builder.issuer(Issuer::new(mint.identifier(), keys).audience(mint.audience()));
    }
    let verifier = builder.build().unwrap();
    assert!(verifier.ready(secs(1)).await.is_err());
    for (n, mint) in mints.iter().enumerate() {
        let decision = verifier.verify_cached(&mint.token().mint());
        match decision {
            Poll::Ready(Ok(_)) => assert_ne!(n % 10, 0),
            Poll::Ready(Err(error)) => assert_eq!((n % 10, error.code()), (0, "keys_not_loaded")),
            Poll::Pending => assert_eq!(n % 10, 0),
        }
    }
    let of_another = mints[1].token().claim("iss", mints[2].identifier()).mint();
    assert_eq!(verdict(&verifier, &of_another).await, "signature_invalid");
}
