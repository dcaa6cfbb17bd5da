//! Keys, messages and signatures, made afresh at each start.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, PqdsaSigningAlgorithm,
    RsaEncoding, RsaKeyPair,
};

/// A JWS algorithm that at least one candidate verifies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    Es384,
    Ed25519,
    Es512,
    Es256k,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl Algorithm {
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Ps256,
        Self::Es256,
        Self::Es384,
        Self::Ed25519,
        Self::Es512,
        Self::Es256k,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];
}

/// A public key in the form a JWK holds it.
pub struct PublicKey {
    pub algorithm: Algorithm,
    pub public: Public,
}

pub enum Public {
    /// Modulus and exponent, big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// An uncompressed point, or the raw bytes of an Ed25519 or ML-DSA key.
    Bytes(Vec<u8>),
}

impl PublicKey {
    /// The key as a PKCS#1 `RSAPublicKey` document; `None` if it is no RSA key.
    pub fn pkcs1_der(&self) -> Option<Vec<u8>> {
        let Public::Rsa { n, e } = &self.public else {
            return None;
        };
        let integers = [der(0x02, &unsigned(n)), der(0x02, &unsigned(e))].concat();
        Some(der(0x30, &integers))
    }
}

/// A key, a message as long as a real signing input, and the signature over it.
pub struct Subject {
    pub key: PublicKey,
    pub message: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Subject {
    pub fn generate(algorithm: Algorithm) -> Self {
        let message = signing_input();
        let (public, signature) = match algorithm {
            Algorithm::Rs256 => rsa(KeySize::Rsa2048, &signature::RSA_PKCS1_SHA256, &message),
            Algorithm::Ps256 => rsa(KeySize::Rsa2048, &signature::RSA_PSS_SHA256, &message),
            Algorithm::Es256 => ecdsa(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &message),
            Algorithm::Es384 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &message),
            Algorithm::Es512 => ecdsa(&signature::ECDSA_P521_SHA512_FIXED_SIGNING, &message),
            Algorithm::Es256k => ecdsa(&signature::ECDSA_P256K1_SHA256_FIXED_SIGNING, &message),
            Algorithm::Ed25519 => ed25519(&message),
            Algorithm::MlDsa44 => ml_dsa(&signature::ML_DSA_44_SIGNING, &message),
            Algorithm::MlDsa65 => ml_dsa(&signature::ML_DSA_65_SIGNING, &message),
            Algorithm::MlDsa87 => ml_dsa(&signature::ML_DSA_87_SIGNING, &message),
        };
        Self { key: PublicKey { algorithm, public }, message, signature }
    }

    pub fn generate_rsa(size: KeySize) -> Self {
        let message = signing_input();
        let (public, signature) = rsa(size, &signature::RSA_PKCS1_SHA256, &message);
        let key = PublicKey { algorithm: Algorithm::Rs256, public };
        Self { key, message, signature }
    }

    /// The signature with one bit flipped, in the middle of its last half.
    pub fn spoilt_signature(&self) -> Vec<u8> {
        let mut spoilt = self.signature.clone();
        let place = spoilt.len() * 3 / 4;
        spoilt[place] ^= 0x10;
        spoilt
    }
}

/// As long as header and payload of an access token with a usual set of claims; the libraries hash it and see no
/// structure in it.
pub fn signing_input() -> Vec<u8> {
    const LENGTH: usize = 675;
    (b'A'..=b'Z').chain(b'a'..=b'z').cycle().take(LENGTH).collect()
}

fn rsa(size: KeySize, encoding: &'static dyn RsaEncoding, message: &[u8]) -> (Public, Vec<u8>) {
    let pair = RsaKeyPair::generate(size).expect("RSA key generation");
    let mut signed = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signed).expect("RSA signing");
    let (n, e) = components_of(pair.public_key().as_ref());
    (Public::Rsa { n, e }, signed)
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, message: &[u8]) -> (Public, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(algorithm).expect("ECDSA key generation");
    let signed = pair.sign(&SystemRandom::new(), message).expect("ECDSA signing");
    let point = pair.public_key().as_ref().to_vec();
    (Public::Bytes(point), signed.as_ref().to_vec())
}

fn ed25519(message: &[u8]) -> (Public, Vec<u8>) {
    let pair = Ed25519KeyPair::generate().expect("Ed25519 key generation");
    let bytes = pair.public_key().as_ref().to_vec();
    (Public::Bytes(bytes), pair.sign(message).as_ref().to_vec())
}

fn ml_dsa(algorithm: &'static PqdsaSigningAlgorithm, message: &[u8]) -> (Public, Vec<u8>) {
    let pair = PqdsaKeyPair::generate(algorithm).expect("ML-DSA key generation");
    let mut signed = vec![0; algorithm.signature_len()];
    let length = pair.sign(message, &mut signed).expect("ML-DSA signing");
    signed.truncate(length);
    let bytes = pair.public_key().as_ref().to_vec();
    (Public::Bytes(bytes), signed)
}

/// Modulus and exponent of a PKCS#1 document written by aws-lc.
fn components_of(pkcs1: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let key = rsa::pkcs1::RsaPublicKey::try_from(pkcs1).expect("aws-lc writes PKCS#1");
    (key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec())
}

/// A DER integer is signed, so a set top bit needs a zero before it.
fn unsigned(value: &[u8]) -> Vec<u8> {
    let mut content = value.to_vec();
    if value.first().is_none_or(|first| *first >= 0x80) {
        content.insert(0, 0);
    }
    content
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("RSA keys stay far below 64 KiB");
    let [high, low] = length.to_be_bytes();
    let mut document = match (high, low) {
        (0, ..0x80) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    document.extend_from_slice(content);
    document
}
