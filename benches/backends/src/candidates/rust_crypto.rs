//! RustCrypto: rsa, p256, p384 and ed25519-dalek, each with a parsed key.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier as _;
use rsa::signature::Verifier as _;
use rsa::{BigUint, RsaPublicKey, sha2::Sha256};

use super::{Library, Prepared, Refusal};
use crate::material::{Algorithm, Public, PublicKey};

pub struct RustCrypto;

impl Library for RustCrypto {
    fn name(&self) -> &'static str {
        "RustCrypto"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        match (&key.public, key.algorithm) {
            (Public::Rsa { n, e }, Algorithm::Rs256) => {
                let key = rsa::pkcs1v15::VerifyingKey::<Sha256>::new(rsa_key(n, e)?);
                Ok(Box::new(move |message, signature| {
                    signature.try_into().is_ok_and(|signature| key.verify(message, &signature).is_ok())
                }))
            }
            (Public::Rsa { n, e }, Algorithm::Ps256) => {
                let key = rsa::pss::VerifyingKey::<Sha256>::new(rsa_key(n, e)?);
                Ok(Box::new(move |message, signature| {
                    signature.try_into().is_ok_and(|signature| key.verify(message, &signature).is_ok())
                }))
            }
            (Public::Bytes(point), Algorithm::Es256) => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| {
                    p256::ecdsa::Signature::from_slice(signature)
                        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
                }))
            }
            (Public::Bytes(point), Algorithm::Es384) => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| {
                    p384::ecdsa::Signature::from_slice(signature)
                        .is_ok_and(|signature| key.verify(message, &signature).is_ok())
                }))
            }
            (Public::Bytes(bytes), Algorithm::Ed25519) => {
                let bytes = bytes.as_slice().try_into().map_err(|_| Refusal::Key)?;
                let key = Ed25519Key::from_bytes(bytes).map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| {
                    ed25519_dalek::Signature::from_slice(signature)
                        .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
                }))
            }
            _ => Err(Refusal::Lacks),
        }
    }
}

fn rsa_key(n: &[u8], e: &[u8]) -> Result<RsaPublicKey, Refusal> {
    RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).map_err(|_| Refusal::Key)
}
