//! Oversize everything. What it may cost is bounded before it is read.

use portcullis::Algorithm::ES256;
use serde_json::json;

use crate::stage::{Stage, header_with};
use crate::support::fixture::{claims, issuer, with};
use crate::support::mint::MintKey;

#[test]
fn an_oversized_token() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let padded = |bytes: usize| key.token(&with("x", json!("x".repeat(bytes))));
    let spare = 16 * 1_024 - padded(0).len();
    let fits = padded(spare / 4 * 3 - 3);
    assert!((16 * 1_024 - 8..=16 * 1_024).contains(&fits.len()), "{}", fits.len());
    stage.accepts("almost 16 KiB", &fits);
    stage.refuses("more", &padded(spare / 4 * 3 + 6), "token_too_large");
    stage.refuses("a mebibyte", &padded(1_024 * 1_024), "token_too_large");
    stage.refuses("of dots", &".".repeat(16 * 1_024 + 1), "token_too_large");
    stage.refuses("of anything", &"A".repeat(10_000_000), "token_too_large");
}

#[test]
fn an_oversized_header() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let padded = |bytes: usize| {
        let header = header_with(&key, &json!({"x5c": ["A".repeat(bytes)]}));
        (header.len(), key.token_of_texts(&header, &claims().to_string()))
    };
    let spare = 4_096 - padded(0).0;
    stage.accepts("4 KiB", &padded(spare).1);
    stage.refuses("a byte more", &padded(spare + 1).1, "header_too_large");
    stage.refuses("8 KiB", &padded(8_192).1, "header_too_large");
}

/// Many members, many names and many scopes are read in one pass each, and by their number alone are no fault.
#[test]
fn as_many_members_as_fit() {
    let key = MintKey::new(ES256, "a");
    let stage = Stage::trusting(&key);
    let many = |last: &str| {
        let mut members: Vec<_> = (0..1_200).map(|n| format!("\"m{n}\":0")).collect();
        members.push(format!("\"{last}\":0"));
        let payload = claims().to_string().replacen('{', &format!("{{{},", members.join(",")), 1);
        key.token_of_texts(&key.header().to_string(), &payload)
    };
    stage.accepts("all different", &many("last"));
    stage.refuses("the first one again", &many("m0"), "claim_repeated");
    let scopes: Vec<_> = (0..2_000).map(|n| format!("s{n}")).collect();
    stage.accepts("scopes in a string", &key.token(&with("scope", json!(scopes[..1_800].join(" ")))));
    stage.accepts("scopes in an array", &key.token(&with("scp", json!(scopes[..1_300]))));
    stage.refuses("more than fit", &key.token(&with("scp", json!(scopes))), "token_too_large");
    stage.refuses("audiences", &key.token(&with("aud", json!(scopes[..1_300]))), "audience_mismatch");
}

/// A key that fits every token would have to be tried with every token.
#[test]
fn more_keys_than_are_tried() {
    let ids = ["a", "b", "c", "d", "e"];
    let keys = ids.map(|id| MintKey::new(ES256, id));
    let unnamed = |key: &MintKey| {
        let header = json!({"typ": "at+jwt", "alg": "ES256"}).to_string();
        key.token_of_texts(&header, &claims().to_string())
    };
    let jwks = |count: usize| keys[..count].iter().map(MintKey::jwk).collect::<Vec<_>>();
    let stage = |count: usize| Stage::new(&[ES256], || vec![issuer(jwks(count))]);
    let (four, five) = (stage(4), stage(5));
    four.accepts("the last of four", &unnamed(&keys[3]));
    four.refuses("none of four", &unnamed(&keys[4]), "signature_invalid");
    five.accepts("one of five by its id", &keys[4].token(&claims()));
    five.refuses("one of five", &unnamed(&keys[4]), "key_ambiguous");
}
