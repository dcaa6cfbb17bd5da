//! What is counted.

use std::hint::black_box;
use std::time::Duration;

use portcullis::{Algorithm, Issuer, Metrics, Verifier};
use tower::Layer;

use super::callgrind::{CACHE_BYTES, Measure};
use super::common::material::{AUDIENCE, ISSUER, KEY_ID, Subject, claims, claims_of};
use super::common::service::{answer, authorization, through};
use super::common::source::Source;
use super::common::timing::Turns;
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cached, refuse, remember};

/// Runs every scenario, and says which for each count that callgrind will write down: its name, and the number of calls.
pub(crate) fn run() {
    for algorithm in [Algorithm::HS256, Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256] {
        first_sight(&Subject::new(algorithm));
    }
    let subject = Subject::new(Algorithm::ES256);
    several_issuers();
    refusals(&subject);
    seen_before(&subject);
}

fn first_sight(subject: &Subject) {
    let tokens = subject.tokens(ALL_CALLS);
    let verifier = subject.cached(DEFAULT_ENTRIES);
    let (mut raw, mut new) = (Turns::new(&tokens), Turns::new(&tokens));
    compare(
        &format!("first sight, {}", subject.algorithm.name()),
        || subject.raw.verify(raw.take()),
        || accept(&verifier, &new.take().text),
    );
}

fn several_issuers() {
    let subject = Subject::new(Algorithm::HS256);
    let other = Issuer::new("https://other.example.com", subject.key.jwk().clone()).audience(AUDIENCE);
    let verifier = cached(subject.builder().issuer(other.algorithms([Algorithm::HS256])), DEFAULT_ENTRIES);
    let tokens = subject.tokens(ALL_CALLS);
    let (mut raw, mut new) = (Turns::new(&tokens), Turns::new(&tokens));
    compare(
        "first sight, HS256, two issuers",
        || subject.raw.verify(raw.take()),
        || accept(&verifier, &new.take().text),
    );
}

fn refusals(subject: &Subject) {
    let verifier = subject.cached(DEFAULT_ENTRIES);
    let good = subject.token(0);
    let (input, _) = good.text.rsplit_once('.').unwrap();
    let unknown = subject.signed("key-2025-12", &claims(0)).text;
    compare("refused, no signature", || (), || refuse(&verifier, input));
    compare("refused, unknown key", || (), || refuse(&verifier, &unknown));
    let expired = subject.signed(KEY_ID, &claims_of(0, AUDIENCE, 1_700_000_300));
    compare("refused, expired", || subject.raw.verify(&expired), || refuse(&verifier, &expired.text));
}

fn seen_before(subject: &Subject) {
    let token = subject.token(0);
    let fixed = subject.cached(DEFAULT_ENTRIES);
    remember(&fixed, [token.text.as_str()]);
    compare("seen before", || (), || accept(&fixed, &token.text));

    let counted = cached(subject.builder().metrics(Metrics::new()), DEFAULT_ENTRIES);
    remember(&counted, [token.text.as_str()]);
    compare("seen before, counted", || (), || accept(&counted, &token.text));

    let source = Source::new(format!(r#"{{"keys":[{}]}}"#, subject.key.jwk_json()));
    let issuer = Issuer::new(ISSUER, source.keys()).audience(AUDIENCE).algorithms([subject.algorithm]);
    // One that stands still while nobody waits, so that its tasks are not counted.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let remote = runtime.block_on(async {
        let verifier = cached(Verifier::builder().issuer(issuer), DEFAULT_ENTRIES);
        verifier.ready(Duration::from_secs(60)).await.unwrap();
        verifier
    });
    remember(&remote, [token.text.as_str()]);
    compare("seen before, remote keys", || (), || accept(&remote, &token.text));

    let authorization = authorization(&token.text);
    let mut bare = tower::service_fn(answer);
    let mut guarded = fixed.layer().layer(tower::service_fn(answer));
    compare(
        "seen before, the layer",
        || through(&mut bare, &authorization),
        || through(&mut guarded, &authorization),
    );
}

/// Counts both, the second after the first: a number of calls in a row, and single ones after the caches were swept.
fn compare(name: &str, mut without: impl FnMut(), mut with: impl FnMut()) {
    let mut parts = [("without", &mut without as &mut dyn FnMut()), ("with", &mut with)];
    for (part, work) in &mut parts {
        (0..WARM).for_each(|_| work());
        counted_work(CALLS, *work);
        Measure::Instructions.ends(name, part, CALLS);
    }
    let broom = vec![1_u8; BROOM];
    for (part, work) in &mut parts {
        for _ in 0..SWEPT {
            black_box(broom.iter().step_by(LINE).map(|byte| u64::from(*byte)).sum::<u64>());
            counted_work(1, *work);
        }
        Measure::Lines.ends(name, part, SWEPT);
    }
}

impl Measure {
    fn ends(self, name: &str, part: &str, calls: usize) {
        count_ends();
        println!("{}{}\t{name}\t{part}\t{calls}", super::callgrind::LINE, self.name());
    }
}

/// callgrind counts in here, and knows it by its name.
#[inline(never)]
fn counted_work(calls: usize, work: &mut dyn FnMut()) {
    for _ in 0..calls {
        black_box(&mut *work)();
    }
}

/// callgrind writes a count down when this is entered.
#[inline(never)]
fn count_ends() {
    black_box(());
}

const CALLS: usize = 20;
/// What is done once only is not counted.
const WARM: usize = 2;
const SWEPT: usize = 8;
/// What one side of a comparison calls.
const ALL_CALLS: usize = WARM + CALLS + SWEPT;
/// Twice as large as the cache that callgrind plays.
const BROOM: usize = 2 * CACHE_BYTES;
const LINE: usize = 64;
