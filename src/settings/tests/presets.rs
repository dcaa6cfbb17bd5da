//! The presets of settings beside those of code.

use super::super::issuer::IssuerSettings;
use super::super::presets::Preset;
use super::super::values::Address;
use super::round_trip::described_issuer;
use crate::Issuer;

/// Each preset, as the function of its name gives it.
#[test]
fn presets_are_those_of_the_providers() {
    use crate::providers::*;
    let (guid, api) = ("72f988bf-86f1-41af-91ab-2d7cd011db47", "https://api.example.com");
    let text = str::to_owned;
    let at = |address: &str| Address(address.to_owned());
    let presets: Vec<(Preset, Issuer)> = vec![
        (Preset::Auth0 { domain: text("a.auth0.com") }, auth0::api("a.auth0.com", api).unwrap()),
        (Preset::EntraV2 { tenant: text(guid) }, entra::v2(guid, api).unwrap()),
        (Preset::EntraV1 { tenant: text(guid) }, entra::v1(guid, api).unwrap()),
        (
            Preset::GithubActions { owner: text("acme") },
            github_actions::repositories_of("acme", api).unwrap(),
        ),
        (
            Preset::GitlabCi { host: text("gitlab.com"), namespace_id: text("7") },
            gitlab_ci::namespace("gitlab.com", "7", api).unwrap(),
        ),
        (Preset::GoogleServiceAccount { unique_id: text("7") }, google::service_account("7", api).unwrap()),
        (
            Preset::Hydra { identifier: at("https://a.example/") },
            hydra::server("https://a.example/", api).unwrap(),
        ),
        (
            Preset::Keycloak { address: at("https://a.example"), realm: text("shop") },
            keycloak::realm("https://a.example", "shop", api).unwrap(),
        ),
        (
            Preset::Kubernetes { identifier: at("https://a.example") },
            kubernetes::cluster("https://a.example", api).unwrap(),
        ),
        (
            Preset::Okta { domain: text("a.okta.com"), server: text("default") },
            okta::custom_server("a.okta.com", "default", api).unwrap(),
        ),
        // These know their audience, so `audiences` adds to it.
        (
            Preset::Cognito { user_pool: text("eu-central-1_A"), client_id: text("c") },
            cognito::user_pool("eu-central-1_A", "c").unwrap().audience(api),
        ),
        (Preset::Firebase { project: text("acme-1") }, firebase::project("acme-1").unwrap().audience(api)),
        (Preset::GoogleUsers { client_id: text("c") }, google::users("c").unwrap().audience(api)),
        (
            Preset::Zitadel { domain: text("a.zitadel.cloud"), project_id: text("7") },
            zitadel::project("a.zitadel.cloud", "7").unwrap().audience(api),
        ),
    ];
    for (preset, want) in presets {
        let named = format!("{preset:?}");
        let settings =
            IssuerSettings { preset: Some(preset), audiences: vec![text(api)], ..IssuerSettings::default() };
        let got = settings.issuer().unwrap();
        let told = IssuerSettings::default();
        assert_eq!(described_issuer(&got, &told), described_issuer(&want, &told), "{named}");
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<IssuerSettings>(&json).unwrap(), settings, "{named}");
    }
}
