//! Keys and tokens, made afresh for each run.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, KEY_ID, Task};

/// 447 bytes, as an authorization server writes them; good until the year 2100. The same as in `benches/ratio.rs`.
pub const CLAIMS: &str = concat!(
    r#"{"iss":"https://id.example.com","sub":"248289761001","#,
    r#""aud":["https://api.example.com","https://other.example.com"],"exp":4102444800,"iat":1700000000,"#,
    r#""nbf":1700000000,"jti":"f3c1a7e2-5d0b-4c57-9b4e-1a2b3c4d5e6f","azp":"web-client","#,
    r#""scope":"openid profile orders:read orders:write stock:read stock:write","roles":["admin","buyer"],"#,
    r#""client_id":"web-client","tenant":"t-1029384756"}"#
);

/// One key, a good token, and tokens that are wrong in exactly one way.
pub struct Subject {
    pub task: Task,
    pub token: String,
    /// What is wrong, and the token.
    pub wrong: Vec<(&'static str, String)>,
    /// The bytes that are signed and the signature of the good token, for the reference.
    pub input: Vec<u8>,
    pub signature: Vec<u8>,
    pub reference: Reference,
    header: String,
    sign: Box<dyn Fn(&[u8]) -> Vec<u8>>,
}

/// What all are compared with: the signature alone, checked by aws-lc-rs with a key that was parsed before.
pub enum Reference {
    Public(ParsedPublicKey),
    Secret(hmac::Key),
}

impl Reference {
    pub fn verifies(&self, input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(input, signature).is_ok(),
            Self::Secret(key) => hmac::verify(key, input, signature).is_ok(),
        }
    }
}

impl Subject {
    pub fn generate(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Rs256 => {
                rsa(algorithm, &signature::RSA_PKCS1_SHA256, &signature::RSA_PKCS1_2048_8192_SHA256)
            }
            Algorithm::Ps256 => {
                rsa(algorithm, &signature::RSA_PSS_SHA256, &signature::RSA_PSS_2048_8192_SHA256)
            }
            Algorithm::Es256 => es256(),
            Algorithm::EdDsa => ed25519(),
            Algorithm::Hs256 => hs256(),
        }
    }

    fn new(
        algorithm: Algorithm,
        key: &str,
        secret: String,
        reference: Reference,
        sign: impl Fn(&[u8]) -> Vec<u8> + 'static,
    ) -> Self {
        let name = algorithm.name();
        // Four of the peers ask nothing of `typ`; portcullis, oauth-resource-server (as it is set up here) and
        // huskarl-resource-server want the mark of an access token (RFC 9068 section 2.1), so it is on for all.
        let header = format!(r#"{{"alg":"{name}","typ":"at+jwt","kid":"{KEY_ID}"}}"#);
        let jwk = format!(r#"{{{key},"kid":"{KEY_ID}","alg":"{name}","use":"sig"}}"#);
        let mut subject = Self {
            task: Task { algorithm, jwk, secret },
            token: String::new(),
            wrong: Vec::new(),
            input: Vec::new(),
            signature: Vec::new(),
            reference,
            header,
            sign: Box::new(sign),
        };
        subject.token = subject.mint(CLAIMS);
        let (input, signature) = subject.token.rsplit_once('.').expect("three segments");
        subject.input = input.as_bytes().to_vec();
        subject.signature = URL_SAFE_NO_PAD.decode(signature).expect("written above");
        subject.wrong = subject.wrong_ones();
        assert!(subject.reference.verifies(&subject.input, &subject.signature));
        subject
    }

    fn wrong_ones(&self) -> Vec<(&'static str, String)> {
        let changed = |from: &str, to: &str| {
            let claims = CLAIMS.replace(from, to);
            assert_ne!(claims, CLAIMS);
            self.mint(&claims)
        };
        let mut spoilt = self.signature.clone();
        // Neither the first nor the last byte, which a format or a range check could catch before the arithmetic.
        spoilt[17] ^= 1;
        let input = std::str::from_utf8(&self.input).expect("base64url");
        vec![
            ("wrong audience", changed(&format!("\"{AUDIENCE}\""), "\"https://elsewhere.example.com\"")),
            ("expired", changed(r#""exp":4102444800"#, r#""exp":1700000600"#)),
            ("wrong signature", format!("{input}.{}", URL_SAFE_NO_PAD.encode(spoilt))),
            ("wrong issuer", changed(&format!(r#""iss":"{ISSUER}""#), r#""iss":"https://evil.example.com""#)),
            ("not yet valid", changed(r#""nbf":1700000000"#, r#""nbf":4102444000"#)),
        ]
    }

    fn mint(&self, claims: &str) -> String {
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(&self.header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode((self.sign)(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

fn rsa(
    algorithm: Algorithm,
    signing: &'static dyn signature::RsaEncoding,
    verifying: &'static signature::RsaParameters,
) -> Subject {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key of a usual size");
    let public = pair.public_key();
    let [n, e] = [public.modulus(), public.exponent()]
        .map(|number| URL_SAFE_NO_PAD.encode(number.big_endian_without_leading_zero()));
    let key = format!(r#""kty":"RSA","n":"{n}","e":"{e}""#);
    let reference = Reference::Public(ParsedPublicKey::new(verifying, public).expect("its own key"));
    Subject::new(algorithm, &key, String::new(), reference, move |message| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(signing, &SystemRandom::new(), message, &mut signature).expect("a key made for it");
        signature
    })
}

fn es256() -> Subject {
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).expect("its own curve");
    let point = pair.public_key().as_ref().to_vec();
    // One byte of format, then the two coordinates (SEC 1 section 2.3.3).
    let [x, y] = [&point[1..33], &point[33..65]].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
    let key = format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#);
    let parsed = ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).expect("its own key");
    Subject::new(Algorithm::Es256, &key, String::new(), Reference::Public(parsed), move |message| {
        pair.sign(&SystemRandom::new(), message).expect("a key made for it").as_ref().to_vec()
    })
}

fn ed25519() -> Subject {
    let pair = Ed25519KeyPair::generate().expect("its own curve");
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let key = format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}""#);
    let parsed = ParsedPublicKey::new(&signature::ED25519, pair.public_key()).expect("its own key");
    Subject::new(Algorithm::EdDsa, &key, String::new(), Reference::Public(parsed), move |message| {
        pair.sign(message).as_ref().to_vec()
    })
}

fn hs256() -> Subject {
    let secret = "a secret of exactly 32 octets...";
    let k = URL_SAFE_NO_PAD.encode(secret);
    let key = format!(r#""kty":"oct","k":"{k}""#);
    let (reference, signer) = (
        hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
    );
    Subject::new(Algorithm::Hs256, &key, secret.into(), Reference::Secret(reference), move |message| {
        hmac::sign(&signer, message).as_ref().to_vec()
    })
}
