//! Key sets as providers publish them and as other libraries test with: what is of use is kept, the rest is skipped for a
//! reason, and the set serves.

use std::sync::Arc;

use portcullis::Algorithm;
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::Jwk;
use serde_json::{Value, json};

use crate::answers::Answers;
use crate::by_us;
use crate::published::{last_error, taken};
use crate::reason;
use crate::setup::{Setup, backends_of};
use crate::suite::{Label, Suite, rows};
use crate::support::{text, vectors};

pub fn cases(suite: &mut Suite) {
    let mut answers = Answers::of("key_sets.json");
    for (family, file) in
        [("jwks/peer_docs", "jwks/peer_docs.json"), ("realworld/jwks", "realworld/jwks.json")]
    {
        for row in rows(&vectors(file)) {
            let name = format!("{family}/{}", text(row, "id"));
            document(suite, &name, row, &mut answers);
            for (index, status) in row["keys_status"].as_array().into_iter().flatten().enumerate() {
                entry(suite, format!("{name}/{index}"), row, index, status, &mut answers);
            }
        }
    }
    answers.finish();
    kids_of_providers(suite);
}

/// The document as a whole.
fn document(suite: &mut Suite, name: &str, row: &Value, answers: &mut Answers) {
    let document = match (&row["text"], &row["x509_map"]) {
        (Value::String(text), _) => text.clone(),
        (_, map @ Value::Object(_)) => map.to_string(),
        _ => row["jwks"].to_string(),
    };
    let useful = |status: &Value| text(status, "status") == "ok";
    let label = match row["keys_status"].as_array() {
        Some(keys) if keys.iter().any(useful) => Label::Valid,
        Some(_) => Label::Invalid,
        None => Label::Open,
    };
    if row["text"].is_string() {
        let (name, text) = (format!("{name}, as one key"), document.clone());
        suite.case_on(judges(&text.clone()), name.clone(), Label::Open, answers.to(&name), move |backend| {
            let able = |jwk: &Jwk| jwk.algorithms().iter().filter(|a| backend.supports(*a)).collect();
            let prepared = Jwk::parse(&text).and_then(|jwk| VerifyKey::prepare(&jwk, able(&jwk), backend));
            prepared.map_or_else(|error| reason::of_key(&error), |_| "ok".to_owned())
        });
    }
    if let Some(token) = row["token"].as_str() {
        issued(suite, name, row, &document, token, answers);
    }
    suite.case_on(judges(&document), name.to_owned(), label, answers.to(name), move |backend| {
        let status = taken(by_us::ISSUER, document.clone(), backend);
        last_error(&status).unwrap_or("ok").to_owned()
    });
}

/// A token that a key of the document signed: good while it lasted, and not a second longer.
fn issued(suite: &mut Suite, name: &str, row: &Value, document: &str, token: &str, answers: &mut Answers) {
    let lasting =
        Setup { now: row["now"].as_i64().unwrap_or(Setup::around(token).now), ..Setup::around(token) };
    let expired = Setup { now: Setup::around(token).now + 1, ..lasting.clone() };
    let of_a_set = if row["jwks"].is_object() { Label::Valid } else { Label::Open };
    for (moment, label, setup) in [("", of_a_set, lasting), (" as it expires", Label::Invalid, expired)] {
        let name = format!("{name}, its token{moment}");
        let (document, token) = (document.to_owned(), token.to_owned());
        suite.case(name.clone(), label, answers.to(&name), move |backend| {
            setup.answer(document.as_bytes(), &token, backend)
        });
    }
}

/// One key, in its set, to which a good key is added: a set without any is not taken, and says nothing of the others. A
/// key that names its issuer is of use to no other.
fn entry(suite: &mut Suite, name: String, row: &Value, index: usize, status: &Value, answers: &mut Answers) {
    let label = match text(status, "status") {
        "ok" => Label::Valid,
        // Whether a set that is fetched may hold them is for the library to say.
        "ok-symmetric" | "ok-but-has-private-members" => Label::Open,
        _ => Label::Invalid,
    };
    let mut jwks = row["jwks"].clone();
    let entry = &jwks["keys"][index];
    let own = entry["issuer"].as_str().filter(|issuer| !issuer.contains('{')).map(str::to_owned);
    let backends: Vec<_> = judges(&entry.to_string()).collect();
    jwks["keys"].as_array_mut().unwrap().push(by_us::key(Algorithm::ES256).public_json());
    let jwks = Arc::new(jwks);
    let judge = |issuer: &str| {
        let (jwks, issuer) = (Arc::clone(&jwks), issuer.to_owned());
        move |backend| {
            let status = taken(&issuer, jwks.to_string(), backend);
            assert_eq!(last_error(&status), None, "the set must be taken");
            assert_eq!(status.keys.len() + status.skipped.len(), jwks["keys"].as_array().unwrap().len());
            let skipped = status.skipped.iter().find(|skipped| skipped.index == index);
            skipped.map_or_else(|| "ok".to_owned(), |skipped| reason::of_key(&skipped.error))
        }
    };
    if own.is_some() {
        let twin = format!("{name}, for another issuer");
        suite.case_on(backends.clone(), twin, Label::Open, "key_issuer_mismatch", judge(by_us::ISSUER));
    }
    let want = answers.to(&name);
    suite.case_on(backends, name.clone(), label, want, judge(own.as_deref().unwrap_or(by_us::ISSUER)));
}

/// `kid` is compared as text, whatever it is made of: the forms that providers use, and the nearest that is another.
fn kids_of_providers(suite: &mut Suite) {
    for (form, published, other) in [
        (
            "a digest in padded base64",
            "kK1+jAqV9m/vQ1eF0Zs5rWb3uXoLh2tDCy7nG8pEwTA=",
            "kK1+jAqV9m/vQ1eF0Zs5rWb3uXoLh2tDCy7nG8pEwTA",
        ),
        (
            "a digest in upper-case hex",
            "5D1F9A0C3B7E8246A9D0E1F2C3B4A59687786950",
            "5d1f9a0c3b7e8246a9d0e1f2c3b4a59687786950",
        ),
        ("a UUID", "5d1f9a0c-3b7e-4246-a9d0-e1f2c3b4a596", "5D1F9A0C-3B7E-4246-A9D0-E1F2C3B4A596"),
        (
            "a thumbprint",
            "kK1-jAqV9m_vQ1eF0Zs5rWb3uXoLh2tDCy7nG8pEwTA",
            "kK1+jAqV9m/vQ1eF0Zs5rWb3uXoLh2tDCy7nG8pEwTA",
        ),
        ("empty", "", " "),
    ] {
        for (twin, kid, label, want) in
            [("", published, Label::Valid, "ok"), (", another", other, Label::Invalid, "key_unknown")]
        {
            let name = format!("realworld/kid/{form}{twin}");
            suite.case(name, label, want, move |backend| {
                let key = by_us::key(Algorithm::ES256);
                let header = json!({"alg": "ES256", "kid": kid}).to_string();
                let claims = json!({"iss": by_us::ISSUER, "exp": u64::MAX}).to_string();
                let token = key.token_of_texts(&header, &claims);
                let jwk = key.jwk().with_key_id(published);
                Setup::around(&token).answer_with(jwk.into(), &token, backend)
            });
        }
    }
}

/// The backends that implement what the text has keys of.
fn judges(text: &str) -> impl Iterator<Item = &'static Backend> + use<> {
    let needs = text.contains("\"P-521\"").then_some(Algorithm::ES512);
    backends_of(needs)
}
