//! Keys that the sender brings along, or says where to find.

use std::sync::Arc;

use portcullis::Algorithm::{ES256, HS256, RS256};
use portcullis::Issuer;
use portcullis::keys::remote::Remote;
use serde_json::{Value, json};

use crate::stage::{JWKS, Library, Stage, header_with};
use crate::support::fixture::{AUDIENCE, ISSUER, claims};
use crate::support::mint::MintKey;

/// The members under the id of the trusted key, under none and under another.
fn forged(attacker: &MintKey, members: &Value) -> [String; 3] {
    let token = |change: fn(&mut Value)| {
        let mut header: Value = serde_json::from_str(&header_with(attacker, members)).unwrap();
        change(&mut header);
        attacker.token_of_texts(&header.to_string(), &claims().to_string())
    };
    [
        token(|_| {}),
        token(|header| drop(header.as_object_mut().unwrap().remove("kid"))),
        token(|header| header["kid"] = json!("attacker")),
    ]
}

#[test]
fn an_embedded_jwk() {
    let (key, attacker) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let members = json!({"jwk": attacker.public_json()});
    let stage = Stage::trusting(&key);
    let harmless = key.token_of_texts(&header_with(&key, &members), &claims().to_string());
    stage.accepts("signed by the issuer all the same", &harmless);
    let [same, none, other] = forged(&attacker, &members);
    stage.refuses("signed by the key in the header", &same, "signature_invalid");
    stage.refuses("signed by the key in the header", &none, "signature_invalid");
    stage.refuses("signed by the key in the header", &other, "key_unknown");
    let secret = MintKey::secret(&[7; 32], HS256, "a");
    let members = json!({"jwk": secret.public_json()});
    let token = secret.token_of_texts(&header_with(&secret, &members), &claims().to_string());
    stage.refuses("a secret in the header", &token, "algorithm_not_allowed");
}

#[test]
fn a_certificate_chain_in_the_header() {
    let (key, attacker) = (MintKey::new(RS256, "a"), MintKey::new(RS256, "a"));
    let stage = Stage::trusting(&key);
    let members = json!({
        "x5c": [crate::support::b64(attacker.spki())],
        "x5t": "AAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x5t#S256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    });
    stage.accepts("of the issuer", &key.token_of_texts(&header_with(&key, &members), &claims().to_string()));
    let [same, none, other] = forged(&attacker, &members);
    stage.refuses("of the attacker", &same, "signature_invalid");
    stage.refuses("of the attacker", &none, "signature_invalid");
    stage.refuses("of the attacker", &other, "key_unknown");
}

/// The attacker's set is there to be fetched. Nothing but the issuer's own address is ever asked.
#[test]
fn an_address_of_keys_in_the_header() {
    let (key, attacker) = (MintKey::new(ES256, "a"), MintKey::new(ES256, "a"));
    let set = |key: &MintKey| json!({ "keys": [key.public_json()] }).to_string();
    let (ours, theirs) = (set(&key), set(&attacker));
    let addresses = ["https://attacker.example/jwks", "http://169.254.169.254/", "file:///etc/passwd"];
    let mut documents = vec![(JWKS, ours.as_str())];
    documents.extend(addresses.map(|address| (address, theirs.as_str())));
    let library = Library::of(documents);
    let stage = Stage::new(&[ES256], || {
        let remote = Remote::jwks_url_with(JWKS, Arc::clone(&library)).unwrap();
        vec![Issuer::new(ISSUER, remote).audience(AUDIENCE)]
    });
    let at_start = library.asked().len();
    for address in addresses {
        for member in ["jku", "x5u"] {
            let members = json!({ member: address });
            let token = key.token_of_texts(&header_with(&key, &members), &claims().to_string());
            stage.accepts(member, &token);
            let [same, none, other] = forged(&attacker, &members);
            stage.refuses(member, &same, "signature_invalid");
            stage.refuses(member, &none, "signature_invalid");
            stage.refuses(member, &other, "key_unknown");
        }
    }
    stage.pass(11);
    assert!(library.asked().iter().all(|asked| asked == JWKS), "{:?}", library.asked());
    assert!(library.asked().len() > at_start, "unknown ids were looked for at the issuer, the interval over");
}
