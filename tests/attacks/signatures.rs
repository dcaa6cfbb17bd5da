//! Signatures that are none, or that a lax verifier takes for one.

use portcullis::Algorithm::{self, ES256, ES256K, ES384, ES512, EdDSA, HS256, HS512, PS256, RS256};
use portcullis::jose::Jwk;

use crate::stage::{Stage, segments};
use crate::support::fixture::{claims, issuer};
use crate::support::mint::MintKey;
use crate::support::{b64, der, unb64};

/// The token with another signature.
fn resigned(token: &str, signature: &[u8]) -> String {
    let [header, payload, _] = segments(token);
    format!("{header}.{payload}.{}", b64(signature))
}

fn signature_of(token: &str) -> Vec<u8> {
    unb64(segments(token)[2])
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// `a - b` of big-endian numbers of one length.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let digits = a.iter().zip(b).rev().map(|(a, b)| {
        let digit = i16::from(*a) - i16::from(*b) - borrow;
        borrow = i16::from(digit < 0);
        u8::try_from(digit.rem_euclid(256)).unwrap()
    });
    let mut difference: Vec<_> = digits.collect();
    difference.reverse();
    assert_eq!(borrow, 0);
    difference
}

/// Order and field of each curve, at the length of a coordinate (SEC 2, sections 2.4 to 2.6).
fn curves() -> [(Algorithm, Vec<u8>, Vec<u8>); 4] {
    let p521 = [&[1][..], &[0xff; 65]].concat();
    [
        (
            ES256,
            hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        ),
        (
            ES384,
            hex(
                "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
            ),
            hex(
                "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
            ),
        ),
        (
            ES512,
            hex(
                "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
            ),
            p521,
        ),
        (
            ES256K,
            hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
            hex("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"),
        ),
    ]
}

/// CVE-2022-21449: with r = s = 0 the equation holds for every message, if nobody looks at their range.
#[test]
fn psychic_signatures() {
    for (algorithm, order, field) in curves() {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::new(&[algorithm], || vec![issuer([key.jwk()]).algorithms([algorithm])]);
        let good = key.token(&claims());
        stage.accepts("as minted", &good);
        let zero = vec![0; order.len()];
        let mut one = zero.clone();
        *one.last_mut().unwrap() = 1;
        let all_ones = vec![0xff; order.len()];
        let genuine = signature_of(&good);
        let (r, s) = genuine.split_at(order.len());
        let edges = [&zero, &one, &order, &field, &all_ones];
        for a in edges {
            for b in edges {
                let token = resigned(&good, &[&a[..], b].concat());
                stage.refuses(&format!("{algorithm}: {a:02x?} {b:02x?}"), &token, "signature_invalid");
            }
            stage.refuses("r alone", &resigned(&good, &[r, a].concat()), "signature_invalid");
            stage.refuses("s alone", &resigned(&good, &[a, s].concat()), "signature_invalid");
        }
    }
}

/// (r, n - s) is a signature as good as (r, s), by the nature of ECDSA: no verifier of RFC 7518 refuses it. So no text
/// and no signature is the name of a token; its `jti` is.
#[test]
fn a_mirrored_ecdsa_signature_names_no_other_token() {
    for (algorithm, order, _) in curves() {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::new(&[algorithm], || vec![issuer([key.jwk()]).algorithms([algorithm])]);
        let good = key.token(&claims());
        let genuine = signature_of(&good);
        let (r, s) = genuine.split_at(order.len());
        let mirrored = minus(&order, s);
        stage.accepts("as minted", &good);
        stage.accepts("mirrored", &resigned(&good, &[r, &mirrored].concat()));
        let mut beside = mirrored.clone();
        *beside.last_mut().unwrap() ^= 1;
        stage.refuses("and beside that", &resigned(&good, &[r, &beside].concat()), "signature_invalid");
    }
}

#[test]
fn an_ecdsa_signature_in_der() {
    for (algorithm, order, _) in curves() {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::new(&[algorithm], || vec![issuer([key.jwk()]).algorithms([algorithm])]);
        let good = key.token(&claims());
        let genuine = signature_of(&good);
        let (r, s) = genuine.split_at(order.len());
        stage.accepts("as minted", &good);
        let sequence = der::sequence(&[der::integer(r), der::integer(s)]);
        stage.refuses("the same numbers", &resigned(&good, &sequence), "signature_invalid");
    }
}

/// RFC 8032, section 5.1.7: S is below the order, or else there are two signatures where there should be one.
#[test]
fn an_ed25519_signature_plus_the_order() {
    let key = MintKey::new(EdDSA, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let mut signature = signature_of(&good);
    let order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0;
    for (digit, add) in signature[32..].iter_mut().zip(&order) {
        let sum = u16::from(*digit) + u16::from(*add) + carry;
        [*digit, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    stage.accepts("as minted", &good);
    stage.refuses("S + L", &resigned(&good, &signature), "signature_invalid");
}

#[test]
fn a_signature_cut_short_or_made_longer() {
    for algorithm in [HS256, HS512, RS256, PS256, ES256, ES384, EdDSA] {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::trusting(&key);
        let good = key.token(&claims());
        let signature = signature_of(&good);
        stage.accepts("as minted", &good);
        for length in [0, 1, 16, signature.len() / 2, signature.len() - 1] {
            let name = format!("{algorithm}, {length} bytes");
            stage.refuses(&name, &resigned(&good, &signature[..length]), "signature_invalid");
        }
        let behind = [&signature[..], &[0]].concat();
        stage.refuses("a zero behind it", &resigned(&good, &behind), "signature_invalid");
        let before = [&[0], &signature[..]].concat();
        stage.refuses("a zero before it", &resigned(&good, &before), "signature_invalid");
        stage.refuses("twice", &resigned(&good, &signature.repeat(2)), "signature_invalid");
    }
}

#[test]
fn rsa_signatures_that_are_no_secret() {
    for algorithm in [RS256, PS256] {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::trusting(&key);
        let good = key.token(&claims());
        let modulus = unb64(key.public_json()["n"].as_str().unwrap());
        let mut one = vec![0; modulus.len()];
        stage.accepts("as minted", &good);
        stage.refuses("0", &resigned(&good, &one), "signature_invalid");
        *one.last_mut().unwrap() = 1;
        stage.refuses("1", &resigned(&good, &one), "signature_invalid");
        stage.refuses("n - 1", &resigned(&good, &minus(&modulus, &one)), "signature_invalid");
        stage.refuses("n", &resigned(&good, &modulus), "signature_invalid");
        stage.refuses("2^k - 1", &resigned(&good, &vec![0xff; modulus.len()]), "signature_invalid");
    }
}

/// Bleichenbacher 2006: under exponent 3 a cube root is a signature, if the verifier does not read the whole padding.
#[test]
fn a_cube_root_for_an_rsa_signature() {
    let jwk = Jwk::parse(&format!(r#"{{"kty":"RSA","kid":"a","n":"{MODULUS}","e":"Aw"}}"#)).unwrap();
    let stage = Stage::new(&[RS256], || vec![issuer([jwk.clone()])]);
    stage.accepts("made with the private key", &format!("{INPUT}.{GENUINE}"));
    stage.refuses("anything behind the digest", &format!("{INPUT}.{BEHIND}"), "signature_invalid");
    stage.refuses("anything within the padding", &format!("{INPUT}.{WITHIN}"), "signature_invalid");
}

#[test]
fn a_part_changed_after_signing() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let good = key.token(&claims());
    let [header, payload, signature] = segments(&good);
    stage.accepts("as minted", &good);
    let scoped = b64(crate::support::fixture::with("scope", "admin".into()).to_string());
    stage.refuses("the claims", &format!("{header}.{scoped}.{signature}"), "signature_invalid");
    let spaced = b64(String::from_utf8(unb64(payload)).unwrap().replacen(':', ": ", 1));
    stage.refuses("a blank in them", &format!("{header}.{spaced}.{signature}"), "signature_invalid");
    let longer = b64(String::from_utf8(unb64(header)).unwrap().replacen('{', r#"{"x":1,"#, 1));
    stage.refuses("the header", &format!("{longer}.{payload}.{signature}"), "signature_invalid");
    let other = key.token(&crate::support::fixture::with("jti", "token-2".into()));
    let theirs = format!("{header}.{payload}.{}", segments(&other)[2]);
    stage.refuses("the signature of another token", &theirs, "signature_invalid");
}

/// A key of 2048 bits with exponent 3, made for this test.
const MODULUS: &str = concat!(
    "lrQR7DwDe1D0bwzO6ZG_kj3JY1d376McvCyEh9XrNmn9HR40ive0407tGxapkUCpe9POE0WIZV-EC37tFFVPVhXlItSplzrZ8BQV",
    "Uq_EJL7bs4xWAfETu5pX5u8_xFc9krpn4Nokgu2RTnuG-3uVcyB3p7N1jgKoHrc9Yelf4sJWx2UYihNCrtmbnELLYkwPobkB90OJ",
    "7YzV8Hiz9wEqaBlQHF3adKDEfj47AWvwYrj7X8SKWvJfBWFt8OJnlfVV21Xk6di9pqGArpvwElM0ZYh3NyKq_FT5V3b43-d_swRi",
    "QszcxTob_l30q0HmqOrsSIA1dP4NG1ehGz7DznHUgQ",
);
const INPUT: &str = concat!(
    "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiO",
    "iJodHRwczovL2FwaS5leGFtcGxlIiwic3ViIjoidXNlci0xIiwiY2xpZW50X2lkIjoiY2xpZW50LTEiLCJqdGkiOiJ0b2tlbi0xI",
    "iwiaWF0IjoxNjk5OTk5OTQwLCJleHAiOjE3MDAwMDA2MDB9",
);
const GENUINE: &str = concat!(
    "CocXBuVw7Jeo-FRbodQyllJRoT4kYu3vXOwnCuSGBa-Jc7a8wx0DKuDQ6XobSL3sa4jWQk8A_S2ecS1Gbnd36Es59hFpaovk_FGQ",
    "7RihzGM5Mw2YZb6MvBbBIB6BRNNpSSTJ7WuYShQWZDgjQHOxhfGbqrcyVsw9p6OXUGmKcZ0s1ksGKwLOd728PP3lIrc6FoNeAruK",
    "wvBNDjAdWmOepPJbfcAM3z2nOHKHpP_1nDpN-njXO-2ss5I9BgbYUJIIHtTarsMciCjUtwMcuQPcBhDRyl8GHuq6rjUEbp36DRkZ",
    "MOVwFXTP0kAp23P48RXOmHHhIb-qO5e06U-TPG__QQ",
);
/// Its cube starts with the shortest padding and the digest of [`INPUT`].
const BEHIND: &str = concat!(
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAMsv9SnrceQVYPXZ1IPUWQHWRdtN4JvLvY649x62lJ3Mk3C917N3oCMHl7VEHLVgwbRTJsA0H",
    "KKs-h3WXy3HmBfqs4q7zwV8C9ubZLZNMXTdCuzR-2A",
);
/// Its cube starts like a padding and ends in the digest of [`INPUT`].
const WITHIN: &str = concat!(
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAMsv9SnrceQVbOM887ewgYqL2_I5xZ6qEGAdrYvhXLh9LOaG55USZqtVLBdQXSUVl6wt4o-MZ",
    "OWdhZYdlafhMGflnIxpdmXm1KhehX5YwxBf7hxDw6w",
);
