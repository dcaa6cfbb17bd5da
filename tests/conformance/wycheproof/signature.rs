//! Public keys and detached signatures. Each key comes in through every door its group offers: JWK, DER, PEM, and a JWK
//! of ours made from its numbers.

use portcullis::jose::{Digest, Family, Jwk};
use portcullis::{Algorithm, KeyError};
use serde_json::{Value, json};

use super::{by_label, groups, label, tests, unhex};
use crate::judge::SharedKey;
use crate::suite::{Suite, Want};
use crate::support::{b64, text};

use Algorithm::{
    ES256, ES256K, ES384, ES512, EdDSA, MlDsa44, MlDsa65, MlDsa87, PS256, PS384, PS512, RS256, RS384, RS512,
};

/// What is particular about a file.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Rule {
    /// The labels are ours.
    Plain,
    /// The curve is not in the table, so no key of it is read.
    CurveUnknown,
    /// Another salt or mask than JWS prescribes (RFC 7518, section 3.5), so what the labels call valid does not hold.
    OtherPss,
}

pub(super) const FILES: [(&str, Algorithm, Rule); 27] = [
    ("ecdsa_secp256r1_sha256_p1363", ES256, Rule::Plain),
    ("ecdsa_secp384r1_sha384_p1363", ES384, Rule::Plain),
    ("ecdsa_secp521r1_sha512_p1363", ES512, Rule::Plain),
    ("ecdsa_secp256k1_sha256_p1363", ES256K, Rule::Plain),
    ("ed25519", EdDSA, Rule::Plain),
    ("ed448", EdDSA, Rule::CurveUnknown),
    ("mldsa_44_verify", MlDsa44, Rule::Plain),
    ("mldsa_65_verify", MlDsa65, Rule::Plain),
    ("mldsa_87_verify", MlDsa87, Rule::Plain),
    ("rsa_signature_2048_sha256", RS256, Rule::Plain),
    ("rsa_signature_2048_sha384", RS384, Rule::Plain),
    ("rsa_signature_2048_sha512", RS512, Rule::Plain),
    ("rsa_signature_3072_sha256", RS256, Rule::Plain),
    ("rsa_signature_3072_sha384", RS384, Rule::Plain),
    ("rsa_signature_3072_sha512", RS512, Rule::Plain),
    ("rsa_signature_4096_sha256", RS256, Rule::Plain),
    ("rsa_signature_4096_sha384", RS384, Rule::Plain),
    ("rsa_signature_4096_sha512", RS512, Rule::Plain),
    ("rsa_pss_2048_sha256_mgf1_32", PS256, Rule::Plain),
    ("rsa_pss_2048_sha384_mgf1_48", PS384, Rule::Plain),
    ("rsa_pss_3072_sha256_mgf1_32", PS256, Rule::Plain),
    ("rsa_pss_4096_sha256_mgf1_32", PS256, Rule::Plain),
    ("rsa_pss_4096_sha384_mgf1_48", PS384, Rule::Plain),
    ("rsa_pss_4096_sha512_mgf1_64", PS512, Rule::Plain),
    ("rsa_pss_2048_sha256_mgf1_0", PS256, Rule::OtherPss),
    ("rsa_pss_2048_sha256_mgf1sha1_20", PS256, Rule::OtherPss),
    ("rsa_pss_4096_sha512_mgf1_32", PS512, Rule::OtherPss),
];

pub(super) fn cases(suite: &mut Suite) {
    for (file, algorithm, rule) in FILES {
        for group in groups(file) {
            assert_eq!(is_other_pss(&group, algorithm), rule == Rule::OtherPss, "{file}");
            let key = SharedKey::new(algorithm, doors(&group, algorithm));
            for test in tests(&group) {
                let (message, signature) = (unhex(text(test, "msg")), unhex(text(test, "sig")));
                let (key, label) = (key.clone(), label(test));
                suite.case(
                    format!("wycheproof/{file}/{}", test["tcId"]),
                    label,
                    want(&group, test, algorithm, rule),
                    move |backend| key.judge(backend, &message, &signature),
                );
            }
        }
    }
}

fn want(group: &Value, test: &Value, algorithm: Algorithm, rule: Rule) -> Want {
    let flagged = |flag: &str| test["flags"].as_array().unwrap().iter().any(|found| found == flag);
    if rule == Rule::CurveUnknown {
        return "curve_unknown".into();
    }
    if flagged("IncorrectPublicKeyLength") {
        return "key_length".into();
    }
    // JWS signs with an empty context (RFC 9964).
    let of_another_context = test["ctx"].as_str().is_some_and(|context| !context.is_empty());
    let code = match rule {
        Rule::OtherPss if is_jws_pss_after_all(group, test, algorithm) => "ok",
        Rule::OtherPss => "signature_invalid",
        _ if of_another_context => "signature_invalid",
        _ => by_label(label(test)),
    };
    Want::under(algorithm, code)
}

/// Whether a group's signatures are PSS with other parameters than RFC 7518, section 3.5, prescribes.
fn is_other_pss(group: &Value, algorithm: Algorithm) -> bool {
    let hash_bytes = algorithm.digest().map_or(0, Digest::bytes);
    group["type"] == "RsassaPssVerify" && (group["mgfSha"] != group["sha"] || group["sLen"] != hash_bytes)
}

/// Whether the one thing wrong with a signature is the one thing wrong with its group: the length of the salt.
fn is_jws_pss_after_all(group: &Value, test: &Value, algorithm: Algorithm) -> bool {
    let hash_bytes = algorithm.digest().map_or(0, Digest::bytes);
    group["mgfSha"] == group["sha"] && text(test, "comment") == format!("s_len changed to {hash_bytes}")
}

fn doors(group: &Value, algorithm: Algorithm) -> Vec<(&'static str, Result<Jwk, KeyError>)> {
    let der = Jwk::from_der(&unhex(text(group, "publicKeyDer")));
    let numbers = Jwk::parse(&numbers(&group["publicKey"], algorithm).to_string());
    let mut doors = vec![("DER", der), ("the numbers", numbers)];
    doors.extend(group["publicKeyPem"].as_str().map(|pem| ("PEM", Jwk::from_pem(pem))));
    for member in ["publicKeyJwk", "keyJwk"] {
        let jwk = &group[member];
        doors.extend(jwk.is_object().then(|| ("JWK", Jwk::parse(&jwk.to_string()))));
    }
    doors
}

/// A JWK of ours from the numbers that a group gives for its key.
fn numbers(key: &Value, algorithm: Algorithm) -> Value {
    let number = |member: &str| unhex(text(key, member));
    match algorithm.family() {
        Family::Ecdsa => {
            let point = number("uncompressed");
            let (x, y) = point[1..].split_at(point.len() / 2);
            json!({"kty": "EC", "crv": algorithm.curve().unwrap().name(), "x": b64(x), "y": b64(y)})
        }
        Family::EdDsa => {
            let curve = if key["curve"] == "edwards25519" { "Ed25519" } else { "Ed448" };
            json!({"kty": "OKP", "crv": curve, "x": b64(number("pk"))})
        }
        Family::MlDsa => {
            let public = unhex(key.as_str().unwrap());
            json!({"kty": "AKP", "alg": algorithm.name(), "pub": b64(public)})
        }
        // Their leading zero octet is read past, as some issuers publish it.
        _ => json!({"kty": "RSA", "n": b64(number("modulus")), "e": b64(number("publicExponent"))}),
    }
}
