//! One issuer, its rules at one moment, and the claims that pass them.

use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::jose::Jwk;
use portcullis::{Issuer, Verifier};
use serde_json::{Value, json};

use super::standing_at;

/// When tokens are judged.
pub const NOW: i64 = 1_700_000_000;
/// Who issues them.
pub const ISSUER: &str = "https://id.example";
/// Who they are for.
pub const AUDIENCE: &str = "https://api.example";

/// The claims of an access token that passes every check at [`NOW`].
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "client-1", "jti": "token-1",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600, "scope": "orders:read",
    })
}

/// The same claims with one of them changed.
pub fn with(member: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[member] = value;
    claims
}

/// The same claims without one of them.
pub fn without(member: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(member).unwrap();
    claims
}

/// The issuer of [`claims`], with these keys.
pub fn issuer(keys: impl Into<Vec<Jwk>>) -> Issuer {
    Issuer::new(ISSUER, keys.into()).audience(AUDIENCE).clock_skew(Duration::ZERO)
}

/// A verifier of these issuers, at [`NOW`].
pub fn verifier(backend: Backend, issuers: impl IntoIterator<Item = Issuer>) -> Verifier {
    let builder = Verifier::builder().backend(backend).clock(standing_at(NOW));
    issuers.into_iter().fold(builder, |builder, issuer| builder.issuer(issuer)).build().unwrap()
}
