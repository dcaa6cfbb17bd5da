//! Keys as files hold them: PEM where the input starts like it, DER otherwise.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::jose::{Curve, Jwk, KeyMaterial};

use super::jwk::{check_key, written};

/// A DER key that is taken is the one encoding of its parts, byte for byte, and a PEM key is the DER inside of it; either
/// is the same key as its JWK, and what holds for a JWK holds for it. A private key is never taken for a public one.
pub fn check(input: &[u8]) {
    let got = if input.starts_with(b"-----") {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let got = Jwk::from_pem(text);
        if let Ok(key) = &got {
            check_pem(text, key);
        }
        got
    } else {
        let got = Jwk::from_der(input);
        if let Ok(key) = &got {
            check_der(input, key);
        }
        got
    };
    let key = match got {
        Ok(key) => key,
        Err(error) => {
            assert!(REASONS.contains(&error.code()), "{error}");
            return;
        }
    };
    assert!(!key.is_private() && key.key_id().is_none());
    let same = Jwk::parse(&written(&key).to_string()).expect("a key that was read can be read again");
    assert!(key.material() == same.material(), "a key changed when it was written down");
    let parts = Jwk::from_material(key.material().clone()).expect("its parts make a key");
    assert!(key.material() == parts.material());
    check_key(&key, &same);
}

fn check_der(input: &[u8], key: &Jwk) {
    let (null, none) = (encoded(key, &[0x05, 0x00]), encoded(key, &[]));
    assert!(input == null || input == none, "another encoding of the same key: {key:?}");
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(input));
    let again = Jwk::from_pem(&pem).expect("the same key, in PEM");
    assert!(again == *key);
}

/// RFC 7468: one block, the label the same at both ends, and between them nothing but base64. Text before it explains
/// (section 2).
fn check_pem(text: &str, key: &Jwk) {
    assert_eq!(text.matches("-----BEGIN ").count(), 1, "one block and no part of another");
    let lines: Vec<_> = text.trim().split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
    let start = lines.iter().position(|line| line.starts_with("-----BEGIN ")).expect("a block");
    let lines = &lines[start..];
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    let label =
        first.strip_prefix("-----BEGIN ").and_then(|rest| rest.strip_suffix("-----")).expect("a label");
    assert_eq!(last, format!("-----END {label}-----"));
    let body: String = lines[1..lines.len() - 1].concat();
    let der = STANDARD.decode(body).expect("strict base64");
    let own = match label {
        "PUBLIC KEY" => Jwk::from_der(&der).expect("the same key, in DER"),
        "RSA PUBLIC KEY" => {
            assert_eq!(der, pkcs1(key), "another encoding of the same key");
            return;
        }
        label => panic!("taken for a public key: {label}"),
    };
    assert!(own == *key);
}

/// RFC 5280, section 4.1.2.7: the SubjectPublicKeyInfo of a key; RSA has parameters of either kind.
fn encoded(key: &Jwk, rsa_parameters: &[u8]) -> Vec<u8> {
    let oid = |bytes: &[u8]| tagged(0x06, bytes);
    let (algorithm, bits) = match key.material() {
        KeyMaterial::Rsa { .. } => {
            let rsa = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
            ([rsa, rsa_parameters.to_vec()].concat(), pkcs1(key))
        }
        KeyMaterial::Ec { curve, x, y } => {
            let named: &[u8] = match curve {
                Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
                Curve::P384 => &[0x2b, 0x81, 0x04, 0, 0x22],
                Curve::P521 => &[0x2b, 0x81, 0x04, 0, 0x23],
                Curve::Secp256k1 => &[0x2b, 0x81, 0x04, 0, 0x0a],
                curve => panic!("not a curve of this kind: {curve:?}"),
            };
            let ec = oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
            ([ec, oid(named)].concat(), [&[4], &x[..], y].concat())
        }
        KeyMaterial::Okp { x, .. } => (oid(&[0x2b, 0x65, 0x70]), x.clone()),
        KeyMaterial::Akp { algorithm, public } => {
            let arc = match algorithm.name() {
                "ML-DSA-44" => 17,
                "ML-DSA-65" => 18,
                "ML-DSA-87" => 19,
                name => panic!("not an algorithm of this kind: {name}"),
            };
            (oid(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, arc]), public.clone())
        }
        other => panic!("never in DER: {other:?}"),
    };
    tagged(0x30, &[tagged(0x30, &algorithm), tagged(0x03, &[&[0], &bits[..]].concat())].concat())
}

/// RFC 8017, appendix A.1.1.
fn pkcs1(key: &Jwk) -> Vec<u8> {
    let KeyMaterial::Rsa { n, e } = key.material() else { panic!("not an RSA key: {key:?}") };
    let integer = |number: &[u8]| {
        let sign: &[u8] = if number.first().is_some_and(|byte| byte & 0x80 != 0) { &[0] } else { &[] };
        tagged(0x02, &[sign, number].concat())
    };
    tagged(0x30, &[integer(n), integer(e)].concat())
}

/// A tag, the shortest form of a length, and the content.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let length = &length[zeros..];
    let mut out = vec![tag];
    match length {
        [] => out.push(0),
        [short @ 0..=0x7f] => out.push(*short),
        long => {
            out.push(0x80 | u8::try_from(long.len()).expect("eight bytes at most"));
            out.extend(long);
        }
    }
    out.extend(content);
    out
}

/// Why a file may be refused.
const REASONS: [&str; 9] = [
    "not_public_key",
    "key_private",
    "key_type_unknown",
    "curve_unknown",
    "point_invalid",
    "key_length",
    "rsa_modulus_bits",
    "rsa_modulus_even",
    "rsa_exponent",
];
