//! What tenants do to the health of all.

use std::task::Poll;

use portcullis::keys::remote::Remote;
use portcullis::testkit::Mint;
use portcullis::{Health, Issuer, Verifier};
use tokio::time::{advance, sleep};

use crate::house::{Directory, Play, Web, forged, here, jwks, secs, verdict};

/// A probe that asks for `Down` takes the service from all tenants, and then none can come to end it.
#[tokio::test(start_paused = true)]
async fn one_token_in_the_name_of_a_tenant_that_is_down_is_no_news_of_the_service() {
    let (directory, web) = (Directory::empty(), Web::new());
    let mint = directory.mint("acme");
    directory.play("acme", Play::Remote(mint.clone(), web.clone()));
    let verifier = directory.verifier();
    assert_eq!(verifier.health(), Health::Ready);
    let stranger = Mint::new("https://stranger.example");
    assert_eq!(verdict(&verifier, &forged(&stranger, "acme")).await, "keys_not_loaded");
    assert_eq!((here(&verifier), verifier.health()), (vec!["acme".to_owned()], Health::Ready));
}

#[tokio::test(start_paused = true)]
async fn a_proven_tenant_that_is_down_degrades_the_service_and_takes_it_from_nobody() {
    let (directory, web) = (Directory::empty(), Web::new());
    let mint = directory.mint("acme");
    web.publish(&mint);
    directory.play("acme", Play::Remote(mint.clone(), web.clone()));
    // Not confirmed meanwhile: an answer takes the place of a tenant that does not serve, and has no keys at all yet.
    let day = secs(24 * 60 * 60);
    let verifier = directory.verifier_of(directory.tenants().idle(day).confirm_every(day));
    let mut watch = verifier.watch_health();
    assert_eq!(verdict(&verifier, &mint.token().mint()).await, "ok");
    web.hang(&mint);
    assert_eq!(watch.changed().await, Some(Health::Degraded), "the keys are overdue");
    sleep(secs(2 * 60 * 60)).await;
    assert_eq!(verdict(&verifier, &mint.token().mint()).await, "keys_expired");
    assert_eq!((verifier.health(), watch.last()), (Health::Degraded, Health::Degraded));
    let other = directory.tenant("other");
    assert_eq!(verdict(&verifier, &other.token().mint()).await, "ok", "as the service is still asked");
}

#[tokio::test(start_paused = true)]
async fn the_issuer_of_the_set_up_alone_is_not_the_service() {
    let (directory, web) = (Directory::empty(), Web::new());
    let ours = Mint::new("https://id.example.com");
    let down = || {
        let keys = Remote::jwks_url_with(jwks(ours.identifier()), web.clone()).unwrap();
        Issuer::new(ours.identifier(), keys).audience(ours.audience())
    };
    let alone = Verifier::builder().issuer(down()).build().unwrap();
    let beside = Verifier::builder().issuer(down()).tenants(directory.tenants()).build().unwrap();
    assert_eq!((alone.health(), beside.health()), (Health::Down, Health::Degraded));
}

/// Keys of an earlier run are overdue: that is told as soon as the tenant counts.
#[tokio::test(start_paused = true)]
async fn a_tenant_counts_from_its_first_good_token_on() {
    let directory = Directory::empty();
    let mint = directory.mint("acme");
    directory.play("acme", Play::Embedded(mint.clone()));
    let verifier = directory.verifier();
    let mut watch = verifier.watch_health();
    let stranger = Mint::new("https://stranger.example");
    assert_eq!(verdict(&verifier, &forged(&stranger, "acme")).await, "signature_invalid");
    advance(secs(1)).await;
    let told = tokio::spawn(async move { watch.changed().await });
    tokio::task::yield_now().await;
    assert!(!told.is_finished() && verifier.health() == Health::Ready);
    let Poll::Ready(Ok(_)) = verifier.verify_cached(&mint.token().mint()) else { panic!("it is here") };
    assert_eq!(told.await.unwrap(), Some(Health::Degraded));
}
