use super::*;

#[test]
fn every_name_reads_back_and_its_neighbours_do_not() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_name(algorithm.name()), Some(*algorithm));
        assert_eq!(Algorithm::from_name(&algorithm.name().to_lowercase()), None, "{algorithm}");
        assert_eq!(Algorithm::from_name(&format!("{algorithm} ")), None, "{algorithm}");
    }
    for name in ["none", "None", "NONE", "", "RS1", "ES256KR", "Ed448", "RSA1_5"] {
        assert_eq!(Algorithm::from_name(name), None, "{name}");
    }
}

#[test]
fn each_algorithm_has_its_own_bit() {
    let all: AlgorithmSet = Algorithm::ALL.iter().copied().collect();
    assert_eq!(all.iter().count(), Algorithm::ALL.len());
    for one in Algorithm::ALL {
        let set = AlgorithmSet::from_iter([*one]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [*one]);
    }
    assert!(AlgorithmSet::EMPTY.is_empty() && !all.is_empty());
}

#[test]
fn nothing_symmetric_is_allowed_by_default() {
    assert!(Algorithm::DEFAULT.iter().all(|algorithm| algorithm.key_type() != KeyType::Oct));
}

/// The sizes by RFC 7518, sections 3.2 and 3.4, RFC 8037, section 3.1, and FIPS 204, table 2.
#[test]
fn sizes_are_those_of_the_standards() {
    use Algorithm::*;
    let ec = KeyType::Ec;
    for (algorithm, key_type, curve, digest, signature, key) in [
        (HS256, KeyType::Oct, None, Some(32), Some(32), None),
        (HS384, KeyType::Oct, None, Some(48), Some(48), None),
        (HS512, KeyType::Oct, None, Some(64), Some(64), None),
        (RS256, KeyType::Rsa, None, Some(32), None, None),
        (RS384, KeyType::Rsa, None, Some(48), None, None),
        (RS512, KeyType::Rsa, None, Some(64), None, None),
        (PS256, KeyType::Rsa, None, Some(32), None, None),
        (PS384, KeyType::Rsa, None, Some(48), None, None),
        (PS512, KeyType::Rsa, None, Some(64), None, None),
        (ES256, ec, Some(("P-256", 32)), Some(32), Some(64), None),
        (ES384, ec, Some(("P-384", 48)), Some(48), Some(96), None),
        (ES512, ec, Some(("P-521", 66)), Some(64), Some(132), None),
        (ES256K, ec, Some(("secp256k1", 32)), Some(32), Some(64), None),
        (EdDSA, KeyType::Okp, Some(("Ed25519", 32)), None, Some(64), None),
        (Ed25519, KeyType::Okp, Some(("Ed25519", 32)), None, Some(64), None),
        (MlDsa44, KeyType::Akp, None, None, Some(2_420), Some(1_312)),
        (MlDsa65, KeyType::Akp, None, None, Some(3_309), Some(1_952)),
        (MlDsa87, KeyType::Akp, None, None, Some(4_627), Some(2_592)),
    ] {
        assert_eq!(algorithm.key_type(), key_type, "{algorithm}");
        let named = |curve: Curve| (curve.name(), curve.coordinate_bytes());
        assert_eq!(algorithm.curve().map(named), curve, "{algorithm}");
        assert_eq!(algorithm.digest().map(Digest::bytes), digest, "{algorithm}");
        assert_eq!(algorithm.signature_bytes(), signature, "{algorithm}");
        assert_eq!(algorithm.ml_dsa_key_bytes(), key, "{algorithm}");
    }
}

#[test]
fn names_are_shown_as_they_are_registered() {
    let kinds = [KeyType::Oct, KeyType::Rsa, KeyType::Ec, KeyType::Okp, KeyType::Akp];
    assert_eq!(kinds.map(|kind| kind.to_string()), ["oct", "RSA", "EC", "OKP", "AKP"]);
    assert_eq!(Algorithm::MlDsa44.to_string(), "ML-DSA-44");
    let twice = [Algorithm::ES256, Algorithm::RS256, Algorithm::ES256];
    assert_eq!(format!("{:?}", AlgorithmSet::from_iter(twice)), "{RS256, ES256}");
}
