//! The attack corpus and the odd key sets: what must be refused is, for the reason that it stands for, and what must not
//! be is not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::{Algorithm, Issuer, Profile, Verifier};
use serde_json::Value;

use crate::answers::Answers;
use crate::published;
use crate::reason;
use crate::setup::{Setup, label};
use crate::suite::{Label, Suite, rows};
use crate::support::mint::MintKey;
use crate::support::{decide, standing_at, text, vectors};

pub fn cases(suite: &mut Suite) {
    let keys = Arc::new(vectors("attacks/keys.json"));
    let mut alone = Answers::of("attacks.json");
    let mut among = Answers::of("attacks_among_issuers.json");
    for name in files() {
        let file = vectors(&format!("attacks/{name}.json"));
        for row in rows(&file) {
            let id = format!("{name}/{}", text(row, "id"));
            let config = merged(&file["default_config"], &row["config"]);
            let row = Row { row: row.clone(), jwks: config["jwks"].clone(), keys: Arc::clone(&keys) };
            let (setup, label, same) = (Setup::of_config(&config), label(&row.row), row.clone());
            let (same_setup, want) = (setup.clone(), alone.to(&id).to_owned());
            suite.case_on(setup.backends(), format!("attacks/{id}"), label, &*want, move |backend| {
                row.answer(|jwks, token| setup.answer(jwks.as_bytes(), token, backend))
            });
            // With several issuers `iss` is asked first, so some rows are refused sooner; the others as before.
            let (name, want) = (format!("attacks/{id}, among issuers"), among.or_usual(&id, &want));
            suite.case_on(same_setup.backends(), name, label, want, move |backend| {
                same.answer(|jwks, token| same_setup.answer_among_issuers(jwks.as_bytes(), token, backend))
            });
        }
    }
    alone.finish();
    among.finish();
    odd_key_sets(suite, &keys);
    behind_the_size_limits(suite, &keys);
}

/// Every file of the corpus, so that none is left out.
fn files() -> BTreeSet<String> {
    let folder = std::fs::read_dir(format!("{}/tests/vectors/attacks", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
    names.filter(|name| name != "keys").collect()
}

/// Each set twice: given in the set-up, where a secret may be in it, and fetched, where it is skipped.
fn odd_key_sets(suite: &mut Suite, keys: &Arc<Value>) {
    let mut answers = Answers::of("jwks_odd.json");
    let file = vectors("jwks/odd.json");
    let setup = Setup::of_config(&file["default_config"]);
    for row in rows(&file) {
        let id = text(row, "id");
        let row = Row { row: row.clone(), jwks: row["jwks"].clone(), keys: Arc::clone(keys) };
        let (given, same, name, label) =
            (setup.clone(), row.clone(), format!("jwks/odd/{id}"), label(&row.row));
        suite.case(name.clone(), label, answers.to(id), move |backend| {
            row.answer(|jwks, token| given.answer(jwks.as_bytes(), token, backend))
        });
        let (setup, name) = (setup.clone(), format!("{name}, fetched"));
        suite.case(name, label, answers.to(&format!("{id}, fetched")), move |backend| {
            same.answer(|jwks, token| published::fetched(&setup, jwks, token, backend))
        });
    }
    answers.finish();
}

/// A row, the key set of its file, and the keys that the recipes sign with.
#[derive(Clone)]
struct Row {
    row: Value,
    jwks: Value,
    keys: Arc<Value>,
}

impl Row {
    fn answer(&self, judge: impl FnOnce(String, &str) -> String) -> String {
        match token(&self.row, &self.keys) {
            Some(token) => judge(jwks(&self.row, &self.jwks), &token),
            None => "not_text".to_owned(),
        }
    }
}

/// The key set as text: the row's own, or the one of its file.
fn jwks(row: &Value, jwks: &Value) -> String {
    match (&row["jwks_text"], &row["recipe"]["jwks_text_parts"]) {
        (Value::String(text), _) => text.clone(),
        (_, parts @ Value::Array(_)) => assembled(parts),
        _ => jwks.to_string(),
    }
}

/// The row's token, if it is text at all: a header value that is not ASCII never becomes a `&str`.
fn token(row: &Value, keys: &Value) -> Option<String> {
    if let Some(token) = row["token"].as_str() {
        return Some(token.to_owned());
    }
    if let Some(bytes) = row["token_base64"].as_str() {
        return String::from_utf8(STANDARD.decode(bytes).unwrap()).ok();
    }
    let recipe = &row["recipe"];
    if recipe.get("jwks_text_parts").is_some() {
        // The key set is what matters.
        return Some(String::new());
    }
    if recipe["text_parts"].is_array() {
        return Some(assembled(&recipe["text_parts"]));
    }
    let key = MintKey::rsa_from_jwk(&keys["keys"][text(recipe, "sign_with")], Algorithm::RS256);
    Some(key.token_of_texts(&recipe["header"].to_string(), &assembled(&recipe["payload_text_parts"])))
}

fn assembled(parts: &Value) -> String {
    let part = |part: &Value| match part.as_str() {
        Some(text) => text.to_owned(),
        None => text(part, "repeat").repeat(part["times"].as_u64().unwrap().try_into().unwrap()),
    };
    parts.as_array().unwrap().iter().map(part).collect()
}

fn merged(default: &Value, own: &Value) -> Value {
    let mut config = default.clone();
    for (name, value) in own.as_object().into_iter().flatten() {
        config[name] = value.clone();
    }
    config
}

/// Rows of the corpora are refused for their size before the defence that they stand for is asked: kept small enough, or
/// with the limit out of the way, that defence must stop them.
fn behind_the_size_limits(suite: &mut Suite, keys: &Arc<Value>) {
    const CLAIMS: &str = r#"{"iss":"https://issuer.example","aud":"https://api.example","exp":1700003600}"#;
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let with_claim = |value: &str| CLAIMS.replace('}', &format!(r#","x":{value}}}"#));
    let with_member = |name: &str, value: &str| format!(r#"{{"alg":"RS256","{name}":{value}}}"#);
    let kid = |length: usize| with_member("kid", &format!(r#""{}""#, "k".repeat(length)));
    let plain = || r#"{"alg":"RS256"}"#.to_owned();
    for (name, header, payload, label, want) in [
        ("claim 16 deep", plain(), with_claim(&deep(16)), Label::Valid, "ok"),
        ("claim 100000 deep", plain(), with_claim(&deep(100_000)), Label::Invalid, "claims_malformed"),
        ("member 16 deep", with_member("x", &deep(16)), CLAIMS.to_owned(), Label::Valid, "ok"),
        (
            "member 1000 deep",
            with_member("x", &deep(1_000)),
            CLAIMS.to_owned(),
            Label::Invalid,
            "header_malformed: not an object",
        ),
        ("kid of 256 bytes", kid(256), CLAIMS.to_owned(), Label::Valid, "ok"),
        ("kid of 257 bytes", kid(257), CLAIMS.to_owned(), Label::Invalid, "header_malformed: kid too long"),
    ] {
        let keys = Arc::clone(keys);
        suite.case(format!("attacks/{name}"), label, want, move |backend| {
            let key = trusted(&keys);
            let token = key.token_of_texts(&header, &payload);
            let issuer = Issuer::new("https://issuer.example", key.jwk()).audience("https://api.example");
            let verifier = Verifier::builder()
                .issuer(issuer.profile(Profile::Lenient))
                .backend(backend)
                .clock(standing_at(1_700_000_000))
                .max_token_bytes(1024 * 1024)
                .build()
                .unwrap();
            reason::of_verdict(decide(&verifier, &token))
        });
    }
    for (others, label, want) in [(3, Label::Valid, "ok"), (4, Label::Invalid, "key_ambiguous")] {
        let keys = Arc::clone(keys);
        suite.case(format!("jwks/{others} wrong keys under one kid"), label, want, move |backend| {
            let right = trusted(&keys);
            let wrong = MintKey::rsa_from_jwk(&keys["keys"]["rsa-2"], Algorithm::RS256);
            let under = |key: &MintKey| key.jwk().with_key_id("a");
            let set: Vec<_> = std::iter::repeat_n(under(&wrong), others).chain([under(&right)]).collect();
            let setup = Setup {
                issuer: "https://issuer.example".to_owned(),
                audiences: None,
                algorithms: vec![Algorithm::RS256],
                profile: Profile::Lenient,
                skew: Duration::ZERO,
                now: 1_700_000_000,
            };
            let token = right.token_of_texts(r#"{"alg":"RS256","kid":"a"}"#, CLAIMS);
            setup.answer_with(set.into(), &token, backend)
        });
    }
}

fn trusted(keys: &Value) -> MintKey {
    MintKey::rsa_from_jwk(&keys["keys"]["rsa-1"], Algorithm::RS256)
}
