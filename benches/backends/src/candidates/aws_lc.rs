//! aws-lc-rs: keys parsed once, from components or from DER, or at each call.

use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::{Library, Prepared, Refusal};
use crate::material::{Algorithm, Public, PublicKey};

/// Parsed once; RSA from `n` and `e`, as a JWK has them.
pub struct Parsed;

/// Parsed once, RSA from a PKCS#1 document. Only RSA has the two ways.
pub struct ParsedFromDer;

/// Parsed again for each signature.
pub struct EachCall;

impl Library for Parsed {
    fn name(&self) -> &'static str {
        "aws-lc-rs, parsed once"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        let parsed = match &key.public {
            Public::Rsa { n, e } => {
                let parameters = rsa_parameters(key.algorithm).ok_or(Refusal::Lacks)?;
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters)
            }
            Public::Bytes(bytes) => ParsedPublicKey::new(verification(key.algorithm), bytes),
        };
        closure(parsed.map_err(|_| Refusal::Key)?)
    }
}

impl Library for ParsedFromDer {
    fn name(&self) -> &'static str {
        "aws-lc-rs, once from DER"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        let der = key.pkcs1_der().ok_or(Refusal::Lacks)?;
        let parsed = ParsedPublicKey::new(verification(key.algorithm), der);
        closure(parsed.map_err(|_| Refusal::Key)?)
    }
}

impl Library for EachCall {
    fn name(&self) -> &'static str {
        "aws-lc-rs, each call"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        let bytes = match &key.public {
            Public::Rsa { .. } => key.pkcs1_der().ok_or(Refusal::Key)?,
            Public::Bytes(bytes) => bytes.clone(),
        };
        let unparsed = UnparsedPublicKey::new(verification(key.algorithm), bytes);
        Ok(Box::new(move |message, signature| unparsed.verify(message, signature).is_ok()))
    }
}

fn closure(parsed: ParsedPublicKey) -> Result<Prepared, Refusal> {
    Ok(Box::new(move |message, signature| parsed.verify_sig(message, signature).is_ok()))
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
        Algorithm::Es256k => &signature::ECDSA_P256K1_SHA256_FIXED,
        Algorithm::Ed25519 => &signature::ED25519,
        Algorithm::MlDsa44 => &signature::ML_DSA_44,
        Algorithm::MlDsa65 => &signature::ML_DSA_65,
        Algorithm::MlDsa87 => &signature::ML_DSA_87,
    }
}
