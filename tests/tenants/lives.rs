//! How tenants stay, change and go.

use std::task::Poll;
use std::time::Duration;

use portcullis::testkit::Mint;
use portcullis::{Issuer, Verifier};
use tokio::time::{Instant, sleep, timeout};

use crate::house::{Directory, Play, Web, forged, here, name, secs, verdict};

const HOUR: u64 = 60 * 60;

/// Lets so many seconds pass, with a good token every minute.
async fn in_use(verifier: &Verifier, mint: &Mint, seconds: u64) -> Vec<&'static str> {
    let mut codes = Vec::new();
    for _ in 0..seconds / 60 {
        sleep(secs(60)).await;
        codes.push(verdict(verifier, &mint.token().mint()).await);
    }
    codes.dedup();
    codes
}

#[tokio::test(start_paused = true)]
async fn the_least_recently_used_goes_when_another_proves_itself() {
    let directory = Directory::empty();
    let verifier = directory.verifier_of(directory.tenants().capacity(2));
    let [a, b, c] = ["a", "b", "c"].map(|name| directory.tenant(name));
    for mint in [&a, &b, &a] {
        sleep(secs(10)).await;
        assert_eq!(verdict(&verifier, &mint.token().mint()).await, "ok");
    }
    // Tokens that are no good are no use of it.
    assert_eq!(verdict(&verifier, &forged(&c, "b")).await, "signature_invalid");
    sleep(secs(10)).await;
    assert_eq!(verdict(&verifier, &forged(&a, "c")).await, "signature_invalid");
    assert_eq!(here(&verifier), ["a", "b", "c"], "c is unproven and evicts nobody");
    assert_eq!(verdict(&verifier, &c.token().mint()).await, "ok");
    assert_eq!(here(&verifier), ["a", "c"]);
    assert_eq!(verdict(&verifier, &b.token().mint()).await, "ok", "it may come again");
    assert_eq!(here(&verifier), ["b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_tenant_costs_its_issuer_nothing() {
    let directory = Directory::empty();
    let (web, acme, busy) = (Web::new(), directory.mint("acme"), directory.mint("busy"));
    for mint in [&acme, &busy] {
        web.publish(mint);
    }
    directory.play("acme", Play::Remote(acme.clone(), web.clone()));
    directory.play("busy", Play::Remote(busy.clone(), web.clone()));
    let verifier = directory.verifier();
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "ok");
    assert_eq!(in_use(&verifier, &busy, HOUR - 120).await, ["ok"]);
    assert_eq!(here(&verifier), ["acme", "busy"]);
    assert_eq!(in_use(&verifier, &busy, 300).await, ["ok"]);
    assert_eq!(here(&verifier), ["busy"]);
    let fetches = web.fetches_for(&acme);
    assert!(fetches > 4);
    assert_eq!(in_use(&verifier, &busy, 24 * HOUR).await, ["ok"]);
    assert_eq!((web.fetches_for(&acme), directory.calls_for("acme")), (fetches, 1));
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "ok");
    // Every 48 to 60 minutes; each fetches its keys once more than the schedule would.
    assert!((24..=32).contains(&directory.calls_for("busy")), "{}", directory.calls_for("busy"));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_in_use_by_a_token_that_was_verified_before() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier_of(directory.tenants().idle(secs(60)));
    let token = acme.token().expires_in(secs(HOUR)).mint();
    for _ in 0..14 {
        assert_eq!(verdict(&verifier, &token).await, "ok");
        sleep(secs(20)).await;
    }
    assert_eq!((here(&verifier), directory.calls_for("acme")), (vec!["acme".to_owned()], 1));
    assert_eq!(verifier.token_cache().unwrap().hits, 12);
    sleep(secs(90)).await;
    assert!(here(&verifier).is_empty(), "idle by now");
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_tenant_ends_within_the_time_of_confirmation() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier();
    assert_eq!(in_use(&verifier, &acme, HOUR / 2).await, ["ok"]);
    directory.play("acme", Play::No);
    assert_eq!(in_use(&verifier, &acme, HOUR / 4).await, ["ok"], "not asked again yet");
    assert_eq!(in_use(&verifier, &acme, HOUR / 3).await, ["ok", "issuer_unknown"]);
    assert!(here(&verifier).is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_resolver_is_down_known_tenants_go_on_for_a_day() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier();
    let start = Instant::now();
    assert_eq!(in_use(&verifier, &acme, 60).await, ["ok"]);
    directory.play("acme", Play::Hang);
    assert_eq!(in_use(&verifier, &acme, 24 * HOUR - 120).await, ["ok"]);
    assert_eq!(start.elapsed(), secs(24 * HOUR - 60));
    let calls = directory.calls();
    assert!((20..=24 * 60).contains(&calls), "asked about once a minute at most: {calls}");
    let unknown = forged(&acme, "unknown");
    directory.play("unknown", Play::Hang);
    assert_eq!(verdict(&verifier, &unknown).await, "tenant_unresolved");
    assert_eq!(in_use(&verifier, &acme, 240).await, ["ok", "tenant_unresolved"]);
    directory.play("acme", Play::Fixed(acme.clone()));
    sleep(secs(5)).await;
    assert_eq!(in_use(&verifier, &acme, 24 * HOUR).await, ["ok"]);
}

#[tokio::test(start_paused = true)]
async fn new_settings_replace_the_old_ones_without_a_gap() {
    let directory = Directory::empty();
    let (web, acme) = (Web::new(), directory.mint("acme"));
    web.publish(&acme);
    directory.play("acme", Play::Remote(acme.clone(), web.clone()));
    let verifier = directory.verifier();
    assert_eq!(in_use(&verifier, &acme, HOUR / 2).await, ["ok"]);
    // The keys of the new settings are slow to come, and the old ones serve.
    let renamed =
        Mint::builder(acme.identifier()).audience("https://new.api.example").clock(acme.clock()).build();
    let slow = Web::new();
    slow.hang(&renamed);
    directory.play("acme", Play::Remote(renamed.clone(), slow.clone()));
    assert_eq!(in_use(&verifier, &acme, HOUR).await, ["ok"]);
    assert!(slow.fetches() > 0);
    slow.publish(&renamed);
    sleep(secs(100)).await;
    let _ = verdict(&verifier, &acme.token().mint()).await;
    sleep(secs(10)).await;
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "signature_invalid", "the old key is gone");
    assert_eq!(verdict(&verifier, &renamed.token().mint()).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_tenant_is_out_at_once_whatever_is_under_way() {
    let directory = Directory::empty();
    let acme = directory.tenant("acme");
    let verifier = directory.verifier();
    let token = acme.token().mint();
    assert_eq!(verdict(&verifier, &token).await, "ok");
    directory.play("acme", Play::No);
    assert_eq!(verdict(&verifier, &token).await, "ok");
    verifier.forget_tenant(acme.identifier());
    assert_eq!(verdict(&verifier, &token).await, "issuer_unknown");
    // A call that began before is not listened to: it would answer by what was true then.
    directory.play("late", Play::Slow(secs(1), Play::Fixed(directory.mint("late")).into()));
    let late = forged(&acme, "late");
    assert!(timeout(Duration::from_millis(500), verifier.verify(&late)).await.is_err());
    directory.play("late", Play::No);
    verifier.forget_tenant(&name("late"));
    tokio::task::yield_now().await;
    assert_eq!(directory.running(), 0, "nor waited for");
    sleep(secs(2)).await;
    assert!(here(&verifier).is_empty());
    assert_eq!(directory.running(), 0);
    assert_eq!(verdict(&verifier, &late).await, "issuer_unknown");
    assert_eq!(directory.calls_for("late"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_set_up_comes_first_and_tenants_are_listed_after_it() {
    let directory = Directory::empty();
    let [a, b, z] = ["a", "b", "z"].map(|name| directory.tenant(name));
    let fixed = Issuer::new(z.identifier(), z.jwks()).audience(z.audience());
    let hanging = directory.mint("hanging");
    directory.play("hanging", Play::Hang);
    let builder = Verifier::builder().issuer(fixed).tenants(directory.tenants()).clock(z.clock());
    let verifier = builder.build().unwrap();
    assert_eq!(verdict(&verifier, &z.token().mint()).await, "ok");
    assert_eq!(directory.calls(), 0, "it is not asked about");
    let waiting = verifier.clone();
    let token = hanging.token().mint();
    let request = tokio::spawn(async move { verdict(&waiting, &token).await });
    sleep(secs(1)).await;
    verifier.ready(secs(1)).await.expect("nobody waits for a tenant");
    for mint in [&b, &a] {
        assert_eq!(verdict(&verifier, &mint.token().mint()).await, "ok");
    }
    assert_eq!(here(&verifier), ["z", "a", "b"]);
    verifier.forget_tenant(z.identifier());
    let Poll::Ready(Ok(_)) = verifier.verify_cached(&z.token().mint()) else { panic!("it is no tenant") };
    assert_eq!(request.await.unwrap(), "tenant_unresolved");
}
