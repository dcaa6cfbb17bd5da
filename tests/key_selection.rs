//! Which key a token is judged by, and that every backend judges alike.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use portcullis::Algorithm::{self, ES256, ES384, EdDSA, HS256, RS256};
use portcullis::Rejection;
use portcullis::crypto::Backend;
use serde_json::json;
use support::fixture::{claims, issuer, verifier};
use support::mint::MintKey;
use support::{b64, decide, der, verdict};

#[test]
fn tokens_without_kid_are_tried_with_four_keys() {
    let ids = ["a", "b", "c", "d", "e"];
    let keys: Vec<_> = ids.iter().map(|id| MintKey::new(ES256, *id)).collect();
    let other_curve = MintKey::new(ES384, "z");
    let jwks = |count: usize| keys[..count].iter().map(MintKey::jwk).collect::<Vec<_>>();
    let kidless = |key: &MintKey| {
        let header = json!({"typ": "at+jwt", "alg": key.algorithm.name()});
        key.token_of_texts(&header.to_string(), &claims().to_string())
    };
    for backend in Backend::available() {
        let four = verifier(*backend, [issuer([jwks(4), vec![other_curve.jwk()]].concat())]);
        let five = verifier(*backend, [issuer(jwks(5))]);
        for (name, verifier, token, want) in [
            ("the first of four", &four, kidless(&keys[0]), "ok"),
            ("the last of four", &four, kidless(&keys[3]), "ok"),
            ("another curve", &four, kidless(&other_curve), "ok"),
            ("none of the four", &four, kidless(&keys[4]), "signature_invalid"),
            ("of a family without keys", &four, kidless(&MintKey::new(EdDSA, None)), "key_unknown"),
            ("one of five", &five, kidless(&keys[0]), "key_ambiguous"),
            ("one of five, by its id", &five, keys[4].token(&claims()), "ok"),
        ] {
            assert_eq!(verdict(verifier, &token), want, "{name} on {}", backend.name());
        }
        let ambiguous = decide(&five, &kidless(&keys[0])).unwrap_err();
        assert_eq!(ambiguous, Rejection::KeyAmbiguous { found: 5, limit: 4 });

        let namesakes: Vec<_> = jwks(5).into_iter().map(|jwk| jwk.with_key_id("same")).collect();
        let header = json!({"typ": "at+jwt", "alg": "ES256", "kid": "same"}).to_string();
        let token = keys[3].token_of_texts(&header, &claims().to_string());
        for (count, want) in [(4, "ok"), (5, "key_ambiguous")] {
            let ours = verifier(*backend, [issuer(namesakes[..count].to_vec())]);
            assert_eq!(verdict(&ours, &token), want, "{count} of one name on {}", backend.name());
        }
    }
}

#[test]
fn a_fixed_key_without_id_fits_every_kid_that_no_other_has() {
    let (nameless, named) = (MintKey::new(ES256, None), MintKey::new(ES256, "named"));
    let as_named = json!({"typ": "at+jwt", "alg": "ES256", "kid": "named"}).to_string();
    let as_any = json!({"typ": "at+jwt", "alg": "ES256", "kid": "any"}).to_string();
    for backend in Backend::available() {
        let ours = verifier(*backend, [issuer([nameless.jwk(), named.jwk()])]);
        for (name, header, key, want) in [
            ("any kid", &as_any, &nameless, "ok"),
            ("any kid, another's signature", &as_any, &named, "signature_invalid"),
            ("the other's kid", &as_named, &nameless, "signature_invalid"),
            ("the other", &as_named, &named, "ok"),
        ] {
            let token = key.token_of_texts(header, &claims().to_string());
            assert_eq!(verdict(&ours, &token), want, "{name} on {}", backend.name());
        }
    }
}

#[test]
fn secrets_verify_only_where_hmac_is_allowed_by_name() {
    let secret = MintKey::new(HS256, "s");
    let rsa = MintKey::new(RS256, "r");
    for backend in Backend::available() {
        let hmac = verifier(*backend, [issuer([secret.jwk()]).algorithms([HS256])]);
        assert_eq!(verdict(&hmac, &secret.token(&claims())), "ok", "{}", backend.name());
        let other = MintKey::new(HS256, "s");
        assert_eq!(verdict(&hmac, &other.token(&claims())), "signature_invalid", "{}", backend.name());

        let default = verifier(*backend, [issuer([rsa.jwk()])]);
        let mixed = verifier(*backend, [issuer([rsa.jwk(), secret.jwk()]).algorithms([RS256, HS256])]);
        let modulus = support::unb64(support::text(&rsa.public_json(), "n"));
        for (form, bytes) in [
            ("DER", rsa.spki()),
            ("PEM", der::pem("PUBLIC KEY", &rsa.spki()).into_bytes()),
            ("JSON", rsa.public_json().to_string().into_bytes()),
            ("modulus", modulus),
            ("nothing", Vec::new()),
        ] {
            let forged = MintKey::secret(&bytes, HS256, "r").token(&claims());
            let kidless = MintKey::secret(&bytes, HS256, None).token(&claims());
            assert_eq!(verdict(&default, &forged), "algorithm_not_allowed", "{form} on {}", backend.name());
            assert_eq!(verdict(&mixed, &forged), "key_unsuitable", "{form} on {}", backend.name());
            assert_eq!(verdict(&mixed, &kidless), "signature_invalid", "{form} on {}", backend.name());
        }
        assert_eq!(verdict(&mixed, &rsa.token(&claims())), "ok", "{}", backend.name());
        assert_eq!(verdict(&mixed, &secret.token(&claims())), "ok", "{}", backend.name());
    }
}

#[test]
fn backends_agree_on_every_algorithm() {
    for algorithm in Algorithm::ALL {
        let key = MintKey::new(*algorithm, "a");
        let good = key.token(&claims());
        let changed = {
            let (input, signature) = good.rsplit_once('.').unwrap();
            let mut bytes = support::unb64(signature);
            bytes[7] ^= 0x10;
            format!("{input}.{}", b64(bytes))
        };
        let longer = {
            let (input, signature) = good.rsplit_once('.').unwrap();
            format!("{input}.{}", b64([support::unb64(signature), vec![0]].concat()))
        };
        for backend in Backend::available().iter().filter(|backend| backend.supports(*algorithm)) {
            let ours = verifier(*backend, [issuer([key.jwk()]).algorithms([*algorithm])]);
            for (name, token, want) in [
                ("as minted", &good, "ok"),
                ("a bit of the signature", &changed, "signature_invalid"),
                ("a longer signature", &longer, "signature_invalid"),
            ] {
                assert_eq!(verdict(&ours, token), want, "{algorithm}, {name}, on {}", backend.name());
            }
        }
    }
}
