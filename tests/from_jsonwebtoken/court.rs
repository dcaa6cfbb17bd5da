//! One token before both judges.

use std::sync::LazyLock;
use std::task::Poll;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation, decode, get_current_timestamp};
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, Error, Issuer, Profile, Verifier};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

pub(crate) static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::EdDSA, "key-1"));

/// What a careful service has.
pub(crate) fn validation() -> Validation {
    let mut validation = Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation
}

pub(crate) fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": "key-1"})
}

pub(crate) fn now() -> u64 {
    get_current_timestamp()
}

pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now() + 3_600})
}

/// The value with one member changed.
pub(crate) fn with(mut object: Value, member: &str, value: impl Into<Value>) -> Value {
    object[member] = value.into();
    object
}

pub(crate) fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member);
    object
}

pub(crate) fn signed(header: &str, claims: &str) -> String {
    signed_by(&KEY, header, claims)
}

pub(crate) fn signed_by(key: &SigningKey, header: &str, claims: &str) -> String {
    let encoded = [header, claims].map(|text| URL_SAFE_NO_PAD.encode(text));
    let input = encoded.join(".");
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// `ok`, or what `decode` says.
pub(crate) fn theirs(validation: &Validation, token: &str) -> String {
    theirs_by(&KEY.jwk_json(), validation, token)
}

/// The same with another key.
pub(crate) fn theirs_by(jwk: &str, validation: &Validation, token: &str) -> String {
    let jwk = serde_json::from_str(jwk).unwrap();
    let decoded = decode::<Value>(token, &DecodingKey::from_jwk(&jwk).unwrap(), validation);
    decoded.map_or_else(|error| format!("{error:?}"), |_| "ok".to_owned())
}

/// `ok`, or the reason code.
pub(crate) fn ours(validation: &Validation, profile: Profile, token: &str) -> &'static str {
    let issuer = Issuer::from_validation(ISSUER, KEY.jwk().clone(), validation).unwrap();
    judged(issuer.profile(profile), token)
}

/// `ok`, or the reason code.
pub(crate) fn judged(issuer: Issuer, token: &str) -> &'static str {
    let verifier = Verifier::builder().issuer(issuer).build().unwrap();
    match verifier.verify_cached(token) {
        Poll::Ready(Ok(_)) => "ok",
        Poll::Ready(Err(Error::Rejected(rejection))) => rejection.code(),
        Poll::Ready(Err(error)) => panic!("fixed keys are always there: {error}"),
        Poll::Pending => panic!("fixed keys never wait"),
    }
}
