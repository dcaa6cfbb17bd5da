//! Keys and sets, by every way into jsonwebtoken.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk as theirs;
use portcullis::jose::{Jwk, JwkSet, KeyMaterial, KeyUse};
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, KeyError};
use serde_json::{Value, json};

use crate::court::with;

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::HS256,
    Algorithm::RS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS512,
];

fn read(json: &str) -> theirs::Jwk {
    serde_json::from_str(json).unwrap()
}

fn converted(json: &Value) -> Result<Jwk, &'static str> {
    Jwk::try_from(&read(&json.to_string())).map_err(|error| error.code())
}

#[test]
fn a_key_is_the_one_that_its_json_is() {
    for algorithm in ALGORITHMS {
        let key = SigningKey::generate(algorithm, "a \"key\"");
        let ours = Jwk::try_from(&read(&key.jwk_json())).unwrap();
        assert_eq!(ours, Jwk::parse(&key.jwk_json()).unwrap(), "{algorithm}");
        assert_eq!((ours.key_id(), ours.key_use()), (Some("a \"key\""), Some(KeyUse::Signature)));
    }
}

#[test]
fn a_key_that_would_not_be_taken_from_json_is_not_taken() {
    let ed: Value = serde_json::from_str(&SigningKey::generate(Algorithm::EdDSA, "a").jwk_json()).unwrap();
    assert!(converted(&ed).is_ok());
    for (name, json, want) in [
        ("X25519", with(ed.clone(), "crv", "X25519"), "curve_unknown"),
        ("short", with(ed.clone(), "x", "AA"), "key_length"),
        ("padded", with(ed.clone(), "x", "AA=="), "key_encoding"),
        ("a long id", with(ed.clone(), "kid", "k".repeat(257)), "key_malformed"),
        ("another algorithm", with(ed.clone(), "alg", "RS256"), "key_algorithm_mismatch"),
        ("one that jsonwebtoken forgets", with(ed.clone(), "alg", "ES512"), "key_algorithm_unknown"),
        ("an unknown type", json!({"kty": "lattice"}), "key_type_unknown"),
        ("no type", json!({"x": 1}), "key_malformed"),
    ] {
        assert_eq!(converted(&json).map(|_| ()), Err(want), "{name}");
    }
    let sealed = converted(&with(ed.clone(), "use", "enc")).unwrap();
    assert!(sealed.algorithms().is_empty());
    let other = with(ed, "key_ops", json!(["sign"]));
    assert!(converted(&other).unwrap().algorithms().is_empty());
}

#[test]
fn curves_that_jsonwebtoken_does_not_know_survive_it_and_their_algorithms_do_not() {
    for algorithm in [Algorithm::ES512, Algorithm::ES256K, Algorithm::MlDsa44] {
        let key = SigningKey::generate(algorithm, "a");
        let mut json: Value = serde_json::from_str(&key.jwk_json()).unwrap();
        assert_eq!(converted(&json).map(|_| ()), Err("key_algorithm_unknown"), "{algorithm}");
        json.as_object_mut().unwrap().remove("alg");
        let bare = converted(&json).map(|key| key.algorithms().contains(algorithm));
        let want = if algorithm == Algorithm::MlDsa44 { Err("key_malformed") } else { Ok(true) };
        assert_eq!(bare, want, "{algorithm}");
    }
}

#[test]
fn an_entry_that_cannot_be_used_does_not_spoil_its_set() {
    let good = SigningKey::generate(Algorithm::ES256, "good");
    let keys = json!({"keys": [
        {"kty": "lattice", "kid": "odd"},
        serde_json::from_str::<Value>(&good.jwk_json()).unwrap(),
        {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "short"},
    ]});
    let set: theirs::JwkSet = serde_json::from_value(keys).unwrap();
    let ours = JwkSet::try_from(&set).unwrap();
    assert_eq!(ours.keys(), [Jwk::parse(&good.jwk_json()).unwrap()]);
    let skipped: Vec<_> =
        ours.skipped().iter().map(|s| (s.index, s.key_id.as_deref(), s.error.code())).collect();
    assert_eq!(skipped, [(0, Some("odd"), "key_type_unknown"), (2, Some("short"), "key_length")]);
}

#[test]
fn a_set_has_its_bounds() {
    let key = read(&SigningKey::generate(Algorithm::EdDSA, "a").jwk_json());
    let set = |entries| theirs::JwkSet { keys: vec![key.clone(); entries] };
    let code = |set: &theirs::JwkSet| JwkSet::try_from(set).map(|set| set.keys().len()).map_err(|e| e.code());
    assert_eq!(code(&set(0)), Ok(0));
    assert_eq!(code(&set(100)), Ok(100));
    assert_eq!(code(&set(101)), Err("key_set_too_many_keys"));
    let mut large = set(1);
    large.keys[0].common.x509_chain = Some(vec!["A".repeat(256 * 1024)]);
    assert_eq!(code(&large), Err("key_set_too_large"));
}

#[test]
fn a_decoding_key_gives_its_parts() {
    for algorithm in ALGORITHMS {
        let key = SigningKey::generate(algorithm, "a");
        let ours = Jwk::try_from(&DecodingKey::from_jwk(&read(&key.jwk_json())).unwrap()).unwrap();
        assert_eq!(ours.material(), key.jwk().material(), "{algorithm}");
        assert_eq!((ours.key_id(), ours.algorithm()), (None, None));
    }
}

/// The content of a PEM block.
fn der(pem: &str) -> Vec<u8> {
    use base64::Engine;
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn a_decoding_key_of_der_gives_its_parts() {
    let [rsa, ec, ed] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA]
        .map(|algorithm| SigningKey::generate(algorithm, "a"));
    let info = |key: &SigningKey| der(&key.public_pem().unwrap());
    let material = |key: DecodingKey| Jwk::try_from(&key).map(|key| key.material().clone());
    assert_eq!(material(DecodingKey::from_rsa_der(&info(&rsa))), Ok(rsa.jwk().material().clone()));
    // RSAPublicKey is what stands behind the algorithm and the 0 of unused bits.
    let spki = info(&rsa);
    assert_eq!(material(DecodingKey::from_rsa_der(&spki[24..])), Ok(rsa.jwk().material().clone()));
    assert_eq!(material(DecodingKey::from_ec_der(&info(&ec))), Ok(ec.jwk().material().clone()));
    let point = &info(&ec)[26..];
    assert_eq!(material(DecodingKey::from_ec_der(point)), Ok(ec.jwk().material().clone()));
    assert_eq!(material(DecodingKey::from_ed_der(&info(&ed))), Ok(ed.jwk().material().clone()));
    assert_eq!(material(DecodingKey::from_ed_der(&info(&ed)[12..])), Ok(ed.jwk().material().clone()));
}

#[test]
fn bytes_that_are_no_key_of_their_family_are_none() {
    let ec = SigningKey::generate(Algorithm::ES256, "a");
    let info = der(&ec.public_pem().unwrap());
    let refused = |key: DecodingKey| Jwk::try_from(&key).unwrap_err();
    assert_eq!(refused(DecodingKey::from_rsa_der(&info)), KeyError::AlgorithmMismatch);
    assert_eq!(refused(DecodingKey::from_ed_der(&info)), KeyError::AlgorithmMismatch);
    for bytes in [&info[..info.len() - 1], &info[26..90], &[4; 64], &[4; 66], &[2; 33], &[], &[4]] {
        for key in [
            DecodingKey::from_rsa_der(bytes),
            DecodingKey::from_ec_der(bytes),
            DecodingKey::from_ed_der(bytes),
        ] {
            assert_eq!(refused(key), KeyError::NotPublicKey, "{bytes:?}");
        }
    }
    assert_eq!(refused(DecodingKey::from_rsa_raw_components(&[5; 64], &[3])).code(), "rsa_modulus_bits");
}

#[test]
fn a_secret_is_kept_and_not_shown() {
    let key = DecodingKey::from_secret(b"a secret of thirty-two bytes, ok");
    let ours = Jwk::try_from(&key).unwrap();
    let KeyMaterial::Oct { secret } = ours.material() else { panic!("it is a secret") };
    assert_eq!(&**secret, b"a secret of thirty-two bytes, ok");
    assert!(!format!("{ours:?}").contains("secret of"));
}
