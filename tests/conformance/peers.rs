//! Tokens from the tests of other libraries: their structure, their signatures, and what stands behind these.

use portcullis::Algorithm;
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{Jwk, UnverifiedToken};
use serde_json::Value;

use crate::answers::Answers;
use crate::by_us;
use crate::reason;
use crate::setup::{Setup, backends_of};
use crate::suite::{Label, Suite, Want, rows};
use crate::support::{text, unb64, vectors};

pub fn cases(suite: &mut Suite) {
    let mut answers = Answers::of("peers.json");
    for row in rows(&vectors("peers/tokens.json")) {
        as_it_stands(suite, row, &mut answers);
        if row["key"].is_object() {
            signature(suite, row, &mut answers);
        }
        signed_by_us(suite, row, &mut answers);
    }
    answers.finish();
}

/// The token with the key that its source gives or, where that is none or one that we do not take, with a key that cannot
/// have signed it.
fn as_it_stands(suite: &mut Suite, row: &Value, answers: &mut Answers) {
    let name = format!("peers/{}", text(row, "id"));
    let label = match text(row, "expect") {
        "reject" | "jws-valid-not-jwt" => Label::Invalid,
        _ => Label::Open,
    };
    let token = text(row, "token").to_owned();
    let setup = Setup::around(&token);
    let given = row["key"].to_string();
    let algorithm = by_us::algorithm_of(&token);
    suite.case_on(backends_of(algorithm), name.clone(), label, answers.to(&name), move |backend| {
        let algorithm = algorithm.unwrap_or(Algorithm::ES256);
        let fit = |key: &Jwk| VerifyKey::prepare(key, [algorithm].into_iter().collect(), backend).is_ok();
        let key = Jwk::parse(&given).ok().filter(fit).unwrap_or_else(|| by_us::key(algorithm).jwk());
        setup.answer_with(key.into(), &token, backend)
    });
}

/// Whether the signature is one of the given key, whatever the token says.
fn signature(suite: &mut Suite, row: &Value, answers: &mut Answers) {
    let name = format!("peers/{}, signature", text(row, "id"));
    let label = match (text(row, "expect"), row["policy"].as_str()) {
        // The key is weaker than the specification allows.
        (_, Some(_)) => Label::Open,
        ("signature-valid" | "jws-valid-not-jwt", None) => Label::Valid,
        _ => Label::Open,
    };
    let (token, key) = (text(row, "token").to_owned(), row["key"].to_string());
    let want = answers.to(&name);
    let want = by_us::algorithm_of(&token).map_or(want.into(), |algorithm| Want::under(algorithm, want));
    suite.case(name, label, want, move |backend| signature_of(&token, &key, backend));
}

fn signature_of(token: &str, key: &str, backend: Backend) -> String {
    let algorithm = match UnverifiedToken::parse(token, usize::MAX)
        .and_then(|token| token.header().map(|header| header.algorithm()))
    {
        Ok(algorithm) => algorithm,
        Err(rejection) => return reason::of_verdict::<()>(Err(rejection)),
    };
    let prepared =
        Jwk::parse(key).and_then(|key| VerifyKey::prepare(&key, [algorithm].into_iter().collect(), backend));
    let (input, signature) = token.rsplit_once('.').unwrap();
    match prepared {
        Ok(key) if key.verify(algorithm, input.as_bytes(), &unb64(signature)) => "ok".to_owned(),
        Ok(_) => "signature_invalid".to_owned(),
        Err(error) => reason::of_key(&error),
    }
}

/// The same header and claims under a signature of ours: what is behind the signature is judged too.
fn signed_by_us(suite: &mut Suite, row: &Value, answers: &mut Answers) {
    let original = text(row, "token");
    let Some((key, token)) = by_us::signed(original) else { return };
    let name = format!("peers/{}, signed by us", text(row, "id"));
    let label = if text(row, "structure").starts_with("payload-not") { Label::Invalid } else { Label::Open };
    let setup = Setup::around(original);
    let backends = backends_of(by_us::algorithm_of(original));
    suite.case_on(backends, name.clone(), label, answers.to(&name), move |backend| {
        setup.answer_with(key.clone().into(), &token, backend)
    });
}
