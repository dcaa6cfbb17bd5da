//! What somebody without any token can make it cost, and what that does to those who have one.

use std::task::Poll;
use std::time::Duration;

use portcullis::testkit::Mint;
use portcullis::{Error, Unavailable, Verifier};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep};

use crate::house::{Directory, Play, Web, here, invented, secs, verdict};

/// Asks once a second until the answer is another than busy, and says how many seconds that took.
async fn patiently(verifier: &Verifier, token: &str) -> (&'static str, u64) {
    let start = Instant::now();
    loop {
        match verdict(verifier, token).await {
            "tenants_busy" => sleep(secs(1)).await,
            code => return (code, start.elapsed().as_secs()),
        }
    }
}

/// Lets tenants in, each with a good token.
async fn settle(directory: &Directory, verifier: &Verifier, tenants: usize) -> Vec<Mint> {
    let mut mints = Vec::new();
    for n in 0..tenants {
        let mint = directory.tenant(&format!("tenant-{n}"));
        assert_eq!(patiently(verifier, &mint.token().mint()).await.0, "ok");
        mints.push(mint);
    }
    mints
}

fn served_at_once(verifier: &Verifier, mint: &Mint) {
    let Poll::Ready(Ok(_)) = verifier.verify_cached(&mint.token().mint()) else { panic!("it is here") };
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_names_costs_a_bounded_number_of_calls() {
    let directory = Directory::empty();
    let verifier = directory.verifier_of(directory.tenants().capacity(16));
    let known = settle(&directory, &verifier, 15).await;
    let before = directory.calls();
    let forger = directory.mint("forger").token().mint();
    let newcomer = directory.tenant("newcomer");
    let token = newcomer.token().mint();
    let start = Instant::now();
    let mut counts = [0, 0];
    let mut served = None;
    for n in 0..100_000 {
        match verdict(&verifier, &invented(&forger, &format!("invented-{n}"))).await {
            "issuer_unknown" => counts[0] += 1,
            "tenants_busy" => counts[1] += 1,
            code => panic!("{code}"),
        }
        if n % 1_000 == 0 {
            known.iter().for_each(|mint| served_at_once(&verifier, mint));
            advance(secs(1)).await;
            // The stranger who comes again is no longer a stranger, while the flood goes on before and after it.
            if served.is_none() && n > 0 {
                let code = verdict(&verifier, &token).await;
                served = (code == "ok").then(|| (n, start.elapsed()));
            }
        }
    }
    let calls = directory.calls() - before;
    assert_eq!(calls, counts[0] + 1, "a call for each name that was refused, and one for the newcomer");
    // 65 seats are free: five calls at once and 2.7 a second, and the same for those who come again.
    assert!(calls <= 2 * (5 + 271) + 1, "{calls}");
    let (n, after) = served.expect("the newcomer is served");
    assert!(after <= secs(5), "after {n} others and {after:?}");
    assert_eq!(directory.most().0, 1);
}

#[tokio::test(start_paused = true)]
async fn strangers_that_a_template_lets_in_evict_nobody_who_is_proven() {
    let directory = Directory::empty();
    let web = Web::new();
    let verifier = directory.verifier_of(directory.tenants().capacity(16));
    let known = settle(&directory, &verifier, 15).await;
    let template = Directory::otherwise(Play::Template(web.clone()));
    let open = template.verifier_of(template.tenants().capacity(16));
    for mint in &known {
        web.publish(mint);
        assert_eq!(patiently(&open, &mint.token().mint()).await.0, "ok");
    }
    let before = (template.calls(), web.fetches());
    let forger = directory.mint("forger").token().mint();
    let newcomer = directory.mint("newcomer");
    let mut served = false;
    for n in 0..2_000 {
        let token = invented(&forger, &format!("invented-{n}"));
        // Nobody waits for it, as an attacker would not.
        let open_ = open.clone();
        let request = tokio::spawn(async move { verdict(&open_, &token).await });
        if n % 10 == 0 {
            advance(secs(1)).await;
            assert!(open.status().len() <= 16 + 64, "{}", open.status().len());
            known.iter().for_each(|mint| served_at_once(&open, mint));
        }
        if n == 1_000 {
            web.publish(&newcomer);
        }
        if n > 1_000 && n % 10 == 5 && !served {
            let code = verdict(&open, &newcomer.token().mint()).await;
            served = code == "ok";
        }
        drop(request);
    }
    assert!(served, "a new tenant proves itself in the middle of it");
    let seconds = 2_000 / 10;
    assert!(
        template.calls() - before.0 <= 2 * (6 + seconds * 65 / 24) + 1,
        "{}",
        template.calls() - before.0
    );
    // Each stranger's issuer is asked for keys while it has its seat, with back-off.
    assert!(web.fetches() - before.1 <= 64 * seconds, "{}", web.fetches() - before.1);
    assert_eq!(here(&open).iter().filter(|name| name.starts_with("tenant-")).count(), 15);
    sleep(secs(6 * 60)).await;
    assert_eq!(here(&open).iter().filter(|name| name.starts_with("invented")).count(), 0, "they do not stay");
}

/// So many requests at once, each with a name of its own; how many ended with each code.
async fn wave<const N: usize>(
    verifier: &Verifier,
    names: std::ops::Range<usize>,
    codes: [&str; N],
) -> [usize; N] {
    let forger = Mint::new("https://forger.example").token().mint();
    let mut requests = JoinSet::new();
    for n in names {
        let (verifier, token) = (verifier.clone(), invented(&forger, &format!("invented-{n}")));
        requests.spawn(async move { verifier.verify(&token).await.map(drop) });
    }
    let answers = requests.join_all().await;
    let counts = codes.map(|code| {
        let is = |answer: &&Result<(), Error>| answer.as_ref().is_err_and(|error| error.code() == code);
        answers.iter().filter(is).count()
    });
    assert_eq!(counts.iter().sum::<usize>(), answers.len());
    let busy = |error: &Error| matches!(error, Error::Unavailable(Unavailable::TenantsBusy { .. }));
    let hint = Err(Error::Unavailable(Unavailable::TenantsBusy { retry_after: secs(1) }));
    assert!(answers.iter().all(|answer| !answer.as_ref().is_err_and(busy) || *answer == hint));
    counts
}

#[tokio::test(start_paused = true)]
async fn no_more_than_thirty_two_are_asked_at_a_time_and_others_wait_or_are_told_to() {
    let directory = Directory::otherwise(Play::Slow(Duration::from_millis(450), Play::No.into()));
    let verifier = directory.verifier_of(directory.tenants().capacity(10_000));
    let codes = ["issuer_unknown", "tenant_unresolved", "tenants_busy"];
    // 170 may begin in a burst: 32 at a time, 450 ms each. The wait of 2 s sees four rounds; the rest goes on without.
    assert_eq!(wave(&verifier, 0..1_000, codes).await, [4 * 32, 170 - 4 * 32, 1_000 - 170]);
    assert_eq!(directory.most(), (1, 32));
    sleep(secs(1)).await;
    assert_eq!((directory.calls(), directory.running()), (170, 0));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_hundred_and_ninety_two_wait_to_be_asked() {
    let directory = Directory::otherwise(Play::Hang);
    let verifier = directory.verifier_of(directory.tenants().capacity(10_000));
    let codes = ["tenant_unresolved", "tenants_busy"];
    assert_eq!(wave(&verifier, 0..1_000, codes).await, [170, 830], "for 2 s");
    assert_eq!(wave(&verifier, 1_000..2_000, codes).await, [22, 978], "another burst could begin");
    sleep(secs(60)).await;
    assert_eq!((directory.calls(), directory.running(), directory.most()), (192, 0, (1, 32)));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_was_proven_once_does_not_compete_with_strangers() {
    let directory = Directory::empty();
    let verifier = directory.verifier_of(directory.tenants().capacity(16).idle(secs(60)));
    let known = settle(&directory, &verifier, 4).await;
    sleep(secs(120)).await;
    assert!(here(&verifier).is_empty(), "they were idle");
    let forger = directory.mint("forger").token().mint();
    for n in 0..100 {
        verdict(&verifier, &invented(&forger, &format!("invented-{n}"))).await;
    }
    let stranger = directory.tenant("stranger").token().mint();
    assert_eq!(verdict(&verifier, &stranger).await, "tenants_busy");
    assert_eq!(verdict(&verifier, &known[0].token().mint()).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tenants_come_back_after_a_restart() {
    let directory = Directory::empty();
    let verifier = directory.verifier();
    let mut requests = JoinSet::new();
    let mints: Vec<_> = (0..1_000).map(|n| directory.tenant(&format!("tenant-{n}"))).collect();
    let start = Instant::now();
    for mint in &mints {
        let (verifier, token) = (verifier.clone(), mint.token().mint());
        requests.spawn(async move { patiently(&verifier, &token).await.0 });
    }
    assert_eq!(requests.join_all().await, ["ok"; 1_000]);
    assert!(start.elapsed() <= secs(30), "{:?}", start.elapsed());
    assert_eq!((directory.calls(), verifier.status().len()), (1_000, 1_000));
    mints.iter().for_each(|mint| served_at_once(&verifier, mint));
}

/// Each request that waits holds memory and a connection, and a stranger chooses how many.
#[tokio::test(start_paused = true)]
async fn only_so_many_requests_wait_for_a_resolver_that_hangs() {
    let directory = Directory::otherwise(Play::Hang);
    let verifier = directory.verifier();
    let forger = directory.mint("forger").token().mint();
    let known = directory.tenant("known");
    assert_eq!(verdict(&verifier, &known.token().mint()).await, "ok");
    let start = Instant::now();
    let mut requests = JoinSet::new();
    for n in 0..5_000 {
        let (verifier, token) = (verifier.clone(), invented(&forger, &format!("invented-{}", n % 2)));
        requests.spawn(async move { (verdict(&verifier, &token).await, start.elapsed().as_secs()) });
    }
    let answers = requests.join_all().await;
    let count = |want| answers.iter().filter(|answer| **answer == want).count();
    assert_eq!(count(("tenants_busy", 0)), 904, "answered at once");
    assert_eq!(count(("tenant_unresolved", 2)), 4_096, "those that waited");
    served_at_once(&verifier, &known);
    // The places are given back.
    sleep(secs(10)).await;
    let newcomer = directory.tenant("newcomer");
    assert_eq!(verdict(&verifier, &newcomer.token().mint()).await, "ok");
}
