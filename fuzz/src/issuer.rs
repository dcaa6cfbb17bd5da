//! Issuers whose keys never change, for the targets that judge whole tokens.

use std::cell::Cell;
use std::sync::LazyLock;
use std::task::Poll;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use portcullis::crypto::Backend;
use portcullis::jose::JwkSet;
use portcullis::{Algorithm, Error, Issuer, Profile, UnixTime, VerifiedToken, Verifier};

pub const NAME: &str = "https://issuer.example";
pub const SECOND_NAME: &str = "https://second.example";
pub const AUDIENCE: &str = "https://api.example";
pub const START: i64 = 1_700_000_000;

thread_local! {
    /// What every verifier here takes for the time of day; each thread has its own.
    pub static NOW: Cell<UnixTime> = const { Cell::new(UnixTime::from_seconds(START)) };
}

pub fn now() -> UnixTime {
    NOW.with(Cell::get)
}

/// A verifier for each backend, of one issuer and of two, that no token satisfies.
pub static DEAD: LazyLock<[Vec<Verifier>; 2]> = LazyLock::new(|| {
    [1, 2].map(|count| {
        verifiers(|| {
            let rules = [(NAME, Profile::Lenient), (SECOND_NAME, Profile::Rfc9068)].into_iter().take(count);
            rules
                .map(|(name, profile)| {
                    let keys = JwkSet::parse(DEAD_KEYS).expect("the keys are well formed");
                    Issuer::new(name, keys).audience(AUDIENCE).profile(profile)
                })
                .collect()
        })
    })
});

/// A verifier for each backend that [`KNOWN`] tokens satisfy.
pub static LIVE: LazyLock<Vec<Verifier>> = LazyLock::new(|| verifiers(|| vec![live_issuer()]));

/// The issuer of the live keys, under the lenient profile.
pub fn live_issuer() -> Issuer {
    let keys = JwkSet::parse(LIVE_KEYS).expect("the keys are well formed");
    Issuer::new(NAME, keys).audience(AUDIENCE).profile(Profile::Lenient).algorithms([
        Algorithm::HS256,
        Algorithm::EdDSA,
        Algorithm::Ed25519,
    ])
}

/// Another issuer, whose keys nobody has.
pub fn second_issuer() -> Issuer {
    let keys = JwkSet::parse(DEAD_KEYS).expect("the keys are well formed");
    Issuer::new(SECOND_NAME, keys).audience(AUDIENCE)
}

/// The same set-up on each backend.
pub fn verifiers(issuers: impl Fn() -> Vec<Issuer>) -> Vec<Verifier> {
    let build = |backend: &Backend| {
        let builder = Verifier::builder().backend(*backend).clock(now);
        let builder = issuers().into_iter().fold(builder, |builder, issuer| builder.issuer(issuer));
        builder.build().expect("the set-up is sound")
    };
    Backend::available().iter().map(build).collect()
}

/// A decision by keys that never have to be waited for.
pub fn decide(verifier: &Verifier, text: &str) -> Result<VerifiedToken, &'static str> {
    match verifier.verify_cached(text) {
        Poll::Ready(Ok(token)) => Ok(token),
        Poll::Ready(Err(Error::Rejected(rejection))) => Err(rejection.code()),
        other => panic!("not decided: {other:?}"),
    }
}

/// All tokens that were ever signed for [`LIVE`]: a text that is accepted is one of these, byte for byte.
pub static KNOWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let claims =
        format!(r#"{{"iss":"{NAME}","aud":"{AUDIENCE}","exp":{},"sub":"s","scope":"a b"}}"#, START + 3_600);
    let headers = [
        r#"{"alg":"HS256","kid":"h"}"#,
        r#"{"alg":"HS256","kid":"h","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"e"}"#,
        r#"{"alg":"EdDSA","typ":"JWT"}"#,
    ];
    headers.iter().map(|header| signed(header, claims.as_bytes())).collect()
});

/// A token signed by the live key that the header's text names.
pub fn signed(header: &str, payload: &[u8]) -> String {
    let mut token = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = if header.contains("HS256") {
        hmac::sign(&SECRET_KEY, token.as_bytes()).as_ref().to_vec()
    } else {
        KEY_PAIR.sign(token.as_bytes()).as_ref().to_vec()
    };
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// How `jsonwebtoken` judges a token by the live key of the algorithm, the time of day aside: its clock is the system's.
pub fn peer_accepts(text: &str, algorithm: Algorithm) -> Option<bool> {
    use jsonwebtoken::Algorithm::{EdDSA, HS256};
    static KEYS: LazyLock<[(DecodingKey, Validation); 2]> = LazyLock::new(|| {
        let validation = |algorithm| {
            let mut validation = Validation::new(algorithm);
            validation.set_audience(&[AUDIENCE]);
            validation.set_issuer(&[NAME]);
            validation.set_required_spec_claims(&["exp", "iss", "aud"]);
            validation.validate_exp = false;
            validation
        };
        let public = URL_SAFE_NO_PAD.decode(PUBLIC).expect("base64url");
        [
            (DecodingKey::from_secret(SECRET), validation(HS256)),
            (DecodingKey::from_ed_der(&public), validation(EdDSA)),
        ]
    });
    let [secret, public] = &*KEYS;
    let (key, validation) = match algorithm {
        Algorithm::HS256 => secret,
        Algorithm::EdDSA => public,
        _ => return None,
    };
    Some(jsonwebtoken::decode::<Ignored>(text, key, validation).is_ok())
}

/// Claims in no shape at all.
pub struct Ignored;

impl<'de> serde::Deserialize<'de> for Ignored {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

static SECRET_KEY: LazyLock<hmac::Key> = LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, SECRET));

static KEY_PAIR: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let seed = URL_SAFE_NO_PAD.decode(PRIVATE).expect("base64url");
    Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes")
});

const SECRET: &[u8] = b"a secret of the fuzz targets, which is no secret";
/// RFC 8037, appendix A.1 and A.2.
const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

const LIVE_KEYS: &[u8] = br#"{"keys":[
{"kty":"oct","kid":"h","alg":"HS256","k":"YSBzZWNyZXQgb2YgdGhlIGZ1enogdGFyZ2V0cywgd2hpY2ggaXMgbm8gc2VjcmV0"},
{"kty":"OKP","crv":"Ed25519","kid":"e","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
]}"#;

/// Public keys whose private halves were thrown away when they were made: nothing may verify.
const DEAD_KEYS: &[u8] = br#"{"keys":[
{"kty":"RSA","kid":"rsa-1","n":"zzMiObfzoovTZLjJsEYwRC8XHfK5_cmeSVko8-N1TFovD_PK6gwqHs53pzcILC8rzFZfsIYVw-WmAPywd91EVk_eLKQjz2R70JVuaCN2U1mnr7QsauHcEJRN8wrWuqlTeypvL6EJHIWtchUA_1glp6v08FDB1A6HkSiDxEZXL7eZ5BDZb9TpzKj7UpdX1139J-aUv6V_gnaKPWlrdfEBgd1e_F2DevWrHIQMdX-PPuiETk7r-za522HSb0kyjIixV0tJ0dfGruses0ceXLiR-suucfqj_5OTB454R3UkyvKN3thRfajnFO8vuv4GWKZ6OiAEiDqzCZ66hu-24cdk8w","e":"AQAB"},
{"kty":"EC","crv":"P-256","kid":"ec-1","x":"dTXyLCf_cGCr4mVPf6h4zFqGN9OqMstyU3lTkMQF8-c","y":"0-3Ka5Q3zSghHmPPIKLW3gqm9eQ24q18ZE2RvaHzI5I"},
{"kty":"OKP","crv":"Ed25519","kid":"ed-1","x":"DBSzp-ywgPnp3O2HicaKcA8kxwRhdW5ddWXgDLiXfg8"}
]}"#;
