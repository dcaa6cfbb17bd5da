//! ring: small to build; no ES512, ES256K or ML-DSA, and RSA keys are parsed at each use.

use ring::agreement;
use ring::digest;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};

use super::super::backend::{Library, Prepared, Verify};
use crate::error::KeyError;
use crate::jose::{Algorithm, KeyMaterial};

/// The library.
pub(crate) struct Ring;

impl Library for Ring {
    fn name(&self) -> &'static str {
        "ring"
    }

    fn supports(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{
            ES256, ES384, Ed25519, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
        };
        matches!(
            algorithm,
            HS256
                | HS384
                | HS512
                | RS256
                | RS384
                | RS512
                | PS256
                | PS384
                | PS512
                | ES256
                | ES384
                | EdDSA
                | Ed25519
        )
    }

    fn sha256(&self, message: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, message).as_ref());
        out
    }

    fn hmac_sha256(&self, secret: &[u8], message: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref());
        out
    }

    fn prepare(&self, algorithm: Algorithm, material: &KeyMaterial) -> Result<Prepared, KeyError> {
        match material {
            KeyMaterial::Oct { secret } => {
                let digest = hmac_algorithm(algorithm).ok_or(KeyError::AlgorithmMismatch)?;
                Ok(Box::new(Secret(hmac::Key::new(digest, secret))))
            }
            KeyMaterial::Rsa { n, e } => {
                let parameters = rsa_parameters(algorithm).ok_or(KeyError::AlgorithmMismatch)?;
                let components = RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
                Ok(Box::new(Rsa { components, parameters }))
            }
            KeyMaterial::Ec { x, y, .. } => {
                let (verification, curve) = ecdsa(algorithm).ok_or(KeyError::Unsupported(algorithm))?;
                let point = [&[UNCOMPRESSED], &**x, &**y].concat();
                check_point(curve, &point)?;
                Ok(Box::new(Public(UnparsedPublicKey::new(verification, point))))
            }
            KeyMaterial::Okp { x, .. } => {
                Ok(Box::new(Public(UnparsedPublicKey::new(&signature::ED25519, x.clone()))))
            }
            KeyMaterial::Akp { .. } => Err(KeyError::Unsupported(algorithm)),
        }
    }
}

/// Proves that a point lies on its curve.
///
/// ring checks a point only when it is used, and says the same of a bad point and of a bad signature. Agreeing on a key
/// with it, which is thrown away, tells the two apart at load.
fn check_point(curve: &'static agreement::Algorithm, point: &[u8]) -> Result<(), KeyError> {
    let ours = agreement::EphemeralPrivateKey::generate(curve, &SystemRandom::new());
    let theirs = agreement::UnparsedPublicKey::new(curve, point);
    agreement::agree_ephemeral(ours.map_err(|_| KeyError::Refused)?, &theirs, |_| ())
        .map_err(|_| KeyError::PointInvalid)
}

struct Public(UnparsedPublicKey<Vec<u8>>);

impl Verify for Public {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}

struct Rsa {
    components: RsaPublicKeyComponents<Vec<u8>>,
    parameters: &'static RsaParameters,
}

impl Verify for Rsa {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.components.verify(self.parameters, message, signature).is_ok()
    }
}

struct Secret(hmac::Key);

impl Verify for Secret {
    fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, message, tag).is_ok()
    }
}

fn hmac_algorithm(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn ecdsa(
    algorithm: Algorithm,
) -> Option<(&'static dyn signature::VerificationAlgorithm, &'static agreement::Algorithm)> {
    match algorithm {
        Algorithm::ES256 => Some((&signature::ECDSA_P256_SHA256_FIXED, &agreement::ECDH_P256)),
        Algorithm::ES384 => Some((&signature::ECDSA_P384_SHA384_FIXED, &agreement::ECDH_P384)),
        _ => None,
    }
}

/// SEC 1, section 2.3.3: an uncompressed point starts with this octet.
const UNCOMPRESSED: u8 = 4;
