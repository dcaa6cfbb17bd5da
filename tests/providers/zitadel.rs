use portcullis::providers::zitadel;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

/// Made by us after <https://zitadel.com/docs/apis/openidoauth/claims>.
#[tokio::test(start_paused = true)]
async fn access_tokens_in_jwt_form() {
    let issuer = "https://acme.zitadel.cloud";
    let roles = json!({
        "reader": {"165467338479501569": "acme.zitadel.cloud"}, "admin": {"295621089671959405": "other.zitadel.cloud"},
    });
    let claims = json!({
        "iss": issuer, "sub": "177658587330412851", "aud": ["170086824411201793@shop", "170086774599581953"],
        "nbf": 1_699_999_000, "jti": "233985193117917189", "azp": "170086824411201793@shop",
        "client_id": "170086824411201793@shop", "urn:zitadel:iam:org:project:roles": roles,
        "urn:zitadel:iam:org:project:170086774599581953:roles": roles,
        "urn:zitadel:iam:user:resourceowner:id": "165467338479501569",
        "urn:zitadel:iam:user:resourceowner:name": "Acme",
    });
    let metadata = json!({
        "issuer": issuer, "jwks_uri": "https://acme.zitadel.cloud/oauth/v2/keys",
        "token_endpoint": "https://acme.zitadel.cloud/oauth/v2/token",
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
    });
    let documents = [
        ("https://acme.zitadel.cloud/.well-known/openid-configuration", metadata),
        ("https://acme.zitadel.cloud/oauth/v2/keys", jwks(None, json!({"alg": "RS256", "use": "sig"}))),
    ];
    let made = zitadel::project("acme.zitadel.cloud", "170086774599581953");
    let scene = Scene::new(made, documents, Draft::new(json!({}), claims));
    scene.refuses_the_usual("https://other.zitadel.cloud").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("another project", "audience_mismatch", |draft| {
            draft.claims["aud"] = json!(["170086824411201793@shop", "170086774599581954"]);
        })
        .await;
    scene.refuses("an ID token", "not_access_token", |draft| draft.claims["nonce"] = json!("n")).await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<zitadel::Claims>().unwrap();
    assert!(read.has_role("reader") && read.has_role("admin") && !read.has_role("owner"));
    assert!(
        read.has_role_of("reader", "165467338479501569") && !read.has_role_of("admin", "165467338479501569")
    );
    assert_eq!(read.roles().collect::<Vec<_>>(), ["admin", "reader"]);
    assert_eq!(read.project_roles("170086774599581953").collect::<Vec<_>>(), ["admin", "reader"]);
    assert_eq!(read.project_roles("1").count(), 0);
    assert_eq!(read.organization_id.as_deref(), Some("165467338479501569"));
    let bare =
        scene.accepts("without roles", |draft| draft.remove("urn:zitadel:iam:org:project:roles")).await;
    assert!(!bare.claims::<zitadel::Claims>().unwrap().has_role("reader"));
}
