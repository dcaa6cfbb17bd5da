//! RFC 9864: algorithms by their fully specified names. RFC 9964: ML-DSA.

use portcullis::Algorithm;
use portcullis::jose::{Jwk, MAX_TOKEN_BYTES, UnverifiedToken};

use super::{Expected, claims, example, expect_rows, label, public_half, row, trust, whole};
use crate::suite::{Label, Suite};
use crate::support::{text, vectors};

use Algorithm::{Ed25519, EdDSA, MlDsa44, MlDsa65};

pub(super) fn cases(suite: &mut Suite) {
    fully_specified(suite);
    ml_dsa(suite);
}

fn fully_specified(suite: &mut Suite) {
    let file = vectors("jose/rfc9864.json");
    let table: [(&str, Expected); 8] = [
        ("rfc9864.ed25519", Ok(Ed25519)),
        ("rfc9864.ed448", Err("algorithm_unknown")),
        ("rfc9864.eddsa-25519", Ok(EdDSA)),
        ("rfc9864.eddsa-448", Err("curve_unknown")),
        ("rfc9864.ed25519-with-448-key", Err("curve_unknown")),
        ("rfc9864.jwk-alg-ed25519-token-eddsa", Ok(EdDSA)),
        ("rfc9864.esp256", Err("algorithm_unknown")),
        ("rfc9864.x25519-key", Err("curve_unknown")),
    ];
    expect_rows(&file, table.map(|(id, _)| id));
    for (id, want) in table {
        let row = row(&file, id);
        let token = text(row, "token");
        example(suite, id, label(row), (token, &row["key"]), want);
        if let Ok(algorithm) = want {
            claims(suite, id, token, &trust("joe", &row["key"], algorithm), 4_102_444_800);
        }
    }
}

/// The keys of this file have `"kid": null`, which is no `kid`, and the private seed; each token names its key by the
/// thumbprint (RFC 9964, section 6).
fn ml_dsa(suite: &mut Suite) {
    let file = vectors("jose/ml_dsa.json");
    let table = [("panva.ML-DSA-44", MlDsa44), ("panva.ML-DSA-65", MlDsa65)];
    expect_rows(&file, table.map(|(id, _)| id));
    for (id, algorithm) in table {
        let row = row(&file, id);
        let (token, mut key) = (text(row, "token").to_owned(), row["jwk"].clone());
        let named = Jwk::parse(&key.to_string()).unwrap();
        assert_eq!(named.key_id(), None, "null is no name");
        key.as_object_mut().unwrap().remove("kid");
        let private = trust("any", &key, algorithm);
        whole(suite, &format!("{id}, private key"), Label::Invalid, &token, private, "key_private");
        let key = public_half(&key);
        example(suite, id, label(row), (&token, &key), Ok(algorithm));
        whole(suite, id, Label::Invalid, &token, trust("any", &key, algorithm), "claims_malformed");
        let jwk = Jwk::parse(&key.to_string()).unwrap();
        suite.case(format!("jose/{id}, kid"), Label::Valid, "ok", move |backend| {
            let parsed = UnverifiedToken::parse(&token, MAX_TOKEN_BYTES).unwrap();
            let (header, print) = (parsed.header().unwrap(), backend.thumbprint(&jwk).to_string());
            if header.key_id() == Some(&*print) { "ok".to_owned() } else { print }
        });
    }
}
