//! Dates that never come, never end, or are no dates.

use std::time::Duration;

use portcullis::Algorithm::EdDSA;
use portcullis::UnixTime;
use portcullis::testkit::TestClock;
use serde_json::json;

use crate::stage::Stage;
use crate::support::fixture::{NOW, claims, issuer, with, without};
use crate::support::mint::MintKey;

#[test]
fn a_token_that_never_expires() {
    let key = MintKey::new(EdDSA, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("with an end", &key.token(&claims()));
    stage.refuses("without `exp`", &key.token(&without("exp")), "claim_missing");
    for exp in [json!(null), json!(""), json!("never"), json!(false), json!([]), json!({})] {
        stage.refuses(&exp.to_string(), &key.token(&with("exp", exp)), "claim_type");
    }
    let mut instead = without("exp");
    instead["expires_in"] = json!(600);
    stage.refuses("`expires_in` instead", &key.token(&instead), "claim_missing");
}

#[test]
fn an_expired_token() {
    let key = MintKey::new(EdDSA, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("in its last second", &key.token(&with("exp", json!(NOW + 1))));
    stage.accepts("in a fraction of it", &key.token(&with("exp", json!(1_700_000_000.5))));
    for exp in [json!(NOW), json!(NOW - 1), json!(0), json!(-1), json!(-1.5), json!(i64::MIN), json!(1e-300)]
    {
        stage.refuses(&exp.to_string(), &key.token(&with("exp", exp)), "token_expired");
    }
    // Milliseconds for seconds: a date in the far future, which the issuer signed.
    stage.accepts("in milliseconds", &key.token(&with("exp", json!((NOW + 600) * 1_000))));
}

/// The same text, over and over: good until `exp` and the skew are over, and never again.
#[test]
fn a_token_replayed_across_its_end() {
    let key = MintKey::new(EdDSA, "a");
    let clock = TestClock::at(UnixTime::from_seconds(NOW));
    let skew = Duration::from_secs(60);
    let stage = Stage::at(&[EdDSA], || clock.clone(), || vec![issuer([key.jwk()]).clock_skew(skew)]);
    let token = key.token(&with("exp", json!(NOW + 600)));
    for (passed, good) in
        [(0, true), (599, true), (600, true), (659, true), (660, false), (661, false), (100_000, false)]
    {
        clock.set(UnixTime::from_seconds(NOW + passed));
        let name = format!("after {passed} s");
        match good {
            true => stage.accepts(&name, &token),
            false => stage.refuses(&name, &token, "token_expired"),
        }
    }
}

#[test]
fn a_token_before_its_time() {
    let key = MintKey::new(EdDSA, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("from its first second", &key.token(&with("nbf", json!(NOW))));
    for nbf in [json!(NOW + 1), json!(i64::MAX), json!(u64::MAX), json!(1e300)] {
        stage.refuses(&nbf.to_string(), &key.token(&with("nbf", nbf)), "token_not_yet_valid");
    }
    // CVE-2026-25537: a string was taken for no date at all.
    for nbf in [json!("99999999999"), json!(null), json!([NOW + 600]), json!(true)] {
        stage.refuses(&nbf.to_string(), &key.token(&with("nbf", nbf)), "claim_type");
    }
}

/// A long life, or a date of issue in the future, where the set-up bounds the age.
#[test]
fn a_token_that_hides_its_age() {
    let key = MintKey::new(EdDSA, "a");
    let hour = Duration::from_secs(3_600);
    let stage = Stage::new(&[EdDSA], || vec![issuer([key.jwk()]).max_token_age(hour)]);
    let of = |iat: serde_json::Value| {
        let mut claims = with("iat", iat);
        claims["exp"] = json!(i64::MAX);
        key.token(&claims)
    };
    stage.accepts("an hour old", &of(json!(NOW - 3_600)));
    stage.refuses("older", &of(json!(NOW - 3_601)), "token_too_old");
    stage.refuses("from the epoch", &of(json!(0)), "token_too_old");
    stage.refuses("before it", &of(json!(i64::MIN)), "token_too_old");
    stage.refuses("from the future", &of(json!(NOW + 1)), "token_issued_in_future");
    stage.refuses("from its end", &of(json!(i64::MAX)), "token_issued_in_future");
    stage.refuses("as a string", &of(json!("0")), "claim_type");
    stage.refuses("without", &key.token(&without("iat")), "claim_missing");
}
