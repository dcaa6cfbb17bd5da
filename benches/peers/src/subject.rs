//! Keys and tokens, made afresh for each run.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, KEY_ID, Task};

/// 447 bytes, as an authorization server writes them; good until the year 2100.
const CLAIMS: &str = concat!(
    r#"{"iss":"https://id.example.com","sub":"248289761001","#,
    r#""aud":["https://api.example.com","https://other.example.com"],"exp":4102444800,"iat":1700000000,"#,
    r#""nbf":1700000000,"jti":"f3c1a7e2-5d0b-4c57-9b4e-1a2b3c4d5e6f","azp":"web-client","#,
    r#""scope":"openid profile orders:read orders:write stock:read stock:write","roles":["admin","buyer"],"#,
    r#""client_id":"web-client","tenant":"t-1029384756"}"#
);

/// One key with a good token, and tokens that are wrong in exactly one way.
pub struct Subject {
    pub task: Task,
    /// What is wrong, and the token.
    pub wrong: Vec<(&'static str, String)>,
}

impl Subject {
    pub fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => rsa(algorithm, &signature::RSA_PKCS1_SHA256),
            Algorithm::Ps256 => rsa(algorithm, &signature::RSA_PSS_SHA256),
            Algorithm::Es256 => es256(),
            Algorithm::EdDsa => ed25519(),
            Algorithm::Hs256 => hs256(),
        }
    }

    fn new(algorithm: Algorithm, members: &str, key: Vec<u8>, sign: impl Fn(&[u8]) -> Vec<u8>) -> Self {
        let name = algorithm.name();
        // Most of the peers ask nothing of `typ`; portcullis, huskarl-resource-server and, as it is set up here,
        // oauth-resource-server want the mark of an access token (RFC 9068 section 2.1), so all get it.
        let header = format!(r#"{{"alg":"{name}","typ":"at+jwt","kid":"{KEY_ID}"}}"#);
        let mint = |claims: &str| {
            let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(&header), URL_SAFE_NO_PAD.encode(claims));
            let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
            format!("{input}.{signature}")
        };
        let changed = |from: &str, to: &str| {
            let claims = CLAIMS.replace(from, to);
            assert_ne!(claims, CLAIMS);
            mint(&claims)
        };
        let jwk = format!(r#"{{{members},"kid":"{KEY_ID}","alg":"{name}","use":"sig"}}"#);
        let token = mint(CLAIMS);
        let wrong = vec![
            ("wrong audience", changed(AUDIENCE, "https://elsewhere.example.com")),
            ("expired", changed(r#""exp":4102444800"#, r#""exp":1700000600"#)),
            ("wrong signature", spoilt(&token)),
            ("wrong issuer", changed(ISSUER, "https://evil.example.com")),
            ("not yet valid", changed(r#""nbf":1700000000"#, r#""nbf":4102444000"#)),
        ];
        Self { task: Task { algorithm, jwk, key, token }, wrong }
    }
}

fn spoilt(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').expect("three segments");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("written above");
    // Neither the first nor the last byte, which a format or a range check could catch before the arithmetic.
    signature[17] ^= 1;
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn rsa(algorithm: Algorithm, encoding: &'static dyn RsaEncoding) -> Subject {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key of a usual size");
    let public = pair.public_key();
    let [n, e] = [public.modulus(), public.exponent()]
        .map(|number| URL_SAFE_NO_PAD.encode(number.big_endian_without_leading_zero()));
    let members = format!(r#""kty":"RSA","n":"{n}","e":"{e}""#);
    Subject::new(algorithm, &members, public.as_ref().to_vec(), |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), message, &mut signature).expect("a key made for it");
        signature
    })
}

fn es256() -> Subject {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).expect("its own curve");
    let point = pair.public_key().as_ref();
    // One byte of format, then the two coordinates (SEC 1 section 2.3.3).
    let [x, y] = [&point[1..33], &point[33..65]].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let members = format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#);
    Subject::new(Algorithm::Es256, &members, point.to_vec(), |message| {
        pair.sign(&SystemRandom::new(), message).expect("a key made for it").as_ref().to_vec()
    })
}

fn ed25519() -> Subject {
    let pair = Ed25519KeyPair::generate().expect("its own curve");
    let public = pair.public_key().as_ref();
    let members = format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, URL_SAFE_NO_PAD.encode(public));
    let sign = |message: &[u8]| pair.sign(message).as_ref().to_vec();
    Subject::new(Algorithm::EdDsa, &members, public.to_vec(), sign)
}

fn hs256() -> Subject {
    let secret = b"a secret of exactly 32 octets...";
    let members = format!(r#""kty":"oct","k":"{}""#, URL_SAFE_NO_PAD.encode(secret));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let sign = |message: &[u8]| hmac::sign(&key, message).as_ref().to_vec();
    Subject::new(Algorithm::Hs256, &members, secret.to_vec(), sign)
}
