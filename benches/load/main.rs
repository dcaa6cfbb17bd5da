//! An axum service with and without the layer, under load over loopback.
//!
//! Two services run side by side, and the load goes to one and to the other in turns, a fraction of a second each, so that
//! whatever else the machine does meets both. The load is closed: each of 16 connections sends its next request when it has
//! the answer to the last, over HTTP/1.1 kept alive. Service and load share the processors of the machine; with as many
//! threads as processors they compete, and the ratio is the one of the whole. `-- hot` runs one kind of tokens alone.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::disallowed_methods
)]

#[path = "../common/mod.rs"]
mod common;

mod generator;
mod service;

use std::time::Duration;

use common::material::{Subject, Token};
use common::timing::median;
use common::verifiers::{accept, remember};
use generator::{Requests, Slice, percentile};
use portcullis::Algorithm;
use service::Service;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let wanted: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let subject = Subject::new(Algorithm::ES256);
    println!("ES256, {} B tokens, {} connections", subject.token(0).text.len(), generator::CONNECTIONS);
    println!(
        "{:28} {:>10} {:>10} {:>8} {:>8}  {:>28}  {:>28}",
        "", "bare", "guarded", "ratio", "target", "bare p50, p99, p99.9", "guarded p50, p99, p99.9"
    );
    for threads in [1, 2] {
        for load in Load::ALL {
            if wanted.is_empty() || wanted.iter().any(|name| *name == load.name()) {
                run(&subject, threads, load, if quick { 6 } else { load.pairs() });
            }
        }
    }
}

/// Which tokens come.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Load {
    Hot,
    Rotation,
    New,
}

impl Load {
    const ALL: [Self; 3] = [Self::Hot, Self::Rotation, Self::New];

    const fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Rotation => "rotation",
            Self::New => "new",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Hot => "one hot token",
            Self::Rotation => "10,000 tokens",
            Self::New => "new tokens only",
        }
    }

    /// How many slices each of the two gets. The one with a target gets more.
    const fn pairs(self) -> usize {
        match self {
            Self::Hot => 80,
            Self::Rotation => 30,
            Self::New => 20,
        }
    }

    fn tokens(self, subject: &Subject) -> Vec<Token> {
        match self {
            Self::Hot => subject.tokens(1),
            Self::Rotation => subject.tokens(IN_ROTATION),
            Self::New => subject.tokens(NEW),
        }
    }
}

fn run(subject: &Subject, threads: usize, load: Load, pairs: usize) {
    let tokens = load.tokens(subject);
    let verifier = subject.cached(ROOM);
    match load {
        Load::Hot | Load::Rotation => remember(&verifier, tokens.iter().map(|token| token.text.as_str())),
        Load::New => accept(&verifier, &subject.token(NEW).text),
    }
    let (bare, guarded) = (Service::start(threads, None), Service::start(threads, Some(&verifier)));
    let texts: Vec<_> = tokens.iter().map(|token| token.text.as_str()).collect();
    // Each at its own place in the same list. A new token is new once: when they are used up, the slice is over.
    let repeat = load != Load::New;
    let mut to_bare = Requests::new(bare.address(), &texts, repeat);
    let mut to_guarded = Requests::new(guarded.address(), &texts, repeat);
    to_bare.send_for(SLICE / 2);
    if repeat {
        to_guarded.send_for(SLICE / 2);
    }
    let (mut ratios, mut sums) = (Vec::new(), (Slice::default(), Slice::default()));
    for pair in 0..pairs {
        // Neither has always the place after the other.
        let (one, other) = if pair % 2 == 0 {
            let one = to_bare.send_for(SLICE);
            (one, to_guarded.send_for(SLICE))
        } else {
            let other = to_guarded.send_for(SLICE);
            (to_bare.send_for(SLICE), other)
        };
        if one.is_short() || other.is_short() {
            break;
        }
        ratios.push(other.throughput() / one.throughput());
        sums.0.add(one);
        sums.1.add(other);
    }
    report(&format!("{}, {threads} server thread(s)", load.title()), load, ratios, sums);
}

fn report(name: &str, load: Load, ratios: Vec<f64>, (mut bare, mut guarded): (Slice, Slice)) {
    if ratios.is_empty() {
        println!("{name:28} too few tokens for one slice");
        return;
    }
    let ratio = 100.0 * median(ratios);
    let (target, mark) = match load {
        Load::Hot if ratio >= TARGET => ("≥ 97 %", "met"),
        Load::Hot => ("≥ 97 %", "MISSED"),
        Load::Rotation | Load::New => ("", ""),
    };
    println!(
        "{name:28} {:>8.0}/s {:>8.0}/s {ratio:>6.1} % {target:>8}  {}  {}  {mark}",
        bare.throughput(),
        guarded.throughput(),
        percentiles(&mut bare),
        percentiles(&mut guarded),
    );
}

fn percentiles(slice: &mut Slice) -> String {
    let latencies = slice.sorted();
    let [p50, p99, p999] = [500, 990, 999].map(|thousandths| percentile(latencies, thousandths));
    format!("{p50:>7.0} {p99:>8.0} {p999:>8.0} µs")
}

const SLICE: Duration = Duration::from_millis(150);
const IN_ROTATION: usize = 10_000;
const NEW: usize = 60_000;
const ROOM: usize = 16_384;
/// In percent of the throughput of the service that is not protected.
const TARGET: f64 = 97.0;
