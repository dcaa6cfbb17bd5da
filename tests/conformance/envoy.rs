//! Envoy: the tests of `jwt_verify_lib` and of the filter `jwt_authn`, and our answers to them.

use std::time::Duration;

use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{Jwk, JwkSet};
use portcullis::{Algorithm, KeyError};
use serde_json::{Value, json};

use crate::answers::Answers;
use crate::by_us;
use crate::reason;
use crate::setup::{Setup, backends_of};
use crate::suite::{Label, Suite, rows};
use crate::support::{b64, text, unb64, vectors};

pub fn cases(suite: &mut Suite) {
    let mut answers = Answers::of("envoy.json");
    audience(suite, &mut answers);
    jwks_parse(suite, &mut answers);
    jwt_authn(suite, &mut answers);
    jwt_parse(suite, &mut answers);
    time(suite, &mut answers);
    verify(suite, &mut answers);
    answers.finish();
}

/// `exact_match_result` is what a comparison by RFC 7519 gives; Envoy strips schemes and closing slashes.
fn audience(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("envoy/audience.json")) {
        let name = format!("envoy/audience/{}", text(row, "id"));
        let label = if row["exact_match_result"] == true { Label::Valid } else { Label::Invalid };
        let claims = json!({"iss": by_us::ISSUER, "exp": 1_700_000_000, "aud": row["token_aud"]});
        let configured = serde_json::from_value(row["configured"].clone()).unwrap();
        let token = minted(&claims);
        let setup = Setup { audiences: Some(configured), ..Setup::around(&token) };
        suite.case(name.clone(), label, answers.to(&name), move |backend| judged(&setup, &token, backend));
    }
}

fn time(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("envoy/time.json")) {
        let name = format!("envoy/time/{}", text(row, "id"));
        let label = label_of_status(row);
        let setup = Setup {
            // One row's clock is beyond 64 bits with a sign.
            now: row["now"].as_i64().unwrap_or(i64::MAX),
            skew: Duration::from_secs(row["leeway"].as_u64().unwrap()),
            ..Setup::around(&minted(&row["claims"]))
        };
        let mut forms = vec![(name.clone(), row["claims"].clone())];
        if row["claims"].get("exp").is_none() {
            // Without `exp` no token gets as far as its `nbf`.
            let mut claims = row["claims"].clone();
            claims["exp"] = json!(u64::MAX);
            forms.push((format!("{name}, with an exp"), claims));
        }
        for (name, claims) in forms {
            let (setup, token) = (setup.clone(), minted(&claims));
            suite
                .case(name.clone(), label, answers.to(&name), move |backend| judged(&setup, &token, backend));
        }
    }
}

fn minted(claims: &Value) -> String {
    by_us::key(Algorithm::RS256).token_of_texts(r#"{"alg":"RS256"}"#, &claims.to_string())
}

fn judged(setup: &Setup, token: &str, backend: Backend) -> String {
    setup.answer_with(by_us::key(Algorithm::RS256).jwk().into(), token, backend)
}

/// How many keys are kept, and why the others are not.
fn jwks_parse(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("envoy/jwks_parse.json")) {
        let name = format!("envoy/jwks_parse/{}", text(row, "id"));
        let input = text(row, "input").to_owned();
        let entries = input.matches("\"kty\"").count().try_into().unwrap();
        let label = match (text(row, "peer_status"), row["peer_key_count"].as_u64()) {
            // Some of the keys are of use; which, our answer says.
            ("Ok", Some(kept)) if kept < entries || row.get("then_add_pem").is_some() => Label::Open,
            ("Ok", _) => Label::Valid,
            _ => Label::Invalid,
        };
        if text(row, "input_type") == "pem" {
            let row = row.clone();
            suite.case(name.clone(), label, answers.to(&name), move |backend| {
                let first = of_pem(text(&row, "input"), &row["alg"], backend);
                match row["then_add_pem"]["pem"].as_str() {
                    Some(second) => {
                        format!("{first}, {}", of_pem(second, &row["then_add_pem"]["alg"], backend))
                    }
                    None => first,
                }
            });
            continue;
        }
        let mended = without_trailing_commas(&input);
        if mended != input {
            let name = format!("{name}, without the trailing comma");
            suite.case(name.clone(), label, answers.to(&name), move |backend| of_set(&mended, backend));
        }
        let able = |backend: &&Backend| !input.contains("P-521") || backend.supports(Algorithm::ES512);
        let backends: Vec<_> = Backend::available().iter().filter(able).collect();
        suite.case_on(backends, name.clone(), label, answers.to(&name), move |backend| {
            of_set(&input, backend)
        });
    }
}

fn of_set(text: &str, backend: Backend) -> String {
    let set = match JwkSet::parse(text.as_bytes()) {
        Ok(set) => set,
        Err(error) => return error.code().to_owned(),
    };
    let prepared: Vec<_> = set.keys().iter().map(|key| prepare(key, backend)).collect();
    let unfit = prepared.iter().filter_map(|prepared| prepared.as_ref().err());
    let skipped: Vec<_> =
        set.skipped().iter().map(|skipped| &skipped.error).chain(unfit).map(reason::of_key).collect();
    let kept = prepared.iter().filter(|prepared| prepared.is_ok()).count();
    if skipped.is_empty() { "ok".to_owned() } else { format!("{kept} kept; {}", skipped.join("; ")) }
}

fn of_pem(text: &str, algorithm: &Value, backend: Backend) -> String {
    let read = read_pem(text, algorithm).and_then(|key| prepare(&key, backend));
    read.map_or_else(|error| reason::of_key(&error), |_| "ok".to_owned())
}

fn read_pem(text: &str, algorithm: &Value) -> Result<Jwk, KeyError> {
    let key = Jwk::from_pem(text)?;
    match algorithm.as_str() {
        Some(name) if !name.is_empty() => {
            key.with_algorithm(Algorithm::from_name(name).ok_or(KeyError::AlgorithmUnknown)?)
        }
        _ => Ok(key),
    }
}

fn prepare(key: &Jwk, backend: Backend) -> Result<VerifyKey, KeyError> {
    let able = key.algorithms().iter().filter(|algorithm| backend.supports(*algorithm)).collect();
    VerifyKey::prepare(key, able, backend)
}

/// Envoy reads JSON that has a comma before a closing bracket; what else is wrong with a row shows without it.
fn without_trailing_commas(json: &str) -> String {
    let parts: Vec<_> = json.split(',').collect();
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        out.push_str(part);
        if parts.get(index + 1).is_some_and(|next| !next.trim_start().starts_with([']', '}'])) {
            out.push(',');
        }
    }
    out
}

fn jwt_authn(suite: &mut Suite, answers: &mut Answers) {
    let file = vectors("envoy/jwt_authn.json");
    let config = &file["default_config"];
    let jwks = text(config, "jwks_text").to_owned();
    let mended = without_trailing_commas(&jwks);
    let name = "envoy/jwt_authn/the key set as it stands";
    suite.case(name.to_owned(), Label::Valid, answers.to(name), move |backend| of_set(&jwks, backend));
    for row in rows(&file) {
        let name = format!("envoy/jwt_authn/{}", text(row, "id"));
        let label = match text(row, "expect") {
            "accept" => Label::Valid,
            "reject" => Label::Invalid,
            _ => Label::Open,
        };
        let of = |member: &str| row["config"].get(member).unwrap_or(&config[member]).clone();
        let setup = Setup {
            issuer: serde_json::from_value(of("issuer")).unwrap(),
            audiences: serde_json::from_value(of("audiences")).unwrap(),
            skew: Duration::from_secs(row["leeway"].as_u64().unwrap_or(60)),
            now: NOW,
            ..Setup::around("")
        };
        let mut forms = vec![(name.clone(), label, setup.clone())];
        if setup.skew > MAX_SKEW {
            let setup = Setup { skew: MAX_SKEW, ..setup };
            forms.push((format!("{name}, with all the skew that can be had"), Label::Invalid, setup));
        }
        for (name, label, setup) in forms {
            let (token, jwks) = (text(row, "token").to_owned(), mended.clone());
            suite.case(name.clone(), label, answers.to(&name), move |backend| {
                setup.answer(jwks.as_bytes(), &token, backend)
            });
        }
    }
}

/// What stands in the way of a token is found before its signature or, once we have signed it, behind it.
fn jwt_parse(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("envoy/jwt_parse.json")) {
        let name = format!("envoy/jwt_parse/{}", text(row, "id"));
        let token = text(row, "token").to_owned();
        let setup = Setup { now: WHILE_THEY_LAST, ..Setup::around(&token) };
        if let Some((key, token)) = by_us::signed(&token) {
            let label = if text(row, "peer_status") == "Ok" { Label::Open } else { Label::Invalid };
            let (name, setup) = (format!("{name}, signed by us"), setup.clone());
            suite.case(name.clone(), label, answers.to(&name), move |backend| {
                setup.answer_with(key.clone().into(), &token, backend)
            });
        }
        suite.case(name.clone(), Label::Invalid, answers.to(&name), move |backend| {
            let key = by_us::key(by_us::algorithm_of(&token).unwrap_or(Algorithm::RS256)).jwk();
            setup.answer_with(key.into(), &token, backend)
        });
    }
}

fn verify(suite: &mut Suite, answers: &mut Answers) {
    let file = vectors("envoy/verify.json");
    let short =
        rows(&file).iter().map(|row| text(row, "key")).find(|key| key.contains(SHORT)).unwrap().to_owned();
    let name = "envoy/verify/the key set with a short coordinate as it stands";
    suite.case(name.to_owned(), Label::Valid, answers.to(name), move |backend| of_set(&short, backend));
    for row in rows(&file) {
        let name = format!("envoy/verify/{}", text(row, "id"));
        let label = if text(row, "expect") == "valid" { Label::Valid } else { Label::Invalid };
        let token = text(row, "token").to_owned();
        let setup = Setup {
            audiences: serde_json::from_value(row["audiences"].clone()).unwrap(),
            now: row["now"].as_i64().unwrap_or(NOW),
            ..Setup::around(&token)
        };
        if !row["audiences"].is_null() {
            // The one that must be refused comes without a key.
            let (key, token) = by_us::signed(&token).unwrap();
            let (name, setup) = (format!("{name}, signed by us"), setup.clone());
            suite.case(name.clone(), label, answers.to(&name), move |backend| {
                setup.answer_with(key.clone().into(), &token, backend)
            });
        }
        let row = row.clone();
        let backends = backends_of(by_us::algorithm_of(&token));
        suite.case_on(backends, name.clone(), label, answers.to(&name), move |backend| {
            if text(&row, "key_format") == "jwks" {
                let jwks = without_trailing_commas(text(&row, "key")).replace(SHORT, &at_full_length(SHORT));
                return setup.answer(jwks.as_bytes(), &token, backend);
            }
            match read_pem(text(&row, "key"), &row["key_metadata"]["alg"]) {
                Ok(key) => setup.answer_with(key.into(), &token, backend),
                Err(error) => reason::of_key(&error),
            }
        });
    }
}

/// Of the P-521 key a coordinate with a zero in front, left out against RFC 7518, section 6.2.1.2; with it, the signatures
/// are judged.
fn at_full_length(coordinate: &str) -> String {
    b64([&[0], &unb64(coordinate)[..]].concat())
}

fn label_of_status(row: &Value) -> Label {
    if text(row, "peer_status") == "Ok" { Label::Valid } else { Label::Invalid }
}

/// The largest that a verifier takes.
const MAX_SKEW: Duration = Duration::from_secs(300);

const SHORT: &str = "FxaljCIuoVEA7PJIaDPJ5ePXtZ0hkinT1B_bQ91mShCiR_43Whsn1P7Gz30WEnLuJs1SGVz1oT4lIRUYni2OfIk";

/// When the one token of `jwt_parse.json` that has both an `nbf` and an `exp` is good.
const WHILE_THEY_LAST: i64 = 1_501_281_030;

/// 2020: after the tokens that expire soon, before those that do not; those tests run on the clock of the wall.
const NOW: i64 = 1_600_000_000;
