//! ring: a key is bytes until a signature arrives, so everything happens at each call.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::{Library, Prepared, Refusal};
use crate::material::{Algorithm, Public, PublicKey};

pub struct Ring;

impl Library for Ring {
    fn name(&self) -> &'static str {
        "ring"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        match &key.public {
            Public::Rsa { n, e } => {
                let components = RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
                let parameters = match key.algorithm {
                    Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => return Err(Refusal::Lacks),
                };
                Ok(Box::new(move |message, signature| {
                    components.verify(parameters, message, signature).is_ok()
                }))
            }
            Public::Bytes(bytes) => {
                let algorithm: &'static dyn VerificationAlgorithm = match key.algorithm {
                    Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
                    Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
                    Algorithm::Ed25519 => &ED25519,
                    _ => return Err(Refusal::Lacks),
                };
                let key = UnparsedPublicKey::new(algorithm, bytes.clone());
                Ok(Box::new(move |message, signature| key.verify(message, signature).is_ok()))
            }
        }
    }
}
