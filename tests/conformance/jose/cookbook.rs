//! RFC 7520 and its additions for RFC 7797 and RFC 8037: what is compact and signed holds, all else is refused.

use portcullis::Algorithm;
use portcullis::crypto::VerifyKey;
use portcullis::jose::Jwk;
use serde_json::Value;

use super::{claims, example, not_claims, public_half, trust, whole};
use crate::suite::{Label, Suite};
use crate::support::{text, vectors, vectors_in};

use Algorithm::{ES512, EdDSA, HS256, PS256, RS256};

/// Every document with a token inside, and where its key stands.
const TOKENS: [&str; 19] = [
    "6.nesting_signatures_and_encryption",
    "curve25519__jws",
    "jwe__5_10.including_additional_authentication_data",
    "jwe__5_11.protecting_specific_header_fields",
    "jwe__5_13.encrypting_to_multiple_recipients",
    "jwe__5_2.key_encryption_using_rsa-oaep_with_aes-gcm",
    "jwe__5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2",
    "jwe__5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm",
    "jwe__5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2",
    "jwe__5_6.direct_encryption_using_aes-gcm",
    "jwe__5_8.key_wrap_using_aes-keywrap_with_aes-gcm",
    "jwe__5_9.compressed_content",
    "jws__4_1.rsa_v15_signature",
    "jws__4_3.ecdsa_signature",
    "jws__4_5.signature_with_detached_content",
    "jws__4_7.protecting_content_only",
    "jws__4_8.multiple_signatures",
    "rfc7797__4.2.hmac-sha2_b64_false",
    "rfc7797__hmac-sha2_b64_false",
];

pub(super) fn cases(suite: &mut Suite) {
    expect_documents();
    signed(suite);
    detached(suite);
    several(suite);
    nested(suite);
    refused(suite);
}

fn document(name: &str) -> Value {
    vectors(&format!("jose/cookbook/{name}.json"))["document"].clone()
}

/// Asserts that no document of the folder is left out.
fn expect_documents() {
    let named = TOKENS.iter().copied().chain(super::keys::COOKBOOK.map(|(name, ..)| name));
    assert_eq!(vectors_in("jose/cookbook"), named.map(|name| format!("{name}.json")).collect());
}

fn signed(suite: &mut Suite) {
    for (name, algorithm) in [
        ("jws__4_1.rsa_v15_signature", RS256),
        ("jws__4_3.ecdsa_signature", ES512),
        ("curve25519__jws", EdDSA),
    ] {
        let document = document(name);
        let (key, token) = (&document["input"]["key"], text(&document["output"], "compact"));
        example(suite, name, Label::Valid, (token, key), Ok(algorithm));
        not_claims(suite, name, token, trust("any", &public_half(key), algorithm));
        // The document gives the private key too, which no verifier takes.
        whole(
            suite,
            &format!("{name}, private key"),
            Label::Invalid,
            token,
            trust("any", key, algorithm),
            "key_private",
        );
    }
}

/// Refused as it stands, good with the content put back.
fn detached(suite: &mut Suite) {
    let document = document("jws__4_5.signature_with_detached_content");
    let key = &document["input"]["key"];
    let token = text(&document["output"], "compact");
    example(suite, "jws__4_5, detached", Label::Invalid, (token, key), Err("signature_invalid"));
    let attached =
        format!("{}.{}", text(&document["signing"], "sig-input"), text(&document["signing"], "sig"));
    example(suite, "jws__4_5, attached", Label::Valid, (&attached, key), Ok(HS256));
}

/// Of several signatures, those with an algorithm in the protected header stand for themselves.
fn several(suite: &mut Suite) {
    let document = document("jws__4_8.multiple_signatures");
    for (index, label, want) in [
        (0, Label::Valid, Ok(RS256)),
        (1, Label::Invalid, Err("header_malformed")),
        (2, Label::Valid, Ok(HS256)),
    ] {
        let json = &document["output"]["json"];
        let signature = &json["signatures"][index];
        let protected = signature["protected"].as_str().unwrap_or_default();
        let token = format!("{protected}.{}.{}", text(json, "payload"), text(signature, "signature"));
        let key = &document["input"]["key"][index];
        example(suite, &format!("jws__4_8, signature {index}"), label, (&token, key), want);
    }
}

/// The inner token is a JWT.
fn nested(suite: &mut Suite) {
    let document = document("6.nesting_signatures_and_encryption");
    let sign = &document["sign"];
    let (token, key) = (text(&sign["output"], "compact"), public_half(&sign["input"]["key"]));
    example(suite, "rfc7520.6, inner", Label::Valid, (token, &key), Ok(PS256));
    claims(suite, "rfc7520.6, inner", token, &trust("hobbiton.example", &key, PS256), 1_300_819_380);
}

/// JSON serialisations, detached and unencoded content, and everything encrypted, whatever key is trusted; and the keys
/// that are for encryption.
fn refused(suite: &mut Suite) {
    let ours = document("jws__4_1.rsa_v15_signature");
    let ours = public_half(&ours["input"]["key"]);
    let is_good = |name: &str, form: &str| {
        let signed = ["curve25519__jws", "jws__4_1.", "jws__4_3.", "jws__4_5."];
        form == "compact" && signed.iter().any(|signed| name.starts_with(signed))
    };
    for name in TOKENS {
        let document = document(name);
        let part = if document["encrypt"].is_object() { &document["encrypt"] } else { &document };
        for (form, token) in part["output"].as_object().unwrap() {
            if is_good(name, form) {
                continue;
            }
            let token = token.as_str().map_or_else(|| token.to_string(), str::to_owned);
            let name = format!("{name}, {form}");
            example(suite, &name, Label::Invalid, (&token, &ours), Err("token_malformed"));
            whole(suite, &name, Label::Invalid, &token, trust("any", &ours, RS256), "token_malformed");
        }
        let keys = &part["input"]["key"];
        let keys = keys.as_array().map_or(std::slice::from_ref(keys), Vec::as_slice);
        for (index, key) in keys.iter().filter(|key| key["use"] == "enc").enumerate() {
            let key = key.to_string();
            suite.case(
                format!("jose/{name}, encryption key {index}"),
                Label::Invalid,
                "key_not_for_verifying",
                move |backend| {
                    let jwk = Jwk::parse(&key).unwrap();
                    let all = Algorithm::ALL.iter().copied().collect();
                    VerifyKey::prepare(&jwk, all, backend)
                        .map_or_else(|error| error.code(), |_| "ok")
                        .to_owned()
                },
            );
        }
    }
}
