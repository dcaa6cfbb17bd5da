//! What it costs a request that its verifier has a thousand issuers: those of the set-up, and tenants.
//!
//! The two of a pair take turns in short batches within one process, so that a machine that changes its mind affects
//! both alike; the median of the ratios is the figure to read, absolute times are the machine's.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use portcullis::tenants::{IssuerPattern, Tenant, Tenants};
use portcullis::testkit::{Mint, TestClock};
use portcullis::{Issuer, Verifier};

fn main() {
    let clock = TestClock::new();
    let mints: Vec<_> = (0..ISSUERS)
        .map(|n| {
            Mint::builder(format!("https://login.example.com/tenant-{n}/v2.0")).clock(clock.clone()).build()
        })
        .collect();
    let (one, two) = (&mints[..1], &mints[..2]);
    let subjects = [
        ("1 tenant", subject(tenants(one), one)),
        ("1 issuer", subject(set_up(one), one)),
        ("2 issuers", subject(set_up(two), one)),
        ("1,000 issuers, one of them", subject(set_up(&mints), one)),
        ("1,000 issuers, all in turn", subject(set_up(&mints), &mints)),
        ("1,000 tenants, one of them", subject(tenants(&mints), one)),
        ("1,000 tenants, all in turn", subject(tenants(&mints), &mints)),
    ];
    println!("{:28} {:>21}  {:>6}  {:>11}", "", "verify", "ratio", "allocations");
    let (_, first) = &subjects[1];
    let mut base = first.clone();
    for (name, subject) in subjects {
        let mut subject = subject;
        let allocations = allocation_counter::measure(|| subject.verify()).count_total;
        let (time, ratio) = compare(|| base.verify(), || subject.verify());
        println!("{name:28} {:>18.2} µs  {ratio:>6.3}  {allocations:>11}", time.as_secs_f64() * 1e6);
    }
}

/// A verifier and tokens that it accepts, one after the other.
#[derive(Clone)]
struct Subject {
    verifier: Verifier,
    tokens: Arc<[String]>,
    next: usize,
}

fn subject(verifier: Verifier, mints: &[Mint]) -> Subject {
    Subject { verifier, tokens: mints.iter().map(|mint| mint.token().mint()).collect(), next: 0 }
}

impl Subject {
    fn verify(&mut self) {
        self.next = (self.next + 1) % self.tokens.len();
        match self.verifier.verify_cached(black_box(&self.tokens[self.next])) {
            Poll::Ready(Ok(token)) => drop(black_box(token)),
            other => panic!("{other:?}"),
        }
    }
}

fn trusted(mint: &Mint) -> Issuer {
    Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience())
}

fn set_up(mints: &[Mint]) -> Verifier {
    let builder = Verifier::builder().clock(mints[0].clock());
    mints.iter().fold(builder, |builder, mint| builder.issuer(trusted(mint))).build().unwrap()
}

/// The same issuers, found by a resolver.
fn tenants(mints: &[Mint]) -> Verifier {
    let known: HashMap<_, _> =
        mints.iter().map(|mint| (mint.identifier().to_owned(), mint.clone())).collect();
    let resolver = move |tenant: Tenant| std::future::ready(Ok(known.get(tenant.issuer()).map(trusted)));
    let pattern = IssuerPattern::new("https://login.example.com/{tenant}/v2.0").unwrap();
    let tenants = Tenants::matching(pattern, resolver).capacity(ISSUERS);
    let verifier = Verifier::builder().tenants(tenants).clock(mints[0].clock()).build().unwrap();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        for mint in mints {
            while verifier.verify(&mint.token().mint()).await.is_err() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    });
    verifier
}

/// The median time of the second, and of its ratio to the first.
fn compare(mut first: impl FnMut(), mut second: impl FnMut()) -> (Duration, f64) {
    let (mut times, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (one, other) = (time(&mut first), time(&mut second));
        ratios.push(other.as_secs_f64() / one.as_secs_f64());
        times.push(other);
    }
    times.sort_unstable();
    ratios.sort_by(f64::total_cmp);
    (times[ROUNDS / 2], ratios[ROUNDS / 2])
}

#[allow(clippy::disallowed_methods)]
fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..BATCH {
        work();
    }
    start.elapsed() / BATCH
}

const ISSUERS: usize = 1_000;
const ROUNDS: usize = 1_001;
const BATCH: u32 = 20;
