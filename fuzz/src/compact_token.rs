//! A compact token of any text.

use std::sync::LazyLock;
use std::task::Poll;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::crypto::Backend;
use portcullis::jose::{JwkSet, MAX_HEADER_BYTES, MAX_TOKEN_BYTES, UnverifiedToken};
use portcullis::{Algorithm, Error, Issuer, Profile, UnixTime, Verifier};

/// A token that parses is its own canonical text; none is ever good, and every backend refuses it for the same reason.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let parsed = UnverifiedToken::parse(text, MAX_TOKEN_BYTES);
    let outer = parsed.as_ref().err().map(|rejection| rejection.code());
    let mut algorithm = None;
    if let Ok(token) = &parsed {
        assert_eq!(token.as_str(), text);
        let segments: Vec<_> = text.split('.').collect();
        assert_eq!(segments.len(), 3);
        for segment in segments {
            let bytes = URL_SAFE_NO_PAD.decode(segment).expect("each segment is base64url");
            assert_eq!(URL_SAFE_NO_PAD.encode(bytes), segment, "two texts must not name one token");
        }
        if let Ok(header) = token.header() {
            algorithm = Some(header.algorithm());
            assert!(header.key_id().is_none_or(|id| id.len() <= MAX_HEADER_BYTES));
        }
        let shown = format!("{token:?}");
        assert!(text.len() < 64 || !shown.contains(text), "a token must not be printed");
    }
    for verifiers in VERIFIERS.iter() {
        let codes: Vec<_> = verifiers.iter().map(|verifier| refusal(verifier, text)).collect();
        assert!(codes.windows(2).all(|pair| pair[0] == pair[1]), "backends differ: {codes:?}");
        if let (Some(outer), Some(code)) = (outer, codes.first()) {
            assert_eq!(outer, *code, "the outer form is judged first");
        }
        if algorithm == Some(Algorithm::HS256) {
            assert!(!codes.contains(&"signature_invalid"), "a public key must not serve as a secret");
        }
    }
}

/// Why a verifier refuses the text, which it must.
fn refusal(verifier: &Verifier, text: &str) -> &'static str {
    match verifier.verify_cached(text) {
        Poll::Ready(Err(Error::Rejected(rejection))) => rejection.code(),
        other => panic!("not refused: {other:?}"),
    }
}

/// A verifier for each backend, of one issuer and of two.
static VERIFIERS: LazyLock<[Vec<Verifier>; 2]> = LazyLock::new(|| [verifiers(1), verifiers(2)]);

fn verifiers(issuers: usize) -> Vec<Verifier> {
    let build = |backend: &Backend| {
        let builder = Verifier::builder().backend(*backend).clock(|| UnixTime::from_seconds(1_700_000_000));
        let names = ["https://issuer.example", "https://second.example"];
        let profiles = [Profile::Lenient, Profile::Rfc9068];
        let rules = names.into_iter().zip(profiles).take(issuers);
        let issuer = |(name, profile)| {
            let keys = JwkSet::parse(KEYS).expect("the keys are well formed");
            Issuer::new(name, keys).audience("https://api.example").profile(profile)
        };
        rules
            .fold(builder, |builder, rule| builder.issuer(issuer(rule)))
            .build()
            .expect("the set-up is sound")
    };
    Backend::available().iter().map(build).collect()
}

/// Public keys whose private halves were thrown away when they were made: nothing may verify.
const KEYS: &[u8] = br#"{"keys":[
{"kty":"RSA","kid":"rsa-1","n":"zzMiObfzoovTZLjJsEYwRC8XHfK5_cmeSVko8-N1TFovD_PK6gwqHs53pzcILC8rzFZfsIYVw-WmAPywd91EVk_eLKQjz2R70JVuaCN2U1mnr7QsauHcEJRN8wrWuqlTeypvL6EJHIWtchUA_1glp6v08FDB1A6HkSiDxEZXL7eZ5BDZb9TpzKj7UpdX1139J-aUv6V_gnaKPWlrdfEBgd1e_F2DevWrHIQMdX-PPuiETk7r-za522HSb0kyjIixV0tJ0dfGruses0ceXLiR-suucfqj_5OTB454R3UkyvKN3thRfajnFO8vuv4GWKZ6OiAEiDqzCZ66hu-24cdk8w","e":"AQAB"},
{"kty":"EC","crv":"P-256","kid":"ec-1","x":"dTXyLCf_cGCr4mVPf6h4zFqGN9OqMstyU3lTkMQF8-c","y":"0-3Ka5Q3zSghHmPPIKLW3gqm9eQ24q18ZE2RvaHzI5I"},
{"kty":"OKP","crv":"Ed25519","kid":"ed-1","x":"DBSzp-ywgPnp3O2HicaKcA8kxwRhdW5ddWXgDLiXfg8"}
]}"#;
