//! Keys that anyone can sign with, or that make verifying dear. Published beside a good key, they are skipped, and a token
//! that names one finds no key.

use portcullis::Algorithm::{self, ES256, ES384, EdDSA, HS256, HS512, RS256};
use portcullis::crypto::Backend;
use portcullis::{ConfigError, Issuer, KeyError, Verifier};
use serde_json::{Value, json};

use crate::stage::{Stage, header_with};
use crate::support::b64;
use crate::support::fixture::{AUDIENCE, ISSUER, claims};
use crate::support::mint::MintKey;

/// One bad key beside a good one of the same kind.
fn skipped(good: &MintKey, name: &str, mut bad: Value, code: &str) {
    bad["kid"] = json!("bad");
    let stage = Stage::published(&[good.algorithm], &[bad, good.public_json()]);
    stage.accepts("the good one", &good.token(&claims()));
    stage.skips(name, "bad", code);
    let header = header_with(good, &json!({"kid": "bad"}));
    stage.refuses(name, &good.token_of_texts(&header, &claims().to_string()), "key_unknown");
}

fn rsa(n: &[u8], e: &[u8]) -> Value {
    json!({"kty": "RSA", "n": b64(n), "e": b64(e)})
}

/// An odd number of so many bits, and no power of anything.
fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xa5; bits.div_ceil(8)];
    bytes[0] = if bits.is_multiple_of(8) { 0x80 } else { 1 << (bits % 8 - 1) };
    bytes
}

const F4: [u8; 3] = [1, 0, 1];

#[test]
fn an_rsa_modulus_that_is_too_small() {
    let good = MintKey::new(RS256, "good");
    for bits in [8, 512, 768, 1_024, 2_047] {
        skipped(&good, &format!("{bits} bits"), rsa(&modulus(bits), &F4), "rsa_modulus_bits");
    }
    let padded = [vec![0; 128], modulus(1_024)].concat();
    skipped(&good, "1024 bits behind zeros", rsa(&padded, &F4), "rsa_modulus_bits");
    skipped(&good, "zero", rsa(&[0; 256], &F4), "rsa_modulus_bits");
    skipped(&good, "nothing", rsa(&[], &F4), "rsa_modulus_bits");
}

#[test]
fn an_rsa_modulus_that_is_too_large() {
    let good = MintKey::new(RS256, "good");
    for bits in [8_193, 16_384, 65_536] {
        skipped(&good, &format!("{bits} bits"), rsa(&modulus(bits), &F4), "rsa_modulus_bits");
    }
}

#[test]
fn an_rsa_modulus_that_is_even() {
    let good = MintKey::new(RS256, "good");
    let mut even = modulus(2_048);
    *even.last_mut().unwrap() = 0xa4;
    skipped(&good, "even", rsa(&even, &F4), "rsa_modulus_even");
}

/// Under exponent 1 the padded digest is its own signature.
#[test]
fn an_rsa_exponent_that_signs_for_everyone_or_costs_too_much() {
    let good = MintKey::new(RS256, "good");
    for (name, exponent) in [
        ("0", &[0][..]),
        ("1", &[1]),
        ("1 behind zeros", &[0, 0, 1]),
        ("2", &[2]),
        ("65536", &[1, 0, 0]),
        ("33 bits", &[1, 0, 0, 0, 1]),
        ("2048 bits", &[0xff; 256]),
        ("nothing", &[]),
    ] {
        skipped(&good, name, rsa(&modulus(2_048), exponent), "rsa_exponent");
    }
}

/// CVE-2017-15361: the factors of such a modulus can be computed. This one was made for the test.
#[test]
fn an_rsa_modulus_of_the_roca_generator() {
    let good = MintKey::new(RS256, "good");
    let marked = json!({"kty": "RSA", "n": MARKED, "e": "AQAB"});
    skipped(&good, "marked", marked, "rsa_modulus_weak");
}

/// Off the curve, an "addition" happens on another curve, where logarithms may be easy.
#[test]
fn a_point_off_its_curve() {
    for algorithm in [ES256, ES384] {
        let good = MintKey::new(algorithm, "good");
        let with = |x: Vec<u8>, y: Vec<u8>| {
            let mut jwk = good.public_json();
            (jwk["x"], jwk["y"]) = (json!(b64(x)), json!(b64(y)));
            jwk
        };
        let length = algorithm.curve().unwrap().coordinate_bytes();
        let part = |member: &str| crate::support::unb64(good.public_json()[member].as_str().unwrap());
        let (x, y) = (part("x"), part("y"));
        let mut beside = y.clone();
        beside[length - 1] ^= 1;
        for (name, jwk) in [
            ("beside it", with(x.clone(), beside)),
            ("infinity as zeros", with(vec![0; length], vec![0; length])),
            ("(0, 1)", with(vec![0; length], [vec![0; length - 1], vec![1]].concat())),
            ("x for y", with(x.clone(), x.clone())),
            ("coordinates above the field", with(vec![0xff; length], y.clone())),
            ("y above the field", with(x.clone(), vec![0xff; length])),
        ] {
            skipped(&good, name, jwk, "point_invalid");
        }
        for (name, jwk) in [
            ("a byte less", with(x[1..].to_vec(), y.clone())),
            ("a zero before", with([&[0], &x[..]].concat(), y.clone())),
            ("both in one", with([&x[..], &y].concat(), Vec::new())),
            ("nothing", with(Vec::new(), Vec::new())),
        ] {
            skipped(&good, name, jwk, "key_length");
        }
    }
    let (small, large) = (MintKey::new(ES256, "good"), MintKey::new(ES384, "good"));
    let mut renamed = small.public_json();
    renamed["crv"] = json!("P-384");
    skipped(&large, "a point of P-256 called P-384", renamed, "key_length");
    let mut renamed = small.public_json();
    renamed["crv"] = json!("secp256k1");
    for backend in Backend::available().iter().filter(|backend| backend.supports(Algorithm::ES256K)) {
        let jwk = portcullis::jose::Jwk::parse(&renamed.to_string()).unwrap();
        let issuer = Issuer::new(ISSUER, jwk).audience(AUDIENCE).algorithms([Algorithm::ES256K]);
        let error = Verifier::builder().issuer(issuer).backend(*backend).build().err();
        assert_eq!(
            error,
            Some(ConfigError::Key { issuer: ISSUER.to_owned(), error: KeyError::PointInvalid }),
            "{}",
            backend.name()
        );
    }
}

/// Under a key of small order one signature holds for many messages.
#[test]
fn an_ed25519_key_of_small_order() {
    let good = MintKey::new(EdDSA, "good");
    let little_endian = |first: u8, middle: u8, last: u8| {
        let mut point = [middle; 32];
        (point[0], point[31]) = (first, last);
        point
    };
    let order_8 = crate::support::unb64("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU");
    for (name, point) in [
        ("the neutral element", little_endian(1, 0, 0)),
        ("order 2", little_endian(0xec, 0xff, 0x7f)),
        ("order 4", [0; 32]),
        ("order 4, the other", little_endian(0, 0, 0x80)),
        ("order 8", order_8.clone().try_into().unwrap()),
        ("the neutral element, not reduced", little_endian(0xee, 0xff, 0x7f)),
        ("the neutral element, sign set", little_endian(1, 0, 0x80)),
        ("order 4, not reduced", little_endian(0xed, 0xff, 0x7f)),
        ("off the curve", little_endian(2, 0, 0)),
        ("another encoding of y = 3", little_endian(0xf0, 0xff, 0x7f)),
    ] {
        skipped(&good, name, json!({"kty": "OKP", "crv": "Ed25519", "x": b64(point)}), "point_invalid");
    }
    let agreement = json!({"kty": "OKP", "crv": "X25519", "x": good.public_json()["x"]});
    skipped(&good, "a key for agreement", agreement, "curve_unknown");
}

#[test]
fn a_secret_that_can_be_guessed() {
    for (algorithm, bytes) in [(HS256, 32), (HS512, 64)] {
        for backend in Backend::available() {
            let built = |secret: &[u8]| {
                let key = MintKey::secret(secret, algorithm, "a");
                let issuer = Issuer::new(ISSUER, key.jwk()).audience(AUDIENCE).algorithms([algorithm]);
                Verifier::builder().issuer(issuer).backend(*backend).build()
            };
            assert!(built(&vec![7; bytes]).is_ok());
            for short in [&b""[..], b"secret", &vec![7; bytes - 1]] {
                let Err(ConfigError::Key { error, .. }) = built(short) else { panic!("{short:?}") };
                assert_eq!(error.code(), "secret_too_short", "{}", backend.name());
            }
        }
    }
}

const MARKED: &str = concat!(
    "wV5LqsE7vNVRWQkMe9QFGZ-CnMU0wXLDTjXaAnwgTyaSjyBpRleEWJGXO2t85SqvgpAJ7BX-nXAsnm5uBDFEW2YfMnsjttx1IWdE",
    "qhHLlY-XV8hABWjaW_ODm7mAFGVv06Bxym0VvUBOu0n40M7P8DNsdekpPFbCOeK5eINlJVpjeEAfGL9ISnm1R2kU6OikZZtp2caB",
    "FHJtx2gCal4aoqLLYOzv1DHeUhdin2nBwjSVn282DraHyAuMXX5znTuVrv85wUCldC-Tdzf2rNP1jx29ZCmcP6ysFkIdPuX26rTp",
    "qTjexEMTPx8B2mZkav36xiIL8MLTMDIWzMSTNFWcWQ",
);
