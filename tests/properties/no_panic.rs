//! Every public function that takes outside data, with arbitrary data. A panic fails the test; so does one in the task
//! that fetches, which shows as an attempt that was broken off.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::task::Poll;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response};
use portcullis::crypto::{Backend, VerifyKey};
use portcullis::http::{bearer_token, methods, refuse};
use portcullis::jose::{Header, Jwk, JwkSet, KeyMaterial, MAX_TOKEN_BYTES, UnverifiedToken};
use portcullis::keys::remote::{FetchRequest, Remote, Snapshot};
use portcullis::require::claim_at;
use portcullis::tenants::{IssuerPattern, Tenant, Tenants};
use portcullis::{
    Algorithm, Issuer, KeyError, Metrics, Rejection, Requirement, Scope, UnixTime, VerifiedToken, Verifier,
    require, scope,
};
use proptest::prelude::*;
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::hostile::{self, AUDIENCE, ISSUER, VERIFIERS, signed};
use crate::inputs::{
    DERS, HEADERS, KEYS, METADATA, PAYLOADS, PEMS, SETS, TOKENS, addresses, answer, any_text, mutated,
    signatures,
};
use crate::testing::cases;
use crate::{audit, providers, requirements, sources, surface};

mod stage;

use stage::{RUNTIME, Scripted, empty, run_with, served};

/// Where each function is called below.
const DRIVEN: [(&str, &str); 48] = [
    ("adapters/jsonwebtoken/rules::from_validation", "texts"),
    ("claims/scope::new", "texts"),
    ("crypto/decode::from_der", "keys"),
    ("crypto/decode::from_pem", "keys"),
    ("crypto/decode::from_secret", "keys"),
    ("crypto/key::verify", "keys"),
    ("http/credentials::bearer_token", "requests"),
    ("http/layer/layer::realm", "requests"),
    ("http/methods::allow", "texts"),
    ("http/methods::allow_any_token", "texts"),
    ("http/methods::allow_anyone", "texts"),
    ("http/refusal::refuse", "requests"),
    ("jose/algorithm::from_name", "texts"),
    ("jose/compact::parse", "tokens"),
    ("jose/header::is_type", "tokens"),
    ("jose/header::parse", "tokens"),
    ("jose/jwk::from_material", "keys"),
    ("jose/jwk::parse", "keys"),
    ("jose/jwk::with_key_id", "texts"),
    ("jose/jwks::parse", "keys"),
    ("keys/remote/document::header", "answers"),
    ("keys/remote/document::new", "answers"),
    ("keys/remote/document::with_header", "answers"),
    ("keys/remote/mod::discover", "texts"),
    ("keys/remote/mod::discover_with", "texts"),
    ("keys/remote/mod::file", "files"),
    ("keys/remote/mod::jwks_url", "texts"),
    ("keys/remote/mod::jwks_url_with", "texts"),
    ("keys/remote/snapshot::new", "files"),
    ("settings/mod::from_env", "settings_of_any_text"),
    ("settings/mod::from_env_pairs", "settings_of_any_text"),
    ("settings/mod::from_json", "settings_of_any_text"),
    ("settings/mod::from_toml", "settings_of_any_text"),
    ("settings/requirements::requirement", "settings_of_any_text"),
    ("telemetry/metrics/mod::verifier", "texts"),
    ("time::from_fractional_seconds", "texts"),
    ("verify/explain/mod::explain", "tokens"),
    ("verify/explain/mod::explain_with", "tokens"),
    ("verify/issuer::audience", "texts"),
    ("verify/issuer::discover", "texts"),
    ("verify/issuer::jwks_file", "files"),
    ("verify/issuer::jwks_url", "texts"),
    ("verify/issuer::new", "texts"),
    ("verify/tenants/mod::listed", "texts"),
    ("verify/tenants/pattern::new", "texts"),
    ("verify/verifier::forget_tenant", "texts"),
    ("verify/verifier::verify", "tokens"),
    ("verify/verifier::verify_cached", "tokens"),
];

#[test]
fn no_function_is_left_out() {
    let here = DRIVEN.iter().map(|(name, _)| *name);
    let requirements = requirements::DRIVEN.iter().map(|(name, _)| *name);
    let driven: BTreeSet<_> = here
        .chain(providers::DRIVEN)
        .chain(surface::DRIVEN)
        .chain(audit::DRIVEN)
        .chain(requirements)
        .map(str::to_owned)
        .collect();
    assert_eq!(driven, sources::public_functions_of_outside_data());
}

/// Keys by way of jsonwebtoken's types, which take much that ours do not.
fn jsonwebtoken_keys(key: &[u8], set: &[u8], bytes: &[&[u8]]) -> Vec<Result<Jwk, KeyError>> {
    use jsonwebtoken::{DecodingKey, jwk};
    let set: Option<jwk::JwkSet> = serde_json::from_slice(set).ok();
    let set = set.and_then(|set| JwkSet::try_from(&set).ok()).unwrap_or_default();
    let key: Option<jwk::Jwk> = serde_json::from_slice(key).ok();
    let decoding = bytes.iter().flat_map(|bytes| {
        [
            DecodingKey::from_secret(bytes),
            DecodingKey::from_rsa_der(bytes),
            DecodingKey::from_rsa_raw_components(bytes, &[3]),
            DecodingKey::from_ec_der(bytes),
            DecodingKey::from_ed_der(bytes),
        ]
    });
    let read = key.iter().map(Jwk::try_from);
    read.chain(set.keys().iter().cloned().map(Ok)).chain(decoding.map(|key| Jwk::try_from(&key))).collect()
}

/// Judges a token in every way there is.
fn judge(token: &str) {
    for verifier in VERIFIERS.iter() {
        let Poll::Ready(decision) = verifier.verify_cached(token) else { panic!("fixed keys never wait") };
        if let Ok(token) = decision {
            let _ = (token.claims::<Value>(), token.claims::<Vec<String>>(), token.scopes().count());
            let _ = (token.audiences().count(), token.authentication_methods().count(), token.issuer().len());
            assert!(!token.claims_json().is_empty());
            for requirement in REQUIREMENTS.iter() {
                let _ = token.require(requirement);
            }
        }
    }
}

/// Requirements that look at every claim that the payloads have.
static REQUIREMENTS: LazyLock<Vec<Requirement>> = LazyLock::new(|| {
    let parse = |payload: &Vec<u8>| serde_json::from_slice::<Value>(payload).ok();
    let names = PAYLOADS.iter().filter_map(parse).flat_map(|payload| {
        payload.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect::<Vec<_>>()
    });
    names.map(|name| claim_at([name, "a".to_owned()]).contains("a")).chain(requirements::all()).collect()
});

static GOOD: LazyLock<VerifiedToken> = LazyLock::new(|| {
    let token = signed(hostile::header().to_string(), hostile::claims().to_string());
    let Poll::Ready(Ok(token)) = VERIFIERS[0].verify_cached(&token) else { panic!("it is good") };
    token
});

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn tokens(
        token in mutated(&TOKENS),
        header in mutated(&HEADERS),
        payload in mutated(&PAYLOADS),
        limit in prop_oneof![Just(MAX_TOKEN_BYTES), 0..400usize],
        media_type in any_text(),
    ) {
        for token in [String::from_utf8_lossy(&token).into_owned(), signed(&header, &payload)] {
            let _ = UnverifiedToken::parse(&token, limit).map(|token| drop(token.header()));
            judge(&token);
        }
        judge(&signed(hostile::header().to_string(), &payload));
        if let Ok(header) = Header::parse(&header) {
            let _ = (header.is_type(&media_type), header.key_id(), header.token_type());
        }
    }

    #[test]
    fn keys(
        set in mutated(&SETS),
        key in mutated(&KEYS),
        pem in mutated(&PEMS),
        der in mutated(&DERS),
        message in prop::collection::vec(any::<u8>(), 0..100),
        signature in signatures(),
        algorithm in prop::sample::select(Algorithm::ALL),
    ) {
        let parts = [message.clone(), signature.clone()];
        let materials = [
            KeyMaterial::Oct { secret: message.clone().into() },
            KeyMaterial::Rsa { n: signature.clone(), e: message.clone() },
            KeyMaterial::Ec { curve: portcullis::jose::Curve::P256, x: parts[0].clone(), y: parts[1].clone() },
            KeyMaterial::Okp { curve: portcullis::jose::Curve::Ed25519, x: signature.clone() },
            KeyMaterial::Akp { algorithm, public: signature.clone() },
        ];
        let found = [
            Jwk::parse(&String::from_utf8_lossy(&key)),
            Jwk::from_pem(&String::from_utf8_lossy(&pem)),
            Jwk::from_der(&der),
            Jwk::from_secret(message.clone(), algorithm),
        ];
        let theirs = jsonwebtoken_keys(&key, &set, &[&der, &message, &signature]);
        let set = JwkSet::parse(&set).unwrap_or_default();
        let made = materials.into_iter().map(Jwk::from_material).chain(found).chain(theirs);
        for jwk in made.flatten().chain(set.keys().iter().cloned()) {
            for backend in Backend::available() {
                let _ = backend.thumbprint(&jwk);
                let Ok(key) = VerifyKey::prepare(&jwk, jwk.algorithms(), *backend) else { continue };
                prop_assert!(!key.verify(algorithm, &message, &signature), "{:?}", jwk);
            }
        }
    }

    #[test]
    fn requests(
        credentials in prop::collection::vec(
            prop_oneof![
                mutated(&TOKENS).prop_map(|token| [b"Bearer ".as_slice(), &token].concat()),
                prop::collection::vec(any::<u8>(), 0..60),
            ],
            0..3,
        ),
        content_type in prop_oneof![
            Just(b"application/grpc".to_vec()), prop::collection::vec(any::<u8>(), 0..40), "application/grpc[ -~]{0,9}".prop_map(String::into_bytes),
        ],
        others in prop::collection::vec(("[a-z-]{1,12}", prop::collection::vec(any::<u8>(), 0..30)), 0..4),
        method in prop::sample::select(vec![Method::POST, Method::GET, Method::CONNECT]),
        realm in any_text(),
    ) {
        let mut headers = HeaderMap::new();
        let mut add = |name: HeaderName, value: &[u8]| {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        };
        for value in &credentials {
            add(AUTHORIZATION, value);
        }
        add(CONTENT_TYPE, &content_type);
        for (name, value) in &others {
            if let Ok(name) = HeaderName::try_from(name.as_str()) {
                add(name, value);
            }
        }
        let error = bearer_token(&headers).map(str::to_owned).err();
        let scopes = Rejection::ScopeMissing { required: realm.as_str().into() };
        for rejection in [error.unwrap_or(Rejection::CredentialsMissing), scopes] {
            let refused: Response<()> = refuse(rejection, &realm, &headers);
            prop_assert!(refused.headers().values().all(|value| value.to_str().is_ok()));
        }
        RUNTIME.with(|runtime| runtime.block_on(served(headers, method, &realm)));
    }

    #[test]
    fn texts(text in any_text(), number in any::<f64>(), address in addresses()) {
        let _ = (Algorithm::from_name(&text), Scope::new(text.as_str()), UnixTime::from_fractional_seconds(number));
        let requirement = scope(text.as_str()).or(scope("a")).and(scope(text.as_str()));
        let requirements = [vec![requirement], requirements::of(&text)].concat();
        for requirement in requirements {
            let _ = (requirement.mistake().map(ToString::to_string), format!("{requirement} {requirement:?}"));
            let _ = (GOOD.require(&requirement), require(requirement));
        }
        let table = methods().allow(&text, scope(text.as_str())).allow_anyone(&address).allow_any_token(&text);
        if let Ok(request) = Request::builder().uri(&*address).body(String::new()) {
            RUNTIME.with(|runtime| runtime.block_on(table.layer(service_fn(empty)).oneshot(request))).unwrap();
        }
        let key = hostile::TRUSTED.jwk().clone().with_key_id(text.as_str());
        let issuer = Issuer::new(text.as_str(), key).audience(text.as_str());
        let counted = Verifier::builder().issuer(issuer).metrics(Metrics::new().verifier(text.as_str())).build();
        let _ = counted.map(|verifier| verifier.publish_metrics()).map_err(|error| error.to_string());
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        (rules.sub, rules.leeway) = (Some(text.clone()), number.to_bits());
        rules.set_audience(&[&text]);
        rules.required_spec_claims.insert(text.clone());
        let keys = || hostile::TRUSTED.jwk().clone();
        let mut made = vec![Issuer::from_validation(text.as_str(), keys(), &rules)];
        (rules.leeway, rules.required_spec_claims) = (60, ["sub".to_owned()].into());
        made.push(Issuer::from_validation(text.as_str(), keys(), &rules));
        for made in made {
            let built = made.map(|issuer| Verifier::builder().issuer(issuer).build());
            let _ = built.map_err(|error| error.to_string());
        }
        for text in [&text, &address] {
            let nobody = |_: Tenant| std::future::ready(Ok(None));
            let listed = Tenants::listed([text.as_str()], nobody);
            let placed = text.replacen(|character: char| character.is_alphanumeric(), "{tenant}", 1);
            let pattern = IssuerPattern::new(placed).or_else(|_| IssuerPattern::new("https://id.example.com/{t}"));
            for tenants in [listed, Tenants::matching(pattern.unwrap(), nobody)] {
                let Ok(verifier) = Verifier::builder().tenants(tenants).build() else { continue };
                verifier.forget_tenant(text);
                let claims = hostile::with(hostile::claims(), "iss", Value::from(text.as_str()));
                let _ = verifier.verify_cached(&signed(hostile::header().to_string(), claims.to_string()));
            }
            let _ = Remote::discover_with(text.as_str(), Scripted::default()).map_err(|error| error.to_string());
            let _ = Remote::jwks_url_with(text.as_str(), Scripted::default()).map_err(|error| error.to_string());
        }
    }
}

proptest! {
    // Each starts a client or a runtime, or writes a file.
    #![proptest_config(cases(64))]

    #[test]
    fn addresses_of_the_built_in_client(text in prop_oneof![4 => any_text(), 1 => addresses()]) {
        let _ = (Issuer::discover(text.as_str()), Issuer::jwks_url(ISSUER, text.as_str()));
        let _ = (Remote::discover(text.as_str()), Remote::jwks_url(text.as_str()));
    }

    #[test]
    fn files(content in mutated(&SETS), name in "[a-z]{1,8}") {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}.json", std::process::id()));
        std::fs::write(&path, &content).unwrap();
        run_with(|| Issuer::jwks_file(ISSUER, &path));
        run_with(|| {
            let snapshot = Snapshot::new(&path).sealed_with(content.clone());
            let remote = |snapshot| Remote::jwks_url_with(ISSUER, Scripted::default()).unwrap().snapshot(snapshot);
            // A secret of any bytes is refused or used.
            let sealed = Issuer::new(ISSUER, remote(snapshot)).audience(AUDIENCE);
            let _ = Verifier::builder().issuer(sealed).build().map_err(|error| error.to_string());
            Issuer::new(ISSUER, remote(Snapshot::new(&path)))
        });
        std::fs::remove_file(&path).unwrap();
        run_with(|| Issuer::new(ISSUER, Remote::file(name.as_str())));
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn answers(
        metadata in answer(&METADATA),
        keys in answer(&SETS),
        url in any_text(),
        limit in any::<usize>(),
    ) {
        let _ = FetchRequest::new(url.as_str(), limit).url();
        let script = Scripted(vec![metadata, keys.clone(), keys]);
        run_with(|| {
            let remote = Remote::discover_with(ISSUER, script.clone()).unwrap();
            Issuer::new(ISSUER, remote)
        });
    }
}
