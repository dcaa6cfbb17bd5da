//! Real claims and real metadata.

use portcullis::keys::KeyState;
use portcullis::{Algorithm, ConfigError};
use serde_json::{Value, json};

use crate::answers::Answers;
use crate::by_us;
use crate::published::{Site, discovered, last_error};
use crate::reason;
use crate::setup::{Setup, label};
use crate::suite::{Label, Suite, rows};
use crate::support::{decide, text, vectors};

pub fn cases(suite: &mut Suite) {
    let mut answers = Answers::of("providers.json");
    claims(suite, &mut answers);
    discovery(suite, &mut answers);
    answers.finish();
}

/// Claims as issued, under a signature of ours, for an issuer and an audience that are theirs: read without loss, or
/// refused for what a lenient issuer still asks for. A second later they have expired.
fn claims(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("realworld/claims.json")) {
        let name = format!("realworld/claims/{}", text(row, "id"));
        let claims = row["claims"].clone();
        let mut header = row["header"].clone();
        header["alg"] = json!("ES256");
        let key = by_us::key(Algorithm::ES256);
        let jwk = match header["kid"].as_str() {
            Some(kid) => key.jwk().with_key_id(kid),
            None => key.jwk(),
        };
        let token = key.token_of_texts(&header.to_string(), &claims.to_string());
        let first =
            claims["aud"].as_str().or_else(|| claims["aud"][0].as_str()).unwrap_or("https://api.example");
        let setup = Setup { audiences: Some(vec![first.to_owned()]), ..Setup::around(&token) };
        let expired = Setup { now: setup.now + 1, ..setup.clone() };
        let any = Setup { audiences: None, ..setup.clone() };
        let mut forms = vec![(name.clone(), Label::Open, setup)];
        if claims["exp"].is_number() {
            forms.push((format!("{name}, a second later"), Label::Invalid, expired));
        }
        if claims["aud"].is_null() {
            forms.push((format!("{name}, for any audience"), Label::Open, any));
        }
        let lacks = ["iss", "exp"].iter().any(|claim| claims[claim].is_null());
        if let Some((jwk, completed)) = by_us::signed(&token).filter(|_| lacks) {
            // Nothing of what was issued is lost beside what was missing.
            let name = format!("{name}, completed");
            let (setup, claims) = (Setup::around(&completed), claims.clone());
            suite.case(name.clone(), Label::Valid, answers.to(&name), move |backend| {
                let verifier = setup.verifier(jwk.clone(), backend).unwrap();
                let verdict = decide(&verifier, &completed);
                let read = verdict.as_ref().ok().and_then(|token| token.claims::<Value>().ok());
                let kept =
                    |(name, value): (&String, &Value)| read.as_ref().is_some_and(|read| read[name] == *value);
                assert!(read.is_none() || claims.as_object().unwrap().iter().all(kept), "something was lost");
                reason::of_verdict(verdict)
            });
        }
        for (name, label, setup) in forms {
            let (jwk, token, claims) = (jwk.clone(), token.clone(), claims.clone());
            suite.case(name.clone(), label, answers.to(&name), move |backend| {
                let verifier = setup.verifier(jwk.clone(), backend).unwrap();
                let verdict = decide(&verifier, &token);
                if let Ok(token) = &verdict {
                    assert_eq!(*token.claims::<Value>().unwrap(), claims, "something was lost");
                }
                reason::of_verdict(verdict)
            });
        }
    }
}

/// Metadata, asked for under the name that the row or the document gives.
fn discovery(suite: &mut Suite, answers: &mut Answers) {
    for row in rows(&vectors("realworld/discovery.json")) {
        let name = format!("realworld/discovery/{}", text(row, "id"));
        let issuer = row["issuer"].as_str().unwrap_or(by_us::ISSUER).to_owned();
        document(suite, &name, Label::Open, issuer, &row["document"], answers);
    }
    for row in rows(&vectors("realworld/discovery_odd.json")) {
        let name = format!("realworld/discovery_odd/{}", text(row, "id"));
        let issuer = text(row, "configured_issuer").to_owned();
        document(suite, &name, label(row), issuer, &row["document"], answers);
    }
}

fn document(
    suite: &mut Suite,
    name: &str,
    label: Label,
    issuer: String,
    document: &Value,
    answers: &mut Answers,
) {
    let jwks_uri = document["jwks_uri"].as_str().unwrap_or("/nowhere").to_owned();
    let jwks = json!({"keys": [by_us::key(Algorithm::ES256).public_json()]}).to_string();
    let site = Site::new([("/.well-known/openid-configuration", document.to_string()), (&*jwks_uri, jwks)]);
    suite.case(name.to_owned(), label, answers.to(name), move |backend| {
        match discovered(&issuer, site.clone(), backend) {
            Ok(status) if status.state == KeyState::Fresh => "ok".to_owned(),
            Ok(status) => last_error(&status).unwrap().to_owned(),
            Err(ConfigError::Address { .. }) => "set-up: address".to_owned(),
            Err(error) => panic!("{error}"),
        }
    });
}
