//! Keys of RFC 7520 and thumbprints of RFC 7638.

use portcullis::Algorithm;
use portcullis::jose::Jwk;
use serde_json::Value;

use crate::suite::{Label, Suite, rows};
use crate::support::{text, vectors};

use Algorithm::{ES512, HS256, PS256, PS384, PS512, RS256, RS384, RS512};

/// The cookbook's key documents: whether each holds the private half, and what it may verify.
pub(super) const COOKBOOK: [(&str, bool, &[Algorithm]); 5] = [
    ("jwk__3_1.ec_public_key", false, &[ES512]),
    ("jwk__3_2.ec_private_key", true, &[ES512]),
    ("jwk__3_3.rsa_public_key", false, &[RS256, RS384, RS512, PS256, PS384, PS512]),
    ("jwk__3_5.symmetric_key_mac_computation", false, &[HS256]),
    ("jwk__3_6.symmetric_key_encryption", false, &[]),
];

pub(super) fn cases(suite: &mut Suite) {
    for (name, private, algorithms) in COOKBOOK {
        let document = vectors(&format!("jose/cookbook/{name}.json"))["document"].clone();
        suite.case(format!("jose/{name}"), Label::Valid, "ok", move |_| {
            let jwk = Jwk::parse(&document.to_string()).unwrap();
            let got = (jwk.is_private(), jwk.algorithms().iter().collect::<Vec<_>>(), jwk.key_id());
            let want = (private, algorithms.to_vec(), document["kid"].as_str());
            if got == want { "ok".to_owned() } else { format!("{got:?}") }
        });
    }

    let file = vectors("jose/thumbprints.json");
    assert_eq!(rows(&file).len(), 11);
    for row in rows(&file) {
        let (id, jwk) = (text(row, "id"), row["jwk"].to_string());
        let want = match (id, &row["sha256"], &row["uri"]) {
            ("x.missing-y", Value::Null, _) => Err("key_malformed"),
            ("x.unknown-kty", Value::Null, _) => Err("key_type_unknown"),
            (_, Value::String(digest), _) => Ok(digest.clone()),
            // This crate prints SHA-256 only; the row's URI has it (RFC 9278).
            ("panva.sha384", _, Value::String(uri)) => Ok(uri.rsplit_once(':').unwrap().1.to_owned()),
            _ => panic!("{id}: nothing is expected of this row"),
        };
        let label = if want.is_ok() { Label::Valid } else { Label::Invalid };
        let code = want.as_ref().err().copied().unwrap_or("ok");
        suite.case(format!("jose/thumbprint of {id}"), label, code, move |backend| {
            match Jwk::parse(&jwk).map(|jwk| backend.thumbprint(&jwk).to_string()) {
                Ok(print) if want.as_ref() == Ok(&print) => "ok".to_owned(),
                Ok(print) => print,
                Err(error) => error.code().to_owned(),
            }
        });
    }
}
