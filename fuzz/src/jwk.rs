//! One JWK, as JSON.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::Algorithm;
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{AlgorithmSet, Jwk, KeyMaterial};
use serde_json::{Value, json};

use super::json::{self, Json, Unread};

/// A key is what another reader finds in its members; written down again it is the same key with the same thumbprint; on
/// every backend it serves exactly what it says and verifies nothing blank; `jsonwebtoken` reads the same from it, or is
/// known to differ.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let got = Jwk::parse(text);
    let code = got.as_ref().map(drop).map_err(|error| error.code());
    let document = json::parse(input);
    match &document {
        Ok(document) if has_fault(document) => assert_eq!(code, Err("key_malformed"), "{document:?}"),
        Ok(document) => match &got {
            Ok(key) => check_members(document, key),
            Err(error) => {
                let typed = document.member("kty").and_then(Json::text);
                assert_eq!(
                    typed.is_none_or(|kty| !KEY_TYPES.contains(&kty)),
                    match error.code() {
                        "key_type_unknown" => true,
                        "key_malformed" => typed.is_none(),
                        _ => false,
                    },
                    "{error}"
                );
            }
        },
        Err(Unread::Refused) => assert_eq!(code, Err("key_malformed")),
        Err(Unread::Open) => {}
    }
    if let Ok(key) = &got {
        let same = Jwk::parse(&written(key).to_string()).expect("a key that was read can be read again");
        assert!(key.material() == same.material(), "a key changed when it was written down");
        check_key(key, &same);
    }
    if let Ok(document) = &document {
        check_peer(input, document, got.as_ref().ok(), code);
    }
}

/// Whether a member stands twice or has another JSON type than RFC 7517 and RFC 7518 say; `null` has none.
fn has_fault(document: &Json) -> bool {
    let Json::Object(members) = document else { return true };
    let typed = |(name, value): &(String, Json)| match &**name {
        _ if matches!(value, Json::Null) => true,
        "kty" | "kid" | "use" | "alg" | "crv" | "x" | "y" | "n" | "e" | "k" | "pub" => value.text().is_some(),
        "key_ops" => match value {
            Json::Array(items) => {
                let mut names: Vec<_> = items.iter().filter_map(Json::text).collect();
                names.sort_unstable();
                names.len() == items.len() && names.windows(2).all(|pair| pair[0] != pair[1])
            }
            _ => false,
        },
        _ => true,
    };
    document.repeats() || !members.iter().all(typed)
}

fn check_members(document: &Json, key: &Jwk) {
    let text = |name| document.member(name).and_then(Json::text);
    let bytes = |name| URL_SAFE_NO_PAD.decode(text(name).expect(name)).expect("strict base64url");
    let number = |name| {
        let bytes = bytes(name);
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        bytes[zeros..].to_vec()
    };
    assert_eq!(text("kty"), Some(key.key_type().name()));
    assert_eq!((text("kid"), text("kid").is_some_and(|kid| kid.len() > 256)), (key.key_id(), false));
    let material = key.material();
    let same = match material {
        KeyMaterial::Oct { secret } => **secret == bytes("k"),
        KeyMaterial::Rsa { n, e } => *n == number("n") && *e == number("e"),
        KeyMaterial::Ec { curve, x, y } => {
            (text("crv"), bytes("x"), bytes("y")) == (Some(curve.name()), x.clone(), y.clone())
        }
        KeyMaterial::Okp { curve, x } => (text("crv"), bytes("x")) == (Some(curve.name()), x.clone()),
        KeyMaterial::Akp { algorithm, public } => {
            (text("alg"), bytes("pub")) == (Some(algorithm.name()), public.clone())
        }
        _ => panic!("a kind of key that this test does not know"),
    };
    assert!(same, "{material:?}");
    let private = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];
    let is_said = |name: &&str| document.member(name).is_some_and(|value| !matches!(value, Json::Null));
    assert_eq!(key.is_private(), private.iter().any(is_said));
    let verifies = match document.member("key_ops") {
        Some(Json::Array(operations)) => {
            operations.iter().any(|operation| operation.text() == Some("verify"))
        }
        _ => true,
    };
    let usable = verifies && text("use").is_none_or(|key_use| key_use == "sig");
    assert!(usable || key.algorithms().is_empty(), "neither `use` nor `key_ops` allow it");
    for algorithm in key.algorithms().iter() {
        let declared =
            |own: &str| own == algorithm.name() || ED.contains(&own) && ED.contains(&algorithm.name());
        assert!(text("alg").is_none_or(declared), "declared for another algorithm than {algorithm}");
        assert_eq!(algorithm.key_type(), key.key_type());
        assert_eq!(
            algorithm.curve().map(|curve| curve.name()),
            text("crv").filter(|_| algorithm.curve().is_some())
        );
    }
}

/// What holds for every key that was read; `same` is one of equal material.
pub fn check_key(key: &Jwk, same: &Jwk) {
    let prints: Vec<_> = Backend::available().iter().map(|backend| backend.thumbprint(key)).collect();
    assert!(prints.windows(2).all(|pair| pair[0] == pair[1]), "backends name a key differently");
    let able = key.algorithms();
    for algorithm in able.iter() {
        let mut verdicts = Vec::new();
        for (backend, print) in Backend::available().iter().zip(&prints) {
            assert_eq!(backend.thumbprint(same), *print);
            if !backend.supports(algorithm) {
                continue;
            }
            let prepared = VerifyKey::prepare(key, AlgorithmSet::from_iter([algorithm]), *backend);
            verdicts.push(prepared.as_ref().map(drop).map_err(|error| error.code()));
            let Ok(prepared) = prepared else { continue };
            assert!(prepared.algorithms().iter().eq([algorithm]));
            let length = algorithm.signature_bytes().unwrap_or(256);
            let blank = vec![0; length];
            assert!(!prepared.verify(algorithm, b"message", &blank), "a blank {algorithm} signature");
            assert!(!prepared.verify(algorithm, b"message", &[]), "no {algorithm} signature");
        }
        assert!(
            verdicts.windows(2).all(|pair| pair[0] == pair[1]),
            "backends differ: {algorithm} {verdicts:?}"
        );
    }
    let others = Algorithm::ALL.iter().copied().filter(|algorithm| !able.contains(*algorithm)).collect();
    for backend in Backend::available() {
        assert!(VerifyKey::prepare(key, others, *backend).is_err(), "prepared for what it does not serve");
    }
    if let KeyMaterial::Oct { secret } = key.material() {
        let shown = format!("{key:?}");
        assert!(
            secret.len() < 16 || !shown.contains(&URL_SAFE_NO_PAD.encode(secret)),
            "a secret was printed"
        );
    }
}

/// The key as JSON: its public members, and nothing else.
pub fn written(key: &Jwk) -> Value {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let kty = key.key_type().name();
    match key.material() {
        KeyMaterial::Oct { secret } => json!({"kty": kty, "k": b64(secret)}),
        KeyMaterial::Rsa { n, e } => json!({"kty": kty, "n": b64(n), "e": b64(e)}),
        KeyMaterial::Ec { curve, x, y } => json!({"kty": kty, "crv": curve.name(), "x": b64(x), "y": b64(y)}),
        KeyMaterial::Okp { curve, x } => json!({"kty": kty, "crv": curve.name(), "x": b64(x)}),
        KeyMaterial::Akp { algorithm, public } => {
            json!({"kty": kty, "alg": algorithm.name(), "pub": b64(public)})
        }
        _ => panic!("a kind of key that this test does not know"),
    }
}

/// Differences from `jsonwebtoken`:
///
/// - it knows neither secp256k1 nor `AKP`, types the certificate members (`x5u`, `x5c`, `x5t`) that we read past, and
///   hashes an RSA number with its leading zeros: what only we take may be refused or named differently there;
/// - it looks at no length, no number and no point, and at no repeated member that it does not know: what only it takes
///   we refuse with a reason of ours.
fn check_peer(input: &[u8], document: &Json, ours: Option<&Jwk>, code: Result<(), &'static str>) {
    use jsonwebtoken::jwk::{AlgorithmParameters, Jwk as Theirs, ThumbprintHash};
    let theirs = serde_json::from_slice::<Theirs>(input).ok();
    let theirs = theirs.filter(|key| !matches!(key.algorithm, AlgorithmParameters::Other(_)));
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            assert_eq!(theirs.common.key_id.as_deref(), ours.key_id());
            let key = jsonwebtoken::DecodingKey::from_jwk(&theirs);
            assert!(key.is_ok(), "only jsonwebtoken cannot use {ours:?}");
            let zeros =
                |name| document.member(name).and_then(Json::text).is_some_and(|text| text.starts_with('A'));
            if let (Ok(print), Some(backend)) =
                (theirs.thumbprint(ThumbprintHash::SHA256), Backend::available().first())
                && !zeros("n")
                && !zeros("e")
            {
                assert_eq!(print, backend.thumbprint(ours).to_string());
            }
        }
        (Some(ours), None) => {
            let unknown = document.member("crv").and_then(Json::text) == Some("secp256k1");
            let typed = ["x5u", "x5c", "x5t", "x5t#S256", "use", "key_ops"];
            assert!(
                unknown
                    || ours.key_type().name() == "AKP"
                    || typed.iter().any(|name| document.member(name).is_some()),
                "only jsonwebtoken refuses {ours:?}"
            );
        }
        (None, _) => assert!(code.is_err()),
    }
}

const KEY_TYPES: [&str; 5] = ["RSA", "EC", "OKP", "AKP", "oct"];
/// One algorithm under two names (RFC 9864, section 2.2).
const ED: [&str; 2] = ["EdDSA", "Ed25519"];
