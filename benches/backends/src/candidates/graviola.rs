//! graviola: every key type is parsed once.

use graviola::hashing::{Sha256, Sha384};
use graviola::signing::{ecdsa, eddsa, rsa};

use super::{Library, Prepared, Refusal};
use crate::material::{Algorithm, Public, PublicKey};

pub struct Graviola;

impl Library for Graviola {
    fn name(&self) -> &'static str {
        "graviola"
    }

    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal> {
        match (&key.public, key.algorithm) {
            (Public::Rsa { .. }, Algorithm::Rs256) => {
                let key = rsa_key(key)?;
                Ok(Box::new(move |message, signature| key.verify_pkcs1_sha256(signature, message).is_ok()))
            }
            (Public::Rsa { .. }, Algorithm::Ps256) => {
                let key = rsa_key(key)?;
                Ok(Box::new(move |message, signature| key.verify_pss_sha256(signature, message).is_ok()))
            }
            (Public::Bytes(point), Algorithm::Es256) => {
                let key = ecdsa::VerifyingKey::<ecdsa::P256>::from_x962_uncompressed(point)
                    .map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| key.verify::<Sha256>(&[message], signature).is_ok()))
            }
            (Public::Bytes(point), Algorithm::Es384) => {
                let key = ecdsa::VerifyingKey::<ecdsa::P384>::from_x962_uncompressed(point)
                    .map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| key.verify::<Sha384>(&[message], signature).is_ok()))
            }
            (Public::Bytes(bytes), Algorithm::Ed25519) => {
                let key = eddsa::Ed25519VerifyingKey::from_bytes(bytes).map_err(|_| Refusal::Key)?;
                Ok(Box::new(move |message, signature| key.verify(signature, message).is_ok()))
            }
            _ => Err(Refusal::Lacks),
        }
    }
}

fn rsa_key(key: &PublicKey) -> Result<rsa::VerifyingKey, Refusal> {
    // The only way in is a document: there is no constructor from `n` and `e`.
    let der = key.pkcs1_der().ok_or(Refusal::Key)?;
    rsa::VerifyingKey::from_pkcs1_der(&der).map_err(|_| Refusal::Key)
}
