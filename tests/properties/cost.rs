//! What refusing costs, in bytes taken from the allocator: bounded, and never more than in proportion to what was sent.
//!
//! Allocations stand in for time, which a test cannot measure on a machine that others use: whoever copies, collects or
//! starts anew allocates. What the cryptographic libraries take is not seen here; they take a fixed amount for each of at
//! most four signatures.

use std::convert::Infallible;
use std::fmt::Write;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use http::{Request, Response};
use portcullis::audit::{Audit, AuditEvent};
use portcullis::jose::{Jwk, JwkSet, MAX_HEADER_BYTES, MAX_SET_BYTES, MAX_TOKEN_BYTES};
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::{Error, Issuer, UnixTime, Verifier};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

mod sets;

use crate::hostile::{self, AUDIENCE, ISSUER, NOW, RSA, SECOND, TRUSTED, b64, claims, header, signed};

/// JSON objects of about `bytes` bytes, each laborious in its own way.
fn objects(bytes: usize) -> Vec<(&'static str, String)> {
    let list = |each: &dyn Fn(usize) -> String, width: usize| {
        (0..bytes.saturating_sub(60) / width).map(each).collect::<Vec<_>>().join(",")
    };
    let room = bytes.saturating_sub(60);
    let half = room / 2;
    vec![
        ("members that nobody knows", format!("{{{}}}", list(&|n| format!("\"{n:05}\":0"), 10))),
        ("members with escaped names", format!("{{{}}}", list(&|n| format!("\"\\u0061{n:05}\":0"), 16))),
        ("one member over and over", format!("{{{}}}", list(&|_| "\"a\":0".to_owned(), 6))),
        (
            "an object of many members inside",
            format!("{{\"x\":{{{}}}}}", list(&|n| format!("\"{n:05}\":0"), 10)),
        ),
        ("objects of nine members", format!("{{\"x\":[{}]}}", list(&|_| NINE.to_owned(), NINE.len() + 1))),
        ("arrays in arrays", format!("{{\"x\":{}{}}}", "[".repeat(half), "]".repeat(half))),
        ("arrays in arrays, as deep as is read", format!("{{\"x\":{}{}}}", "[".repeat(120), "]".repeat(120))),
        ("objects in objects", format!("{{\"x\":{}0{}}}", "{\"a\":".repeat(room / 6), "}".repeat(room / 6))),
        ("a number of many digits", format!("{{\"x\":{}}}", "9".repeat(room))),
        ("a fraction of many digits", format!("{{\"x\":0.{}}}", "9".repeat(room))),
        ("numbers", format!("{{\"x\":[{}]}}", list(&|_| "1e9".to_owned(), 4))),
        ("a long text", format!("{{\"x\":\"{}\"}}", "a".repeat(room))),
        ("a text of escapes", format!("{{\"x\":\"{}\"}}", "\\u00e9".repeat(room / 6))),
        ("a text that does not end", format!("{{\"x\":\"{}", "\\n".repeat(half))),
        ("no JSON", "\u{1}".repeat(room)),
        ("blanks", format!("{{}}{}", " ".repeat(room))),
    ]
}

const NINE: &str = r#"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0}"#;

/// The same with the members of `base` before them.
fn extended(base: &serde_json::Value, object: &str) -> String {
    let base = base.to_string();
    match object.strip_prefix('{') {
        Some("}") | None => object.to_owned(),
        Some(rest) => format!("{},{rest}", base.trim_end_matches('}')),
    }
}

/// Tokens of at most `bytes` bytes, none of them good, signed by an issuer that has lost its mind.
fn tokens(bytes: usize) -> Vec<(String, String)> {
    let payload_room = (bytes - 400) / 4 * 3;
    let header_room = (bytes / 2).min(MAX_HEADER_BYTES / 4 * 3);
    let (good_header, good_claims) = (header().to_string(), claims().to_string());
    let expired = hostile::with(claims(), "exp", json!(NOW - 900));
    let mut tokens: Vec<(String, String)> = Vec::new();
    for (name, object) in objects(payload_room - good_claims.len()) {
        let payload = extended(&expired, &object);
        tokens.push((format!("payload: {name}"), signed(&good_header, &payload)));
    }
    for (name, object) in objects(header_room - good_header.len()) {
        tokens.push((format!("header: {name}"), signed(extended(&header(), &object), expired.to_string())));
    }
    let room = payload_room - good_claims.len() - 40;
    let words = "a ".repeat(room / 2);
    let listed = vec!["a"; room / 4];
    for (name, claim, value) in [
        ("scopes in a text", "scope", json!(words)),
        ("scopes in an array", "scp", json!(listed)),
        ("audiences", "aud", json!(listed)),
        ("methods", "amr", json!(listed)),
        ("an issuer of great length", "iss", json!("i".repeat(room))),
        ("a subject in escapes", "sub", json!("\u{1}".repeat(room / 6))),
    ] {
        let payload = hostile::with(expired.clone(), claim, value).to_string();
        tokens.push((name.to_owned(), signed(&good_header, payload)));
    }
    let long = "k".repeat(header_room);
    tokens.push((
        "a kid of great length".into(),
        signed(hostile::with(header(), "kid", json!(long)).to_string(), &good_claims),
    ));
    tokens.push((
        "an alg of great length".into(),
        signed(hostile::with(header(), "alg", json!(long)).to_string(), &good_claims),
    ));
    tokens.extend([
        ("dots".into(), ".".repeat(bytes)),
        ("a header and nothing else".into(), "A".repeat(bytes)),
        ("three segments of nothing".into(), format!("{0}.{0}.{0}", "A".repeat((bytes / 3 - 1) / 4 * 4))),
        (
            "a signature of great length".into(),
            format!("{}.e30.{}", b64(&good_header), "A".repeat(bytes / 4 * 3)),
        ),
        ("another alphabet".into(), format!("{}.{}.AA", b64(&good_header), "+".repeat(bytes / 4 * 3))),
    ]);
    tokens
}

/// The same token as anybody can send it: nobody signed it.
fn of_a_stranger(token: &str) -> String {
    let Some((input, signature)) = token.rsplit_once('.').filter(|(_, signature)| signature.len() == 86)
    else {
        return token.to_owned();
    };
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{input}.{other}{}", signature.split_at(1).1)
}

fn verifiers(limit: usize) -> [Verifier; 2] {
    let builder = || Verifier::builder().max_token_bytes(limit).clock(|| UnixTime::from_seconds(NOW));
    let second = || Issuer::new(SECOND, TRUSTED.jwk().clone()).audience(AUDIENCE);
    [
        builder().issuer(hostile::issuer()).build().unwrap(),
        builder().issuer(hostile::issuer()).issuer(second()).build().unwrap(),
    ]
}

fn refuse(verifier: &Verifier, token: &str) {
    let Poll::Ready(Err(_)) = verifier.verify_cached(token) else { panic!("not refused") };
}

/// The dearest of many, with its name, for the message of a failure.
#[derive(Default)]
struct Dearest {
    total: (u64, String),
    peak: (u64, String),
}

impl Dearest {
    fn see(&mut self, name: &str, spent: &AllocationInfo) {
        assert_eq!(spent.bytes_current, 0, "{name} leaves something behind");
        if spent.bytes_total > self.total.0 {
            self.total = (spent.bytes_total, name.to_owned());
        }
        if spent.bytes_max > self.peak.0 {
            self.peak = (spent.bytes_max, name.to_owned());
        }
    }

    fn is_within(&self, total: u64, peak: u64) {
        assert!(self.total.0 <= total, "{} bytes in all for {}", self.total.0, self.total.1);
        assert!(self.peak.0 <= peak, "{} bytes at once for {}", self.peak.0, self.peak.1);
    }
}

#[test]
fn refusing_a_token_of_16_kib_allocates_a_bounded_number_of_bytes() {
    let tokens = tokens(MAX_TOKEN_BYTES);
    let (mut issuers, mut strangers) = (Dearest::default(), Dearest::default());
    let long = tokens.iter().filter(|(_, token)| token.len() > MAX_TOKEN_BYTES * 9 / 10).count();
    assert!(long > 20, "only {long} are as long as tokens may be");
    for verifier in &verifiers(MAX_TOKEN_BYTES) {
        // What is made once, at the first token.
        refuse(verifier, &tokens[0].1);
        for (name, token) in &tokens {
            assert!(token.len() <= MAX_TOKEN_BYTES, "{name}");
            issuers.see(name, &measure(|| refuse(verifier, token)));
            let token = of_a_stranger(token);
            strangers.see(name, &measure(|| refuse(verifier, &token)));
        }
    }
    issuers.is_within(TOKEN_TOTAL, TOKEN_PEAK);
    strangers.is_within(STRANGER_TOTAL, STRANGER_PEAK);
}

#[test]
fn a_token_of_usual_size_is_refused_before_its_signature_without_an_allocation() {
    let unknown = hostile::with(header(), "kid", json!("unknown")).to_string();
    let unfit = hostile::with(header(), "typ", json!("JWT")).to_string();
    let good = signed(header().to_string(), claims().to_string());
    let tokens = [
        ("a key that is not here", signed(unknown, claims().to_string())),
        ("another kind of token", signed(unfit, claims().to_string())),
        ("no canonical payload", good.replacen("eyJ", "eyJ=", 2)),
        ("a segment more", format!("{good}.")),
    ];
    for verifier in &verifiers(MAX_TOKEN_BYTES) {
        for (name, token) in &tokens {
            refuse(verifier, token);
            assert_eq!(measure(|| refuse(verifier, token)).count_total, 0, "{name}");
        }
    }
}

#[test]
fn a_record_of_refusals_costs_no_more_than_a_copy_of_what_may_be_a_token() {
    let audit = Audit::new(|_: &AuditEvent<'_>| {}, vec![7; 32]).unwrap();
    let builder = Verifier::builder().clock(|| UnixTime::from_seconds(NOW)).issuer(hostile::issuer());
    let verifier = builder.audit(audit).build().unwrap();
    let tokens = tokens(MAX_TOKEN_BYTES);
    refuse(&verifier, &tokens[0].1);
    let (mut readable, mut oversized) = (Dearest::default(), Dearest::default());
    for (name, token) in &tokens {
        readable.see(name, &measure(|| refuse(&verifier, token)));
    }
    readable.is_within(TOKEN_TOTAL + RECORD, TOKEN_PEAK + RECORD);
    for bytes in [MAX_TOKEN_BYTES + 1, 1024 * 1024] {
        let token = format!("{}.{}.a", "e".repeat(100), "a".repeat(bytes - 103));
        oversized.see("too much", &measure(|| refuse(&verifier, &token)));
    }
    oversized.is_within(1024, 1024);
}

#[test]
fn the_layer_adds_next_to_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(())) });
    let mut dearest = Dearest::default();
    for verifier in &verifiers(MAX_TOKEN_BYTES) {
        let layer = verifier.layer();
        for (name, token) in &tokens(MAX_TOKEN_BYTES) {
            let request =
                || Request::builder().header("authorization", format!("Bearer {token}")).body(()).unwrap();
            let sent = |request: Request<()>| {
                let response = runtime.block_on(layer.layer(inner).oneshot(request)).unwrap();
                assert!(response.extensions().get::<Error>().is_some(), "{name}");
            };
            sent(request());
            let prepared = request();
            let spent = measure(|| sent(prepared));
            // The request was made before, and is dropped within.
            let spent = AllocationInfo { bytes_current: 0, ..spent };
            dearest.see(name, &spent);
        }
    }
    dearest.is_within(TOKEN_TOTAL + LAYER, TOKEN_PEAK + LAYER);
}

#[test]
fn a_token_of_twice_the_length_costs_twice_as_much_at_most() {
    const LIMIT: usize = 1024 * 1024;
    for verifier in &verifiers(LIMIT) {
        let [small, middle, large] = [8 * 1024, 32 * 1024, 128 * 1024].map(tokens);
        for ((name, small), ((_, middle), (_, large))) in small.iter().zip(middle.iter().zip(&large)) {
            refuse(verifier, small);
            let [small, middle, large] =
                [small, middle, large].map(|token| measure(|| refuse(verifier, token)));
            for (less, more) in [(&small, &middle), (&middle, &large)] {
                grows_in_proportion(name, 4, less, more);
            }
        }
    }
}

/// So many times the input: so many times the allocations and some, as the fixed parts of a small input leave it less room;
/// twice that in bytes, as room is doubled. Work that grows with the square would need four times that.
fn grows_in_proportion(name: &str, times: u64, less: &AllocationInfo, more: &AllocationInfo) {
    let bytes = less.bytes_total * times * 2 + 4 * 1024;
    assert!(more.bytes_total <= bytes, "{name}: {} bytes, after {}", more.bytes_total, less.bytes_total);
    let count = less.count_total * (times + 1) + 32;
    assert!(
        more.count_total <= count,
        "{name}: {} allocations, after {}",
        more.count_total,
        less.count_total
    );
}

/// Which keys are tried is known before any is: the hundredth costs nothing.
#[test]
fn a_hundred_keys_cost_a_token_no_more_than_one() {
    let jwk = |id: &str| {
        let jwk = json!({"kty": "RSA", "e": "AQAB", "n": RSA}).to_string();
        Jwk::parse(&jwk).unwrap().with_key_id(id)
    };
    let verifier = |keys: Vec<Jwk>| {
        let issuer = Issuer::new(ISSUER, keys).audience(AUDIENCE);
        Verifier::builder().issuer(issuer).clock(|| UnixTime::from_seconds(NOW)).build().unwrap()
    };
    let one = verifier(vec![jwk("k50")]);
    let hundred = verifier((0..100).map(|n| jwk(&format!("k{n}"))).collect());
    let namesakes = verifier(vec![jwk("k50"); 100]);
    let header = hostile::with(header(), "alg", json!("RS256"));
    let signature = b64([1; 256]);
    for kid in [json!("k50"), json!("k")] {
        let header = hostile::with(header.clone(), "kid", kid);
        let token = format!("{}.{}.{signature}", b64(header.to_string()), b64(claims().to_string()));
        let spent = [&one, &hundred, &namesakes].map(|verifier| {
            refuse(verifier, &token);
            measure(|| refuse(verifier, &token)).bytes_total
        });
        assert!(spent.iter().all(|bytes| *bytes <= spent[0]), "{spent:?}");
    }
}

/// For a token of 16 KiB that the issuer signed: its payload, and the names of what stands in it, which are compared with
/// each other. All allocations together, and the most at one moment.
const TOKEN_TOTAL: u64 = 128 * 1024;
const TOKEN_PEAK: u64 = 96 * 1024;
/// For one that nobody signed: its payload is decoded and not kept, its header of 4 KiB at most is read.
const STRANGER_TOTAL: u64 = 32 * 1024;
const STRANGER_PEAK: u64 = 28 * 1024;
/// For the response of the layer: its headers, the challenge, the reason in its extensions.
const LAYER: u64 = 4 * 1024;
/// A copy of the token, for its fingerprint, and the key's id.
const RECORD: u64 = 18 * 1024;
