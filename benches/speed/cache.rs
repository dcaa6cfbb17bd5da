//! The cache of verified tokens as a whole: many tokens in rotation, a flood of tokens that come once, and its memory.

use allocation_counter::measure as count;
use portcullis::{Algorithm, Verifier};

use super::Bench;
use super::common::material::{KEY_ID, Subject, Token, claims};
use super::common::table::Figure::{Bytes, Share, Time};
use super::common::table::Target;
use super::common::timing::{Turns, median, time};
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cache, remember};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("cache", "the cache as a whole");
    rotation(bench);
    flood(bench, "a million once", bench.times(FLOOD), 1, 10_000);
    flood(bench, "a hundred thousand twice", bench.times(FLOOD / 10), 2, 1_000);
    memory(bench);
}

/// 10,000 tokens, asked for in an order that no prefetcher foresees.
fn rotation(bench: &mut Bench) {
    for subject in bench.subjects.iter().filter(|subject| is_quick_to_sign(subject)) {
        let tokens = subject.tokens(IN_ROTATION);
        let verifier = subject.cached(ROOM_FOR_ROTATION);
        remember(&verifier, tokens.iter().map(|token| token.text.as_str()));
        let before = cache(&verifier);
        let mut turns = Turns::scattered(&tokens, 0);
        let rounds = bench.times(100);
        let times = (0..rounds).map(|_| time(1_000, &mut || accept(&verifier, &turns.take().text)));
        let name = format!("{}, 10,000 tokens in rotation", subject.algorithm.name());
        let figure = Time(median(times.collect()));
        let hits = cache(&verifier).hits - before.hits;
        let detail = format!("{:.2} % hits", hits as f64 / (rounds * 10) as f64);
        bench.table.line(&name, figure, Target::AtMost(1_200.0), &detail);
    }
}

/// Tokens that come once, or twice at once, and never again; after each wave of them a hundred that come again and again.
fn flood(bench: &mut Bench, what: &str, tokens: usize, sights: usize, wave: usize) {
    let subject = Subject::new(Algorithm::HS256);
    let hot: Vec<_> = (0..HOT).map(|number| subject.token(tokens + number)).collect();
    let bare = count(|| drop(std::hint::black_box(subject.uncached()))).bytes_max;
    let mut verifier = None;
    let (mut times, mut asked) = (Vec::with_capacity(tokens), 0);
    let mut hits = 0;
    let taken = count(|| {
        let verifier = verifier.insert(subject.cached(DEFAULT_ENTRIES));
        remember(verifier, hot.iter().map(|token| token.text.as_str()));
        for first in (0..tokens).step_by(wave) {
            for number in first..first + wave {
                let token = subject.token(number);
                (0..sights).for_each(|_| accept(verifier, &token.text));
            }
            let before = cache(verifier);
            let mut turns = Turns::new(&hot);
            times.push(time(HOT, &mut || accept(verifier, &turns.take().text)));
            asked += HOT;
            hits += cache(verifier).hits - before.hits;
        }
    });
    let after = cache(verifier.as_ref().unwrap());
    let share = Share(100.0 * hits as f64 / asked as f64);
    let detail = format!("a hundred, asked for after each {wave}; {:.0} ns a call", median(times));
    bench.table.line(&format!("{what}: hot tokens that stayed"), share, Target::AtLeast(100.0), &detail);
    let detail = format!(
        "{} entries, {} B by its own account; {} admitted, {} evicted",
        after.entries, after.bytes, after.admissions, after.evictions
    );
    let bytes = Bytes((taken.bytes_max - bare) as f64);
    let bound = Target::AtMost(DEFAULT_ENTRIES as f64 * bound(&hot[0]));
    bench.table.line(&format!("{what}: most memory taken"), bytes, bound, &detail);
}

/// The bytes that a full cache takes, beside the same verifier without one.
fn memory(bench: &mut Bench) {
    let subject = Subject::new(Algorithm::HS256);
    for (entries, size) in
        [(64, 0), (DEFAULT_ENTRIES, 0), (DEFAULT_ENTRIES, 300), (DEFAULT_ENTRIES, 4_000), (65_536, 0)]
    {
        let tokens: Vec<_> = (0..entries).map(|number| padded(&subject, number, size)).collect();
        let (mut with, mut without): (Option<Verifier>, Option<Verifier>) = (None, None);
        let bare = count(|| without = Some(subject.uncached())).bytes_current;
        let full = count(|| {
            let verifier = with.insert(subject.cached(entries));
            remember(verifier, tokens.iter().map(|token| token.text.as_str()));
        });
        let status = cache(with.as_ref().unwrap());
        let bytes = (full.bytes_current - bare) as f64;
        let name = format!("memory an entry, {} B tokens", tokens[0].text.len());
        let detail = format!("{} of {entries} held, {} B by its own account", status.entries, status.bytes);
        let each = Bytes(bytes / status.entries.max(1) as f64);
        bench.table.line(&name, each, Target::AtMost(bound(&tokens[0])), &detail);
    }
}

fn padded(subject: &Subject, number: usize, bytes: usize) -> Token {
    let claims = claims(number);
    let claims = if bytes == 0 {
        claims
    } else {
        format!(r#"{},"groups":"{}"}}"#, claims.trim_end_matches('}'), "g".repeat(bytes))
    };
    subject.signed(KEY_ID, &claims)
}

/// 1.3 times the token and half a kibibyte.
fn bound(token: &Token) -> f64 {
    1.3 * token.text.len() as f64 + 512.0
}

pub(crate) fn is_quick_to_sign(subject: &Subject) -> bool {
    matches!(subject.algorithm, Algorithm::ES256 | Algorithm::EdDSA | Algorithm::HS256)
}

const IN_ROTATION: usize = 10_000;
const ROOM_FOR_ROTATION: usize = 16_384;
const FLOOD: usize = 1_000_000;
const HOT: usize = 100;
