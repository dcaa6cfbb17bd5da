//! Tokens that lean on one that was verified before.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::Algorithm::{ES256, HS256};
use portcullis::crypto::Backend;
use portcullis::keys::remote::Remote;
use portcullis::revoke::RevocationStatus;
use portcullis::testkit::TestClock;
use portcullis::{Issuer, UnixTime, VerifiedToken, Verifier};
use serde_json::json;

use crate::stage::{JWKS, Library, Stage};
use crate::support::fixture::{AUDIENCE, ISSUER, NOW, claims, issuer, with};
use crate::support::mint::MintKey;
use crate::support::{b64, standing_at};

#[test]
fn a_token_like_one_that_was_verified() {
    for algorithm in [HS256, ES256] {
        let key = MintKey::new(algorithm, "a");
        let stage = Stage::trusting(&key);
        let token = key.token(&claims());
        stage.accepts("the token itself", &token);
        for place in 0..token.len() {
            let mut other = token.clone();
            other.replace_range(place..=place, if &token[place..=place] == "A" { "Q" } else { "A" });
            let code = stage.code(&other);
            assert_ne!(code, "ok", "{place} of {token}");
        }
        for (name, other) in [
            ("without a signature", token[..=token.rfind('.').unwrap()].to_owned()),
            ("padded", format!("{token}=")),
            ("with a line end", format!("{token}\n")),
            ("with a space before it", format!(" {token}")),
            ("twice", format!("{token}{token}")),
        ] {
            let want = if name == "without a signature" { "signature_invalid" } else { "token_malformed" };
            assert_eq!(stage.code(&other), want, "{name}");
        }
        // The signature of one over the claims of another, the header of one before both.
        let richer = key.token(&with("scope", json!("orders:write")));
        stage.accepts("another token", &richer);
        let ([header, payload, _], [_, _, signature]) = (segments(&token), segments(&richer));
        stage.refuses("mixed", &format!("{header}.{payload}.{signature}"), "signature_invalid");
        let header = b64(r#"{"alg":"none"}"#);
        stage.refuses("under none", &format!("{header}.{payload}.{signature}"), "algorithm_unknown");
        stage.accepts("the token, still", &token);
    }
}

#[test]
fn a_verified_token_whose_key_is_withdrawn() {
    let (old, new) = (MintKey::new(ES256, "old"), MintKey::new(ES256, "new"));
    let set = |keys: &[&MintKey]| {
        let keys: Vec<_> = keys.iter().map(|key| key.public_json()).collect();
        json!({ "keys": keys }).to_string()
    };
    let library = Library::of([(JWKS, &*set(&[&old, &new]))]);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    let (withdrawn, good) = (old.token(&claims()), new.token(&claims()));
    stage.accepts("of the old key", &withdrawn);
    stage.accepts("of the new key", &good);
    library.now_says(&set(&[&new]));
    stage.pass(600);
    stage.accepts("of the new key, still", &good);
    stage.refuses("of the old key", &withdrawn, "key_unknown");
}

#[test]
fn a_verified_token_whose_key_is_replaced_under_its_name() {
    let (old, new) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let second = MintKey::new(ES256, "b");
    let set = |key: &MintKey| json!({ "keys": [key.public_json(), second.public_json()] }).to_string();
    let library = Library::of([(JWKS, &*set(&old))]);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    stage.accepts("of the old key", &old.token(&claims()));
    library.now_says(&set(&new));
    stage.pass(600);
    stage.accepts("of the new key", &new.token(&claims()));
    let kept = old.token(&claims());
    stage.refuses("of the old key", &kept, "signature_invalid");
}

#[test]
fn a_verified_token_whose_key_is_published_too_often() {
    let key = MintKey::new(ES256, "a");
    let set = |times: usize| json!({ "keys": vec![key.public_json(); times] }).to_string();
    let library = Library::of([(JWKS, &*set(1))]);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    let token = key.token(&claims());
    stage.accepts("of the only key", &token);
    library.now_says(&set(5));
    stage.pass(600);
    stage.refuses("of one of five", &token, "key_ambiguous");
    stage.refuses("of one of five, at first sight", &key.token(&with("jti", json!("2"))), "key_ambiguous");
    library.now_says(&set(4));
    stage.pass(600);
    stage.accepts("of one of four", &token);
}

#[test]
fn a_verified_token_that_expires() {
    let key = MintKey::new(ES256, "a");
    let clocks = Mutex::new(Vec::new());
    let clock = || {
        let clock = TestClock::at(UnixTime::from_seconds(NOW));
        clocks.lock().unwrap().push(clock.clone());
        clock
    };
    let stage = Stage::at(&[ES256], clock, || vec![issuer([key.jwk()])]);
    let token = key.token(&with("exp", json!(NOW + 100)));
    let advance = |seconds| {
        clocks.lock().unwrap().iter().for_each(|clock| clock.advance(Duration::from_secs(seconds)));
    };
    stage.accepts("at once", &token);
    advance(99);
    stage.accepts("in its last second", &token);
    advance(1);
    stage.refuses("from its last second on", &token, "token_expired");
    stage.refuses("and again", &token, "token_expired");
}

/// One verifier on each backend that asks a deny list.
fn with_list(
    key: &MintKey,
    check: impl Fn(&VerifiedToken) -> RevocationStatus + Clone + Send + Sync + 'static,
) -> Vec<Verifier> {
    let built = |backend: &Backend| {
        let builder =
            Verifier::builder().backend(*backend).clock(standing_at(NOW)).issuer(issuer([key.jwk()]));
        builder.revocation(check.clone()).build().unwrap()
    };
    Backend::available().iter().map(built).collect()
}

fn code(verifier: &Verifier, token: &str) -> &'static str {
    match verifier.verify_cached(token) {
        std::task::Poll::Ready(decision) => decision.map_or_else(|error| error.code(), |_| "ok"),
        std::task::Poll::Pending => "waits",
    }
}

#[test]
fn a_verified_token_that_is_revoked() {
    let key = MintKey::new(ES256, "a");
    let denied: Arc<Mutex<Option<HashSet<String>>>> = Arc::new(Mutex::new(Some(HashSet::new())));
    let list = Arc::clone(&denied);
    let verifiers = with_list(&key, move |token: &VerifiedToken| match &*list.lock().unwrap() {
        None => RevocationStatus::unknown(),
        Some(list) if token.token_id().is_none_or(|id| list.contains(id)) => RevocationStatus::Revoked,
        Some(_) => RevocationStatus::NotRevoked,
    });
    let (token, other) = (key.token(&claims()), key.token(&with("jti", json!("token-2"))));
    for verifier in &verifiers {
        *denied.lock().unwrap() = Some(HashSet::new());
        for _ in 0..4 {
            assert_eq!((code(verifier, &token), code(verifier, &other)), ("ok", "ok"));
        }
        *denied.lock().unwrap() = Some(HashSet::from(["token-1".to_owned()]));
        for _ in 0..4 {
            assert_eq!((code(verifier, &token), code(verifier, &other)), ("token_revoked", "ok"));
        }
        *denied.lock().unwrap() = None;
        for _ in 0..4 {
            let unknown = "revocation_unknown";
            assert_eq!((code(verifier, &token), code(verifier, &other)), (unknown, unknown));
        }
        *denied.lock().unwrap() = Some(HashSet::new());
        for _ in 0..4 {
            assert_eq!((code(verifier, &token), code(verifier, &other)), ("ok", "ok"));
        }
        // A token that is bad by itself is not asked about, and so cannot be told from one that is unknown.
        let mut forged = token.clone();
        forged.replace_range(forged.len() - 8.., "AAAAAAAA");
        *denied.lock().unwrap() = None;
        assert_eq!(code(verifier, &forged), "signature_invalid");
    }
}

#[test]
fn a_token_that_another_verifier_has_verified() {
    let key = MintKey::new(ES256, "a");
    let ours = Stage::trusting(&key);
    let other =
        Stage::new(&[ES256], || vec![Issuer::new(ISSUER, key.jwk()).audience("https://other-api.example")]);
    let (token, theirs) = (key.token(&claims()), key.token(&with("aud", json!("https://other-api.example"))));
    ours.accepts("for us", &token);
    other.refuses("for us, at another API", &token, "audience_mismatch");
    other.accepts("for them", &theirs);
    ours.refuses("for them", &theirs, "audience_mismatch");
}

fn segments(token: &str) -> [&str; 3] {
    crate::stage::segments(token)
}
