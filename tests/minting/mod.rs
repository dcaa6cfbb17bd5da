//! Tokens for tests, signed with the Ed25519 key of RFC 8037, appendix A. The time is second 1,000.

#![allow(dead_code, reason = "each test binary uses its own part")]

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::jose::Jwk;
use portcullis::{Issuer, UnixTime, Verifier};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const NOW: i64 = 1_000;

const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

pub(crate) fn verifier() -> Verifier {
    let issuer = Issuer::new(ISSUER, Jwk::parse(PUBLIC).unwrap()).audience(AUDIENCE);
    Verifier::builder().issuer(issuer).clock(|| UnixTime::from_seconds(NOW)).build().unwrap()
}

/// A good token of `alice` with these scopes.
pub(crate) fn token(scope: &str) -> String {
    signed(&claims(scope))
}

/// One that expired long ago.
pub(crate) fn expired() -> String {
    let mut claims = claims("orders:read");
    claims["exp"] = json!(NOW - 600);
    signed(&claims)
}

pub(crate) fn claims(scope: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "client_id": "shop", "jti": "1",
        "iat": NOW - 10, "exp": NOW + 300, "scope": scope, "email": "alice@example.com",
    })
}

pub(crate) fn signed(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"a"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = Ed25519KeyPair::from_seed_unchecked(&URL_SAFE_NO_PAD.decode(SEED).unwrap()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes())))
}
