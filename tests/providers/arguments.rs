//! Arguments that would lead elsewhere are refused when the set-up is made.

use portcullis::ConfigError;
use portcullis::providers::{
    auth0, cognito, entra, firebase, github_actions, gitlab_ci, google, hydra, keycloak, kubernetes, okta,
    zitadel,
};

const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

/// What an attacker, or a slip, would write to have keys fetched from elsewhere.
const ASTRAY: [&str; 12] = [
    "",
    "evil.example/",
    "evil.example/x",
    "evil.example?",
    "evil.example#",
    "user@evil.example",
    "evil.example\\",
    "a b",
    "https://evil.example",
    "..",
    "%2e%2e",
    "a\r\nb",
];

#[test]
fn no_argument_leads_elsewhere() {
    for text in ASTRAY {
        for (name, made) in [
            ("auth0", auth0::api(text, "api")),
            ("cognito", cognito::user_pool(text, "client")),
            ("cognito, the region", cognito::user_pool(&format!("{text}_AbC"), "client")),
            ("cognito, the name", cognito::user_pool(&format!("eu-central-1_{text}"), "client")),
            ("entra v1", entra::v1(text, "api")),
            ("entra v2", entra::v2(text, "api")),
            ("firebase", firebase::project(text)),
            ("github", github_actions::repositories_of(text, "api")),
            ("gitlab", gitlab_ci::namespace(text, "1", "api")),
            ("gitlab, the number", gitlab_ci::namespace("gitlab.com", text, "api")),
            ("google", google::service_account(text, "api")),
            ("keycloak, the realm", keycloak::realm("https://id.example.com", text, "api")),
            ("okta", okta::custom_server(text, "default", "api")),
            ("okta, the server", okta::custom_server("acme.okta.com", text, "api")),
            ("zitadel", zitadel::project(text, "1")),
            ("zitadel, the project", zitadel::project("id.example.com", text)),
        ] {
            // `eu-central-1_..` names no direction, and is refused by its own form or stands as it is.
            if (name, text) == ("cognito, the name", "..") {
                continue;
            }
            let error = made.err().unwrap_or_else(|| panic!("{name} takes {text:?}"));
            assert!(matches!(error, ConfigError::Parameter { .. }), "{name} {text:?}: {error}");
            assert!(!error.to_string().contains("evil"), "{name}: {error}");
        }
    }
}

#[test]
fn addresses_are_judged_as_all_are() {
    for text in ["", "http://id.example.com", "https://user@id.example.com", "id.example.com", "https://a b"]
    {
        for made in
            [hydra::server(text, "api"), kubernetes::cluster(text, "api"), keycloak::realm(text, "a", "api")]
        {
            let error = made.err().unwrap_or_else(|| panic!("{text:?} is taken"));
            assert!(matches!(error, ConfigError::Address { .. }), "{text:?}: {error}");
        }
    }
    for text in ["https://id.example.com/", "https://id.example.com?a=", "https://id.example.com/#"] {
        let error = keycloak::realm(text, "a", "api").err().unwrap_or_else(|| panic!("{text:?} is taken"));
        assert!(matches!(error, ConfigError::Parameter { .. }), "{text:?}: {error}");
    }
}

#[test]
fn doors_for_all_tenants_are_no_tenants() {
    for tenant in [
        "common",
        "organizations",
        "consumers",
        "contoso.onmicrosoft.com",
        "{tenantid}",
        &GUID.to_uppercase(),
    ] {
        for made in [entra::v1(tenant, "api"), entra::v2(tenant, "api")] {
            let Err(ConfigError::Parameter { provider, parameter, .. }) = made else { panic!("{tenant}") };
            assert_eq!((provider, parameter), ("Entra ID", "the tenant"));
        }
    }
    assert!(entra::v1(GUID, "api").is_ok() && entra::v2(GUID, "api").is_ok());
}

#[test]
fn a_pool_names_its_region() {
    let no_pools = ["eu-central-1", "eu-central-1_", "_AbC", "eu.central_AbC/", "EU-central-1_AbC"];
    // Hosts of buckets, which are anyone's.
    let buckets = ["s3_AbC", "s3-eu-west-1_AbC", "x.s3_AbC", "s3.eu-west-1_AbC", "eu-central-1.s3_AbC"];
    for pool in
        no_pools.into_iter().chain(buckets).chain(["eu-central_AbC", "eu--1_AbC", "eu-central-x1_AbC"])
    {
        assert!(matches!(cognito::user_pool(pool, "client"), Err(ConfigError::Parameter { .. })), "{pool}");
    }
    for pool in ["eu-central-1_AbCdEf123", "us-gov-west-1_AbCdEf123", "ap-southeast-10_A"] {
        assert!(cognito::user_pool(pool, "client").is_ok(), "{pool}");
    }
}
