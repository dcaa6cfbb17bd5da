//! The cache of verified tokens as a whole: many tokens in rotation, a flood of tokens that come once, and its memory.

use allocation_counter::measure as count;
use portcullis::{Algorithm, Verifier};

use super::Bench;
use super::common::material::{KEY_ID, Subject, Token, claims};
use super::common::table::Figure::{Bytes, Share, Time};
use super::common::table::{Figure, Target};
use super::common::timing::{Turns, median, time};
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cache, remember};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("cache", "the cache as a whole");
    rotation(bench);
    flood(bench);
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
        let share = before.zip(cache(&verifier)).map(|(before, after)| {
            format!("{:.2} % hits", (after.hits - before.hits) as f64 / (rounds * 10) as f64)
        });
        bench.table.line(&name, figure, Target::AtMost(1_200.0), &share.unwrap_or_else(no_cache));
    }
}

/// A million tokens that come once, and between them a hundred that come again and again.
fn flood(bench: &mut Bench) {
    let subject = Subject::new(Algorithm::HS256);
    let verifier = subject.cached(DEFAULT_ENTRIES);
    let hot: Vec<_> = (0..HOT).map(|number| subject.token(FLOOD + number)).collect();
    remember(&verifier, hot.iter().map(|token| token.text.as_str()));
    let waves = bench.times(FLOOD / WAVE);
    let mut hit_times = Vec::new();
    let (mut hits, mut asked) = (0, 0);
    let kept = count(|| {
        for wave in 0..waves {
            for number in 0..WAVE {
                accept(&verifier, &subject.token(wave * WAVE + number).text);
            }
            let before = cache(&verifier);
            let mut turns = Turns::new(&hot);
            hit_times.push(time(HOT, &mut || accept(&verifier, &turns.take().text)));
            asked += HOT as u64;
            if let Some((before, after)) = before.zip(cache(&verifier)) {
                hits += after.hits - before.hits;
            }
        }
    });
    let name = format!("flood of {} tokens: hot tokens", waves * WAVE);
    bench.table.line(&name, Time(median(hit_times)), Target::None, "a call, each wave of 10,000");
    let Some(after) = cache(&verifier) else {
        bench.table.unknown("flood: hot tokens that stayed hits", &no_cache());
        return;
    };
    let share = Share(100.0 * hits as f64 / asked as f64);
    bench.table.line("flood: hot tokens that stayed hits", share, Target::AtLeast(99.9), "");
    let detail = format!(
        "{} entries, {} bytes by its own account; {} admitted, {} evicted",
        after.entries, after.bytes, after.admissions, after.evictions
    );
    let bound = DEFAULT_ENTRIES as f64 * bound(&hot[0]);
    bench.table.line(
        "flood: memory taken while it lasted",
        Bytes(kept.bytes_current as f64),
        Target::AtMost(bound),
        &detail,
    );
}

/// The bytes that a full cache takes, beside the same verifier without one.
fn memory(bench: &mut Bench) {
    let subject = Subject::new(Algorithm::EdDSA);
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
        let held = with.as_ref().and_then(cache).map(|figures| figures.entries);
        drop((with, without));
        let name = format!("memory an entry, {} B tokens, {entries} entries", tokens[0].text.len());
        let Some(held) = held else {
            bench.table.unknown(&name, &no_cache());
            continue;
        };
        let bytes = (full.bytes_current - bare) as f64;
        let detail = format!("{held} held of {entries}");
        let figure: Figure = Bytes(bytes / held.max(1) as f64);
        bench.table.line(&name, figure, Target::AtMost(bound(&tokens[0])), &detail);
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

fn no_cache() -> String {
    "there is no cache yet".to_owned()
}

const IN_ROTATION: usize = 10_000;
const ROOM_FOR_ROTATION: usize = 16_384;
const FLOOD: usize = 1_000_000;
const WAVE: usize = 10_000;
const HOT: usize = 100;
