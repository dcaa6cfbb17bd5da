//! The examples of the specifications, each with our exact answer, on every backend.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::crypto::{Backend, VerifyKey};
use portcullis::jose::{AlgorithmSet, Jwk, MAX_TOKEN_BYTES, UnverifiedToken};
use portcullis::{Algorithm, Issuer, KeyError, Profile, Verifier};
use serde_json::Value;
use support::{b64, standing_at, text, unb64, vectors, verdict};

use Algorithm::{ES256, ES512, Ed25519, EdDSA, HS256, MlDsa44, MlDsa65, PS256, RS256};

/// Rows whose label says that the signature holds and which this crate refuses, and why.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("rfc9864.ed448", "Ed448 is not in the algorithm table: no backend implements it"),
    ("rfc9864.eddsa-448", "EdDSA is served on Ed25519 only: no backend implements Ed448"),
];

/// What is expected of a token: that its signature holds, or the code of the first step that refuses it.
type Expected = Result<Algorithm, &'static str>;

/// Takes the token apart, reads the key and verifies, each by the public door of its module.
fn raw(token: &str, key: &str, backend: Backend) -> Expected {
    let parsed = UnverifiedToken::parse(token, MAX_TOKEN_BYTES).map_err(|rejection| rejection.code())?;
    assert_eq!(parsed.as_str(), token);
    let algorithm = parsed.header().map_err(|rejection| rejection.code())?.algorithm();
    let jwk = Jwk::parse(key).map_err(|error| error.code())?;
    let prepared = VerifyKey::prepare(&jwk, AlgorithmSet::from_iter([algorithm]), backend);
    if !backend.supports(algorithm) {
        assert_eq!(prepared.err(), Some(KeyError::Unsupported(algorithm)), "{}", backend.name());
        return Err("key_unsupported");
    }
    let prepared = prepared.map_err(|error| error.code())?;
    let (input, signature) = token.rsplit_once('.').unwrap();
    if prepared.verify(algorithm, input.as_bytes(), &unb64(signature)) {
        Ok(algorithm)
    } else {
        Err("signature_invalid")
    }
}

/// Asserts the expected answer on every backend; of a signature that holds, also that it holds for nothing else.
fn expect_raw(name: &str, token: &str, key: &str, want: Expected) {
    for backend in Backend::available() {
        let want = match want {
            Ok(algorithm) if !backend.supports(algorithm) => Err("key_unsupported"),
            other => other,
        };
        assert_eq!(raw(token, key, *backend), want, "{name} on {}", backend.name());
        if want.is_ok() {
            for (twin, changed) in twins(token) {
                let got = raw(&changed, key, *backend);
                assert_eq!(got, Err("signature_invalid"), "{name}, {twin}, on {}", backend.name());
            }
        }
    }
}

/// The token with one bit of the payload changed, and with one of the signature.
fn twins(token: &str) -> [(&'static str, String); 2] {
    let parts: Vec<_> = token.split('.').collect();
    let flipped = |part: &str| {
        let mut bytes = unb64(part);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        b64(bytes)
    };
    [
        ("payload changed", format!("{}.{}.{}", parts[0], flipped(parts[1]), parts[2])),
        ("signature changed", format!("{}.{}.{}", parts[0], parts[1], flipped(parts[2]))),
    ]
}

/// A verifier that trusts one key, lets any audience pass and allows no skew.
fn verifier(issuer: &str, key: &str, algorithm: Algorithm, now: i64, backend: Backend) -> Verifier {
    let issuer = Issuer::new(issuer, Jwk::parse(key).unwrap())
        .dangerous_any_audience()
        .algorithms([algorithm])
        .profile(Profile::Lenient)
        .clock_skew(Duration::ZERO);
    Verifier::builder().issuer(issuer).backend(backend).clock(standing_at(now)).build().unwrap()
}

/// Asserts the verdicts at the last good second and at the expiry second.
fn expect_claims(name: &str, token: &str, key: &str, algorithm: Algorithm, issuer: &str) {
    const EXP: i64 = 1_300_819_380;
    for backend in Backend::available().iter().filter(|backend| backend.supports(algorithm)) {
        for (now, want) in [(EXP - 1, "ok"), (EXP, "token_expired")] {
            let verifier = verifier(issuer, key, algorithm, now, *backend);
            assert_eq!(verdict(&verifier, token), want, "{name} at {now} on {}", backend.name());
        }
        let other = verifier(&format!("{issuer}x"), key, algorithm, EXP - 1, *backend);
        assert_eq!(verdict(&other, token), "issuer_unknown", "{name} on {}", backend.name());
    }
}

fn row<'v>(file: &'v Value, id: &str) -> &'v Value {
    let rows = file["cases"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("no row {id}"))
}

/// Asserts that a file has exactly these rows and that our answers are those of the labels, but for the exceptions.
fn expect_labels(file: &Value, table: &[(&str, Expected)], exceptions: &[(&str, &str)]) {
    let rows = file["cases"].as_array().unwrap();
    let in_file: BTreeSet<_> = rows.iter().map(|row| text(row, "id")).collect();
    let in_table: BTreeSet<_> = table.iter().map(|(id, _)| *id).collect();
    assert_eq!(in_file, in_table);
    let mut departures = BTreeSet::new();
    for (id, want) in table {
        let agrees = match text(row(file, id), "expect") {
            "signature-valid" | "jws-valid-not-jwt" => want.is_ok(),
            "reject" => want.is_err(),
            "policy" => true,
            other => panic!("{id}: unknown label {other}"),
        };
        if !agrees {
            departures.insert(*id);
        }
    }
    assert_eq!(
        departures,
        exceptions.iter().map(|(id, _)| *id).collect(),
        "exceptions are listed, and needed"
    );
}

#[test]
fn rfc_7515_and_7797_examples() {
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
    expect_labels(&file, &table, &[]);
    for (id, want) in table {
        let row = row(&file, id);
        let token = row["token"].as_str().map_or_else(|| row["jws_json"].to_string(), str::to_owned);
        expect_raw(id, &token, &row["key"].to_string(), want);
    }
    for (id, algorithm) in [("rfc7515.A.1", HS256), ("rfc7515.A.3", ES256)] {
        let row = row(&file, id);
        expect_claims(id, text(row, "token"), &row["key"].to_string(), algorithm, "joe");
    }
    // Signed well, and no claims set inside.
    for (id, algorithm) in [("rfc7515.A.4", ES512), ("rfc7797.4-plain", HS256)] {
        let row = row(&file, id);
        for backend in Backend::available().iter().filter(|backend| backend.supports(algorithm)) {
            let verifier = verifier("joe", &row["key"].to_string(), algorithm, 0, *backend);
            assert_eq!(
                verdict(&verifier, text(row, "token")),
                "claims_malformed",
                "{id} on {}",
                backend.name()
            );
        }
    }
}

#[test]
fn rfc_7515_examples_that_stand_inside_another() {
    let file = vectors("jose/rfc_examples.json");
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
        // The keys of A.6 are those of A.2 and A.3 with the ids that its unprotected headers name.
        let key = keys[index].to_string();
        expect_raw(id, &token, &key, Ok(algorithm));
        expect_claims(id, &token, &key, algorithm, "joe");
    }
    let unsecured = format!("{}.{}.", b64(r#"{"alg":"none"}"#), text(document, "payload"));
    expect_raw("rfc7515.A.5", &unsecured, &keys[0].to_string(), Err("algorithm_unknown"));
    for backend in Backend::available() {
        let verifier = verifier("joe", &keys[0].to_string(), RS256, 0, *backend);
        assert_eq!(verdict(&verifier, &unsecured), "algorithm_unknown", "rfc7515.A.5 on {}", backend.name());
    }
}

#[test]
fn rfc_7520_and_8037_cookbook() {
    let document = |name: &str| vectors(&format!("jose/cookbook/{name}.json"))["document"].clone();
    for (name, algorithm) in [
        ("jws__4_1.rsa_v15_signature", RS256),
        ("jws__4_3.ecdsa_signature", ES512),
        ("curve25519__jws", EdDSA),
    ] {
        let document = document(name);
        let mut key = document["input"]["key"].clone();
        let token = text(&document["output"], "compact");
        expect_raw(name, token, &key.to_string(), Ok(algorithm));
        assert!(Jwk::parse(&key.to_string()).unwrap().is_private(), "{name} gives the private key too");
        for member in ["d", "p", "q", "dp", "dq", "qi"] {
            key.as_object_mut().unwrap().remove(member);
        }
        for backend in Backend::available().iter().filter(|backend| backend.supports(algorithm)) {
            let verifier = verifier("any", &key.to_string(), algorithm, 0, *backend);
            assert_eq!(verdict(&verifier, token), "claims_malformed", "{name} on {}", backend.name());
        }
    }

    // Detached content: refused as it stands, good with the content put back.
    let detached = document("jws__4_5.signature_with_detached_content");
    let key = detached["input"]["key"].to_string();
    expect_raw("jws 4.5", text(&detached["output"], "compact"), &key, Err("signature_invalid"));
    let input = text(&detached["signing"], "sig-input");
    expect_raw(
        "jws 4.5 attached",
        &format!("{input}.{}", text(&detached["signing"], "sig")),
        &key,
        Ok(HS256),
    );

    // Several signatures: those with an algorithm in the protected header stand for themselves.
    let several = document("jws__4_8.multiple_signatures");
    for (index, want) in [(0, Ok(RS256)), (1, Err("header_malformed")), (2, Ok(HS256))] {
        let signature = &several["output"]["json"]["signatures"][index];
        let protected = signature["protected"].as_str().unwrap_or_default();
        let payload = text(&several["output"]["json"], "payload");
        let token = format!("{protected}.{payload}.{}", text(signature, "signature"));
        let key = several["input"]["key"][index].to_string();
        expect_raw(&format!("jws 4.8, signature {index}"), &token, &key, want);
    }

    // Nested: the inner token is a JWT, the encrypted one is refused for its five segments.
    let nested = document("6.nesting_signatures_and_encryption");
    let (inner, mut key) =
        (text(&nested["sign"]["output"], "compact"), nested["sign"]["input"]["key"].clone());
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(member);
    }
    expect_raw("rfc7520.6, inner", inner, &key.to_string(), Ok(PS256));
    expect_claims("rfc7520.6, inner", inner, &key.to_string(), PS256, "hobbiton.example");
    let outer = text(&nested["encrypt"]["output"], "compact");
    expect_raw("rfc7520.6, outer", outer, &key.to_string(), Err("token_malformed"));
}

#[test]
fn rfc_7520_keys() {
    use Algorithm::{PS384, PS512, RS384, RS512};
    for (name, private, want) in [
        ("jwk__3_1.ec_public_key", false, &[ES512][..]),
        ("jwk__3_2.ec_private_key", true, &[ES512]),
        ("jwk__3_3.rsa_public_key", false, &[RS256, RS384, RS512, PS256, PS384, PS512]),
        ("jwk__3_5.symmetric_key_mac_computation", false, &[HS256]),
        ("jwk__3_6.symmetric_key_encryption", false, &[]),
    ] {
        let document = &vectors(&format!("jose/cookbook/{name}.json"))["document"];
        let jwk = Jwk::parse(&document.to_string()).expect(name);
        assert_eq!(jwk.algorithms().iter().collect::<Vec<_>>(), want, "{name}");
        assert_eq!((jwk.is_private(), jwk.key_id()), (private, document["kid"].as_str()), "{name}");
    }
}

#[test]
fn rfc_9864_names() {
    let file = vectors("jose/rfc9864.json");
    let table = [
        ("rfc9864.ed25519", Ok(Ed25519)),
        ("rfc9864.ed448", Err("algorithm_unknown")),
        ("rfc9864.eddsa-25519", Ok(EdDSA)),
        ("rfc9864.eddsa-448", Err("curve_unknown")),
        ("rfc9864.ed25519-with-448-key", Err("curve_unknown")),
        ("rfc9864.jwk-alg-ed25519-token-eddsa", Ok(EdDSA)),
        ("rfc9864.esp256", Err("algorithm_unknown")),
        ("rfc9864.x25519-key", Err("curve_unknown")),
    ];
    expect_labels(&file, &table, &EXCEPTIONS);
    for (id, want) in table {
        let row = row(&file, id);
        let (token, key) = (text(row, "token"), row["key"].to_string());
        expect_raw(id, token, &key, want);
        let Ok(algorithm) = want else { continue };
        for backend in Backend::available() {
            for (now, want) in [(4_102_444_799, "ok"), (4_102_444_800, "token_expired")] {
                let verifier = verifier("joe", &key, algorithm, now, *backend);
                assert_eq!(verdict(&verifier, token), want, "{id} at {now} on {}", backend.name());
            }
        }
    }
}

#[test]
fn ml_dsa_examples() {
    let file = vectors("jose/ml_dsa.json");
    let table = [("panva.ML-DSA-44", Ok(MlDsa44)), ("panva.ML-DSA-65", Ok(MlDsa65))];
    expect_labels(&file, &table, &[]);
    for (id, want) in table {
        let row = row(&file, id);
        let mut key = row["jwk"].clone();
        assert_eq!(Jwk::parse(&key.to_string()).unwrap_err().code(), "key_malformed", "kid is null in {id}");
        key.as_object_mut().unwrap().remove("kid");
        assert!(Jwk::parse(&key.to_string()).unwrap().is_private(), "{id} gives the seed too");
        key.as_object_mut().unwrap().remove("priv");
        let (token, jwk) = (text(row, "token"), Jwk::parse(&key.to_string()).unwrap());
        expect_raw(id, token, &key.to_string(), want);
        // The tokens name their key by its thumbprint (RFC 9964, section 6).
        let parsed = UnverifiedToken::parse(token, MAX_TOKEN_BYTES).unwrap();
        for backend in Backend::available() {
            let thumbprint = backend.thumbprint(&jwk).to_string();
            assert_eq!(parsed.header().unwrap().key_id(), Some(&*thumbprint), "{id} on {}", backend.name());
        }
    }
}

#[test]
fn thumbprints() {
    let file = vectors("jose/thumbprints.json");
    let mut counted = 0;
    for row in file["cases"].as_array().unwrap() {
        let id = text(row, "id");
        let jwk = Jwk::parse(&row["jwk"].to_string()).map_err(|error| error.code());
        let want = match (id, &row["sha256"], &row["uri"]) {
            ("x.missing-y", Value::Null, _) => Err("key_malformed"),
            ("x.unknown-kty", Value::Null, _) => Err("key_type_unknown"),
            (_, Value::String(digest), _) => Ok(digest.clone()),
            // This crate prints SHA-256 only; the row's URI has it (RFC 9278).
            ("panva.sha384", _, Value::String(uri)) => Ok(uri.rsplit_once(':').unwrap().1.to_owned()),
            _ => panic!("{id}: nothing is expected of this row"),
        };
        for backend in Backend::available() {
            let got = jwk.as_ref().map(|jwk| backend.thumbprint(jwk).to_string()).map_err(|code| *code);
            assert_eq!(got, want, "{id} on {}", backend.name());
        }
        counted += 1;
    }
    assert_eq!(counted, 11);
}
