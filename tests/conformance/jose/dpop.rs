//! RFC 9449, as far as it speaks of signatures, keys and thumbprints: proofs hold under the key they carry, their key has
//! the thumbprint that a bound token names, and neither proof nor bound token passes for an access token.

use portcullis::jose::Jwk;
use portcullis::{Algorithm, Profile};
use serde_json::{Value, json};

use super::{example, label, public_half, row, trust, whole};
use crate::judge::Trust;
use crate::suite::{Label, Suite, rows};
use crate::support::mint::MintKey;
use crate::support::{text, unb64, vectors};

use Algorithm::ES256;

pub(super) fn cases(suite: &mut Suite) {
    let file = vectors("pop/rfc9449.json");
    let kind = |kind: &'static str| rows(&file).iter().filter(move |row| row["kind"] == kind);
    let counted = ["proof", "access_token", "http_response", "claims"].map(|name| kind(name).count());
    assert_eq!((counted, rows(&file).len()), ([2, 1, 6, 1], 10), "the last two kinds concern no key");

    for proof in kind("proof") {
        let (id, token) = (text(proof, "id"), text(proof, "proof"));
        let header: Value = serde_json::from_slice(&unb64(token.split_once('.').unwrap().0)).unwrap();
        assert_eq!(header, proof["header"], "{id}");
        let key = &header["jwk"];
        example(suite, id, label(proof), (token, key), Ok(ES256));
        thumbprint(suite, id, key, text(proof, "jkt"));
        // Trusted or not, the key does not make a proof an access token.
        let now = proof["now"].as_i64().unwrap();
        for (name, profile) in [("RFC 9068", Profile::Rfc9068), ("lenient", Profile::Lenient)] {
            let trust = Trust { now, profile, ..trust("https://server.example.com", key, ES256) };
            whole(suite, &format!("{id}, {name}"), Label::Invalid, token, trust, "type_not_allowed");
        }
    }

    // Its key was not published, so its signature is tried with another and its claims are signed again.
    let bound = row(&file, "rfc9449.cnf-jwt");
    let (id, token, claims) = (text(bound, "id"), text(bound, "token"), &bound["claims"]);
    let proof_key = kind("proof").next().unwrap()["header"]["jwk"].clone();
    assert_eq!(claims["cnf"]["jkt"], bound["jkt"]);
    thumbprint(suite, id, &proof_key, text(bound, "jkt"));
    example(suite, id, Label::Invalid, (token, &public_half(&proof_key)), Err("signature_invalid"));
    let mint = MintKey::new(ES256, "BeALkb");
    let mut unbound = claims.clone();
    unbound.as_object_mut().unwrap().remove("cnf");
    for (name, claims, label, want) in [
        ("bound", claims, Label::Invalid, "confirmation_unsupported"),
        ("not bound", &unbound, Label::Valid, "ok"),
    ] {
        let header = json!({"alg": "ES256", "kid": "BeALkb"});
        let token = mint.token_of_texts(&header.to_string(), &claims.to_string());
        let trust = Trust {
            now: claims["exp"].as_i64().unwrap() - 1,
            ..trust("https://server.example.com", &mint.public_json(), ES256)
        };
        whole(suite, &format!("{id}, {name}"), label, &token, trust, want);
    }
}

fn thumbprint(suite: &mut Suite, id: &str, key: &Value, want: &str) {
    let (jwk, want) = (Jwk::parse(&key.to_string()).unwrap(), want.to_owned());
    suite.case(format!("jose/{id}, jkt"), Label::Valid, "ok", move |backend| {
        let print = backend.thumbprint(&jwk).to_string();
        if print == want { "ok".to_owned() } else { print }
    });
}
