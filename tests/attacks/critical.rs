//! Header members that change what the rest of the token means.

use portcullis::Algorithm::ES256;
use serde_json::{Value, json};

use crate::stage::{Stage, header_with, signed_as_written};
use crate::support::b64;
use crate::support::fixture::claims;
use crate::support::mint::MintKey;

fn refused_with(members: &[Value], code: &str) {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("without them", &key.token(&claims()));
    stage.accepts(
        "with one that says nothing",
        &key.token_of_texts(&header_with(&key, &json!({"critical": ["x"]})), &claims().to_string()),
    );
    for members in members {
        let token = key.token_of_texts(&header_with(&key, members), &claims().to_string());
        stage.refuses(&members.to_string(), &token, code);
    }
}

#[test]
fn extensions_that_must_be_understood() {
    let members = [
        json!({"crit": ["urn:example:proof"], "urn:example:proof": true}),
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": ["alg"]}),
        json!({"crit": ["crit"]}),
        json!({"crit": ["missing"]}),
        json!({"crit": []}),
        json!({"crit": null}),
        json!({"crit": "b64"}),
        json!({"crit": {"b64": true}}),
        json!({"crit": [7]}),
    ];
    refused_with(&members, "header_unsupported");
}

/// The payload would stand in the token as it is, so that two readers see two payloads.
#[test]
fn a_payload_that_is_not_encoded() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    stage.accepts("encoded", &key.token(&claims()));
    let payload = b64(claims().to_string());
    for members in [
        json!({"b64": false, "crit": ["b64"]}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"b64": true, "crit": ["b64"]}),
    ] {
        let header = b64(header_with(&key, &members));
        let token = signed_as_written(&key, &header, &payload);
        stage.refuses(&members.to_string(), &token, "header_unsupported");
    }
}

/// A small token that would be unpacked to a large one.
#[test]
fn a_compressed_payload() {
    let members =
        [json!({"zip": "DEF"}), json!({"zip": "GZ"}), json!({"zip": null}), json!({"enc": "A256GCM"})];
    refused_with(&members, "header_unsupported");
}
