//! What a verification costs beyond the raw signature of the same backend, and what the layer adds to a bare service.
//!
//! The two of a pair take turns in short batches within one process, so that a machine that changes its mind affects
//! both alike; the median of the ratios is the figure to read, absolute times are the machine's.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing
)]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use portcullis::jose::Jwk;
use portcullis::{Algorithm, Issuer, Verifier};
use tower::{Layer, Service, ServiceExt};

fn main() {
    println!(
        "{:7} {:>6}  {:>21}  {:>21}  {:>6}  {:>11}",
        "", "token", "signature", "verify", "ratio", "allocations"
    );
    // `cargo bench --bench ratio -- RS256` measures that one alone.
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut subjects = vec![rs256(), es256(), ed25519()];
    subjects
        .retain(|subject| wanted.is_empty() || wanted.iter().any(|name| name == subject.algorithm.name()));
    for subject in &subjects {
        let verify = || match subject.verifier.verify_cached(black_box(&subject.token)) {
            Poll::Ready(Ok(token)) => drop(black_box(token)),
            other => panic!("{other:?}"),
        };
        let raw = || {
            let (input, signature) = (black_box(&subject.input), black_box(&subject.signature));
            assert!(subject.raw.verify_sig(input, signature).is_ok());
        };
        let allocations = allocation_counter::measure(verify).count_total;
        let pair = Pair::measure(raw, verify, SLOW);
        println!(
            "{:7} {:>4} B  {:>18.2} µs  {:>18.2} µs  {:>6.3}  {allocations:>11}",
            subject.algorithm.name(),
            subject.token.len(),
            micros(pair.first),
            micros(pair.second),
            pair.ratio,
        );
    }

    println!();
    println!(
        "{:7} {:>6}  {:>21}  {:>21}  {:>6}  {:>11}",
        "", "", "verify", "layer and service", "more", "allocations"
    );
    for subject in &subjects {
        let mut guarded = subject.verifier.layer().layer(tower::service_fn(answer));
        let mut bare = tower::service_fn(answer);
        let authorization = HeaderValue::try_from(format!("Bearer {}", subject.token)).unwrap();
        let allocations = allocation_counter::measure(|| through(&mut guarded, &authorization)).count_total
            - allocation_counter::measure(|| through(&mut bare, &authorization)).count_total;
        let verify = || {
            through(&mut bare, &authorization);
            assert!(subject.verifier.verify_cached(black_box(&subject.token)).is_ready());
        };
        let pair = Pair::measure(verify, || through(&mut guarded, &authorization), SLOW);
        println!(
            "{:7} {:>6}  {:>18.2} µs  {:>18.2} µs  {:>6.3}  {allocations:>11}",
            subject.algorithm.name(),
            "",
            micros(pair.first),
            micros(pair.second),
            pair.ratio,
        );
    }
}

/// The inner service: nothing, so that only the layer is measured.
fn answer(request: Request<()>) -> Ready<Result<Response<()>, Infallible>> {
    black_box(&request);
    ready(Ok(Response::new(())))
}

/// One request, built and served, without a runtime: nothing waits.
fn through<S>(service: &mut S, authorization: &HeaderValue)
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible>,
{
    let request = Request::builder().header(AUTHORIZATION, authorization).body(()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut response = std::pin::pin!(service.ready());
    let Poll::Ready(Ok(ready)) = response.as_mut().poll(&mut context) else { panic!("not ready") };
    let mut response = std::pin::pin!(ready.call(request));
    let Poll::Ready(Ok(response)) = response.as_mut().poll(&mut context) else { panic!("waited") };
    assert_eq!(response.status(), 200);
}

/// Two pieces of work, measured in turns.
struct Pair {
    first: Duration,
    second: Duration,
    ratio: f64,
}

impl Pair {
    fn measure(mut first: impl FnMut(), mut second: impl FnMut(), batch: u32) -> Self {
        let (mut firsts, mut seconds, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (one, other) = (time(&mut first, batch), time(&mut second, batch));
            ratios.push(other.as_secs_f64() / one.as_secs_f64());
            firsts.push(one);
            seconds.push(other);
        }
        firsts.sort_unstable();
        seconds.sort_unstable();
        ratios.sort_by(f64::total_cmp);
        Self { first: firsts[ROUNDS / 2], second: seconds[ROUNDS / 2], ratio: ratios[ROUNDS / 2] }
    }
}

#[allow(clippy::disallowed_methods)]
fn time(work: &mut impl FnMut(), batch: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..batch {
        work();
    }
    start.elapsed() / batch
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

const ROUNDS: usize = 1_001;
const SLOW: u32 = 20;

struct Subject {
    algorithm: Algorithm,
    token: String,
    input: Vec<u8>,
    signature: Vec<u8>,
    raw: ParsedPublicKey,
    verifier: Verifier,
}

fn subject(algorithm: Algorithm, key: Jwk, raw: ParsedPublicKey, sign: impl Fn(&[u8]) -> Vec<u8>) -> Subject {
    let name = algorithm.name();
    let header = format!(r#"{{"alg":"{name}","typ":"at+jwt","kid":"key-2026-01"}}"#);
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(CLAIMS));
    let signature = sign(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature));
    let issuer = Issuer::new("https://id.example.com", key.with_key_id("key-2026-01"))
        .audience("https://api.example.com")
        .algorithms([algorithm]);
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    Subject { algorithm, token, input: input.into_bytes(), signature, raw, verifier }
}

/// 447 bytes, as an authorization server writes them; good until the year 2100.
const CLAIMS: &str = concat!(
    r#"{"iss":"https://id.example.com","sub":"248289761001","#,
    r#""aud":["https://api.example.com","https://other.example.com"],"exp":4102444800,"iat":1700000000,"#,
    r#""nbf":1700000000,"jti":"f3c1a7e2-5d0b-4c57-9b4e-1a2b3c4d5e6f","azp":"web-client","#,
    r#""scope":"openid profile orders:read orders:write stock:read stock:write","roles":["admin","buyer"],"#,
    r#""client_id":"web-client","tenant":"t-1029384756"}"#
);

fn rs256() -> Subject {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let raw = ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, pair.public_key()).unwrap();
    subject(Algorithm::RS256, Jwk::from_der(der.as_ref()).unwrap(), raw, |message| {
        let mut signature = vec![0; 256];
        pair.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    })
}

fn es256() -> Subject {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let raw = ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key()).unwrap();
    subject(Algorithm::ES256, Jwk::from_der(der.as_ref()).unwrap(), raw, |message| {
        pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    })
}

fn ed25519() -> Subject {
    let pair = Ed25519KeyPair::generate().unwrap();
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let raw = ParsedPublicKey::new(&signature::ED25519, pair.public_key()).unwrap();
    subject(Algorithm::EdDSA, Jwk::from_der(der.as_ref()).unwrap(), raw, |message| {
        pair.sign(message).as_ref().to_vec()
    })
}
