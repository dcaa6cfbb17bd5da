//! Tokens as an authorization server writes them, and the raw verification of their signatures.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::jose::KeyMaterial;
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, Issuer, Verifier, VerifierBuilder};

use super::verifiers;

pub const ISSUER: &str = "https://id.example.com";
pub const AUDIENCE: &str = "https://api.example.com";
pub const KEY_ID: &str = "key-2026-01";

/// A key that signs, and what verifies its signatures without a library around it.
pub struct Subject {
    pub algorithm: Algorithm,
    pub key: SigningKey,
    pub raw: Raw,
}

/// A token, and its signature decoded.
pub struct Token {
    pub text: String,
    pub signature: Vec<u8>,
}

/// A key of the cryptographic library, parsed once.
pub enum Raw {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl Subject {
    pub fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm, KEY_ID);
        let raw = Raw::of(&key);
        Self { algorithm, key, raw }
    }

    /// A good token, which differs from the others by its `jti`.
    pub fn token(&self, number: usize) -> Token {
        self.signed(KEY_ID, &claims(number))
    }

    pub fn tokens(&self, count: usize) -> Vec<Token> {
        (0..count).map(|number| self.token(number)).collect()
    }

    /// A token of these claims that names this key.
    pub fn signed(&self, key_id: &str, claims: &str) -> Token {
        let name = self.algorithm.name();
        let header = format!(r#"{{"alg":"{name}","typ":"at+jwt","kid":"{key_id}"}}"#);
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(input.as_bytes());
        Token { text: format!("{input}.{}", URL_SAFE_NO_PAD.encode(&signature)), signature }
    }

    pub fn issuer(&self) -> Issuer {
        Issuer::new(ISSUER, self.key.jwk().clone()).audience(AUDIENCE).algorithms([self.algorithm])
    }

    pub fn builder(&self) -> VerifierBuilder {
        Verifier::builder().issuer(self.issuer())
    }

    pub fn uncached(&self) -> Verifier {
        verifiers::uncached(self.builder())
    }

    pub fn cached(&self, entries: usize) -> Verifier {
        verifiers::cached(self.builder(), entries)
    }
}

impl Token {
    pub fn input(&self) -> &[u8] {
        let (input, _) = self.text.rsplit_once('.').unwrap();
        input.as_bytes()
    }

    /// The same with one bit of the signature changed.
    pub fn forged(&self) -> String {
        let (input, _) = self.text.rsplit_once('.').unwrap();
        let mut signature = self.signature.clone();
        let middle = signature.len() / 4;
        signature[middle] ^= 1;
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Raw {
    fn of(key: &SigningKey) -> Self {
        let library: &'static dyn VerificationAlgorithm = match key.algorithm() {
            Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
            Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
            Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
            Algorithm::EdDSA => &signature::ED25519,
            Algorithm::HS256 => {
                let KeyMaterial::Oct { secret } = key.jwk().material() else { panic!("an HMAC key") };
                return Self::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
            }
            other => panic!("{other} is not measured"),
        };
        let pem = key.public_pem().unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self::Public(ParsedPublicKey::new(library, STANDARD.decode(text).unwrap()).unwrap())
    }

    /// The signature of a good token, over the text of the token itself.
    pub fn verify(&self, token: &Token) {
        let (input, signature) =
            (std::hint::black_box(token.input()), std::hint::black_box(&token.signature));
        match self {
            Self::Public(key) => assert!(key.verify_sig(input, signature).is_ok()),
            Self::Secret(key) => assert!(hmac::verify(key, input, signature).is_ok()),
        }
    }
}

/// 447 bytes, good until the year 2100.
pub fn claims(number: usize) -> String {
    claims_of(number, AUDIENCE, 4_102_444_800)
}

pub fn claims_of(number: usize, audience: &str, expires: u64) -> String {
    format!(
        concat!(
            r#"{{"iss":"{}","sub":"248289761001","#,
            r#""aud":["{}","https://other.example.com"],"exp":{},"iat":1700000000,"#,
            r#""nbf":1700000000,"jti":"f3c1a7e2-5d0b-4c57-9b4e-{:012x}","azp":"web-client","#,
            r#""scope":"openid profile orders:read orders:write stock:read stock:write","roles":["admin","buyer"],"#,
            r#""client_id":"web-client","tenant":"t-1029384756","locale":"en-GB","#,
            r#""session_id":"8c9a2f40-1b7e-4d53-a6c8-0e5f3b2d7a91"}}"#
        ),
        ISSUER, audience, expires, number
    )
}
