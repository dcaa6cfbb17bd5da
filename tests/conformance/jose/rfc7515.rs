//! RFC 7515, appendices A and E; RFC 7797, section 4; RFC 7520, section 6.

use portcullis::Algorithm;

use super::{claims, example, expect_rows, label, not_claims, row, trust, whole};
use crate::suite::{Label, Suite};
use crate::support::{b64, text, vectors};

use Algorithm::{ES256, ES512, HS256, RS256};

/// `exp` of the claims that appendix A signs.
const EXP: i64 = 1_300_819_380;

pub(super) fn cases(suite: &mut Suite) {
    let file = vectors("jose/rfc_examples.json");
    let table = [
        ("rfc7515.A.1", Ok(HS256)),
        ("rfc7515.A.3", Ok(ES256)),
        ("rfc7515.A.4", Ok(ES512)),
        ("rfc7515.A.6", Err("token_malformed")),
        ("rfc7515.A.7", Err("token_malformed")),
        ("rfc7515.E", Err("header_unsupported")),
        ("rfc7520.6-nested", Err("token_malformed")),
        ("rfc7797.4-plain", Ok(HS256)),
        ("rfc7797.4.2-b64false", Err("header_unsupported")),
        ("rfc7797.4.2-attached", Err("token_malformed")),
        ("rfc7797.no-crit", Err("header_unsupported")),
    ];
    expect_rows(&file, table.map(|(id, _)| id));
    for (id, want) in table {
        let row = row(&file, id);
        let token = row["token"].as_str().map_or_else(|| row["jws_json"].to_string(), str::to_owned);
        example(suite, id, label(row), (&token, &row["key"]), want);
    }
    for (id, algorithm) in [("rfc7515.A.1", HS256), ("rfc7515.A.3", ES256)] {
        let row = row(&file, id);
        claims(suite, id, text(row, "token"), &trust("joe", &row["key"], algorithm), EXP);
    }
    for (id, algorithm) in [("rfc7515.A.4", ES512), ("rfc7797.4-plain", HS256)] {
        let row = row(&file, id);
        not_claims(suite, id, text(row, "token"), trust("joe", &row["key"], algorithm));
    }

    // A.6 reuses the header, payload and signature of A.2 and A.3.
    let general = row(&file, "rfc7515.A.6");
    let (document, keys) = (&general["jws_json"], &general["keys"]);
    for (id, index, algorithm) in [("rfc7515.A.2", 0, RS256), ("rfc7515.A.3 within A.6", 1, ES256)] {
        let signature = &document["signatures"][index];
        let token = format!(
            "{}.{}.{}",
            text(signature, "protected"),
            text(document, "payload"),
            text(signature, "signature")
        );
        example(suite, id, Label::Valid, (&token, &keys[index]), Ok(algorithm));
        claims(suite, id, &token, &trust("joe", &keys[index], algorithm), EXP);
    }
    let unsecured = format!("{}.{}.", b64(r#"{"alg":"none"}"#), text(document, "payload"));
    example(suite, "rfc7515.A.5", Label::Invalid, (&unsecured, &keys[0]), Err("algorithm_unknown"));
    let trust = trust("joe", &keys[0], RS256);
    whole(suite, "rfc7515.A.5", Label::Invalid, &unsecured, trust, "algorithm_unknown");
}
