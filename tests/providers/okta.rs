use portcullis::providers::okta;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

/// Made by us after <https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/>.
#[tokio::test(start_paused = true)]
async fn access_tokens_of_a_custom_server() {
    let issuer = "https://acme.okta.com/oauth2/default";
    let claims = json!({
        "ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "iss": issuer, "aud": "api://default",
        "cid": "nmdP1fcyvdVO11AL7ECm", "uid": "00ujmkLgagxeRrAg20g3", "scp": ["openid", "orders:read"],
        "auth_time": 1_676_312_777, "sub": "ada@example.com", "groups": ["Everyone", "Orders"],
    });
    let metadata = json!({
        "issuer": issuer, "authorization_endpoint": "https://acme.okta.com/oauth2/default/v1/authorize",
        "token_endpoint": "https://acme.okta.com/oauth2/default/v1/token",
        "jwks_uri": "https://acme.okta.com/oauth2/default/v1/keys",
        "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "orders:read"],
    });
    let documents = [
        ("https://acme.okta.com/oauth2/default/.well-known/openid-configuration", metadata),
        ("https://acme.okta.com/oauth2/default/v1/keys", jwks(None, json!({"alg": "RS256", "use": "sig"}))),
    ];
    let made = okta::custom_server("acme.okta.com", "default", "api://default");
    let scene = Scene::new(made, documents, Draft::new(json!({}), claims));
    scene.refuses_the_usual("https://acme.okta.com/oauth2/other").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("the org's server", "issuer_unknown", |draft| {
            draft.claims["iss"] = json!("https://acme.okta.com")
        })
        .await;
    let id_token =
        json!({"iss": issuer, "aud": "nmdP1fcyvdVO11AL7ECm", "sub": "00ujmkLgagxeRrAg20g3", "at_hash": "x"});
    scene.refuses("an ID token", "audience_mismatch", |draft| draft.replace(id_token)).await;
    let token = scene.accepts("as issued", |_| ()).await;
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["openid", "orders:read"]);
    let read = token.claims::<okta::Claims>().unwrap();
    assert!(read.is_in_group("Orders") && !read.is_in_group("orders"));
    let alone = scene.accepts("one group", |draft| draft.claims["groups"] = json!("Orders")).await;
    assert!(alone.claims::<okta::Claims>().unwrap().is_in_group("Orders"));
    assert_eq!(
        (read.cid.as_deref(), read.uid.as_deref()),
        (Some("nmdP1fcyvdVO11AL7ECm"), Some("00ujmkLgagxeRrAg20g3"))
    );
}
