//! Heap allocations of a call, exactly: what the result needs, and nothing for a refusal or a token seen before.
//!
//! The cryptographic library takes memory of its own, which is not seen here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

#[path = "../benches/common/mod.rs"]
mod common;

use std::time::Duration;

use allocation_counter::measure;
use common::material::{AUDIENCE, ISSUER, KEY_ID, Subject, claims, claims_of};
use common::service::{answer, authorization, through};
use common::source::Source;
use common::verifiers::{DEFAULT_ENTRIES, accept, cached, refuse, remember};
use portcullis::{Algorithm, Issuer, Verifier};
use tower::Layer;

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn allocations(work: impl FnMut()) -> u64 {
    measure(work).count_total
}

#[test]
fn a_token_at_first_sight() {
    for algorithm in ALGORITHMS {
        let subject = Subject::new(algorithm);
        let [warm, one, other] = [0, 1, 2].map(|number| subject.token(number));
        for (name, verifier) in [("no cache", subject.uncached()), ("cache", subject.cached(DEFAULT_ENTRIES))]
        {
            accept(&verifier, &warm.text);
            assert_eq!(allocations(|| accept(&verifier, &one.text)), FIRST_SIGHT, "{algorithm}, {name}");
            assert_eq!(
                allocations(|| accept(&verifier, &other.text)),
                FIRST_SIGHT,
                "{algorithm}, {name}, again"
            );
        }
    }
}

#[test]
fn a_refusal_before_the_signature() {
    let subject = Subject::new(Algorithm::ES256);
    let verifier = subject.cached(DEFAULT_ENTRIES);
    let good = subject.token(0);
    accept(&verifier, &good.text);
    let (input, _) = good.text.rsplit_once('.').unwrap();
    let unknown = subject.signed("key-2025-12", &claims(0)).text;
    let broken = good.text.replacen("eyJ", "eyK", 1);
    let cases = [
        ("empty", "", 0),
        ("a word", "token", 0),
        ("no signature", input, 0),
        ("a header that is none", broken.as_str(), BROKEN_HEADER),
        ("unknown key", unknown.as_str(), UNKNOWN_KEY),
    ];
    let found = cases.map(|(name, token, _)| (name, allocations(|| refuse(&verifier, token))));
    assert_eq!(found, cases.map(|(name, _, want)| (name, want)));
}

#[test]
fn a_refusal_after_the_signature() {
    let subject = Subject::new(Algorithm::ES256);
    let verifier = subject.cached(DEFAULT_ENTRIES);
    accept(&verifier, &subject.token(0).text);
    let expired = subject.signed(KEY_ID, &claims_of(0, AUDIENCE, 1_700_000_300)).text;
    let elsewhere = subject.signed(KEY_ID, &claims_of(0, "https://an.example.com", 4_102_444_800)).text;
    let forged = subject.token(0).forged();
    let cases = [
        ("forged", forged, 0),
        ("expired", expired, REFUSED_LATE),
        ("other audience", elsewhere, REFUSED_LATE),
    ];
    for time in ["first", "again", "and again"] {
        let found =
            cases.each_ref().map(|(name, token, _)| (*name, allocations(|| refuse(&verifier, token))));
        assert_eq!(found, cases.each_ref().map(|(name, _, want)| (*name, *want)), "{time}");
    }
}

#[test]
fn a_token_seen_before() {
    for algorithm in ALGORITHMS {
        let subject = Subject::new(algorithm);
        let token = subject.token(0);
        let verifier = subject.cached(DEFAULT_ENTRIES);
        remember(&verifier, [token.text.as_str()]);
        assert_eq!(allocations(|| accept(&verifier, &token.text)), SEEN_BEFORE, "{algorithm}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_seen_before_with_keys_that_renew_themselves() {
    let subject = Subject::new(Algorithm::ES256);
    let source = Source::new(format!(r#"{{"keys":[{}]}}"#, subject.key.jwk_json()));
    let issuer = Issuer::new(ISSUER, source.keys()).audience(AUDIENCE).algorithms([subject.algorithm]);
    let verifier = cached(Verifier::builder().issuer(issuer), DEFAULT_ENTRIES);
    verifier.ready(Duration::from_secs(5)).await.unwrap();
    let token = subject.token(0);
    remember(&verifier, [token.text.as_str()]);
    assert_eq!(allocations(|| accept(&verifier, &token.text)), SEEN_BEFORE);
}

#[test]
fn the_layer_for_a_token_seen_before() {
    let subject = Subject::new(Algorithm::ES256);
    let token = subject.token(0);
    let verifier = subject.cached(DEFAULT_ENTRIES);
    remember(&verifier, [token.text.as_str()]);
    let authorization = authorization(&token.text);
    let mut bare = tower::service_fn(answer);
    let mut guarded = verifier.layer().layer(tower::service_fn(answer));
    through(&mut guarded, &authorization);
    let bare = allocations(|| through(&mut bare, &authorization));
    let guarded = allocations(|| through(&mut guarded, &authorization));
    assert_eq!(guarded - bare, EXTENSION_MAP + SEEN_BEFORE);
}

#[test]
fn the_extension_map_allocates_as_much_for_any_value() {
    let mut request = http::Request::new(());
    let planted = allocations(|| {
        request.extensions_mut().insert("a value");
    });
    assert_eq!(planted, EXTENSION_MAP);
}

/// The token and its claims.
const FIRST_SIGHT: u64 = 2;
/// The claims.
const REFUSED_LATE: u64 = 1;
const UNKNOWN_KEY: u64 = 0;
/// The error of the JSON reader, and what it says.
const BROKEN_HEADER: u64 = 2;
const SEEN_BEFORE: u64 = 0;
/// The map itself, its table, and the box of the value.
const EXTENSION_MAP: u64 = 3;
