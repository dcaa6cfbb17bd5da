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
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod common;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::timing::{Effort, Pair};
use common::verifiers::{accept, uncached};
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
        let pair = Pair::measure(EFFORT, || base.verify(), || subject.verify());
        println!("{name:28} {:>18.2} µs  {:>6.3}  {allocations:>11}", pair.second / 1e3, pair.ratio);
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
        accept(&self.verifier, &self.tokens[self.next]);
    }
}

fn trusted(mint: &Mint) -> Issuer {
    Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience())
}

fn set_up(mints: &[Mint]) -> Verifier {
    let builder = Verifier::builder().clock(mints[0].clock());
    uncached(mints.iter().fold(builder, |builder, mint| builder.issuer(trusted(mint))))
}

/// The same issuers, found by a resolver.
fn tenants(mints: &[Mint]) -> Verifier {
    let known: HashMap<_, _> =
        mints.iter().map(|mint| (mint.identifier().to_owned(), mint.clone())).collect();
    let resolver = move |tenant: Tenant| std::future::ready(Ok(known.get(tenant.issuer()).map(trusted)));
    let pattern = IssuerPattern::new("https://login.example.com/{tenant}/v2.0").unwrap();
    let tenants = Tenants::matching(pattern, resolver).capacity(ISSUERS);
    let verifier = uncached(Verifier::builder().tenants(tenants).clock(mints[0].clock()));
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

const ISSUERS: usize = 1_000;
const EFFORT: Effort = Effort { rounds: 1_001, batch: 20 };
