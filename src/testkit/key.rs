//! A key that signs.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, PqdsaSigningAlgorithm,
    RsaEncoding, RsaKeyPair,
};
use aws_lc_rs::{error::Unspecified, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::token::encode;
use crate::jose::{Algorithm, Jwk, KeyMaterial};

/// A private key made for one test run: signs under one algorithm and knows its public half as a JWK.
///
/// ```
/// use portcullis::{Algorithm, testkit::SigningKey};
///
/// let key = SigningKey::generate(Algorithm::EdDSA, "a");
/// assert_eq!(key.sign(b"message").len(), 64);
/// assert_eq!(key.jwk().key_id(), Some("a"));
/// ```
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: String,
    signer: Signer,
    jwk: Jwk,
    public_der: Option<Vec<u8>>,
}

enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

impl SigningKey {
    /// A new key for `algorithm`, with an RSA modulus of 2048 bits or a secret as long as the hash.
    ///
    /// An RSA key takes some tenths of a second, every other kind next to nothing.
    ///
    /// # Panics
    /// When the cryptographic library has no random bytes to give.
    #[must_use]
    pub fn generate(algorithm: Algorithm, key_id: impl Into<String>) -> Self {
        let key_id = key_id.into();
        let (signer, key) = Signer::generate(algorithm).expect("AWS-LC makes a key");
        let (jwk, public_der) = match key {
            Exported::Secret(secret) => (Jwk::from_secret(secret, algorithm), None),
            Exported::Public(der) => {
                let der = der.as_ref().to_vec();
                (Jwk::from_der(&der).and_then(|jwk| jwk.with_algorithm(algorithm)), Some(der))
            }
        };
        let jwk = jwk.expect("a key made for an algorithm serves it").with_key_id(key_id.clone());
        Self { algorithm, key_id, signer, jwk, public_der }
    }

    /// The algorithm it signs under.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What verifies its signatures: the public half, or for HMAC the secret itself.
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// [`SigningKey::jwk`] as JSON, with `kid`, `alg` and `use`.
    #[must_use]
    pub fn jwk_json(&self) -> String {
        Value::Object(self.members()).to_string()
    }

    /// The public half as a PEM block `PUBLIC KEY`; `None` for HMAC, which has none.
    #[must_use]
    pub fn public_pem(&self) -> Option<String> {
        let encoded = STANDARD.encode(self.public_der.as_ref()?);
        let mut text = String::from("-----BEGIN PUBLIC KEY-----\n");
        for (place, character) in encoded.chars().enumerate() {
            if place > 0 && place % PEM_LINE == 0 {
                text.push('\n');
            }
            text.push(character);
        }
        text.push_str("\n-----END PUBLIC KEY-----\n");
        Some(text)
    }

    /// A signature over `message`, in the form that a JWS carries.
    ///
    /// # Panics
    /// When the cryptographic library has no random bytes to give.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.signer.sign(message).expect("AWS-LC signs with a key it made")
    }

    pub(super) fn members(&self) -> Map<String, Value> {
        let own = match self.jwk.material() {
            KeyMaterial::Oct { secret } => vec![("k", encode(secret))],
            KeyMaterial::Rsa { n, e } => vec![("n", encode(n)), ("e", encode(e))],
            KeyMaterial::Ec { curve, x, y } => {
                vec![("crv", curve.name().to_owned()), ("x", encode(x)), ("y", encode(y))]
            }
            KeyMaterial::Okp { curve, x } => vec![("crv", curve.name().to_owned()), ("x", encode(x))],
            KeyMaterial::Akp { public, .. } => vec![("pub", encode(public))],
        };
        let shared = [
            ("kty", self.jwk.key_type().name().to_owned()),
            ("kid", self.key_id.clone()),
            ("alg", self.algorithm.name().to_owned()),
            ("use", "sig".to_owned()),
        ];
        shared.into_iter().chain(own).map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
    }
}

/// Shows which key it is, never the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// What a verifier must be given.
enum Exported {
    Secret(Vec<u8>),
    Public(PublicKeyX509Der<'static>),
}

impl Signer {
    fn generate(algorithm: Algorithm) -> Result<(Self, Exported), Unspecified> {
        use Algorithm::*;
        match algorithm {
            HS256 => Self::hmac(hmac::HMAC_SHA256),
            HS384 => Self::hmac(hmac::HMAC_SHA384),
            HS512 => Self::hmac(hmac::HMAC_SHA512),
            RS256 => Self::rsa(&signature::RSA_PKCS1_SHA256),
            RS384 => Self::rsa(&signature::RSA_PKCS1_SHA384),
            RS512 => Self::rsa(&signature::RSA_PKCS1_SHA512),
            PS256 => Self::rsa(&signature::RSA_PSS_SHA256),
            PS384 => Self::rsa(&signature::RSA_PSS_SHA384),
            PS512 => Self::rsa(&signature::RSA_PSS_SHA512),
            ES256 => Self::ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            ES384 => Self::ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            ES512 => Self::ecdsa(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            ES256K => Self::ecdsa(&signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
            EdDSA | Ed25519 => {
                let pair = Ed25519KeyPair::generate()?;
                let public = pair.public_key().as_der()?;
                Ok((Self::EdDsa(pair), Exported::Public(public)))
            }
            MlDsa44 => Self::ml_dsa(&signature::ML_DSA_44_SIGNING),
            MlDsa65 => Self::ml_dsa(&signature::ML_DSA_65_SIGNING),
            MlDsa87 => Self::ml_dsa(&signature::ML_DSA_87_SIGNING),
        }
    }

    fn hmac(algorithm: hmac::Algorithm) -> Result<(Self, Exported), Unspecified> {
        let mut secret = vec![0; algorithm.digest_algorithm().output_len()];
        rand::fill(&mut secret)?;
        let key = Box::new(hmac::Key::new(algorithm, &secret));
        Ok((Self::Hmac(key), Exported::Secret(secret)))
    }

    fn rsa(encoding: &'static dyn RsaEncoding) -> Result<(Self, Exported), Unspecified> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let public = pair.public_key().as_der()?;
        Ok((Self::Rsa(pair, encoding), Exported::Public(public)))
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<(Self, Exported), Unspecified> {
        let pair = EcdsaKeyPair::generate(algorithm)?;
        let public = pair.public_key().as_der()?;
        Ok((Self::Ecdsa(pair), Exported::Public(public)))
    }

    fn ml_dsa(algorithm: &'static PqdsaSigningAlgorithm) -> Result<(Self, Exported), Unspecified> {
        let pair = PqdsaKeyPair::generate(algorithm)?;
        let public = pair.public_key().as_der()?;
        Ok((Self::MlDsa(pair), Exported::Public(public)))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut out)?;
                Ok(out)
            }
            Self::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::EdDsa(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
            Self::MlDsa(pair) => {
                let mut out = vec![0; pair.algorithm().signature_len()];
                let written = pair.sign(message, &mut out)?;
                out.truncate(written);
                Ok(out)
            }
        }
    }
}

/// RFC 7468, section 2.
const PEM_LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_from_its_json_and_its_pem() {
        for algorithm in [Algorithm::ES256, Algorithm::ES512, Algorithm::EdDSA, Algorithm::MlDsa44] {
            let key = SigningKey::generate(algorithm, "a");
            let read = Jwk::parse(&key.jwk_json()).unwrap();
            assert_eq!(read.material(), key.jwk().material(), "{algorithm}");
            assert_eq!((read.key_id(), read.algorithm()), (Some("a"), Some(algorithm)));
            let pem = Jwk::from_pem(&key.public_pem().unwrap()).unwrap();
            assert_eq!(pem.material(), key.jwk().material(), "{algorithm}");
        }
        let secret = SigningKey::generate(Algorithm::HS384, "a");
        assert_eq!(secret.public_pem(), None);
        assert_eq!(Jwk::parse(&secret.jwk_json()).unwrap().material(), secret.jwk().material());
    }

    #[test]
    fn two_keys_are_two_keys() {
        let (one, other) =
            (SigningKey::generate(Algorithm::ES256, "a"), SigningKey::generate(Algorithm::ES256, "a"));
        assert!(one.jwk() != other.jwk());
    }

    #[test]
    fn debug_shows_no_key() {
        let key = SigningKey::generate(Algorithm::HS256, "a");
        assert_eq!(format!("{key:?}"), r#"SigningKey { algorithm: HS256, key_id: "a", .. }"#);
    }
}
