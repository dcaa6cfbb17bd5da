//! Whatever the set-up and the reason are, a challenge says what it should, parameter by parameter.

use std::time::Duration;

use http::HeaderValue;
use portcullis::http::{Detail, ProtectedResource, TokenSource};
use portcullis::{Error, Rejection, Scope};
use proptest::prelude::*;

use crate::minting::verifier;
use crate::worded::{Challenge, challenges, joined, read, worded};

/// What a value becomes: characters that a quoted string would have to escape are replaced.
fn masked(value: &str) -> String {
    let mask = |character| match character {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => character,
        _ => '?',
    };
    value.chars().map(mask).collect()
}

fn rejections() -> impl Strategy<Value = Rejection> {
    prop_oneof![
        Just(Rejection::CredentialsMissing),
        Just(Rejection::SchemeUnsupported),
        Just(Rejection::CredentialsRepeated),
        Just(Rejection::CredentialsMalformed),
        Just(Rejection::SignatureInvalid),
        Just(Rejection::Revoked),
        any::<String>().prop_map(|required| Rejection::ScopeMissing { required: required.into() }),
        (any::<String>(), any::<Option<u64>>(), "[ -~]{0,20}").prop_map(|(classes, age, scope)| {
            let (acr_values, max_age) = (classes.into(), age.map(Duration::from_secs));
            Rejection::AuthenticationInsufficient { acr_values, max_age, scope: scope.into() }
        }),
    ]
}

#[derive(Clone, Debug)]
struct SetUp {
    realm: String,
    detail: Detail,
    schemes: Vec<&'static str>,
    resource: Option<String>,
    scopes: Vec<&'static str>,
    offers: Vec<&'static str>,
}

fn set_ups() -> impl Strategy<Value = SetUp> {
    let detail = prop::sample::select(vec![Detail::Full, Detail::Code, Detail::Bare]);
    let schemes = prop::sample::subsequence(vec!["Bearer", "JWT", "x-token", "!#$%&'*+-.^_`|~"], 1..=4);
    let resource = prop::option::of(
        "https://[a-z]{1,9}\\.example(:[1-9][0-9]{0,3})?(/[A-Za-z0-9][A-Za-z0-9._~!$&'()*+,;=:@-]{0,8}){0,3}",
    );
    let scopes = prop::sample::subsequence(vec!["orders:read", "a", "!#[]~", "https://x.example/y"], 0..=4);
    let offers = prop::sample::subsequence(
        vec![
            "Negotiate",
            r#"Basic realm="a, b=\"c\"""#,
            r#"Digest realm="x", qop="auth, auth-int", nonce="y""#,
        ],
        0..=3,
    );
    (any::<String>(), detail, schemes, resource, scopes, offers).prop_map(
        |(realm, detail, schemes, resource, scopes, offers)| SetUp {
            realm,
            detail,
            schemes,
            resource,
            scopes,
            offers,
        },
    )
}

/// What must be there, from the RFCs and our documentation.
fn expected(set_up: &SetUp, rejection: &Rejection) -> Vec<Challenge> {
    let status = rejection.status().http();
    let metadata = set_up.resource.as_ref().map(|resource| {
        let (_, rest) = resource.split_once("://").unwrap();
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        ("resource_metadata", format!("https://{host}/.well-known/oauth-protected-resource{path}"))
    });
    let realm = ("realm", masked(&set_up.realm));
    let anyones = ("scope", set_up.scopes.join(" "));
    let mut all = Vec::new();
    for (index, scheme) in set_up.schemes.iter().enumerate() {
        let mut parameters = vec![realm.clone()];
        match (index, rejection.status().oauth_error()) {
            (0, Some(error)) => {
                parameters.push(("error", error.to_owned()));
                if set_up.detail == Detail::Full {
                    parameters.push(("error_description", masked(&rejection.to_string())));
                }
                if set_up.detail != Detail::Bare {
                    parameters.push(("reason", rejection.code().to_owned()));
                }
                match rejection {
                    Rejection::ScopeMissing { required } => parameters.push(("scope", masked(required))),
                    Rejection::AuthenticationInsufficient { acr_values, max_age, scope } => {
                        parameters.push(("acr_values", masked(acr_values)));
                        parameters.extend(max_age.map(|age| ("max_age", age.as_secs().to_string())));
                        parameters.push(("scope", masked(scope)));
                    }
                    _ if status == 401 => parameters.push(anyones.clone()),
                    _ => {}
                }
            }
            _ => parameters.push(anyones.clone()),
        }
        parameters.extend(metadata.clone());
        let kept = parameters.into_iter().filter(|(name, value)| *name == "realm" || !value.is_empty());
        all.push(((*scheme).to_owned(), kept.map(|(name, value)| (name.to_owned(), value)).collect()));
    }
    if status == 401 {
        all.extend(set_up.offers.iter().flat_map(|offer| read(offer)));
    }
    all
}

proptest! {
    #![proptest_config(crate::testing::cases(256))]

    #[test]
    fn a_challenge_is_read_back_by_a_parser_that_is_not_ours(set_up in set_ups(), rejection in rejections()) {
        let verifier = verifier();
        let sources = set_up.schemes.iter().map(|scheme| TokenSource::scheme(scheme).unwrap());
        let scopes = set_up.scopes.iter().map(|scope| Scope::new(*scope).unwrap());
        let mut layer = verifier.layer().token_sources(sources).realm(set_up.realm.as_str()).detail(set_up.detail);
        layer = layer.challenge_scopes(scopes);
        for offer in &set_up.offers {
            layer = layer.offer(HeaderValue::from_static(offer));
        }
        if let Some(resource) = &set_up.resource {
            layer = layer.protected_resource(&ProtectedResource::of(&verifier, resource).unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let response = runtime.block_on(worded(layer, Error::from(rejection.clone())));
        prop_assert_eq!(response.status(), rejection.status().http());
        let want = expected(&set_up, &rejection);
        prop_assert_eq!(challenges(&response), want.clone());
        prop_assert_eq!(joined(&response), want, "as one field");
    }
}
