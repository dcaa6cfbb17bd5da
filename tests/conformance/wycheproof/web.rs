//! JSON web signatures, keys and key sets. The payloads are no claims: a verifier that says `claims_malformed` has found
//! the signature good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::crypto::Backend;
use portcullis::jose::{Jwk, JwkSet};
use portcullis::{Algorithm, Profile};
use serde_json::Value;

use super::{by_label, groups, label, tests};
use crate::judge::{Trust, raw};
use crate::suite::{Label, Suite, Want, answers};

pub(super) const FILES: [&str; 3] = ["json_web_signature", "json_web_key", "json_web_crypto"];

pub(super) fn cases(suite: &mut Suite) {
    let mut answers = answers("wycheproof_json_web.json");
    for file in FILES {
        for group in groups(file) {
            // A shared secret stands under `private` alone.
            let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
            for test in tests(&group) {
                let encrypted = test["jwe"] != Value::Null;
                let (kind, token) = if encrypted { ("jwe/", &test["jwe"]) } else { ("", &test["jws"]) };
                let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
                let name = format!("{file}/{kind}{}", test["tcId"]);
                let want = match (answers.remove(&name), algorithm(&token), label(test)) {
                    // Whatever is wrong with it: five segments, four, or JSON.
                    (None, ..) if encrypted => "token_malformed".into(),
                    (Some(code), ..) => code.as_str().into(),
                    (None, Some(algorithm), label @ (Label::Valid | Label::Invalid)) => {
                        Want::under(algorithm, by_label(label))
                    }
                    (None, ..) => panic!("{name} needs an answer"),
                };
                let name = format!("wycheproof/{name}");
                let text = key.to_string();
                if key["keys"].is_array() {
                    suite.case(name, label(test), want, move |backend| by_set(&token, &text, backend));
                } else {
                    suite.case(name, label(test), want, move |backend| by_key(&token, &text, backend));
                }
            }
        }
    }
    assert!(answers.is_empty(), "answers to no case: {answers:?}");
}

/// The algorithm that a token names, if it is one of the table.
fn algorithm(token: &str) -> Option<Algorithm> {
    let (header, _) = token.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    Algorithm::from_name(header["alg"].as_str()?)
}

/// The answer of the key alone, once a whole verifier has been seen to let the same tokens through to their claims.
fn by_key(token: &str, key: &str, backend: Backend) -> String {
    let answer = raw(token, key, backend).map_or_else(str::to_owned, |_| "ok".to_owned());
    let Ok(jwk) = Jwk::parse(key) else { return answer };
    let verdict = trust(token, jwk.into()).verdict(token, backend);
    if (answer == "ok") == (verdict == "claims_malformed") {
        answer
    } else {
        format!("{answer}, but {verdict}")
    }
}

/// The answer of a verifier that is given the whole set.
fn by_set(token: &str, set: &str, backend: Backend) -> String {
    let verdict = trust(token, JwkSet::parse(set.as_bytes()).unwrap()).verdict(token, backend);
    if verdict == "claims_malformed" { "ok".to_owned() } else { verdict }
}

fn trust(token: &str, keys: JwkSet) -> Trust {
    // A token of no algorithm of the table is refused before any list of them.
    let algorithm = algorithm(token).unwrap_or(Algorithm::RS256);
    Trust { issuer: "any".to_owned(), keys, algorithm, profile: Profile::Lenient, now: 0 }
}
