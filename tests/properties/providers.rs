//! Presets with arbitrary arguments, and the shapes of claims with arbitrary claims; and both, printed.

use std::fmt::Debug;
use std::path::Path;
use std::sync::LazyLock;
use std::task::Poll;

use portcullis::keys::remote::HttpFetch;
use portcullis::providers::{
    auth0, cognito, entra, firebase, github_actions, gitlab_ci, google, hydra, keycloak, kubernetes, okta,
    zitadel,
};
use portcullis::{ConfigError, Issuer, UnixTime, Verifier};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::album::Album;
use crate::hostile::{self, AUDIENCE, CHOSEN, ISSUER, NOW, TRUSTED, signed, with};
use crate::inputs::{addresses, any_text, mutated};
use crate::testing::cases;

/// Functions that are called below.
pub(crate) const DRIVEN: [&str; 33] = [
    "keys/remote/http::bearer_token_file",
    "keys/remote/http::with_root_certificates",
    "providers/auth0::api",
    "providers/auth0::has_permission",
    "providers/cognito::is_in_group",
    "providers/cognito::user_pool",
    "providers/entra::has_role",
    "providers/entra::is_in_group",
    "providers/entra::v1",
    "providers/entra::v2",
    "providers/firebase::project",
    "providers/github_actions::is_branch",
    "providers/github_actions::repositories_of",
    "providers/gitlab_ci::namespace",
    "providers/google::service_account",
    "providers/google::users",
    "providers/hydra::server",
    "providers/keycloak::client_roles",
    "providers/keycloak::has_client_role",
    "providers/keycloak::has_realm_role",
    "providers/keycloak::realm",
    "providers/kubernetes::cluster",
    "providers/kubernetes::in_cluster",
    "providers/kubernetes::in_cluster_at",
    "providers/kubernetes::is_account",
    "providers/okta::custom_server",
    "providers/okta::is_in_group",
    "providers/zitadel::has_role",
    "providers/zitadel::has_role_of",
    "providers/zitadel::project",
    "providers/zitadel::project_roles",
    "verify/issuer::client",
    "verify/issuer::require_claim",
];

fn presets(text: &str) -> Vec<Result<Issuer, ConfigError>> {
    vec![
        auth0::api(text, text),
        cognito::user_pool(text, text),
        entra::v1(text, text),
        entra::v2(text, text),
        firebase::project(text),
        github_actions::repositories_of(text, text),
        gitlab_ci::namespace(text, "1", text),
        gitlab_ci::namespace("gitlab.com", text, text),
        google::service_account(text, text),
        google::users(text),
        hydra::server(text, text),
        keycloak::realm(text, "shop", text),
        keycloak::realm(ISSUER, text, text),
        kubernetes::cluster(text, text),
        kubernetes::in_cluster(text, text),
        kubernetes::in_cluster_at(text, Path::new(env!("CARGO_MANIFEST_DIR")), text, text),
        okta::custom_server(text, "default", text),
        okta::custom_server("acme.okta.com", text, text),
        zitadel::project(text, "1"),
        zitadel::project("id.example.com", text),
    ]
}

/// Everything that providers write, with texts that a sender chose wherever there can be one.
fn claims() -> Value {
    let [a, b, c, d, e, f] = CHOSEN;
    let of_users = json!({
        "permissions": [a], "org_id": c, "cognito:groups": [a], "username": b, "origin_jti": c,
        "device_key": d, "cid": e, "uid": f, "groups": [a, b], "roles": [c], "wids": [d], "tid": e, "oid": f,
        "appid": a, "idtyp": b, "hasgroups": true, "_claim_names": {"groups": c}, "email": d, "email_verified": true,
        "hd": e, "phone_number": f, "firebase": {"sign_in_provider": a, "tenant": b, "identities": {c: [d]}},
    });
    let of_others = json!({
        "repository": e, "repository_owner": f, "ref": "refs/heads/main", "actor": a, "environment": b, "sha": c,
        "namespace_id": d, "project_path": e, "ref_protected": "true", "user_login": f, "ext": {a: b},
        "preferred_username": c, "realm_access": {"roles": [d]}, "resource_access": {e: {"roles": [f]}},
        "kubernetes.io": {
            "namespace": a, "pod": {"name": b, "uid": c}, "node": {"name": d}, "serviceaccount": {"name": e, "uid": f},
        },
        "urn:zitadel:iam:org:project:roles": {a: {b: c}}, "urn:zitadel:iam:user:resourceowner:id": d,
        "urn:zitadel:iam:org:project:1:roles": {e: {}},
    });
    let both = [of_users, of_others].map(|claims| claims.as_object().unwrap().clone());
    Value::Object(both.into_iter().flatten().collect())
}

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| vec![claims().to_string().into_bytes()]);

/// The shape, if the claims have it.
fn read<T: DeserializeOwned>(claims: &[u8]) -> Option<T> {
    serde_json::from_slice(claims).ok()
}

/// Asks every shape everything; how many of them the claims have.
fn ask(claims: &[u8], text: &str) -> usize {
    let asked = [
        read::<auth0::Claims>(claims).map(|own| own.has_permission(text)),
        read::<cognito::Claims>(claims).map(|own| own.is_in_group(text)),
        read::<entra::Claims>(claims)
            .map(|own| own.has_role(text) || own.is_in_group(text) || own.groups_are_left_out()),
        read::<firebase::Claims>(claims).map(|own| {
            own.verified_email().is_some()
                || own.sign_in_provider().is_some()
                || own.tenant().is_some()
                || own.identities().count() > 0
        }),
        read::<github_actions::Claims>(claims).map(|own| own.is_branch(text, text)),
        read::<gitlab_ci::Claims>(claims).map(|own| own.is_protected()),
        read::<google::Claims>(claims).map(|own| own.verified_email().is_some()),
        read::<hydra::Claims<Value>>(claims).map(|own| own.ext.is_null()),
        read::<keycloak::Claims>(claims).map(|own| {
            own.has_realm_role(text)
                || own.has_client_role(text, text)
                || own.client_roles(text).chain(own.realm_roles()).count() > 0
                || own.verified_email().is_some()
        }),
        read::<kubernetes::Claims>(claims).map(|own| {
            own.is_account(text, text)
                || own.pod().is_some()
                || own.node().is_some()
                || own.namespace().is_some()
        }),
        read::<okta::Claims>(claims).map(|own| own.is_in_group(text)),
        read::<zitadel::Claims>(claims).map(|own| {
            own.has_role(text)
                || own.has_role_of(text, text)
                || own.project_roles(text).chain(own.roles()).count() > 0
        }),
    ];
    asked.iter().flatten().count()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn presets_with_any_argument(text in prop_oneof![any_text(), addresses(), "[a-z0-9.:_-]{0,40}"]) {
        for made in presets(&text) {
            let _ = made.map_err(|error| error.to_string());
        }
        let _ = HttpFetch::with_root_certificates(text.as_bytes()).map_err(|error| error.to_string());
    }

    #[test]
    fn shapes_with_any_claims(claims in mutated(&SEEDS), text in any_text()) {
        let _ = ask(&claims, &text);
    }
}

#[test]
fn presets_and_shapes_with_arguments_of_their_form() {
    let made = presets("72f988bf-86f1-41af-91ab-2d7cd011db47").into_iter().filter(Result::is_ok).count();
    assert!(made >= 8, "{made}");
    assert_eq!(ask(claims().to_string().as_bytes(), CHOSEN[0]), 12);
    assert_eq!(ask(b"{}", ""), 11, "all but Hydra's, which has a shape of the application's inside");
}

/// Pictures of shapes full of chosen texts, and of what is said of tokens and arguments that are refused.
pub(crate) fn pictures(album: &mut Album) {
    fn shape<T: DeserializeOwned + Debug>(album: &mut Album) {
        let shown: T = read(claims().to_string().as_bytes()).unwrap();
        album.debug("Claims", &shown);
    }
    shape::<auth0::Claims>(album);
    shape::<cognito::Claims>(album);
    shape::<entra::Claims>(album);
    shape::<firebase::Claims>(album);
    shape::<github_actions::Claims>(album);
    shape::<gitlab_ci::Claims>(album);
    shape::<google::Claims>(album);
    shape::<hydra::Claims<Value>>(album);
    shape::<keycloak::Claims>(album);
    shape::<kubernetes::Claims>(album);
    shape::<okta::Claims>(album);
    shape::<zitadel::Claims>(album);
    album
        .debug("Object", read::<kubernetes::Claims>(claims().to_string().as_bytes()).unwrap().pod().unwrap());
    album.debug("NoCustomClaims", &firebase::NoCustomClaims::default());
    for text in CHOSEN {
        for error in presets(&format!("{text}@/?#")).into_iter().filter_map(Result::err) {
            // What stands in front of the `@` is not shown, nor is what is no address.
            if !matches!(error, ConfigError::File { .. }) {
                album.error("ConfigError", &error);
            }
        }
    }
    let issuer = || Issuer::new(ISSUER, TRUSTED.jwk().clone()).audience(AUDIENCE);
    let refused = [issuer().client(""), issuer().require_claim("", "a"), issuer().require_claim("owner", "")];
    for issuer in refused {
        album.error("ConfigError", &Verifier::builder().issuer(issuer).build().unwrap_err());
    }
    let rules = issuer().client("c").require_claim("owner", "acme");
    let clock = || UnixTime::from_seconds(NOW);
    let verifier = Verifier::builder().issuer(rules).clock(clock).build().unwrap();
    for (claims, code) in [
        (with(hostile::claims(), "owner", json!("acme")), None),
        (with(hostile::claims(), "owner", json!(CHOSEN[1])), Some("claim_not_allowed")),
        (with(hostile::claims(), "owner", json!([CHOSEN[1]])), Some("claim_type")),
        (with(hostile::claims(), "client_id", json!(CHOSEN[2])), Some("client_mismatch")),
    ] {
        let token = signed(hostile::header().to_string(), claims.to_string());
        album.forbidden.token(&token);
        let Poll::Ready(decision) = verifier.verify_cached(&token) else { panic!("fixed keys never wait") };
        assert_eq!(decision.as_ref().err().map(portcullis::Error::code), code);
        if let Err(error) = decision {
            album.error("Error", &error);
        }
    }
}
