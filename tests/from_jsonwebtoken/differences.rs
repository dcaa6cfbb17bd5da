//! Tokens on which the judges differ: all that the module's documentation lists, and no others.

use std::collections::BTreeSet;

use jsonwebtoken::Validation;
use portcullis::jose::Jwk;
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, Issuer, Profile};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::court::{
    AUDIENCE, ISSUER, KEY, claims, header, judged, now, ours, signed, signed_by, theirs, theirs_by,
    validation, with, without,
};
use crate::testing::cases;

const DOCS: &str = include_str!("../../src/adapters/jsonwebtoken/mod.rs");

/// The rows of the table that starts with this line.
fn rows(head: &str) -> Vec<Vec<&'static str>> {
    let (_, rest) = DOCS.split_once(head).unwrap_or_else(|| panic!("no {head}"));
    let lines = rest.lines().skip(2).take_while(|line| line.starts_with("//! | "));
    lines.map(|line| line.trim_start_matches("//! |").split('|').map(str::trim).collect()).collect()
}

/// The reason codes of tokens that `decode` accepts.
fn documented() -> BTreeSet<&'static str> {
    rows("//! | token | reason code | why |").iter().map(|row| row[1].trim_matches('`')).collect()
}

struct Case {
    name: &'static str,
    validation: Validation,
    header: String,
    claims: String,
    code: &'static str,
}

/// One token for each row, and for each way in which a row can come about.
fn stricter() -> Vec<Case> {
    let case = |name, header: Value, claims: Value, code| Case {
        name,
        validation: validation(),
        header: header.to_string(),
        claims: claims.to_string(),
        code,
    };
    let by = |validation, case| Case { validation, ..case };
    let mut any_issuer = validation();
    any_issuer.iss = None;
    let mut one_subject = validation();
    one_subject.sub = Some("ada".to_owned());
    let twice = |object: Value, member: &str| {
        let text = object.to_string();
        format!("{},{}}}", text.trim_end_matches('}'), member)
    };
    let mut cases = vec![
        case("another typ", with(header(), "typ", "logout+jwt"), claims(), "type_not_allowed"),
        case("critical", with(header(), "crit", json!(["x"])), claims(), "header_unsupported"),
        case("b64", with(header(), "b64", true), claims(), "header_unsupported"),
        case("no iss", header(), without(claims(), "iss"), "claim_missing"),
        case("no aud", header(), without(claims(), "aud"), "claim_missing"),
        by(one_subject, case("no sub", header(), without(claims(), "sub"), "claim_missing")),
        case("iss in an array", header(), with(claims(), "iss", json!([ISSUER])), "claim_type"),
        case("nbf is text", header(), with(claims(), "nbf", "now"), "claim_type"),
        by(any_issuer, case("any iss", header(), with(claims(), "iss", "https://x"), "issuer_unknown")),
        case("not yet", header(), with(claims(), "nbf", now() + 600), "token_not_yet_valid"),
        case("an ID token", header(), with(claims(), "at_hash", "x"), "not_access_token"),
        case("bound", header(), with(claims(), "cnf", json!({"jkt": "x"})), "confirmation_unsupported"),
        case("another kid", with(header(), "kid", "key-2"), claims(), "key_unknown"),
        case("large", header(), with(claims(), "x", "x".repeat(17_000)), "token_too_large"),
    ];
    let doubled = case("a claim twice", header(), claims(), "claim_repeated");
    cases.push(Case { claims: twice(claims(), r#""x":1,"x":2"#), ..doubled });
    let doubled = case("a member twice", header(), claims(), "header_malformed");
    cases.push(Case { header: twice(header(), r#""x":1,"x":2"#), ..doubled });
    cases
}

#[test]
fn what_is_refused_here_alone_is_what_the_documentation_lists() {
    let good = signed(&header().to_string(), &claims().to_string());
    assert_eq!((&*theirs(&validation(), &good), ours(&validation(), Profile::Lenient, &good)), ("ok", "ok"));
    let mut codes = BTreeSet::new();
    for Case { name, validation, header, claims, code } in stricter() {
        let token = signed(&header, &claims);
        assert_eq!(theirs(&validation, &token), "ok", "{name}");
        assert_eq!(ours(&validation, Profile::Lenient, &token), code, "{name}");
        codes.insert(code);
    }
    // By the second: decode reads its own clock, so the token is made to be good there for a second more.
    let mut edge = validation();
    edge.leeway = 0;
    let last = loop {
        let second = now();
        let token = signed(&header().to_string(), &with(claims(), "exp", second).to_string());
        let answers = (theirs(&edge, &token), ours(&edge, Profile::Lenient, &token));
        if now() == second {
            break answers;
        }
    };
    assert_eq!(last, ("ok".to_owned(), "token_expired"));
    codes.insert("token_expired");
    codes.extend(by_the_key());
    assert_eq!(codes, documented());
}

/// A `DecodingKey` forgets what its key says of itself.
fn by_the_key() -> [&'static str; 2] {
    let good = signed(&header().to_string(), &claims().to_string());
    let sealed = KEY.jwk_json().replace(r#""use":"sig""#, r#""use":"enc""#);
    assert_ne!(sealed, KEY.jwk_json());
    assert_eq!(theirs_by(&sealed, &validation(), &good), "ok");
    let second = SigningKey::generate(Algorithm::EdDSA, "key-2").jwk().clone();
    let keys = vec![Jwk::parse(&sealed).unwrap(), second];
    let issuer = Issuer::from_validation(ISSUER, keys, &validation()).unwrap();
    let not_for_verifying = judged(issuer.profile(Profile::Lenient), &good);

    let key = SigningKey::generate(Algorithm::HS384, "key-1");
    let declared = key.jwk_json().replace("HS384", "HS256");
    let mut rules = validation();
    rules.algorithms = vec![jsonwebtoken::Algorithm::HS256, jsonwebtoken::Algorithm::HS384];
    let token = signed_by(&key, &with(header(), "alg", "HS384").to_string(), &claims().to_string());
    assert_eq!(theirs_by(&declared, &rules, &token), "ok");
    let issuer = Issuer::from_validation(ISSUER, Jwk::parse(&declared).unwrap(), &rules).unwrap();
    let of_another = judged(issuer.profile(Profile::Lenient), &token);

    assert_eq!((not_for_verifying, of_another), ("key_unknown", "key_unsuitable"));
    [not_for_verifying, of_another]
}

#[test]
fn by_default_a_token_must_be_marked_as_an_access_token() {
    let token = signed(&header().to_string(), &claims().to_string());
    assert_eq!(ours(&validation(), Profile::Rfc9068, &token), "type_not_allowed");
    let marked = with(header(), "typ", "at+jwt").to_string();
    let full = ["jti", "client_id"].into_iter().fold(claims(), |claims, name| with(claims, name, "x"));
    let token = signed(&marked, &with(full, "iat", now()).to_string());
    assert_eq!(
        (&*theirs(&validation(), &token), ours(&validation(), Profile::Rfc9068, &token)),
        ("ok", "ok")
    );
}

/// Whether `decode` refuses a token for what is not read here, or is read as the RFC says.
fn lenient_by_documentation(header: &Value, claims: &Value) -> bool {
    let unread = ["cty", "jku", "x5c"].iter().any(|member| header.get(member).is_some());
    let nbf = claims.get("nbf").and_then(Value::as_f64);
    let exp = claims.get("exp").and_then(Value::as_f64);
    let far = exp.is_some_and(|exp| exp > 18_446_744_073_709_551_615.0);
    unread || far || nbf.is_some_and(|nbf| nbf < 0.0 || nbf.fract() != 0.0)
}

#[test]
fn what_is_accepted_here_alone_is_what_the_documentation_lists() {
    let mut dated = validation();
    dated.validate_nbf = true;
    let text = |value: Value| value.to_string();
    let cases = [
        (text(with(header(), "jku", 5)), text(claims())),
        (text(header()), text(with(claims(), "nbf", -5))),
        (text(header()), text(with(claims(), "exp", 1e300))),
    ];
    for (header, claims) in &cases {
        let token = signed(header, claims);
        assert_ne!(theirs(&dated, &token), "ok", "{header} {claims}");
        assert_eq!(ours(&dated, Profile::Lenient, &token), "ok", "{header} {claims}");
    }
    // The fourth is the rounding, which no test can hold still: jsonwebtoken reads its own clock.
    assert_eq!(rows("//! | token | why |").len(), cases.len() + 1);
}

fn claim(values: Vec<Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![1 => Just(None), 6 => prop::sample::select(values).prop_map(Some)]
}

/// Times around the edges that a leeway of up to five minutes can make, none within 20 s of one.
fn times() -> Vec<Value> {
    let now = i64::try_from(now()).unwrap();
    let mut times: Vec<_> = [-7_200, -340, -100, -30, 30, 100, 340, 3_600, 7_200]
        .into_iter()
        .map(|offset| now + offset)
        .flat_map(|time| [json!(time), serde_json::from_str(&format!("{time}.25")).unwrap()])
        .collect();
    times.extend([json!(0), json!(-5), json!(u64::MAX), json!(1e300), json!("now"), json!(null), json!([1])]);
    times
}

fn header_and_claims() -> impl Strategy<Value = (Value, Value)> {
    let issuers = vec![json!(ISSUER), json!("https://other.example"), json!([ISSUER]), json!(null), json!(3)];
    let audiences = vec![
        json!(AUDIENCE),
        json!("orders"),
        json!("other"),
        json!(["other", AUDIENCE]),
        json!([]),
        json!(null),
        json!(42),
        json!([AUDIENCE, 1]),
    ];
    let subjects = vec![json!("ada"), json!("eve"), json!(""), json!(null), json!(1)];
    let mostly = |value: Value, others: Vec<Value>| prop_oneof![3 => Just(Some(value)), 2 => claim(others)];
    let types = ["JWT", "at+jwt", "logout+jwt"].map(Value::from).to_vec();
    let extras =
        vec![("cty", json!("x")), ("jku", json!(1)), ("crit", json!(["x"])), ("kid", json!("key-2"))];
    let fields = (
        mostly(json!(ISSUER), issuers),
        mostly(json!(AUDIENCE), audiences),
        mostly(json!("ada"), subjects),
        mostly(json!(now() + 3_600), times()),
        mostly(json!(now() - 600), times()),
        mostly(json!("JWT"), types),
        prop::option::weighted(0.1, prop::sample::select(extras)),
    );
    fields.prop_map(|(iss, aud, sub, exp, nbf, typ, extra)| {
        let mut claims = json!({});
        for (name, value) in [("iss", iss), ("aud", aud), ("sub", sub), ("exp", exp), ("nbf", nbf)] {
            if let Some(value) = value {
                claims[name] = value;
            }
        }
        let header = typ.map_or_else(|| without(header(), "typ"), |typ| with(header(), "typ", typ));
        (extra.into_iter().fold(header, |header, (name, value)| with(header, name, value)), claims)
    })
}

prop_compose! {
    fn validations()(
        required in prop::sample::subsequence(vec!["exp", "iss", "aud", "sub", "nbf", "jti"], 0..=6),
        leeway in prop::sample::select(vec![0_u64, 60, 200, 300, 301]),
        early in prop::sample::select(vec![0_u64, 0, 0, 60, 100]),
        validate_exp in prop::bool::weighted(0.95),
        validate_nbf in any::<bool>(),
        validate_aud in prop::bool::weighted(0.95),
        aud in prop::option::weighted(0.95, prop::sample::subsequence(vec![AUDIENCE, "orders"], 0..=2)),
        iss in prop::option::weighted(0.8, prop::sample::subsequence(vec![ISSUER, "https://other.example"], 1..=2)),
        sub in prop::option::weighted(0.3, prop::sample::select(vec!["ada", "eve"])),
    ) -> Validation {
        let mut validation = validation();
        validation.required_spec_claims = required.into_iter().map(str::to_owned).collect();
        (validation.leeway, validation.reject_tokens_expiring_in_less_than) = (leeway, early);
        (validation.validate_exp, validation.validate_nbf) = (validate_exp, validate_nbf);
        validation.validate_aud = validate_aud;
        validation.aud = aud.map(|names| names.into_iter().map(str::to_owned).collect());
        validation.iss = iss.map(|names| names.into_iter().map(str::to_owned).collect());
        validation.sub = sub.map(str::to_owned);
        validation
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn nothing_that_decode_refuses_is_accepted_and_every_difference_is_listed(
        (header, claims) in header_and_claims(),
        validation in validations(),
    ) {
        let Ok(issuer) = Issuer::from_validation(ISSUER, KEY.jwk().clone(), &validation) else { return Ok(()) };
        let token = signed(&header.to_string(), &claims.to_string());
        let (ours, theirs) = (judged(issuer.profile(Profile::Lenient), &token), theirs(&validation, &token));
        match (ours, &*theirs) {
            ("ok", "ok") => {}
            ("ok", refused) => {
                prop_assert!(lenient_by_documentation(&header, &claims), "{refused}: {header} {claims}");
            }
            (code, "ok") => prop_assert!(documented().contains(code), "{code}: {header} {claims}"),
            _ => {}
        }
    }
}
