//! What a full verification costs beyond the raw signature of the same backend, in one run.
//!
//! Candidates take turns in short batches and each is summarised by its median, so that a machine that changes its
//! mind affects them alike. Ratios are the figure to read; absolute times are the machine's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs
)]

use std::hint::black_box;
use std::task::Poll;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::jose::Jwk;
use portcullis::{Algorithm, Issuer, Verifier};

fn main() {
    let subjects = [rs256(), es256(), ed25519()];
    for subject in &subjects {
        let verify = || match subject.verifier.verify_cached(black_box(&subject.token)) {
            Poll::Ready(Ok(token)) => drop(black_box(token)),
            other => panic!("{other:?}"),
        };
        let raw = || {
            assert!(subject.raw.verify_sig(black_box(&subject.input), black_box(&subject.signature)).is_ok())
        };
        let allocations = allocation_counter::measure(verify).count_total;
        let (mut full_times, mut raw_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (full, raw) = (batch(verify), batch(raw));
            ratios.push(full.as_secs_f64() / raw.as_secs_f64());
            full_times.push(full);
            raw_times.push(raw);
        }
        println!(
            "{:8} token {} B  raw {:7.2} µs  verify {:7.2} µs  ratio {:.3}  allocations {}",
            subject.name,
            subject.token.len(),
            median(raw_times).as_secs_f64() * 1e6,
            median(full_times).as_secs_f64() * 1e6,
            {
                ratios.sort_by(f64::total_cmp);
                ratios[ratios.len() / 2]
            },
            allocations,
        );
    }
}

const ROUNDS: usize = 601;
const BATCH: u32 = 20;

#[allow(clippy::disallowed_methods)]
fn batch(mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..BATCH {
        work();
    }
    start.elapsed() / BATCH
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

struct Subject {
    name: &'static str,
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
    Subject { name, token, input: input.into_bytes(), signature, raw, verifier }
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
