//! What every peer is given: one key and the rules.

use serde::{Deserialize, Serialize};

pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "https://api.example.com";
pub const KEY_ID: &str = "key-2026-01";
/// Seconds by which clocks may disagree, wherever a peer lets that be said.
pub const SKEW: u64 = 60;

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Algorithm {
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "HS256")]
    Hs256,
}

impl Algorithm {
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa, Self::Hs256];

    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

/// The set-up that each peer makes a verifier of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Task {
    pub algorithm: Algorithm,
    /// The key as a JSON Web Key with `kid`, `alg` and `use`.
    pub jwk: String,
    /// The public key as aws-lc-rs reads it, or the octets of the HMAC key.
    pub key: Vec<u8>,
    /// A good token.
    pub token: String,
}

impl Task {
    /// The key as an issuer publishes it.
    pub fn jwks(&self) -> String {
        format!(r#"{{"keys":[{}]}}"#, self.jwk)
    }

    /// The JWK read into the type of the caller.
    ///
    /// # Errors
    /// The reason, as a text for the table of remarks.
    pub fn read_jwk<'a, T: Deserialize<'a>>(&'a self) -> Result<T, String> {
        serde_json::from_str(&self.jwk).map_err(|error| error.to_string())
    }
}

/// What a service reads of a token, for peers that leave the choice of a type to the user and hand over all claims.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Claims {
    pub sub: String,
    pub exp: u64,
    pub client_id: String,
    pub scope: String,
}

/// The same for peers that read the registered claims themselves.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Extra {
    pub client_id: String,
    pub scope: String,
}
