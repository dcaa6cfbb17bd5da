//! What a refresh that hangs costs those whose keys are here: nothing, up to the last thousandth of requests.
//!
//! Two verifiers of the same token take turns in short batches within one process: one whose source is left alone, and
//! one whose source holds an attempt open, with unknown `kid`s asking for more all the time. Each latency is recorded;
//! only batches during which the attempt was under way all along count. A third column, the calm verifier again, shows
//! what is noise: it differs from the first by nothing but the moment.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod common;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::source::{Source, is_asking};
use common::verifiers::uncached;
use portcullis::testkit::Mint;
use portcullis::{Algorithm, Issuer, Verifier};
use tokio::runtime::Builder;

struct Subject {
    verifier: Verifier,
    source: Arc<Source>,
    token: String,
    unknown: String,
}

impl Subject {
    fn new(mint: &Mint) -> Self {
        let source = Source::new(mint.jwks_json());
        let issuer = Issuer::new(mint.identifier(), source.keys())
            .audience(mint.audience())
            .algorithms([Algorithm::EdDSA]);
        let verifier = uncached(Verifier::builder().issuer(issuer).clock(mint.clock()));
        let unknown = mint.token().header("kid", "nobody's").mint();
        Self { verifier, source, token: mint.token().mint(), unknown }
    }

    /// One latency, in nanoseconds.
    async fn verify(&self) -> u64 {
        let start = Instant::now();
        let verified = self.verifier.verify(black_box(&self.token)).await;
        let elapsed = start.elapsed();
        drop(black_box(verified).expect("the key is here"));
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
    }

    async fn batch(&self, into: &mut Vec<u64>) {
        for _ in 0..BATCH {
            into.push(self.verify().await);
        }
    }
}

fn main() {
    let wanted =
        Duration::from_secs(if std::env::args().any(|argument| argument == "--test") { 3 } else { 30 });
    // Two threads, as the task must run beside the requests.
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let mint = Mint::builder("https://id.example.com").algorithm(Algorithm::EdDSA).build();
        let (calm, troubled) = (Subject::new(&mint), Subject::new(&mint));
        calm.verifier.ready(Duration::from_secs(5)).await.unwrap();
        troubled.verifier.ready(Duration::from_secs(5)).await.unwrap();
        troubled.source.hang();
        let (mut first, mut hanging, mut second) = (Vec::new(), Vec::new(), Vec::new());
        let start = Instant::now();
        while start.elapsed() < wanted {
            // A stranger asks as well, all the time.
            let _ = troubled.verifier.verify_cached(&troubled.unknown);
            if !is_asking(&troubled.verifier) {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            let (mut a, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
            calm.batch(&mut a).await;
            troubled.batch(&mut b).await;
            calm.batch(&mut c).await;
            if is_asking(&troubled.verifier) {
                first.append(&mut a);
                hanging.append(&mut b);
                second.append(&mut c);
            }
        }
        report(first, hanging, second);
    });
}

fn report(mut first: Vec<u64>, mut hanging: Vec<u64>, mut second: Vec<u64>) {
    for latencies in [&mut first, &mut hanging, &mut second] {
        latencies.sort_unstable();
    }
    println!("{} verifications each", first.len());
    println!(
        "{:>8}  {:>12}  {:>12}  {:>6}  {:>12}  {:>6}",
        "", "calm", "hanging", "ratio", "calm again", "ratio"
    );
    for (name, thousandths) in [("p50", 500), ("p90", 900), ("p99", 990), ("p99.9", 999)] {
        let [a, b, c] = [&first, &hanging, &second].map(|latencies| at(latencies, thousandths));
        println!(
            "{name:>8}  {:>9.2} µs  {:>9.2} µs  {:>6.3}  {:>9.2} µs  {:>6.3}",
            micros(a),
            micros(b),
            micros(b) / micros(a),
            micros(c),
            micros(c) / micros(a),
        );
    }
}

fn at(sorted: &[u64], thousandths: usize) -> u64 {
    *sorted.get(sorted.len() * thousandths / 1_000).expect("an attempt was under way")
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1_000.0
}

const BATCH: usize = 200;
