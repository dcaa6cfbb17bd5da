//! The attack corpus: what must be refused is, and what must not be is not, on every backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::crypto::Backend;
use portcullis::jose::JwkSet;
use portcullis::{Algorithm, ConfigError, Issuer, Profile, Verifier};
use serde_json::{Value, json};
use support::mint::MintKey;
use support::{decide, standing_at, text, vectors};

/// Rows on which this crate and the label differ: row, our answer, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "many-keys",
    "key_set_too_many_keys",
    "a set is taken with at most 100 entries, which bounds what loading it can cost",
)];

const FILES: [&str; 22] = [
    "alg-confusion",
    "alg-none",
    "aud",
    "base64",
    "claims",
    "control",
    "crit",
    "header-key",
    "iss",
    "json",
    "json-depth",
    "json-dup",
    "kid",
    "nested",
    "numeric-date",
    "psychic",
    "segments",
    "signature",
    "size",
    "time",
    "typ",
    "weak-key",
];

#[test]
fn every_attack_is_refused_and_every_control_accepted() {
    let mut sweep = Sweep::default();
    for name in FILES {
        let file = vectors(&format!("attacks/{name}.json"));
        for row in file["cases"].as_array().unwrap() {
            let config = merged(&file["default_config"], &row["config"]);
            sweep.row(row, &config, &config["jwks"].to_string());
        }
    }
    sweep.finish(545);
}

#[test]
fn odd_key_sets_serve_or_fail_as_labelled() {
    let file = vectors("jwks/odd.json");
    let mut sweep = Sweep::default();
    for row in file["cases"].as_array().unwrap() {
        let jwks = row["jwks_text"].as_str().map_or_else(|| row["jwks"].to_string(), str::to_owned);
        sweep.row(row, &file["default_config"], &jwks);
    }
    sweep.finish(69);
}

#[derive(Default)]
struct Sweep {
    rows: usize,
    wrong: Vec<String>,
    used: BTreeSet<&'static str>,
    listed: BTreeSet<&'static str>,
}

impl Sweep {
    fn row(&mut self, row: &Value, config: &Value, jwks: &str) {
        self.rows += 1;
        let id = text(row, "id");
        let exception = EXCEPTIONS.iter().find(|(name, ..)| *name == id);
        self.listed.extend(exception.map(|(name, ..)| *name));
        for backend in Backend::available() {
            let got = judge(row, config, jwks, *backend);
            if got == "config_unsupported" {
                continue;
            }
            let agrees = match text(row, "expect") {
                "accept" => got == "ok",
                "reject" => got != "ok",
                "policy" => true,
                other => panic!("{id}: unknown label {other}"),
            };
            match exception {
                None if agrees => {}
                Some((_, want, _)) if !agrees && got == *want => {
                    self.used.extend(exception.map(|(name, ..)| *name))
                }
                _ => self.wrong.push(format!(
                    "{id} on {}: {got}, labelled {}: {}",
                    backend.name(),
                    text(row, "expect"),
                    text(row, "why")
                )),
            }
        }
    }

    fn finish(self, rows: usize) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert_eq!(self.rows, rows, "rows went missing");
        if !Backend::available().is_empty() {
            assert_eq!(self.used, self.listed, "exceptions that are no longer needed");
        }
    }
}

/// Our answer to a row: `ok`, or the code of whatever refused it, set-up included; `config_unsupported` when the row allows
/// an algorithm that the backend is known to lack.
fn judge(row: &Value, config: &Value, jwks: &str, backend: Backend) -> &'static str {
    let jwks = match JwkSet::parse(jwks.as_bytes()) {
        Ok(jwks) => jwks,
        Err(error) => return error.code(),
    };
    let algorithms = config["algorithms"].as_array().unwrap().iter();
    let algorithms: Vec<_> =
        algorithms.filter_map(|name| Algorithm::from_name(name.as_str().unwrap())).collect();
    let lacks = algorithms.iter().any(|algorithm| !backend.supports(*algorithm));
    let profile = match config["required_typ"].as_str() {
        Some("at+jwt") => Profile::Rfc9068,
        Some(other) => panic!("no profile asks for {other}"),
        None => Profile::Lenient,
    };
    let mut issuer = Issuer::new(text(config, "issuer"), jwks)
        .algorithms(algorithms)
        .profile(profile)
        .clock_skew(Duration::from_secs(config["leeway"].as_u64().unwrap()));
    for audience in config["audiences"].as_array().unwrap() {
        issuer = issuer.audience(audience.as_str().unwrap());
    }
    let clock = standing_at(config["now"].as_i64().unwrap());
    match Verifier::builder().issuer(issuer).backend(backend).clock(clock).build() {
        Err(ConfigError::AlgorithmUnsupported { .. }) if lacks => "config_unsupported",
        Err(ConfigError::Key { error, .. }) => error.code(),
        Err(ConfigError::KeySet { error, .. }) => error.code(),
        Err(error) => panic!("{}: {error}", text(row, "id")),
        Ok(verifier) => match token(row) {
            None => "not_text",
            Some(token) => decide(&verifier, &token).map_or_else(|rejection| rejection.code(), |_| "ok"),
        },
    }
}

/// The row's token, if it is text at all: a header value that is not ASCII never becomes a `&str`.
fn token(row: &Value) -> Option<String> {
    if let Some(token) = row["token"].as_str() {
        return Some(token.to_owned());
    }
    if let Some(bytes) = row["token_base64"].as_str() {
        return String::from_utf8(STANDARD.decode(bytes).unwrap()).ok();
    }
    let recipe = &row["recipe"];
    if recipe["text_parts"].is_array() {
        return Some(assembled(&recipe["text_parts"]));
    }
    let keys = vectors("attacks/keys.json");
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

/// The recipes are refused for their size; with the limit out of the way, depth is what must stop them.
#[test]
fn depth_is_refused_where_size_is_not() {
    let keys = vectors("attacks/keys.json");
    let key = MintKey::rsa_from_jwk(&keys["keys"]["rsa-1"], Algorithm::RS256);
    for backend in Backend::available() {
        let issuer = Issuer::new("https://issuer.example", key.jwk()).audience("https://api.example");
        let verifier = Verifier::builder()
            .issuer(issuer.profile(Profile::Lenient))
            .backend(*backend)
            .clock(standing_at(1_700_000_000))
            .max_token_bytes(1024 * 1024)
            .build()
            .unwrap();
        for (depth, want) in [(16, "ok"), (100_000, "claims_malformed")] {
            let claims =
                json!({"iss": "https://issuer.example", "aud": "https://api.example", "exp": 1_700_003_600});
            let deep = format!(r#","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            let payload = claims.to_string().replace('}', &deep);
            let got = support::verdict(&verifier, &key.token_of_texts(r#"{"alg":"RS256"}"#, &payload));
            assert_eq!(got, want, "{depth} on {}", backend.name());
        }
    }
}
