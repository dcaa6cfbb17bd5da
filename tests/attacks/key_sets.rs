//! What a published set may try to do to those who trust it, and what a stranger may make its readers fetch.

use std::sync::Arc;
use std::time::Duration;

use portcullis::Algorithm::{ES256, HS256};
use portcullis::crypto::Backend;
use portcullis::keys::remote::Remote;
use portcullis::{ConfigError, Issuer, Verifier};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stage::{JWKS, Library, Stage};
use crate::support::fixture::{AUDIENCE, ISSUER, claims, verifier};
use crate::support::mint::MintKey;

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// An issuer with one key, whose set is about to change.
fn trusting(key: &MintKey) -> (Stage, Arc<Library>) {
    let library = Library::of([(JWKS, set(&[key.public_json()]).as_str())]);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    stage.accepts("before", &key.token(&claims()));
    (stage, library)
}

/// Longer than until the next planned renewal.
const RENEWED: u64 = 600;

/// The set becomes this: it is not taken, and the keys at hand serve on.
fn changes_nothing(name: &str, text: &str, code: &str) {
    let key = MintKey::new(ES256, "a");
    let (stage, library) = trusting(&key);
    library.now_says(text);
    stage.pass(RENEWED);
    stage.fails_to_renew(name, code);
    stage.accepts("after", &key.token(&claims()));
}

#[test]
fn an_empty_set_in_place_of_the_keys() {
    changes_nothing("no keys", &set(&[]), "key_set_no_usable_key");
    let encryption = json!({"kty": "EC", "crv": "P-256", "use": "enc", "x": "AA", "y": "AA"});
    changes_nothing("none of use", &set(&[encryption, json!({"kty": "new"})]), "key_set_no_usable_key");
}

#[test]
fn a_page_in_place_of_the_keys() {
    for text in
        ["", "<html></html>", "[]", "null", "{\"keys\":[]", "{\"keys\":[]}{}", "\u{feff}{\"keys\":[]}"]
    {
        changes_nothing(text, text, "key_set_not_json");
    }
    for text in ["{}", "{\"Keys\":[]}", "{\"keys\":null}", "{\"keys\":{}}", "{\"error\":\"down\"}"] {
        changes_nothing(text, text, "key_set_keys_missing");
    }
}

#[test]
fn an_oversized_set() {
    let many = |count: usize| set(&vec![json!({"kty": "new"}); count]);
    changes_nothing("256 KiB", &format!("{}{}", many(1), " ".repeat(256 * 1_024)), "fetch_too_large");
    changes_nothing("101 keys", &many(101), "key_set_too_many_keys");
    let deep = format!("{{\"keys\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    changes_nothing("deep nesting", &deep, "key_set_no_usable_key");
    changes_nothing("beside the keys", &deep.replace("keys", "x"), "key_set_not_json");
}

#[test]
fn a_set_with_two_lists_of_keys() {
    let (ours, theirs) = (MintKey::new(ES256, "a").public_json(), MintKey::new(ES256, "b").public_json());
    for second in ["keys", r"\u006beys"] {
        let text = format!(r#"{{"keys":[{ours}],"{second}":[{theirs}]}}"#);
        changes_nothing(second, &text, "key_set_repeated_member");
    }
}

#[test]
fn a_key_with_a_repeated_member() {
    let (good, bad) = (MintKey::new(ES256, "good"), MintKey::new(ES256, "bad"));
    let text = bad.public_json().to_string();
    for member in [r#""kid":"good""#, r#""k\u0069d":"good""#, r#""x":"AA""#, r#""use":"enc","use":"sig""#] {
        let entry = text.replacen('{', &format!("{{{member},"), 1);
        let document = format!(r#"{{"keys":[{},{entry}]}}"#, good.public_json());
        let library = Library::of([(JWKS, document.as_str())]);
        let stage = Stage::new(&[ES256], || {
            let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
            vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
        });
        stage.accepts("the good one", &good.token(&claims()));
        stage.refuses(member, &bad.token(&claims()), "key_unknown");
    }
}

/// A set that shares no key with the one in use, as a captive portal or a wrong tenant sends it, is taken only when it
/// is seen again.
#[tokio::test(start_paused = true)]
async fn a_foreign_set_seen_once() {
    let (key, foreign) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "b"));
    for backend in Backend::available() {
        let library = Library::of([(JWKS, set(&[key.public_json()]).as_str())]);
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        let ours = verifier(*backend, [Issuer::new(ISSUER, remote).audience(AUDIENCE)]);
        let code = async |key: &MintKey| {
            ours.verify(&key.token(&claims())).await.map_or_else(|error| error.code(), |_| "ok")
        };
        assert_eq!(code(&key).await, "ok");
        library.says_once([set(&[foreign.public_json()])]);
        sleep(Duration::from_secs(RENEWED)).await;
        assert!(library.asked().len() >= 3, "it was seen, and looked at again");
        assert_eq!(code(&key).await, "ok", "{}", backend.name());
        assert_eq!(code(&foreign).await, "key_unknown", "{}", backend.name());
    }
}

/// The private half of a published key is everyone's.
#[test]
fn a_private_key_in_a_published_set() {
    let (good, leaked) = (MintKey::new(ES256, "good"), MintKey::new(ES256, "leaked"));
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        let mut jwk = leaked.public_json();
        jwk[member] = json!("AA");
        let stage = Stage::published(&[ES256], &[good.public_json(), jwk]);
        stage.accepts("the good one", &good.token(&claims()));
        stage.skips(member, "leaked", "key_private");
        stage.refuses(member, &leaked.token(&claims()), "key_unknown");
    }
}

#[test]
fn a_shared_secret_in_a_published_set() {
    let (good, secret) = (MintKey::new(ES256, "good"), MintKey::new(HS256, "secret"));
    let stage = Stage::published(&[ES256], &[good.public_json(), secret.public_json()]);
    stage.accepts("the good one", &good.token(&claims()));
    stage.skips("the secret", "secret", "key_symmetric");
    stage.refuses("the secret", &secret.token(&claims()), "algorithm_not_allowed");
    // Nor can HMAC be allowed for keys that come over the network.
    for backend in Backend::available() {
        let remote = Remote::jwks_url_with(JWKS, Library::of([])).unwrap();
        let issuer = Issuer::new(ISSUER, remote).audience(AUDIENCE).algorithms([ES256, HS256]);
        let error = Verifier::builder().issuer(issuer).backend(*backend).build().err();
        let want = ConfigError::SecretNeeded { issuer: ISSUER.to_owned(), algorithm: HS256 };
        assert_eq!(error, Some(want), "{}", backend.name());
    }
}

/// Each invented id may make the reader look for its key: once an interval, however many there are.
#[test]
fn a_flood_of_unknown_kids() {
    let (key, stranger) = (MintKey::new(ES256, "a"), MintKey::new(ES256, None));
    let (stage, library) = trusting(&key);
    let before = library.asked().len();
    for n in 0..200 {
        let header = json!({"typ": "at+jwt", "alg": "ES256", "kid": format!("invented-{n}")}).to_string();
        stage.refuses("invented", &stranger.token_of_texts(&header, &claims().to_string()), "key_unknown");
    }
    stage.accepts("a good one meanwhile", &key.token(&claims()));
    let fetches = library.asked().len() - before;
    assert!(fetches <= 2 * Backend::available().len(), "{fetches} fetches");
}
