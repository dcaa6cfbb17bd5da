//! A token as it would be if our key had signed it, so that what is behind the signature is judged too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use portcullis::Algorithm;
use portcullis::jose::{Jwk, UnverifiedToken};
use serde_json::Value;

use crate::support::mint::MintKey;
use crate::support::{b64, unb64, vectors};

/// Who issues a token that names nobody.
pub const ISSUER: &str = "https://issuer.example";

/// Our key for an algorithm, without an id, so that it fits any `kid`.
pub fn key(algorithm: Algorithm) -> &'static MintKey {
    static KEYS: LazyLock<BTreeMap<&str, MintKey>> = LazyLock::new(|| {
        let rsa = vectors("attacks/keys.json")["keys"]["rsa-1"].clone();
        let key = |algorithm: &Algorithm| match algorithm.key_type().name() {
            "RSA" => MintKey::rsa_from_jwk(&rsa, *algorithm),
            _ => MintKey::new(*algorithm, None),
        };
        Algorithm::ALL.iter().map(|algorithm| (algorithm.name(), key(algorithm))).collect()
    });
    &KEYS[algorithm.name()]
}

/// The algorithm that a token names, if its outer form and its header can be read.
pub fn algorithm_of(token: &str) -> Option<Algorithm> {
    Some(UnverifiedToken::parse(token, usize::MAX).ok()?.header().ok()?.algorithm())
}

/// The payload of a token, if it is JSON.
pub fn payload_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).map(unb64_or_empty).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_default()
}

/// The token under a signature of ours, its header to the letter, and its payload too but for `iss` and `exp` where it has
/// none, and the key; `None` if it cannot be read that far.
pub fn signed(token: &str) -> Option<(Jwk, String)> {
    let algorithm = algorithm_of(token)?;
    let (header, rest) = token.split_once('.')?;
    let (payload, _) = rest.split_once('.')?;
    let payload = completed(unb64(payload));
    let input = format!("{header}.{}", b64(payload));
    let key = key(algorithm);
    let signature = b64(key.sign(input.as_bytes()));
    Some((key.jwk(), format!("{input}.{signature}")))
}

/// The claims with `iss` and `exp`, which a token that is only meant to be parsed may lack.
fn completed(payload: Vec<u8>) -> Vec<u8> {
    let Ok(Value::Object(claims)) = serde_json::from_slice(&payload) else { return payload };
    let mut text = String::from_utf8(payload).unwrap();
    let mut added = Vec::new();
    if !claims.contains_key("iss") {
        added.push(format!(r#""iss":"{ISSUER}""#));
    }
    if !claims.contains_key("exp") {
        added.push(format!(r#""exp":{}"#, u64::MAX));
    }
    let behind = if claims.is_empty() || added.is_empty() { "" } else { "," };
    text.insert_str(text.find('{').unwrap() + 1, &format!("{}{behind}", added.join(",")));
    text.into_bytes()
}

fn unb64_or_empty(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
