//! A token that was never seen, against the raw signature with a key parsed once.
//!
//! Every token of the measured verifier is new to it. The raw verification comes first and reads the same text, so both find
//! it in the processor's caches, as it is when a request has just been read.

use allocation_counter::measure as count;
use portcullis::Algorithm;

use super::Bench;
use super::common::table::Figure::{Allocations, Ratio};
use super::common::table::{Target, versus};
use super::common::timing::{Pair, Turns};
use super::common::verifiers::{DEFAULT_ENTRIES, accept};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("first", "first sight against the raw signature, and its heap allocations");
    let effort = bench.effort(301, 10);
    for subject in &bench.subjects {
        let name = subject.algorithm.name();
        let tokens = subject.tokens(effort.calls() + 3);
        let (tokens, last) = tokens.split_last_chunk::<3>().unwrap();

        let verifier = subject.cached(DEFAULT_ENTRIES);
        accept(&verifier, &last[0].text);
        let (mut raw, mut new) = (Turns::new(tokens), Turns::new(tokens));
        let pair =
            Pair::measure(effort, || subject.raw.verify(raw.take()), || accept(&verifier, &new.take().text));
        let detail = versus("signature", pair, "verify");
        bench.table.line(
            &format!("{name}, a new token each time"),
            Ratio(pair.ratio),
            limit(subject.algorithm),
            &detail,
        );
        let allocations = count(|| accept(&verifier, &last[1].text)).count_total;
        bench.table.line(&format!("{name}, allocations"), Allocations(allocations), Target::AtMost(4.0), "");

        let verifier = subject.uncached();
        let token = &last[2];
        let pair = Pair::measure(effort, || subject.raw.verify(token), || accept(&verifier, &token.text));
        let detail = versus("signature", pair, "verify");
        bench.table.line(&format!("{name}, one token, no cache"), Ratio(pair.ratio), Target::None, &detail);
    }
}

fn limit(algorithm: Algorithm) -> Target {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => Target::AtMost(1.06),
        Algorithm::ES256 => Target::AtMost(1.03),
        Algorithm::EdDSA => Target::AtMost(1.04),
        Algorithm::HS256 => Target::AtMost(2.3),
        _ => Target::None,
    }
}
