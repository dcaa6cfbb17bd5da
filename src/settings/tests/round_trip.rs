//! Settings to a builder and back: whatever can be set in code can be said in a file, and means the same.

use std::path::PathBuf;
use std::time::Duration;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;

use super::super::http::HttpSettings;
use super::super::issuer::{IssuerSettings, ProfileName, RequiredClaimSettings};
use super::super::keys::{BearerSettings, EmbeddedSettings, KeysSettings, SnapshotSettings, key_set};
use super::super::secret::{Encoding, SecretReference};
use super::super::values::{Address, AlgorithmName, Count, KeyText, Moment, Size, Span};
use super::super::{BackendName, Settings};
use super::http::http;
use super::requirements::{requirements, scope_hierarchy};
use crate::jose::Jwk;
use crate::testing::cases;
use crate::{Algorithm, Issuer, Profile, UnixTime, VerifierBuilder};

/// What a builder was told, as settings that say all of it. What cannot be read back, such as the text of a key, is taken from
/// `told` after the thing itself was compared.
pub(super) fn described(builder: &VerifierBuilder, told: &Settings) -> Settings {
    let (issuers, backend, max_token_bytes, token_cache, token_cache_time) = builder.described();
    assert_eq!(issuers.len(), told.issuers.len());
    Settings {
        backend: backend.map(|backend| match backend.name() {
            "ring" => BackendName::Ring,
            _ => BackendName::AwsLc,
        }),
        max_token_bytes: Some(Size(max_token_bytes)),
        token_cache: Some(Count(token_cache)),
        token_cache_time: Some(Span(token_cache_time)),
        issuers: issuers
            .iter()
            .zip(&told.issuers)
            .map(|(issuer, told)| described_issuer(issuer, told))
            .collect(),
        // No part of the builder; the tests beside this one have them.
        http: told.http.clone(),
        requirements: told.requirements.clone(),
        scope_hierarchy: told.scope_hierarchy.clone(),
    }
}

pub(super) fn described_issuer(issuer: &Issuer, told: &IssuerSettings) -> IssuerSettings {
    let issuer = issuer.described();
    let required = issuer.required.described().map(|(claim, values)| RequiredClaimSettings {
        claim: claim.to_owned(),
        values: (!values.is_empty()).then(|| values.to_vec()),
    });
    let mut described = IssuerSettings {
        identifier: Some(Address(issuer.identifier.to_owned())),
        preset: None,
        jwks_url: None,
        jwks_file: None,
        jwks: None,
        public_key: None,
        shared_secret: None,
        audiences: issuer.audiences.clone().unwrap_or_default(),
        dangerous_any_audience: issuer.audiences.is_none(),
        clients: issuer.clients.to_vec(),
        required_claims: required.collect(),
        algorithms: Some(issuer.algorithms.iter().copied().map(AlgorithmName).collect()),
        profile: Some(match issuer.profile {
            Profile::Rfc9068 => ProfileName::Rfc9068,
            Profile::Lenient => ProfileName::Lenient,
            Profile::IdToken => ProfileName::IdToken,
        }),
        clock_skew: Some(Span(issuer.skew)),
        max_token_age: issuer.max_token_age.map(Span),
        keys: None,
    };
    let remote = match issuer.keys.described() {
        Ok(fixed) => {
            let want = match told {
                IssuerSettings { jwks: Some(jwks), .. } => key_set(&jwks.0).unwrap(),
                IssuerSettings { public_key: Some(pem), .. } => Jwk::from_pem(&pem.0).unwrap().into(),
                IssuerSettings { shared_secret: Some(reference), algorithms: Some(algorithms), .. } => {
                    Jwk::from_secret(reference.resolve().unwrap().to_vec(), algorithms[0].0).unwrap().into()
                }
                _ => panic!("fixed keys were not asked for"),
            };
            assert_eq!(fixed.keys(), want.keys());
            described.jwks = told.jwks.clone();
            described.public_key = told.public_key.clone();
            described.shared_secret = told.shared_secret.clone();
            return described;
        }
        Err(remote) => remote.described(),
    };
    match remote.url {
        Some("file:") => described.jwks_file = told.jwks_file.clone(),
        url => described.jwks_url = url.map(|url| Address(url.to_owned())),
    }
    assert!(remote.discovered.is_none_or(|discovered| discovered == issuer.identifier));
    let told = told.keys.clone().unwrap_or_default();
    assert_eq!(remote.has_own_client, told.needs_client() || described.jwks_file.is_some());
    described.keys = Some(KeysSettings {
        max_stale: Some(Span(remote.max_stale)),
        unknown_key_interval: Some(Span(remote.unknown_key_interval)),
        wait_budget: Some(Span(remote.wait_budget)),
        default_max_age: Some(Span(remote.default_max_age)),
        snapshot: remote.snapshot.map(|snapshot| {
            let (file, secret) = snapshot.described();
            let seal = told.snapshot.and_then(|told| told.seal);
            assert_eq!(seal.as_ref().map(|seal| seal.resolve().unwrap()), secret.cloned());
            SnapshotSettings { file: file.to_owned(), seal }
        }),
        embedded: remote.embedded.map(|(keys, until)| {
            let jwks = told.embedded.unwrap().jwks;
            assert_eq!(keys.keys(), key_set(&jwks.0).unwrap().keys());
            EmbeddedSettings { jwks, until: Moment(until) }
        }),
        // What a client was made of is its own; that there is one was compared above.
        root_certificates: told.root_certificates,
        bearer_token: told.bearer_token,
    });
    described
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_settings_say_is_what_the_builder_is_told(settings in complete()) {
        let builder = settings.builder().unwrap();
        prop_assert_eq!(described(&builder, &settings), settings);
    }

    /// What is left out has the builder's default, and that default written down means the same.
    #[test]
    fn settings_that_are_left_out_are_those_of_the_builder(settings in partial()) {
        let complete = described(&settings.builder().unwrap(), &settings);
        prop_assert_eq!(described(&complete.builder().unwrap(), &complete), complete.clone());
        let (told, complete) =
            (serde_json::to_value(&settings).unwrap(), serde_json::to_value(&complete).unwrap());
        prop_assert!(is_part(&told, &complete), "{told} is not in {complete}");
    }

    #[test]
    fn every_form_of_the_same_settings_reads_the_same(settings in prop_oneof![partial(), complete()]) {
        let json = serde_json::to_value(&settings).unwrap();
        prop_assert_eq!(&Settings::from_json(&json.to_string()).unwrap(), &settings);
        prop_assert_eq!(&Settings::from_toml(&toml::to_string(&settings).unwrap()).unwrap(), &settings);
        let mut variables = Vec::new();
        flatten("TEST_AUTH_", &json, &mut variables);
        prop_assert_eq!(&Settings::from_env_pairs("TEST_AUTH", variables).unwrap(), &settings);
    }
}

#[test]
fn a_builder_of_its_own_accord_has_the_defaults_of_the_minimal_file() {
    let minimal = minimal();
    let in_code = crate::Verifier::builder()
        .issuer(Issuer::discover("https://id.example.com").unwrap().audience("https://api.example.com"));
    assert_eq!(described(&in_code, &minimal), described(&minimal.builder().unwrap(), &minimal));
}

/// The least that a file may say.
pub(super) fn minimal() -> Settings {
    let text = "[[issuers]]\nidentifier = 'https://id.example.com'\naudiences = ['https://api.example.com']";
    Settings::from_toml(text).unwrap()
}

fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| is_part(part, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        _ => part == whole,
    }
}

pub(super) fn flatten(name: &str, value: &Value, variables: &mut Vec<(String, String)>) {
    let below = |part: &str| {
        let separator = if name.ends_with('_') { "" } else { "__" };
        format!("{name}{separator}{}", part.to_uppercase())
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(part, value)| flatten(&below(part), value, variables));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| flatten(&below(&n.to_string()), value, variables));
        }
        Value::String(text) => variables.push((name.to_owned(), text.clone())),
        other => variables.push((name.to_owned(), other.to_string())),
    }
}

pub(super) fn span() -> impl Strategy<Value = Span> {
    (0..600_000_000_u64).prop_map(|millis| Span(Duration::from_millis(millis)))
}

fn path() -> impl Strategy<Value = PathBuf> {
    "/[a-z]{1,8}/[a-z]{1,8}".prop_map(PathBuf::from)
}

pub(super) fn address() -> impl Strategy<Value = Address> {
    "https://[a-z]{1,8}\\.example(/[a-z0-9]{1,8}){0,2}".prop_map(Address)
}

pub(super) fn word() -> impl Strategy<Value = String> {
    // Signs that mean something in TOML, JSON or the environment.
    "[a-z:/_\"'\\\\=\\[\\] é1-9]{1,12}"
}

fn claim() -> impl Strategy<Value = String> {
    // Few, as a process keeps each.
    select(vec!["sub", "token_use", "Tenant", "https://example.com/é", "\"a\".b"]).prop_map(str::to_owned)
}

fn seal() -> impl Strategy<Value = SecretReference> {
    option::of(select(vec![Encoding::Text])).prop_map(|encoding| SecretReference {
        env: Some("CARGO_PKG_DESCRIPTION".to_owned()),
        file: None,
        encoding,
    })
}

fn backend() -> impl Strategy<Value = BackendName> {
    select(vec![
        #[cfg(feature = "aws-lc")]
        BackendName::AwsLc,
        #[cfg(feature = "ring")]
        BackendName::Ring,
    ])
}

const KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

prop_compose! {
    fn keys()(
        max_stale in span(), unknown_key_interval in span(), wait_budget in span(), default_max_age in span(),
        snapshot in option::of((path(), option::of(seal()))), until in option::of(0..4_000_000_000_i64),
    ) -> KeysSettings {
        KeysSettings {
            max_stale: Some(max_stale),
            unknown_key_interval: Some(unknown_key_interval),
            wait_budget: Some(wait_budget),
            default_max_age: Some(default_max_age),
            snapshot: snapshot.map(|(file, seal)| SnapshotSettings { file, seal }),
            embedded: until.map(|until| EmbeddedSettings {
                jwks: KeyText(KEY.to_owned()),
                until: Moment(UnixTime::from_seconds(until)),
            }),
            root_certificates: None,
            bearer_token: None,
        }
    }
}

prop_compose! {
    fn issuer()(
        identifier in address(), url in address(), file in path(), source in 0..6_u8, keys in keys(),
        bearer in option::of((address(), path())),
        audiences in prop::collection::vec(word(), 0..3), clients in prop::collection::vec(word(), 0..3),
        required in prop::collection::btree_map(claim(), option::of(prop::collection::vec(word(), 1..3)), 0..3),
        algorithms in subsequence(Algorithm::DEFAULT.to_vec(), 1..4),
        profile in select(vec![ProfileName::Rfc9068, ProfileName::Lenient, ProfileName::IdToken]),
        clock_skew in span(), max_token_age in option::of(span()),
    ) -> IssuerSettings {
        let fetched = source < 2;
        let algorithms = if source == 5 { vec![Algorithm::HS256] } else { algorithms };
        IssuerSettings {
            identifier: Some(identifier),
            preset: None,
            jwks_url: (source == 1).then_some(url),
            jwks_file: (source == 2).then_some(file),
            jwks: (source == 3).then(|| KeyText(KEY.to_owned())),
            public_key: (source == 4).then(|| KeyText(PEM.to_owned())),
            shared_secret: (source == 5).then(|| SecretReference {
                env: Some("CARGO_PKG_DESCRIPTION".to_owned()),
                file: None,
                encoding: Some(Encoding::Text),
            }),
            dangerous_any_audience: audiences.is_empty(),
            audiences,
            clients,
            required_claims: required.into_iter()
                .map(|(claim, values)| RequiredClaimSettings { claim, values })
                .collect(),
            algorithms: Some(algorithms.into_iter().map(AlgorithmName).collect()),
            profile: Some(profile),
            clock_skew: Some(clock_skew),
            max_token_age,
            keys: (source < 3).then(|| KeysSettings {
                bearer_token: bearer.filter(|_| fetched).map(|(server, file)| BearerSettings { server, file }),
                ..keys
            }),
        }
    }
}

prop_compose! {
    /// Settings that leave nothing to a default.
    fn complete()(
        backend in backend(), bytes in 0..2_000_000_usize, cache in 0..20_000_000_usize, time in span(),
        issuers in prop::collection::vec(issuer(), 0..3), http in option::of(http()),
        requirements in requirements(), scope_hierarchy in scope_hierarchy(),
    ) -> Settings {
        Settings {
            backend: Some(backend),
            max_token_bytes: Some(Size(bytes)),
            token_cache: Some(Count(cache)),
            token_cache_time: Some(time),
            issuers,
            http: http.filter(|http| *http != HttpSettings::default()), // No variable says that an empty table is there.
            requirements,
            scope_hierarchy,
        }
    }
}

prop_compose! {
    /// Settings that leave out some.
    fn partial()(complete in complete(), out in prop::collection::vec(any::<bool>(), 12)) -> Settings {
        let Settings { backend, max_token_bytes, token_cache, token_cache_time, issuers, .. } = complete;
        let issuers = issuers.into_iter().map(|issuer| IssuerSettings {
            // A shared secret is for the algorithm that is named.
            algorithms: issuer.algorithms.filter(|_| out[4] || issuer.shared_secret.is_some()),
            profile: issuer.profile.filter(|_| out[5]),
            clock_skew: issuer.clock_skew.filter(|_| out[6]),
            keys: issuer.keys.filter(|_| out[7]).map(|keys| KeysSettings {
                max_stale: keys.max_stale.filter(|_| out[8]),
                unknown_key_interval: keys.unknown_key_interval.filter(|_| out[9]),
                wait_budget: keys.wait_budget.filter(|_| out[10]),
                default_max_age: keys.default_max_age.filter(|_| out[11]),
                ..keys
            }).filter(|keys| *keys != KeysSettings::default()), // No variable says that an empty table is there.
            ..issuer
        });
        Settings {
            backend: backend.filter(|_| out[0]),
            max_token_bytes: max_token_bytes.filter(|_| out[1]),
            token_cache: token_cache.filter(|_| out[2]),
            token_cache_time: token_cache_time.filter(|_| out[3]),
            issuers: issuers.collect(),
            http: complete.http,
            requirements: complete.requirements,
            scope_hierarchy: complete.scope_hierarchy,
        }
    }
}
