//! The section of the layer, to a layer and back.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::http::{
    DetailName, HttpSettings, ProtectedResourceSettings, SettingsBody, TokenSourceSettings,
};
use super::super::values::{Address, ChallengeText, ScopeName, TokenName};
use super::super::{Settings, SettingsError};
use super::round_trip::{address, minimal, word};
use crate::http::{AuthLayer, Detail};
use crate::testing::cases;
use crate::{Scope, Verifier};

/// What a layer was told, as settings that say all of it.
fn described(layer: &AuthLayer<SettingsBody>, settings: &Settings, verifier: &Verifier) -> HttpSettings {
    let resource = settings.protected_resource(verifier).unwrap();
    let layer = layer.described();
    let metadata = resource.as_ref().map(|resource| resource.metadata_url());
    assert_eq!(layer.resource_metadata, metadata);
    let scope = |name: &str| ScopeName(Scope::new(name).unwrap());
    HttpSettings {
        realm: layer.realm.map(str::to_owned),
        detail: Some(match layer.detail {
            Detail::Full => DetailName::Full,
            Detail::Code => DetailName::Code,
            Detail::Bare => DetailName::Bare,
        }),
        optional: layer.optional,
        preflight_passes: layer.preflight_passes,
        credentials_removed: layer.credentials_removed,
        forward_auth: layer.forward_auth,
        token_sources: Some(layer.sources.iter().map(|(kind, name)| source(kind, *name)).collect()),
        challenge_scopes: layer
            .challenge_scopes
            .map_or_else(Vec::new, |names| names.split(' ').map(scope).collect()),
        offers: layer.offers.iter().cloned().map(ChallengeText).collect(),
        problem_details: match layer.body {
            SettingsBody::None => false,
            SettingsBody::ProblemDetails => true,
        },
        protected_resource: resource.as_ref().map(|resource| {
            let resource = resource.described();
            let text = |text: Option<&str>| text.map(|text| Address(text.to_owned()));
            let mut servers = resource.authorization_servers.iter();
            assert!(verifier.issuers().eq(servers.by_ref().take(verifier.issuers().count())));
            ProtectedResourceSettings {
                resource: text(Some(resource.resource)),
                name: resource.name.map(str::to_owned),
                scopes: resource.scopes.iter().map(|name| scope(name)).collect(),
                documentation: text(resource.documentation),
                policy: text(resource.policy),
                terms_of_service: text(resource.terms_of_service),
                authorization_servers: servers.cloned().map(Address).collect(),
            }
        }),
    }
}

fn source(kind: &str, name: Option<&str>) -> TokenSourceSettings {
    let name = name.map(|name| TokenName(name.to_owned()));
    match (kind, name) {
        ("bearer", None) => TokenSourceSettings::Bearer,
        ("scheme", Some(name)) => TokenSourceSettings::Scheme(name),
        ("cookie", Some(name)) => TokenSourceSettings::Cookie(name),
        ("websocket_protocol", Some(name)) => TokenSourceSettings::WebsocketProtocol(name),
        ("dangerous_query", Some(name)) => TokenSourceSettings::DangerousQuery(name),
        other => panic!("settings have no word for {other:?}"),
    }
}

/// The minimal file with this section.
fn with(http: Option<HttpSettings>) -> Settings {
    Settings { http, ..minimal() }
}

fn laid(settings: &Settings) -> Result<HttpSettings, SettingsError> {
    let verifier = settings.verifier()?;
    Ok(described(&settings.layer(&verifier)?, settings, &verifier))
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_settings_say_is_what_the_layer_is_told(http in http()) {
        prop_assert_eq!(laid(&with(Some(http.clone()))).unwrap(), http);
    }
}

/// The layer that nothing was said of.
pub(super) fn plain() -> HttpSettings {
    laid(&minimal()).unwrap()
}

#[test]
fn a_section_that_says_nothing_is_the_layer_of_the_verifier() {
    let verifier = minimal().verifier().unwrap();
    let plain = plain();
    let of_code = verifier.layer().settings_body(SettingsBody::None);
    assert_eq!(described(&of_code, &minimal(), &verifier), plain);
    assert!(!minimal().layer(&verifier).unwrap().described().rewords, "it has no more to say");
    let told = HttpSettings { problem_details: true, ..HttpSettings::default() };
    assert!(with(Some(told)).layer(&verifier).unwrap().described().rewords);
    assert_eq!(laid(&with(Some(HttpSettings::default()))).unwrap(), plain);
    assert_eq!(laid(&with(Some(plain.clone()))).unwrap(), plain);
    assert_eq!(plain.realm.as_deref(), Some("https://api.example.com"));
    let named = ProtectedResourceSettings::default();
    let http = HttpSettings { protected_resource: Some(named), ..HttpSettings::default() };
    let resource = laid(&with(Some(http))).unwrap().protected_resource.unwrap().resource.unwrap();
    assert_eq!(resource.0, "https://api.example.com");
}

pub(super) fn scope_name() -> impl Strategy<Value = ScopeName> {
    // Lowercase, as names of variables are read.
    "[a-z]{1,5}(:[a-z]{1,5})?".prop_map(|name| ScopeName(Scope::new(name).unwrap()))
}

fn scope_names() -> impl Strategy<Value = Vec<ScopeName>> {
    prop::collection::vec(scope_name(), 0..3)
}

fn sources() -> impl Strategy<Value = Vec<TokenSourceSettings>> {
    let name = |text: &str| TokenName(text.to_owned());
    subsequence(
        vec![
            TokenSourceSettings::Bearer,
            TokenSourceSettings::Scheme(name("JWT")),
            TokenSourceSettings::Cookie(name("__Host-token")),
            TokenSourceSettings::Cookie(name("other")),
            TokenSourceSettings::WebsocketProtocol(name("bearer.")),
            TokenSourceSettings::DangerousQuery(name("access_token")),
        ],
        1..6,
    )
}

prop_compose! {
    fn protected_resource()(
        resource in address(), name in option::of(word()), scopes in scope_names(), documentation in option::of(address()),
        policy in option::of(address()), terms_of_service in option::of(address()),
        authorization_servers in prop::collection::vec(address(), 0..3),
    ) -> ProtectedResourceSettings {
        ProtectedResourceSettings {
            resource: Some(resource),
            name,
            scopes,
            documentation,
            policy,
            terms_of_service,
            authorization_servers,
        }
    }
}

prop_compose! {
    /// A section that leaves nothing to a default.
    pub(super) fn http()(
        realm in word(), detail in select(vec![DetailName::Full, DetailName::Code, DetailName::Bare]),
        optional in any::<bool>(), preflight_passes in any::<bool>(), credentials_removed in any::<bool>(), forward_auth in any::<bool>(),
        token_sources in sources(),
        challenge_scopes in scope_names(),
        offers in prop::collection::vec(select(vec!["Negotiate", "Basic realm=\"a, b\""]), 0..3),
        problem_details in any::<bool>(), protected_resource in option::of(protected_resource()),
    ) -> HttpSettings {
        HttpSettings {
            realm: Some(realm),
            detail: Some(detail),
            optional,
            preflight_passes,
            credentials_removed,
            forward_auth,
            token_sources: Some(token_sources),
            challenge_scopes,
            offers: offers.into_iter().map(|offer| ChallengeText(offer.parse().unwrap())).collect(),
            problem_details,
            protected_resource,
        }
    }
}
