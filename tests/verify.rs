//! The verifier end to end, with fixed keys: every check with a case that passes and a twin that does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::time::Duration;

use portcullis::Algorithm::{ES256, EdDSA};
use portcullis::crypto::Backend;
use portcullis::{Issuer, Profile, Verifier};
use serde_json::{Value, json};
use support::fixture::{AUDIENCE, ISSUER, NOW, claims, issuer, verifier, with, without};
use support::mint::MintKey;
use support::{b64, standing_at, verdict};

#[test]
fn the_outer_form() {
    let key = MintKey::new(ES256, "a");
    let good = key.token(&claims());
    let parts: Vec<_> = good.split('.').collect();
    let long_header = format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"a","x":"{}"}}"#, "x".repeat(4_096));
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        for (name, token, want) in [
            ("as minted", good.clone(), "ok"),
            ("empty", String::new(), "token_malformed"),
            ("two segments", parts[..2].join("."), "token_malformed"),
            ("four segments", format!("{good}."), "token_malformed"),
            ("padded", format!("{good}="), "token_malformed"),
            ("space before", format!(" {good}"), "token_malformed"),
            ("line feed behind", format!("{good}\n"), "token_malformed"),
            (
                "header over 4 KiB",
                key.token_of_texts(&long_header, &claims().to_string()),
                "header_too_large",
            ),
            ("no signature", format!("{}.{}.", parts[0], parts[1]), "signature_invalid"),
            ("payload of another", format!("{}.{}.{}", parts[0], b64("{}"), parts[2]), "signature_invalid"),
        ] {
            assert_eq!(verdict(&ours, &token), want, "{name} on {}", backend.name());
        }
        for (limit, want) in [(good.len(), "ok"), (good.len() - 1, "token_too_large")] {
            let builder = Verifier::builder().issuer(issuer([key.jwk()])).backend(*backend);
            let ours = builder.clock(standing_at(NOW)).max_token_bytes(limit).build().unwrap();
            assert_eq!(verdict(&ours, &good), want, "{limit} on {}", backend.name());
        }
    }
}

#[test]
fn the_header() {
    let (key, attacker) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let header = |members: Value| {
        let mut header = key.header();
        for (name, value) in members.as_object().unwrap() {
            header[name] = value.clone();
        }
        header.to_string()
    };
    let embedded = header(json!({"jwk": attacker.public_json()}));
    let repeated = r#"{"typ":"at+jwt","alg":"ES256","kid":"a","kid":"a"}"#.to_owned();
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        for (name, header, signer, want) in [
            ("as minted", header(json!({})), &key, "ok"),
            ("type with its prefix", header(json!({"typ": "application/AT+JWT"})), &key, "ok"),
            ("plain type", header(json!({"typ": "JWT"})), &key, "type_not_allowed"),
            ("member without a meaning", header(json!({"x": [1]})), &key, "ok"),
            ("repeated member", repeated.clone(), &key, "header_malformed"),
            ("kid of 256 bytes", header(json!({"kid": "k".repeat(256)})), &key, "key_unknown"),
            ("kid of 257 bytes", header(json!({"kid": "k".repeat(257)})), &key, "header_malformed"),
            ("critical extension", header(json!({"crit": ["exp"]})), &key, "header_unsupported"),
            ("unencoded payload", header(json!({"b64": false})), &key, "header_unsupported"),
            ("no algorithm", header(json!({"alg": "none"})), &key, "algorithm_unknown"),
            ("algorithm in lower case", header(json!({"alg": "es256"})), &key, "algorithm_unknown"),
            ("algorithm not allowed", header(json!({"alg": "ES512"})), &key, "algorithm_not_allowed"),
            ("algorithm of another curve", header(json!({"alg": "ES384"})), &key, "key_unsuitable"),
            ("unknown kid", header(json!({"kid": "b"})), &key, "key_unknown"),
            ("kid in upper case", header(json!({"kid": "A"})), &key, "key_unknown"),
            ("key in the header, signed by ours", embedded.clone(), &key, "ok"),
            ("key in the header, signed by it", embedded.clone(), &attacker, "signature_invalid"),
            ("signed by another", header(json!({})), &attacker, "signature_invalid"),
        ] {
            let token = signer.token_of_texts(&header, &claims().to_string());
            assert_eq!(verdict(&ours, &token), want, "{name} on {}", backend.name());
        }
    }
}

#[test]
fn the_claims() {
    let key = MintKey::new(EdDSA, "a");
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        let expect = |name: &str, payload: &str, want| {
            let token = key.token_of_texts(&key.header().to_string(), payload);
            assert_eq!(verdict(&ours, &token), want, "{name} on {}", backend.name());
        };
        for (name, claims, want) in [
            ("all of them", claims(), "ok"),
            ("no iss", without("iss"), "claim_missing"),
            ("another iss", with("iss", json!("https://id.example/")), "issuer_unknown"),
            ("iss in an array", with("iss", json!([ISSUER])), "claim_type"),
            ("no aud", without("aud"), "claim_missing"),
            ("ours among others", with("aud", json!(["other", AUDIENCE])), "ok"),
            ("no audience", with("aud", json!([])), "audience_mismatch"),
            ("another audience", with("aud", json!("https://api.example/")), "audience_mismatch"),
            ("a number among audiences", with("aud", json!([AUDIENCE, 7])), "claim_type"),
            ("no exp", without("exp"), "claim_missing"),
            ("exp as text", with("exp", json!("1700000600")), "claim_type"),
            ("the last second", with("exp", json!(NOW + 1)), "ok"),
            ("the expiry second", with("exp", json!(NOW)), "token_expired"),
            ("the nbf second", with("nbf", json!(NOW)), "ok"),
            ("before nbf", with("nbf", json!(NOW + 1)), "token_not_yet_valid"),
            ("no nbf", without("nbf"), "ok"),
            ("nbf null", with("nbf", Value::Null), "claim_type"),
            ("issued in the future", with("iat", json!(NOW + 60)), "ok"),
            ("iat as text", with("iat", json!("now")), "claim_type"),
            ("no sub", without("sub"), "claim_missing"),
            ("no client_id", without("client_id"), "claim_missing"),
            ("no iat", without("iat"), "claim_missing"),
            ("no jti", without("jti"), "claim_missing"),
            ("bound to a key", with("cnf", json!({"jkt": "x"})), "confirmation_unsupported"),
            ("bound to nothing", with("cnf", json!({})), "confirmation_unsupported"),
            ("bound wrongly", with("cnf", Value::Null), "claim_type"),
            ("hash of an ID token", with("at_hash", json!("x")), "not_access_token"),
        ] {
            expect(name, &claims.to_string(), want);
        }
        let text = claims().to_string();
        expect("repeated claim", &text.replacen('{', r#"{"exp":1,"#, 1), "claim_repeated");
        expect(
            "repeated in another claim",
            &text.replacen('{', r#"{"x":{"y":1,"y":1},"#, 1),
            "claims_malformed",
        );
        expect("an array", "[]", "claims_malformed");
        expect("nothing", "", "claims_malformed");
        expect("something behind", &format!("{text}x"), "claims_malformed");
    }
}

#[test]
fn skew_and_age_are_the_issuers_own() {
    let key = MintKey::new(EdDSA, "a");
    for backend in Backend::available() {
        let tolerant = verifier(*backend, [issuer([key.jwk()]).clock_skew(Duration::from_secs(300))]);
        let strict_age = verifier(*backend, [issuer([key.jwk()]).max_token_age(Duration::from_secs(60))]);
        let default = verifier(*backend, [Issuer::new(ISSUER, key.jwk()).audience(AUDIENCE)]);
        for (name, verifier, claims, want) in [
            ("expired within skew", &tolerant, with("exp", json!(NOW - 299)), "ok"),
            ("expired beyond skew", &tolerant, with("exp", json!(NOW - 300)), "token_expired"),
            ("early within skew", &tolerant, with("nbf", json!(NOW + 300)), "ok"),
            ("early beyond skew", &tolerant, with("nbf", json!(NOW + 301)), "token_not_yet_valid"),
            ("default skew", &default, with("exp", json!(NOW - 59)), "ok"),
            ("beyond the default skew", &default, with("exp", json!(NOW - 60)), "token_expired"),
            ("of the greatest age", &strict_age, with("iat", json!(NOW - 60)), "ok"),
            ("older", &strict_age, with("iat", json!(NOW - 61)), "token_too_old"),
            ("from the future", &strict_age, with("iat", json!(NOW + 1)), "token_issued_in_future"),
        ] {
            assert_eq!(verdict(verifier, &key.token(&claims)), want, "{name} on {}", backend.name());
        }
    }
}

/// A token under construction, for faults that can be combined.
struct Draft {
    header: Value,
    claims: Value,
    signed_by_another: bool,
    padded: bool,
}

type Fault = (&'static str, fn(&mut Draft));

/// One fault for each step, in the order of the steps.
const FAULTS: [Fault; 13] = [
    ("token_malformed", |draft| draft.padded = true),
    ("header_unsupported", |draft| draft.header["crit"] = json!(["x"])),
    ("algorithm_unknown", |draft| draft.header["alg"] = json!("none")),
    ("issuer_unknown", |draft| draft.claims["iss"] = json!("https://other.example")),
    ("algorithm_not_allowed", |draft| draft.header["alg"] = json!("HS256")),
    ("type_not_allowed", |draft| draft.header["typ"] = json!("JWT")),
    ("key_unknown", |draft| draft.header["kid"] = json!("z")),
    ("signature_invalid", |draft| draft.signed_by_another = true),
    ("claim_type", |draft| draft.claims["jti"] = json!(7)),
    ("audience_mismatch", |draft| draft.claims["aud"] = json!("other")),
    ("token_expired", |draft| draft.claims["exp"] = json!(NOW)),
    ("not_access_token", |draft| draft.claims["at_hash"] = json!("x")),
    ("confirmation_unsupported", |draft| draft.claims["cnf"] = json!({})),
];

#[test]
fn of_two_faults_the_earlier_step_speaks() {
    let (key, another) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let token = |faults: &[fn(&mut Draft)]| {
        let mut draft =
            Draft { header: key.header(), claims: claims(), signed_by_another: false, padded: false };
        faults.iter().for_each(|fault| fault(&mut draft));
        let signer = if draft.signed_by_another { &another } else { &key };
        let token = signer.token_of_texts(&draft.header.to_string(), &draft.claims.to_string());
        if draft.padded { format!("{token}=") } else { token }
    };
    for backend in Backend::available() {
        let second = Issuer::new("https://second.example", MintKey::new(ES256, "a").jwk()).audience(AUDIENCE);
        let ours = verifier(*backend, [issuer([key.jwk()]), second]);
        assert_eq!(verdict(&ours, &token(&[])), "ok");
        for (index, (code, fault)) in FAULTS.iter().enumerate() {
            assert_eq!(verdict(&ours, &token(&[*fault])), *code, "{code} alone on {}", backend.name());
            for (later, other) in &FAULTS[index + 1..] {
                let got = verdict(&ours, &token(&[*other, *fault]));
                assert_eq!(got, *code, "{code} with {later} on {}", backend.name());
            }
        }
    }
}

#[test]
fn each_issuer_has_its_own_keys_and_rules() {
    let (ours, theirs, stranger) =
        (MintKey::new(ES256, "k"), MintKey::new(ES256, "k"), MintKey::new(EdDSA, "e"));
    let second = |claims: Value| {
        let mut claims = claims;
        claims["iss"] = json!("https://second.example");
        claims["aud"] = json!("second-api");
        claims
    };
    for backend in Backend::available() {
        let first = issuer([ours.jwk()]).algorithms([ES256]);
        let other =
            Issuer::new("https://second.example", vec![theirs.jwk(), stranger.jwk()]).audience("second-api");
        let both = verifier(*backend, [first, other]);
        let misdirected = with("iss", json!("https://second.example"));
        for (name, token, want) in [
            ("first", ours.token(&claims()), "ok"),
            ("second", theirs.token(&second(claims())), "ok"),
            ("first's name, second's key", theirs.token(&claims()), "signature_invalid"),
            ("second's name, first's key", ours.token(&second(claims())), "signature_invalid"),
            ("second's other algorithm", stranger.token(&second(claims())), "ok"),
            ("not allowed for the first", stranger.token(&claims()), "algorithm_not_allowed"),
            ("first's audience at the second", theirs.token(&misdirected), "audience_mismatch"),
            ("unknown issuer", ours.token(&with("iss", json!("https://third.example"))), "issuer_unknown"),
            ("a slash more", ours.token(&with("iss", json!("https://id.example/"))), "issuer_unknown"),
            ("no issuer", ours.token(&without("iss")), "claim_missing"),
            ("issuer of the wrong type", ours.token(&with("iss", json!(7))), "claim_type"),
        ] {
            assert_eq!(verdict(&both, &token), want, "{name} on {}", backend.name());
        }
        let twice = claims().to_string().replacen('{', r#"{"iss":"https://second.example","#, 1);
        let token = ours.token_of_texts(&ours.header().to_string(), &twice);
        assert_eq!(verdict(&both, &token), "claim_repeated", "{}", backend.name());
    }
}

#[test]
fn profiles_tell_access_tokens_from_others() {
    let key = MintKey::new(EdDSA, "a");
    let minimal = json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 60});
    let id_token =
        json!({"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 60, "iat": NOW, "sub": "u", "nonce": "n"});
    let mut scoped = id_token.clone();
    scoped["scope"] = json!("orders:read");
    let typ_claim = with("typ", json!("ID"));
    for backend in Backend::available() {
        let strict = verifier(*backend, [issuer([key.jwk()])]);
        let lenient = verifier(*backend, [issuer([key.jwk()]).profile(Profile::Lenient)]);
        for (name, typ, claims, want_strict, want_lenient) in [
            ("RFC 9068", Some("at+jwt"), claims(), "ok", "ok"),
            ("called JWT", Some("JWT"), claims(), "type_not_allowed", "ok"),
            ("without a type", None, claims(), "type_not_allowed", "ok"),
            ("of another type", Some("logout+jwt"), claims(), "type_not_allowed", "type_not_allowed"),
            ("only what lenient needs", Some("at+jwt"), minimal.clone(), "claim_missing", "ok"),
            ("ID token", Some("JWT"), id_token.clone(), "type_not_allowed", "not_access_token"),
            (
                "ID token under our type",
                Some("at+jwt"),
                id_token.clone(),
                "not_access_token",
                "not_access_token",
            ),
            ("nonce beside a scope", Some("JWT"), scoped.clone(), "type_not_allowed", "ok"),
            ("c_hash", Some("at+jwt"), with("c_hash", json!("x")), "not_access_token", "not_access_token"),
            ("logout token", None, with("events", json!({})), "type_not_allowed", "not_access_token"),
            ("typ claim", Some("at+jwt"), typ_claim.clone(), "not_access_token", "not_access_token"),
        ] {
            let mut header = json!({"alg": "EdDSA", "kid": "a"});
            if let Some(typ) = typ {
                header["typ"] = json!(typ);
            }
            let token = key.token_of_texts(&header.to_string(), &claims.to_string());
            assert_eq!(verdict(&strict, &token), want_strict, "{name}, strict, {}", backend.name());
            assert_eq!(verdict(&lenient, &token), want_lenient, "{name}, lenient, {}", backend.name());
        }
    }
}
