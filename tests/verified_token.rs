//! What a verified token says, and what it keeps to itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::sync::Arc;

use portcullis::Algorithm::{ES256, EdDSA, HS256};
use portcullis::crypto::Backend;
use portcullis::{Rejection, UnixTime, Verifier, scope};
use serde_json::{Value, json};
use support::fixture::{AUDIENCE, ISSUER, NOW, claims, issuer, verifier, with, without};
use support::mint::MintKey;
use support::{decide, standing_at, verdict};

#[test]
fn claims_are_read_once_and_a_mismatch_says_no_more_than_that() {
    #[derive(Debug, serde::Deserialize)]
    struct User {
        sub: String,
        tenant: u32,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Stranger {
        #[expect(dead_code, reason = "only its absence matters")]
        email: String,
    }
    let key = MintKey::new(EdDSA, "a");
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        let token = decide(&ours, &key.token(&with("tenant", json!(7)))).unwrap();
        let user = token.claims::<User>().unwrap();
        assert_eq!((user.sub.as_str(), user.tenant), ("user-1", 7));
        assert!(Arc::ptr_eq(&user, &token.clone().claims().unwrap()), "a clone remembers too");
        assert_eq!(token.claims::<Stranger>().unwrap_err(), Rejection::ClaimsMismatch);
        assert_eq!(token.claims::<Value>().unwrap()["tenant"], 7, "another shape is read again");
        assert!(Arc::ptr_eq(&user, &token.claims().unwrap()), "and does not displace the first");
        assert_eq!((token.issuer(), token.subject()), (ISSUER, Some("user-1")));
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["orders:read"]);
        assert_eq!((token.key_id(), token.algorithm()), (Some("a"), EdDSA));
    }
}

#[test]
fn a_verified_token_says_what_was_signed() {
    let key = MintKey::new(ES256, "a");
    let all = json!({
        "iss": ISSUER, "aud": [AUDIENCE, "orders"], "sub": "user-1", "client_id": "client-1", "azp": "client-2",
        "jti": "token-1", "iat": NOW - 60, "nbf": NOW - 59, "exp": NOW + 600, "auth_time": NOW - 61,
        "acr": "gold", "amr": ["pwd", "otp"], "scope": "orders:read orders:list",
    });
    let at = |seconds| Some(UnixTime::from_seconds(seconds));
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        let token = decide(&ours, &key.token(&all)).unwrap();
        assert_eq!((token.issuer(), token.subject()), (ISSUER, Some("user-1")));
        assert_eq!((token.client_id(), token.authorized_party()), (Some("client-1"), Some("client-2")));
        assert_eq!(token.audiences().collect::<Vec<_>>(), [AUDIENCE, "orders"]);
        assert_eq!((token.issued_at(), token.not_before()), (at(NOW - 60), at(NOW - 59)));
        assert_eq!((Some(token.expires_at()), token.authenticated_at()), (at(NOW + 600), at(NOW - 61)));
        assert_eq!((token.token_id(), token.authentication_context()), (Some("token-1"), Some("gold")));
        assert_eq!(token.authentication_methods().collect::<Vec<_>>(), ["pwd", "otp"]);
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["orders:read", "orders:list"]);
        assert_eq!((token.key_id(), token.algorithm(), token.stale_key_age()), (Some("a"), ES256, None));
        assert_eq!(serde_json::from_str::<Value>(token.claims_json()).unwrap(), all);

        let bare = decide(&ours, &key.token(&without("nbf"))).unwrap();
        assert_eq!((bare.not_before(), bare.authenticated_at(), bare.authorized_party()), (None, None, None));
        assert_eq!((bare.authentication_context(), bare.authentication_methods().count()), (None, 0));
    }
}

#[test]
fn a_good_token_may_be_asked_for_more() {
    let key = MintKey::new(ES256, "a");
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        let token = decide(&ours, &key.token(&claims())).unwrap();
        let write = scope("orders:write");
        let missing = Rejection::ScopeMissing { required: "orders:write".into() };
        assert_eq!(token.require(&scope("orders:read")), Ok(()));
        assert_eq!(token.require(&write), Err(missing.clone()));
        assert_eq!(write.check(&token), Err(missing));
        assert_eq!(scope("orders:read").check(&token), Ok(()));
    }
}

#[test]
fn nothing_printed_shows_a_token_or_a_secret() {
    let secret = MintKey::secret(b"an-hmac-secret-that-nobody-may-see-in-a-log", HS256, "s");
    let good = secret.token(&with("sub", json!("user-nobody-may-see")));
    let bad = secret.token(&with("aud", json!("audience-nobody-may-see")));
    for backend in Backend::available() {
        let plan = issuer([secret.jwk()]).algorithms([HS256]);
        let mut shown = format!("{plan:?} {:?}", secret.jwk());
        let builder = Verifier::builder().issuer(plan).backend(*backend).clock(standing_at(NOW));
        shown.push_str(&format!("{builder:?}"));
        let ours = builder.build().unwrap();
        shown.push_str(&format!("{ours:?} {:?}", ours.status()));
        shown.push_str(&format!("{:?}", decide(&ours, &good).unwrap()));
        for token in [&bad, &format!("{bad}."), &bad.replace('.', "!.")] {
            let rejection = decide(&ours, token).unwrap_err();
            shown.push_str(&format!(
                "{rejection} {rejection:?} {:#?}",
                portcullis::Error::from(rejection.clone())
            ));
        }
        let segments = good.split('.').chain(bad.split('.'));
        for private in segments.chain(["nobody-may-see", "YW4taG1hYy1zZWNyZXQ", "[97, 110"]) {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
    }
}

#[tokio::test]
async fn waiting_and_not_waiting_answer_alike() {
    let key = MintKey::new(ES256, "a");
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([key.jwk()])]);
        for claims in [claims(), with("aud", json!("other")), with("exp", json!(NOW))] {
            let token = key.token(&claims);
            let waited = ours.verify(&token).await.map_or_else(|error| error.code(), |_| "ok");
            assert_eq!(waited, verdict(&ours, &token), "{}", backend.name());
        }
        let unknown = MintKey::new(ES256, "b").token(&claims());
        assert_eq!(ours.verify(&unknown).await.unwrap_err().code(), "key_unknown");
    }
}
