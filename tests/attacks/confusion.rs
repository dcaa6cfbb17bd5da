//! Key confusion: a key used for an algorithm that it is not made for.

use portcullis::Algorithm::{
    self, ES256, ES256K, ES384, ES512, Ed25519, EdDSA, HS256, HS384, HS512, PS256, RS256,
};
use portcullis::jose::Jwk;
use serde_json::json;

use crate::stage::{Stage, header_with};
use crate::support::fixture::{claims, issuer};
use crate::support::mint::MintKey;
use crate::support::{der, text, unb64};

/// Texts and bytes in which a public key is known to everyone.
fn public_forms(key: &MintKey) -> Vec<(String, Vec<u8>)> {
    let pem = der::pem("PUBLIC KEY", &key.spki());
    let json = key.public_json();
    let mut forms: Vec<(&str, Vec<u8>)> = vec![
        ("PEM", pem.clone().into_bytes()),
        ("PEM without its last line feed", pem.trim_end().into()),
        ("PEM behind white space", format!(" \n{pem}").into_bytes()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("PEM's body", pem.lines().filter(|line| !line.starts_with('-')).collect::<String>().into()),
        ("DER", key.spki()),
        ("JWK", json.to_string().into_bytes()),
        ("JWK, pretty", serde_json::to_string_pretty(&json).unwrap().into_bytes()),
        ("JWK set", json!({ "keys": [json] }).to_string().into_bytes()),
        ("key id", b"a".to_vec()),
        ("nothing", Vec::new()),
    ];
    for member in ["n", "e", "x", "y"] {
        if json[member].is_string() {
            forms.push((member, unb64(text(&json, member))));
            forms.push((member, text(&json, member).as_bytes().to_vec()));
        }
    }
    forms.into_iter().map(|(name, bytes)| (format!("{name} of {}", key.algorithm), bytes)).collect()
}

#[test]
fn a_public_key_as_hmac_secret() {
    for algorithm in [RS256, ES256, EdDSA] {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::trusting(&key);
        stage.accepts("signed by the key", &key.token(&claims()));
        for (form, bytes) in public_forms(&key) {
            for hmac in [HS256, HS384, HS512] {
                let token = MintKey::secret(&bytes, hmac, "a").token(&claims());
                stage.refuses(&form, &token, "algorithm_not_allowed");
            }
        }
    }
}

/// Where HMAC is allowed by name beside a key pair, the kind of the key still decides.
#[test]
fn a_public_key_as_hmac_secret_where_hmac_is_allowed() {
    let secret = MintKey::new(HS256, "s");
    for algorithm in [RS256, ES256, EdDSA] {
        let key = MintKey::new(algorithm, "a");
        let allowed = [algorithm, HS256];
        let stage =
            Stage::new(&allowed, || vec![issuer([key.jwk(), secret.jwk()]).algorithms(allowed.to_vec())]);
        stage.accepts("signed by the key", &key.token(&claims()));
        stage.accepts("signed with the secret", &secret.token(&claims()));
        for (form, bytes) in public_forms(&key) {
            let with_id = |id: &'static str| MintKey::secret(&bytes, HS256, id).token(&claims());
            stage.refuses(&form, &with_id("a"), "key_unsuitable");
            stage.refuses(&form, &with_id("s"), "signature_invalid");
            let unnamed = MintKey::secret(&bytes, HS256, None).token(&claims());
            stage.refuses(&form, &unnamed, "signature_invalid");
        }
    }
}

#[test]
fn a_key_of_another_type_under_the_algorithm_of_the_header() {
    let all: Vec<_> = Algorithm::DEFAULT.iter().copied().chain([ES512, ES256K]).collect();
    for algorithm in &all {
        let key = MintKey::new(*algorithm, "a");
        for claimed in all.iter().filter(|claimed| *claimed != algorithm) {
            let header = header_with(&key, &json!({"alg": claimed.name()}));
            let jwk = key.jwk().with_algorithm(*algorithm).unwrap();
            let allowed = [*algorithm, *claimed];
            let stage = Stage::new(&allowed, || vec![issuer([jwk.clone()]).algorithms(allowed.to_vec())]);
            stage.accepts("under its own", &key.token(&claims()));
            let token = key.token_of_texts(&header, &claims().to_string());
            let name = format!("{algorithm} called {claimed}");
            match (algorithm, claimed) {
                // Two names of one algorithm on this curve (RFC 9864, section 2.2), so no confusion.
                (EdDSA, Ed25519) | (Ed25519, EdDSA) => {
                    stage.accepts(&name, &token);
                    stage.refuses(&name, &format!("{token}AA"), "signature_invalid");
                }
                _ => stage.refuses(&name, &token, "key_unsuitable"),
            }
        }
    }
}

#[test]
fn an_rsa_key_under_the_other_padding() {
    let pss = MintKey::new(PS256, "a");
    let jwk = |algorithm| pss.jwk().with_algorithm(algorithm).unwrap();
    let with = |jwk: &Jwk| Stage::new(&[], || vec![issuer([jwk.clone()]).algorithms([RS256, PS256])]);
    let token = pss.token(&claims());
    let renamed = pss.token_of_texts(&header_with(&pss, &json!({"alg": "RS256"})), &claims().to_string());
    let stage = with(&jwk(PS256));
    stage.accepts("declared for PS256", &token);
    stage.refuses("called RS256", &renamed, "key_unsuitable");
    let undeclared = with(&pss.jwk());
    undeclared.accepts("declared for nothing", &token);
    undeclared.refuses("called RS256, signed as PS256", &renamed, "signature_invalid");
}

#[test]
fn a_p256_key_under_another_curves_algorithm() {
    let key = MintKey::new(ES256, "a");
    for claimed in [ES384, ES512, ES256K] {
        let allowed = [ES256, claimed];
        let stage = Stage::new(&allowed, || vec![issuer([key.jwk()]).algorithms(allowed.to_vec())]);
        stage.accepts("under its own", &key.token(&claims()));
        let header = header_with(&key, &json!({"alg": claimed.name()}));
        let token = key.token_of_texts(&header, &claims().to_string());
        stage.refuses(claimed.name(), &token, "key_unsuitable");
    }
}

#[test]
fn an_encryption_key_of_the_issuer() {
    let (sign, encrypt) = (MintKey::new(RS256, "sig"), MintKey::new(RS256, "enc"));
    for (member, value, code) in [
        ("use", json!("enc"), "key_not_for_verifying"),
        ("use", json!("SIG"), "key_not_for_verifying"),
        ("key_ops", json!(["encrypt", "wrapKey"]), "key_not_for_verifying"),
        ("alg", json!("RSA-OAEP"), "key_algorithm_unknown"),
    ] {
        let mut jwk = encrypt.public_json();
        jwk[member] = value;
        let stage = Stage::published(&[RS256], &[sign.public_json(), jwk]);
        stage.accepts("the signing key", &sign.token(&claims()));
        stage.skips(member, "enc", code);
        stage.refuses(member, &encrypt.token(&claims()), "key_unknown");
    }
}
