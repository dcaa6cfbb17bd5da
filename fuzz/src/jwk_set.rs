//! A JWK Set of any bytes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::Algorithm;
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{AlgorithmSet, Jwk, JwkSet, KeyMaterial, KeyType, MAX_KEYS, MAX_SET_BYTES};
use serde_json::{Value, json};

/// Every entry is either a key or noted once with a reason; a key written down again is the same key with the same
/// thumbprint; a key that a backend takes serves exactly what it says and verifies no blank signature.
pub fn check(input: &[u8]) {
    let Ok(set) = JwkSet::parse(input) else { return };
    assert!(input.len() <= MAX_SET_BYTES);
    assert!(set.keys().len() + set.skipped().len() <= MAX_KEYS);
    assert!(set.skipped().windows(2).all(|pair| pair[0].index < pair[1].index), "noted once, in order");
    let again = json!({ "keys": set.keys().iter().map(written).collect::<Vec<_>>() });
    let again = JwkSet::parse(again.to_string().as_bytes()).expect("keys that were read can be read again");
    assert_eq!((again.keys().len(), again.skipped().len()), (set.keys().len(), 0));
    for (key, same) in set.keys().iter().zip(again.keys()) {
        assert!(key.material() == same.material(), "a key changed when it was written down");
        check_key(key, same);
    }
}

fn check_key(key: &Jwk, same: &Jwk) {
    let prints: Vec<_> = Backend::available().iter().map(|backend| backend.thumbprint(key)).collect();
    assert!(prints.windows(2).all(|pair| pair[0] == pair[1]), "backends name a key differently");
    for (backend, print) in Backend::available().iter().zip(prints) {
        assert_eq!(backend.thumbprint(same), print);
        for algorithm in Algorithm::ALL {
            let prepared = VerifyKey::prepare(key, AlgorithmSet::from_iter([*algorithm]), *backend);
            if !key.algorithms().contains(*algorithm) {
                assert!(prepared.is_err(), "a key was prepared for {algorithm}, which it does not serve");
            }
            let Ok(prepared) = prepared else { continue };
            assert!(prepared.algorithms().iter().eq([*algorithm]));
            let length = algorithm.signature_bytes().unwrap_or(256);
            assert!(
                !prepared.verify(*algorithm, b"message", &vec![0; length]),
                "a blank {algorithm} signature"
            );
            assert!(!prepared.verify(*algorithm, b"message", &[]), "no {algorithm} signature");
        }
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
fn written(key: &Jwk) -> Value {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let kty = key.key_type().name();
    match key.material() {
        KeyMaterial::Oct { secret } => json!({"kty": kty, "k": b64(secret)}),
        KeyMaterial::Rsa { n, e } => json!({"kty": kty, "n": b64(n), "e": b64(e)}),
        KeyMaterial::Ec { curve, x, y } => json!({"kty": kty, "crv": curve.name(), "x": b64(x), "y": b64(y)}),
        KeyMaterial::Okp { curve, x } => json!({"kty": kty, "crv": curve.name(), "x": b64(x)}),
        KeyMaterial::Akp { algorithm, public } => {
            assert_eq!(key.key_type(), KeyType::Akp);
            json!({"kty": kty, "alg": algorithm.name(), "pub": b64(public)})
        }
        _ => panic!("a kind of key that this test does not know"),
    }
}
