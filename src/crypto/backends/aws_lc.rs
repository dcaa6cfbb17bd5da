//! AWS-LC: every algorithm of the table, every key parsed once.

use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::super::backend::{Library, Prepared, Verify};
use crate::error::KeyError;
use crate::jose::{Algorithm, KeyMaterial};

/// The library.
pub(crate) struct AwsLc;

impl Library for AwsLc {
    fn name(&self) -> &'static str {
        "aws-lc"
    }

    fn supports(&self, _: Algorithm) -> bool {
        true
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
                let components = RsaPublicKeyComponents { n, e };
                let key = components.to_parsed_public_key(parameters).map_err(|_| KeyError::Refused)?;
                Ok(Box::new(Public(key)))
            }
            KeyMaterial::Ec { x, y, .. } => {
                parse(algorithm, &[&[UNCOMPRESSED], &**x, &**y].concat(), KeyError::PointInvalid)
            }
            KeyMaterial::Okp { x, .. } => parse(algorithm, x, KeyError::PointInvalid),
            KeyMaterial::Akp { public, .. } => parse(algorithm, public, KeyError::Refused),
        }
    }
}

fn parse(algorithm: Algorithm, bytes: &[u8], refused: KeyError) -> Result<Prepared, KeyError> {
    let verification = verification(algorithm).ok_or(KeyError::AlgorithmMismatch)?;
    Ok(Box::new(Public(ParsedPublicKey::new(verification, bytes).map_err(|_| refused)?)))
}

struct Public(ParsedPublicKey);

impl Verify for Public {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
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

fn verification(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::ES512 => Some(&signature::ECDSA_P521_SHA512_FIXED),
        Algorithm::ES256K => Some(&signature::ECDSA_P256K1_SHA256_FIXED),
        Algorithm::EdDSA | Algorithm::Ed25519 => Some(&signature::ED25519),
        Algorithm::MlDsa44 => Some(&signature::ML_DSA_44),
        Algorithm::MlDsa65 => Some(&signature::ML_DSA_65),
        Algorithm::MlDsa87 => Some(&signature::ML_DSA_87),
        _ => None,
    }
}

/// SEC 1, section 2.3.3: an uncompressed point starts with this octet.
const UNCOMPRESSED: u8 = 4;
