//! Signing keys and the tokens they sign.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaKeyPair};
use aws_lc_rs::{hmac, rsa};
use portcullis::Algorithm;
use portcullis::jose::Jwk;
use serde_json::{Value, json};

use super::{b64, der, text, unb64};

/// A signing key for one algorithm.
pub struct MintKey {
    pub algorithm: Algorithm,
    pub id: Option<String>,
    pair: Pair,
}

enum Pair {
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    MlDsa(Box<PqdsaKeyPair>),
}

impl MintKey {
    /// A fresh key.
    pub fn new(algorithm: Algorithm, id: impl Into<Option<&'static str>>) -> Self {
        use Algorithm::{
            ES256, ES256K, ES384, ES512, Ed25519, EdDSA, HS256, HS384, HS512, MlDsa44, MlDsa65, MlDsa87,
        };
        let ec = |signing| Pair::Ec(EcdsaKeyPair::generate(signing).unwrap());
        let pq = |signing| Pair::MlDsa(Box::new(PqdsaKeyPair::generate(signing).unwrap()));
        let pair = match algorithm {
            HS256 | HS384 | HS512 => {
                let mut secret = vec![0; algorithm.digest().unwrap().bytes()];
                aws_lc_rs::rand::fill(&mut secret).unwrap();
                Pair::Secret(secret)
            }
            ES256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            ES384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            ES512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            ES256K => ec(&signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
            EdDSA | Ed25519 => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            MlDsa44 => pq(&signature::ML_DSA_44_SIGNING),
            MlDsa65 => pq(&signature::ML_DSA_65_SIGNING),
            MlDsa87 => pq(&signature::ML_DSA_87_SIGNING),
            _ => Pair::Rsa(Box::new(rsa::KeyPair::generate(KeySize::Rsa2048).unwrap())),
        };
        Self { algorithm, id: id.into().map(str::to_owned), pair }
    }

    /// The RSA key of a private JWK.
    pub fn rsa_from_jwk(jwk: &Value, algorithm: Algorithm) -> Self {
        let numbers =
            ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| der::integer(&unb64(text(jwk, name))));
        let private = der::sequence(&[vec![der::integer(&[0])], numbers.to_vec()].concat());
        let pair = Pair::Rsa(Box::new(RsaKeyPair::from_der(&private).unwrap()));
        Self { algorithm, id: None, pair }
    }

    /// A shared secret of chosen bytes.
    pub fn secret(secret: &[u8], algorithm: Algorithm, id: impl Into<Option<&'static str>>) -> Self {
        Self { algorithm, id: id.into().map(str::to_owned), pair: Pair::Secret(secret.to_vec()) }
    }

    /// The public half (or the secret) as JSON, with `kid` if the key has an id, and without `alg` but for AKP.
    pub fn public_json(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Secret(secret) => json!({"kty": "oct", "k": b64(secret)}),
            Pair::Rsa(pair) => {
                let [n, e] = der::two_integers(pair.public_key().as_ref());
                json!({"kty": "RSA", "n": b64(n), "e": b64(e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = self.algorithm.curve().unwrap().name();
                json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)})
            }
            Pair::Ed(pair) => json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key())}),
            Pair::MlDsa(pair) => {
                json!({"kty": "AKP", "alg": self.algorithm.name(), "pub": b64(pair.public_key())})
            }
        };
        if let Some(id) = &self.id {
            jwk["kid"] = json!(id);
        }
        jwk
    }

    /// The public half (or the secret) as a key.
    pub fn jwk(&self) -> Jwk {
        Jwk::parse(&self.public_json().to_string()).unwrap()
    }

    /// The public half as a DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.pair {
            Pair::Secret(_) => panic!("a secret has no public half"),
            Pair::Rsa(pair) => pair.public_key().as_der().unwrap(),
            Pair::Ec(pair) => pair.public_key().as_der().unwrap(),
            Pair::Ed(pair) => pair.public_key().as_der().unwrap(),
            Pair::MlDsa(pair) => pair.public_key().as_der().unwrap(),
        };
        der.as_ref().to_vec()
    }

    /// A signature over `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Secret(secret) => {
                let digest = match self.algorithm {
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                hmac::sign(&hmac::Key::new(digest, secret), message).as_ref().to_vec()
            }
            Pair::Rsa(pair) => {
                let padding: &'static dyn signature::RsaEncoding = match self.algorithm {
                    Algorithm::RS384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::RS512 => &signature::RSA_PKCS1_SHA512,
                    Algorithm::PS256 => &signature::RSA_PSS_SHA256,
                    Algorithm::PS384 => &signature::RSA_PSS_SHA384,
                    Algorithm::PS512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut out).unwrap();
                out
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::MlDsa(pair) => {
                let mut out = vec![0; self.algorithm.signature_bytes().unwrap()];
                let length = pair.sign(message, &mut out).unwrap();
                out.truncate(length);
                out
            }
        }
    }

    /// A compact token of exactly these texts.
    pub fn token_of_texts(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", b64(header), b64(payload));
        let signature = b64(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// The header of an access token by this key.
    pub fn header(&self) -> Value {
        let mut header = json!({"typ": "at+jwt", "alg": self.algorithm.name()});
        if let Some(id) = &self.id {
            header["kid"] = json!(id);
        }
        header
    }

    /// A token of these claims under [`MintKey::header`].
    pub fn token(&self, claims: &Value) -> String {
        self.token_of_texts(&self.header().to_string(), &claims.to_string())
    }
}
