//! The examples of the specifications: tokens, keys and thumbprints.

mod cookbook;
mod dpop;
mod keys;
mod names;
mod rfc7515;

use std::collections::BTreeSet;

use portcullis::jose::Jwk;
use portcullis::{Algorithm, Profile};
use serde_json::Value;

use crate::judge::{Trust, raw};
use crate::suite::{Label, Suite, Want, rows};
use crate::support::{b64, text, unb64};

pub fn cases(suite: &mut Suite) {
    rfc7515::cases(suite);
    cookbook::cases(suite);
    keys::cases(suite);
    names::cases(suite);
    dpop::cases(suite);
}

/// What is expected of a token: that its signature holds, or the code of the first step that refuses it.
type Expected = Result<Algorithm, &'static str>;

/// Adds a token and its key; of a signature that holds, also that it holds for nothing else.
fn example(suite: &mut Suite, name: &str, label: Label, (token, key): (&str, &Value), want: Expected) {
    let judged = |token: &str| {
        let (token, key) = (token.to_owned(), key.to_string());
        move |backend| match raw(&token, &key, backend) {
            Ok(algorithm) if Ok(algorithm) == want => "ok".to_owned(),
            Ok(algorithm) => format!("ok under {algorithm}"),
            Err(code) => code.to_owned(),
        }
    };
    let name = format!("jose/{name}");
    match want {
        Ok(algorithm) => {
            suite.case(name.clone(), label, Want::under(algorithm, "ok"), judged(token));
            for (twin, changed) in twins(token) {
                let want = Want::under(algorithm, "signature_invalid");
                suite.case(format!("{name}, {twin}"), Label::Invalid, want, judged(&changed));
            }
        }
        Err(code) => suite.case(name, label, code, judged(token)),
    }
}

/// The token with one bit of the payload changed, and with one of the signature.
fn twins(token: &str) -> [(&'static str, String); 2] {
    let parts: Vec<_> = token.split('.').collect();
    let flipped = |part: &str| {
        let mut bytes = unb64(part);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        b64(bytes)
    };
    [
        ("payload changed", format!("{}.{}.{}", parts[0], flipped(parts[1]), parts[2])),
        ("signature changed", format!("{}.{}.{}", parts[0], parts[1], flipped(parts[2]))),
    ]
}

/// Adds the verdict of a whole verifier that trusts this one key.
fn whole(suite: &mut Suite, name: &str, label: Label, token: &str, trust: Trust, want: &str) {
    let (name, token) = (format!("jose/{name}, as an access token"), token.to_owned());
    let want = Want::under(trust.algorithm, want);
    suite.case(name, label, want, move |backend| trust.verdict(&token, backend));
}

/// Adds the verdicts at the last good second and at the expiry second, and of a verifier that trusts another issuer.
fn claims(suite: &mut Suite, name: &str, token: &str, trust: &Trust, exp: i64) {
    for (when, now, label, want) in [
        ("in its last second", exp - 1, Label::Valid, "ok"),
        ("in its expiry second", exp, Label::Invalid, "token_expired"),
    ] {
        whole(suite, &format!("{name}, {when}"), label, token, Trust { now, ..trust.clone() }, want);
    }
    let other = Trust { issuer: format!("{}x", trust.issuer), now: exp - 1, ..trust.clone() };
    whole(suite, &format!("{name}, of another issuer"), Label::Invalid, token, other, "issuer_unknown");
}

/// Adds the verdict on a token that is signed well and has no claims set inside.
fn not_claims(suite: &mut Suite, name: &str, token: &str, trust: Trust) {
    whole(suite, name, Label::Invalid, token, trust, "claims_malformed");
}

fn trust(issuer: &str, key: &Value, algorithm: Algorithm) -> Trust {
    let keys = Jwk::parse(&key.to_string()).unwrap().into();
    Trust { issuer: issuer.to_owned(), keys, algorithm, profile: Profile::Lenient, now: 0 }
}

/// The key without its private members.
fn public_half(key: &Value) -> Value {
    let mut key = key.clone();
    for member in ["d", "p", "q", "dp", "dq", "qi", "priv"] {
        key.as_object_mut().unwrap().remove(member);
    }
    key
}

/// The label of a row.
fn label(row: &Value) -> Label {
    match text(row, "expect") {
        "signature-valid" | "jws-valid-not-jwt" | "valid" => Label::Valid,
        "reject" => Label::Invalid,
        "policy" => Label::Open,
        other => panic!("unknown label {other} in {row}"),
    }
}

fn row<'v>(file: &'v Value, id: &str) -> &'v Value {
    rows(file).iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id}"))
}

/// Asserts that a table has exactly the rows of its file.
fn expect_rows<'t>(file: &Value, table: impl IntoIterator<Item = &'t str>) {
    let in_file: BTreeSet<_> = rows(file).iter().map(|row| text(row, "id")).collect();
    assert_eq!(in_file, table.into_iter().collect());
}
