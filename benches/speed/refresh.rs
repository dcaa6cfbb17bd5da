//! Verification while keys are being fetched, against the same while nothing happens. `cargo bench --bench hanging` has the
//! latencies up to the last thousandth.

use std::time::{Duration, Instant};

use super::Bench;
use super::common::material::claims;
use super::common::source::is_asking;
use super::common::table::Figure::Ratio;
use super::common::table::{Target, versus};
use super::common::timing::{Pair, Turns, time};
use super::common::verifiers::{accept, remember};
use super::seen::remote;

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("refresh", "an attempt to fetch keys under way, against none");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let rounds = bench.times(201);
    for subject in bench.subjects.iter().filter(|subject| subject.algorithm == portcullis::Algorithm::ES256) {
        let name = subject.algorithm.name();
        let ((_source, calm), (source, asking)) = (remote(&runtime, subject), remote(&runtime, subject));
        source.hang();
        let unknown = subject.signed("nobody's", &claims(0)).text;
        let hot = subject.token(0);
        remember(&calm, [hot.text.as_str()]);
        remember(&asking, [hot.text.as_str()]);
        let fresh = subject.tokens(rounds * BATCH);
        let (mut one, mut other) = (Turns::new(&fresh), Turns::new(&fresh));
        let (mut hits, mut firsts) = (Vec::new(), Vec::new());
        #[allow(clippy::disallowed_methods, reason = "benches measure")]
        let end = Instant::now() + PATIENCE;
        #[allow(clippy::disallowed_methods, reason = "benches measure")]
        while hits.len() < rounds && Instant::now() < end {
            // A stranger asks all the time, so that an attempt that ends is followed by another.
            let _ = asking.verify_cached(&unknown);
            if !is_asking(&asking) {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let hit = (
                time(HITS, &mut || accept(&calm, &hot.text)),
                time(HITS, &mut || accept(&asking, &hot.text)),
            );
            let first = (
                time(BATCH, &mut || accept(&calm, &one.take().text)),
                time(BATCH, &mut || accept(&asking, &other.take().text)),
            );
            if is_asking(&asking) {
                hits.push(hit);
                firsts.push(first);
            }
        }
        for (what, samples) in [("seen before", hits), ("first sight", firsts)] {
            let pair = Pair::of(samples);
            bench.table.line(
                &format!("{name}, {what}"),
                Ratio(pair.ratio),
                Target::None,
                &versus("calm", pair, "asking"),
            );
        }
    }
}

const BATCH: usize = 10;
const HITS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(20);
