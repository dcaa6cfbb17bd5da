//! One call after the processor's caches were swept, which is what a busy service sees.
//!
//! Before each call a buffer twice as large as the last level of cache is walked, for the raw signature as for the whole of
//! `verify`; the text of the token is swept out like everything else.

use std::hint::black_box;

use super::Bench;
use super::common::material::Subject;
use super::common::table::Figure::Time;
use super::common::table::{Target, versus};
use super::common::timing::{Pair, Turns, time};
use super::common::verifiers::{DEFAULT_ENTRIES, accept, remember};

pub(crate) fn measure(bench: &mut Bench) {
    let broom = Broom::new();
    let what = format!("caches swept with {} MiB before each call", broom.lines.len() / LINES_A_MIB);
    bench.table.section("swept", &what);
    let samples = bench.times(201);
    for subject in &bench.subjects {
        let name = subject.algorithm.name();
        let pair = first_sight(subject, &broom, samples);
        let detail = versus("signature", pair, "verify");
        bench.table.line(
            &format!("{name}, first sight over the signature"),
            Time(pair.more),
            Target::AtMost(3_000.0),
            &detail,
        );

        let verifier = subject.cached(DEFAULT_ENTRIES);
        let token = subject.token(0);
        remember(&verifier, [token.text.as_str()]);
        let hits = (0..samples).map(|_| {
            broom.sweep();
            let swept = time(1, &mut || accept(&verifier, &token.text));
            (time(1, &mut || accept(&verifier, &token.text)), swept)
        });
        let pair = Pair::of(hits.collect());
        let detail = versus("right after it", pair, "swept");
        bench.table.line(&format!("{name}, seen before"), Time(pair.second), Target::None, &detail);
    }
}

fn first_sight(subject: &Subject, broom: &Broom, samples: usize) -> Pair {
    let verifier = subject.cached(DEFAULT_ENTRIES);
    let tokens = subject.tokens(samples);
    let mut turns = Turns::new(&tokens);
    let pairs = (0..samples).map(|_| {
        let token = turns.take();
        broom.sweep();
        let raw = time(1, &mut || subject.raw.verify(token));
        broom.sweep();
        (raw, time(1, &mut || accept(&verifier, &token.text)))
    });
    Pair::of(pairs.collect())
}

/// More memory than the caches hold.
struct Broom {
    lines: Vec<[u8; LINE]>,
}

impl Broom {
    fn new() -> Self {
        let bytes = (2 * last_level()).clamp(64 * MIB, 512 * MIB);
        // Not zeros: pages of zeros that were never written to are one and the same in memory.
        Self { lines: vec![[1; LINE]; bytes / LINE] }
    }

    /// Reads each line, so that whatever the caches held must leave. Reads, as lines that were written to would have to be
    /// written back while the measured call fetches its own.
    fn sweep(&self) {
        black_box(self.lines.iter().map(|line| u64::from(black_box(line[0]))).sum::<u64>());
    }
}

/// Bytes of the largest cache that the operating system tells of; 32 MiB where it tells of none.
fn last_level() -> usize {
    let sizes = (0..5).filter_map(|index| {
        let size =
            std::fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size")).ok()?;
        size.trim().strip_suffix('K')?.parse::<usize>().ok()
    });
    sizes.max().map_or(32 * MIB, |kib| kib * 1024)
}

const LINE: usize = 64;
const MIB: usize = 1024 * 1024;
const LINES_A_MIB: usize = MIB / LINE;
