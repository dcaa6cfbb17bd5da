use portcullis::providers::keycloak;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

/// The keys are published ones; metadata and claims are made by us after Keycloak's administration guide.
#[tokio::test(start_paused = true)]
async fn access_tokens_of_a_realm() {
    let issuer = "https://login.example.com/auth/realms/shop";
    let claims = json!({
        "jti": "onrtro:3ddc2f3a", "iss": issuer, "aud": ["orders-api", "account"],
        "sub": "f9f2d6b5-2d8f-4a4c-9a3e-2b5f7a0d1c11", "typ": "Bearer", "azp": "web", "sid": "s", "acr": "1",
        "allowed-origins": ["https://shop.example.com"], "scope": "openid email profile",
        "realm_access": {"roles": ["offline_access", "default-roles-shop", "buyer"]},
        "resource_access": {"orders-api": {"roles": ["admin"]}, "account": {"roles": ["view-profile"]}},
        "email_verified": true, "email": "ada@example.com", "preferred_username": "ada", "name": "Ada",
    });
    let metadata = json!({
        "issuer": issuer, "jwks_uri": "https://login.example.com/auth/realms/shop/protocol/openid-connect/certs",
        "token_endpoint": "https://login.example.com/auth/realms/shop/protocol/openid-connect/token",
        "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "RS256"],
    });
    let documents = [
        ("https://login.example.com/auth/realms/shop/.well-known/openid-configuration", metadata),
        (
            "https://login.example.com/auth/realms/shop/protocol/openid-connect/certs",
            jwks(Some("real-jwks-13"), json!({"alg": "RS256", "use": "sig", "x5c": ["MIIC"], "x5t": "x"})),
        ),
    ];
    let made = keycloak::realm("https://login.example.com/auth", "shop", "orders-api");
    let scene = Scene::new(made, documents, Draft::new(json!({"typ": "JWT"}), claims));
    scene.refuses_the_usual("https://login.example.com/auth/realms/other").await;
    scene.refuses_the_usual("https://login.example.com/realms/shop").await;
    scene.refuses_id_tokens().await;
    scene.refuses("no mapper", "audience_mismatch", |draft| draft.claims["aud"] = json!("account")).await;
    for kind in ["ID", "Refresh", "Offline", "Logout"] {
        scene.refuses(kind, "not_access_token", |draft| draft.claims["typ"] = json!(kind)).await;
    }
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<keycloak::Claims>().unwrap();
    assert!(read.has_realm_role("buyer") && !read.has_realm_role("admin"));
    assert!(read.has_client_role("orders-api", "admin") && !read.has_client_role("account", "admin"));
    assert_eq!(read.client_roles("orders").count(), 0);
    assert_eq!(read.realm_roles().count(), 3);
    assert_eq!(read.verified_email(), Some("ada@example.com"));
    let bare = scene
        .accepts("without roles", |draft| {
            draft.remove("realm_access");
            draft.remove("resource_access");
        })
        .await;
    assert!(!bare.claims::<keycloak::Claims>().unwrap().has_realm_role("buyer"));
}
