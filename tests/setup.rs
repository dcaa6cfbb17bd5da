//! What a verifier is refused for when it is built, and the forms in which keys are given to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::time::Duration;

use portcullis::Algorithm::{self, ES256, EdDSA, HS256, HS512, RS256};
use portcullis::crypto::Backend;
use portcullis::jose::{Jwk, JwkSet, JwkSetError};
use portcullis::{ConfigError, Issuer, KeyError, Verifier, VerifierBuilder};
use serde_json::json;
use support::fixture::{AUDIENCE, ISSUER, claims, issuer, verifier};
use support::mint::MintKey;
use support::{der, verdict};

fn name() -> String {
    ISSUER.to_owned()
}

#[test]
fn what_could_not_be_safe_is_not_built() {
    let key = MintKey::new(ES256, "a");
    let bare = || Issuer::new(ISSUER, key.jwk());
    let ours = || bare().audience(AUDIENCE);
    let bounds = |min, max| ConfigError::OutOfBounds { setting: "clock_skew", min, max };
    let size = || ConfigError::SizeOutOfBounds { setting: "max_token_bytes", min: 256, max: 1024 * 1024 };
    let builder = Verifier::builder;
    let unnamed = || Issuer::new("", key.jwk()).audience(AUDIENCE);
    for backend in Backend::available() {
        let rows: Vec<(&str, VerifierBuilder, Option<ConfigError>)> = vec![
            ("as it should be", builder().issuer(ours()), None),
            ("no issuer", builder(), Some(ConfigError::NoIssuer)),
            ("twice", builder().issuer(ours()).issuer(ours()), Some(ConfigError::IssuerRepeated(name()))),
            ("no name", builder().issuer(unnamed()), Some(ConfigError::IssuerEmpty)),
            ("no audience", builder().issuer(bare()), Some(ConfigError::NoAudience(name()))),
            ("any audience, by name", builder().issuer(bare().dangerous_any_audience()), None),
            (
                "an empty audience",
                builder().issuer(ours().audience("")),
                Some(ConfigError::AudienceEmpty(name())),
            ),
            ("no algorithm", builder().issuer(ours().algorithms([])), Some(ConfigError::NoAlgorithm(name()))),
            ("five minutes of skew", builder().issuer(ours().clock_skew(Duration::from_secs(300))), None),
            (
                "more",
                builder().issuer(ours().clock_skew(Duration::from_millis(300_001))),
                Some(bounds(Duration::ZERO, Duration::from_secs(300))),
            ),
            ("tokens of 256 bytes", builder().issuer(ours()).max_token_bytes(256), None),
            ("of 255", builder().issuer(ours()).max_token_bytes(255), Some(size())),
            ("of 1 MiB", builder().issuer(ours()).max_token_bytes(1024 * 1024), None),
            ("more", builder().issuer(ours()).max_token_bytes(1024 * 1024 + 1), Some(size())),
        ];
        for (name, builder, want) in rows {
            assert_eq!(builder.backend(*backend).build().err(), want, "{name} on {}", backend.name());
        }
    }
}

#[test]
fn what_a_backend_lacks_is_said_when_it_is_built() {
    for backend in Backend::available() {
        for algorithm in Algorithm::ALL {
            let key = MintKey::new(*algorithm, "a");
            let issuer = issuer([key.jwk()]).algorithms([*algorithm]);
            let want = (!backend.supports(*algorithm)).then(|| ConfigError::AlgorithmUnsupported {
                issuer: name(),
                algorithm: *algorithm,
                backend: backend.name(),
            });
            assert_eq!(
                Verifier::builder().issuer(issuer).backend(*backend).build().err(),
                want,
                "{algorithm}"
            );
        }
        // A backend must at least serve what an issuer accepts unless told otherwise.
        assert!(
            Algorithm::DEFAULT.iter().all(|algorithm| backend.supports(*algorithm)),
            "{}",
            backend.name()
        );
    }
}

#[test]
fn without_a_backend_nothing_is_built() {
    let key = MintKey::new(ES256, "a");
    let error = Verifier::builder().issuer(issuer([key.jwk()])).build().err();
    assert_eq!(error, Backend::available().is_empty().then_some(ConfigError::NoBackend));
}

#[test]
fn keys_that_cannot_serve_are_named() {
    let key = MintKey::new(ES256, "a");
    let parse = |json: serde_json::Value| Jwk::parse(&json.to_string()).unwrap();
    let changed = |member: &str, value: serde_json::Value| {
        let mut json = key.public_json();
        json[member] = value;
        parse(json)
    };
    let off_curve = changed("y", json!(support::b64([7; 32])));
    let small_order = parse(json!({"kty": "OKP", "crv": "Ed25519", "x": support::b64([0; 32])}));
    let short = parse(json!({"kty": "oct", "k": support::b64([7; 63])}));
    let secret = MintKey::new(HS256, None).jwk();
    let of = |error| Some(ConfigError::Key { issuer: name(), error });
    let none = Some(ConfigError::KeySet { issuer: name(), error: JwkSetError::NoUsableKey });
    let empty = JwkSet::parse(br#"{"keys":[]}"#).unwrap();
    for backend in Backend::available() {
        let rows: Vec<(&str, JwkSet, &[Algorithm], Option<ConfigError>)> = vec![
            ("a good one", key.jwk().into(), &[ES256], None),
            ("a private one", changed("d", json!("AA")).into(), &[ES256], of(KeyError::Private)),
            (
                "a private one beside a good one",
                [key.jwk(), changed("d", json!("AA"))].into(),
                &[ES256],
                of(KeyError::Private),
            ),
            ("off its curve", off_curve.clone().into(), &[ES256], of(KeyError::PointInvalid)),
            ("of small order", small_order.clone().into(), &[EdDSA], of(KeyError::PointInvalid)),
            ("for encryption", changed("use", json!("enc")).into(), &[ES256], of(KeyError::NotForVerifying)),
            (
                "for signing only",
                changed("key_ops", json!(["sign"])).into(),
                &[ES256],
                of(KeyError::NotForVerifying),
            ),
            ("for nothing allowed", key.jwk().into(), &[RS256], of(KeyError::NotAllowed)),
            ("a secret, HMAC not allowed", secret.clone().into(), &[ES256], of(KeyError::NotAllowed)),
            (
                "a short secret",
                short.clone().into(),
                &[HS512],
                of(KeyError::SecretTooShort { found: 63, want: 64 }),
            ),
            ("the same for a shorter hash", short.clone().into(), &[HS256], None),
            ("none", empty.clone(), &[ES256], none.clone()),
            ("two for nothing allowed", [key.jwk(), key.jwk()].into(), &[RS256], none.clone()),
            ("one good and one for others", [secret.clone(), key.jwk()].into(), &[ES256], None),
        ];
        for (name, keys, algorithms, want) in rows {
            let issuer = Issuer::new(ISSUER, keys).audience(AUDIENCE).algorithms(algorithms.iter().copied());
            let got = Verifier::builder().issuer(issuer).backend(*backend).build().err();
            assert_eq!(got, want, "{name} on {}", backend.name());
        }
    }
}

#[test]
fn secrets_are_as_long_as_their_hash() {
    for (length, algorithm, want) in [
        (32, HS256, None),
        (31, HS256, Some(KeyError::SecretTooShort { found: 31, want: 32 })),
        (64, HS512, None),
        (63, HS512, Some(KeyError::SecretTooShort { found: 63, want: 64 })),
        (64, ES256, Some(KeyError::AlgorithmMismatch)),
    ] {
        assert_eq!(Jwk::from_secret(vec![7; length], algorithm).err(), want, "{length} for {algorithm}");
    }
}

#[test]
fn pem_and_der_name_the_same_key_as_json() {
    for algorithm in Algorithm::ALL.iter().filter(|algorithm| algorithm.key_type().name() != "oct") {
        let key = MintKey::new(*algorithm, None);
        let stranger = MintKey::new(*algorithm, None).token(&claims());
        let spki = key.spki();
        let mut forms = vec![
            ("DER", Jwk::from_der(&spki).unwrap()),
            ("PEM", Jwk::from_pem(&der::pem("PUBLIC KEY", &spki)).unwrap()),
        ];
        if algorithm.key_type().name() == "RSA" {
            let json = key.public_json();
            let number = |member| der::integer(&support::unb64(support::text(&json, member)));
            let pkcs1 = der::sequence(&[number("n"), number("e")]);
            forms.push(("PKCS#1", Jwk::from_pem(&der::pem("RSA PUBLIC KEY", &pkcs1)).unwrap()));
        }
        for (form, jwk) in forms {
            assert!(jwk.material() == key.jwk().material(), "{form} of {algorithm}");
            for backend in Backend::available().iter().filter(|backend| backend.supports(*algorithm)) {
                let ours = verifier(*backend, [issuer([jwk.clone()]).algorithms([*algorithm])]);
                let got = verdict(&ours, &key.token(&claims()));
                assert_eq!(got, "ok", "{form} of {algorithm} on {}", backend.name());
                let got = verdict(&ours, &stranger);
                assert_eq!(got, "signature_invalid", "{form} of {algorithm} on {}", backend.name());
            }
        }
    }
}

#[test]
fn what_is_not_one_public_key_is_refused() {
    let spki = MintKey::new(ES256, None).spki();
    let pem = der::pem("PUBLIC KEY", &spki);
    let cut = &spki[..spki.len() - 1];
    let longer = [&spki[..], &[0]].concat();
    let mut compressed_mark = spki.clone();
    let point = spki.len() - 65;
    compressed_mark[point] = 2;
    let mut other_curve = spki.clone();
    // The last octet of the object identifier of P-256, 1.2.840.10045.3.1.7.
    let oid = spki.windows(8).position(|octets| octets == [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]).unwrap();
    other_curve[oid + 7] = 6;
    for (name, der, want) in [
        ("as it is", &spki[..], None),
        ("cut short", cut, Some(KeyError::NotPublicKey)),
        ("something behind", &longer, Some(KeyError::NotPublicKey)),
        ("nothing", &[], Some(KeyError::NotPublicKey)),
        ("half a point", &compressed_mark, Some(KeyError::PointInvalid)),
        ("an unknown curve", &other_curve, Some(KeyError::CurveUnknown)),
    ] {
        assert_eq!(Jwk::from_der(der).err(), want, "{name}");
    }
    for (name, pem, want) in [
        ("as it is", pem.clone(), None),
        ("white space around", format!("\n{pem}\n\n"), None),
        ("a private key", der::pem("PRIVATE KEY", &spki), Some(KeyError::Private)),
        ("an RSA private key", der::pem("RSA PRIVATE KEY", &spki), Some(KeyError::Private)),
        ("an EC private key", der::pem("EC PRIVATE KEY", &spki), Some(KeyError::Private)),
        ("a certificate", der::pem("CERTIFICATE", &spki), Some(KeyError::NotPublicKey)),
        ("two of them", format!("{pem}{pem}"), Some(KeyError::NotPublicKey)),
        ("no PEM", "hello".to_owned(), Some(KeyError::NotPublicKey)),
    ] {
        assert_eq!(Jwk::from_pem(&pem).err(), want, "{name}");
    }
}

#[cfg(feature = "remote")]
#[test]
fn each_issuer_has_a_snapshot_of_its_own() {
    use portcullis::keys::remote::Remote;
    let kept = |issuer: &str, path: &str| {
        Issuer::new(issuer, Remote::file("/nowhere/keys.json").snapshot(path)).audience(AUDIENCE)
    };
    let built = |other: &str| {
        let builder = Verifier::builder().issuer(kept(ISSUER, "/nowhere/a"));
        builder.issuer(kept("https://other.example", other)).build().map(drop)
    };
    assert_eq!(built("/nowhere/b"), Ok(()));
    assert_eq!(built("/nowhere/a"), Err(ConfigError::SnapshotRepeated { path: "/nowhere/a".into() }));
}
