//! What each library accepts at the edges that a backend has to level out.

use std::panic::{self, AssertUnwindSafe};

use aws_lc_rs::rsa::KeySize;
use ed25519_dalek::SigningKey;
use rsa::pkcs1v15::SigningKey as RsaSigningKey;
use rsa::rand_core::OsRng;
use rsa::sha2::Digest as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey, sha2::Sha256};

use crate::candidates::{self, Refusal};
use crate::material::{Algorithm, Public, PublicKey, Subject, signing_input};

pub fn print() {
    for (title, subject) in cases() {
        println!("\n{title}");
        for library in candidates::all() {
            // Some libraries panic instead of refusing; that too is worth knowing.
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
                let verify = match library.prepare(&subject.key) {
                    Ok(verify) => verify,
                    Err(Refusal::Lacks) => return "-",
                    Err(Refusal::Key) => return "key refused",
                };
                match verify(&subject.message, &subject.signature) {
                    true => "accepts",
                    false => "key taken, signature refused",
                }
            }));
            println!("    {:<26} {}", library.name(), outcome.unwrap_or("panics"));
        }
    }
}

fn cases() -> Vec<(String, Subject)> {
    let mut cases = Vec::new();
    let sizes = [
        (2048, KeySize::Rsa2048),
        (3072, KeySize::Rsa3072),
        (4096, KeySize::Rsa4096),
        (8192, KeySize::Rsa8192),
    ];
    for (bits, size) in sizes {
        cases.push((format!("RSA of {bits} bits"), Subject::generate_rsa(size)));
    }
    for bits in [1024, 2047, 2056, 2080, 2112, 2176] {
        cases.push((format!("RSA of {bits} bits"), rsa_subject(bits, 65_537)));
    }
    for exponent in [3, 17, u64::from(u32::MAX), (1 << 33) - 1] {
        cases.push((format!("RSA, e = {exponent}"), rsa_subject(2048, exponent)));
    }
    cases.push(("RSA, e = 1, signature made by anybody".into(), rsa_exponent_one()));
    cases.push(("RSA, e even".into(), rsa_changed(|_, e| *e = vec![1, 0, 0])));
    cases.push(("RSA, modulus even".into(), rsa_changed(|n, _| *n.last_mut().expect("a modulus") &= 0xfe)));
    cases.push(("RSA of 16384 bits (noise for a modulus)".into(), rsa_changed(|n, _| *n = n.repeat(8))));
    cases.push(("RSA, modulus with a leading zero byte".into(), rsa_with_zero()));
    cases.push(("RSA, signature without its leading zero byte".into(), rsa_short_signature()));
    cases.push(("ES256, point off the curve".into(), off_curve()));
    cases.push(("ES256, compressed point".into(), compressed()));
    cases.push(("ES256, s replaced by n - s".into(), high_s()));
    cases.push(("Ed25519, s + L for s".into(), ed25519_large_s()));
    cases.push(("Ed25519, key and R of small order".into(), ed25519_small_order()));
    cases.push(("Ed25519, key not a point (y = 2)".into(), ed25519_not_a_point()));
    cases
}

/// Made by the rsa crate, which knows more sizes and exponents than aws-lc makes.
fn rsa_subject(bits: usize, exponent: u64) -> Subject {
    let message = signing_input();
    let private = RsaPrivateKey::new_with_exp(&mut OsRng, bits, &BigUint::from(exponent))
        .expect("the exponent is odd and within the crate's limits");
    let (n, e) = (private.n().to_bytes_be(), private.e().to_bytes_be());
    let signature = RsaSigningKey::<Sha256>::new(private).sign(&message);
    Subject { key: key(Algorithm::Rs256, Public::Rsa { n, e }), message, signature: signature.to_vec() }
}

fn rsa_with_zero() -> Subject {
    rsa_changed(|n, _| n.insert(0, 0))
}

fn rsa_changed(change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> Subject {
    let mut subject = Subject::generate(Algorithm::Rs256);
    if let Public::Rsa { n, e } = &mut subject.key.public {
        change(n, e);
    }
    subject
}

/// With e = 1 the padded digest is its own signature, so no private key is needed.
fn rsa_exponent_one() -> Subject {
    /// DigestInfo of SHA-256, up to the digest (RFC 8017 section 9.2, note 1).
    const DIGEST_INFO: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
        0x04, 0x20,
    ];
    let mut subject = rsa_changed(|_, e| *e = vec![1]);
    let length = subject.signature.len();
    let tail = [&[0], DIGEST_INFO.as_slice(), &Sha256::digest(&subject.message)].concat();
    subject.signature = vec![0xff; length - tail.len()];
    subject.signature[..2].copy_from_slice(&[0, 1]);
    subject.signature.extend_from_slice(&tail);
    subject
}

/// One signature in 256 begins with a zero byte; RFC 8017 does not allow it to be dropped.
fn rsa_short_signature() -> Subject {
    let private = RsaPrivateKey::new(&mut OsRng, 2048).expect("RSA key generation");
    let (n, e) = (private.n().to_bytes_be(), private.e().to_bytes_be());
    let signer = RsaSigningKey::<Sha256>::new(private);
    let mut message = signing_input();
    loop {
        let signature = signer.sign(&message).to_vec();
        if let [0, short @ ..] = signature.as_slice() {
            return Subject {
                key: key(Algorithm::Rs256, Public::Rsa { n, e }),
                message,
                signature: short.to_vec(),
            };
        }
        message.push(b'.');
    }
}

fn off_curve() -> Subject {
    let mut subject = Subject::generate(Algorithm::Es256);
    if let Public::Bytes(point) = &mut subject.key.public {
        point[64] ^= 1;
    }
    subject
}

fn compressed() -> Subject {
    let mut subject = Subject::generate(Algorithm::Es256);
    if let Public::Bytes(point) = &mut subject.key.public {
        point[0] = 2 + (point[64] & 1);
        point.truncate(33);
    }
    subject
}

/// The twin that ECDSA allows by design: (r, n - s) verifies wherever (r, s) does.
fn high_s() -> Subject {
    let mut subject = Subject::generate(Algorithm::Es256);
    let twin = p256::ecdsa::Signature::from_slice(&subject.signature).expect("aws-lc signed it");
    let twin = p256::ecdsa::Signature::from_scalars(twin.r(), -*twin.s()).expect("s is not zero");
    subject.signature = twin.to_bytes().to_vec();
    subject
}

fn ed25519_large_s() -> Subject {
    /// The order of the base point, little-endian.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut subject = Subject::generate(Algorithm::Ed25519);
    let mut carry = 0;
    for (byte, order) in subject.signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    subject
}

/// Key, R and s all neutral: the equation holds for every message, so anybody "signs" for this key.
fn ed25519_small_order() -> Subject {
    let mut neutral = vec![0; 32];
    neutral[0] = 1;
    Subject {
        key: key(Algorithm::Ed25519, Public::Bytes(neutral.clone())),
        message: signing_input(),
        signature: [neutral, vec![0; 32]].concat(),
    }
}

fn ed25519_not_a_point() -> Subject {
    let message = signing_input();
    let mut bytes = vec![0; 32];
    bytes[0] = 2;
    let signature = ed25519_dalek::Signer::sign(&SigningKey::from_bytes(&[7; 32]), &message);
    Subject {
        key: key(Algorithm::Ed25519, Public::Bytes(bytes)),
        message,
        signature: signature.to_bytes().to_vec(),
    }
}

fn key(algorithm: Algorithm, public: Public) -> PublicKey {
    PublicKey { algorithm, public }
}
