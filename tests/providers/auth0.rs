use portcullis::Profile;
use portcullis::providers::auth0;
use serde_json::{Value, json};

use crate::scene::{Draft, Scene, jwks, published};

const API: &str = "https://orders.example.com";

/// Made by us after <https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles>.
fn claims() -> Value {
    json!({
        "iss": "https://samples.auth0.com/", "sub": "auth0|507f1f77bcf86cd799439011",
        "aud": [API, "https://samples.auth0.com/userinfo"], "azp": "my_client_id",
        "scope": "openid profile orders:read", "permissions": ["orders:read", "orders:write"],
    })
}

fn documents() -> [(&'static str, Value); 2] {
    let keys = jwks(None, json!({"alg": "RS256", "use": "sig", "x5c": ["MIIC"], "x5t": "NEE1"}));
    [
        ("https://samples.auth0.com/.well-known/openid-configuration", published("disc-021")),
        ("https://samples.auth0.com/.well-known/jwks.json", keys),
    ]
}

#[tokio::test(start_paused = true)]
async fn access_tokens_of_an_api() {
    let draft = Draft::new(json!({"typ": "JWT"}), claims());
    let scene = Scene::new(auth0::api("samples.auth0.com", API), documents(), draft);
    scene.refuses_the_usual("https://samples.auth0.com").await;
    scene.refuses_the_usual("https://other.auth0.com/").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("an ID token", "audience_mismatch", |draft| {
            draft.replace(json!({
                "iss": "https://samples.auth0.com/", "sub": "auth0|507f1f77bcf86cd799439011", "aud": "my_client_id",
                "nonce": "n", "email": "ada@example.com",
            }));
        })
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<auth0::Claims>().unwrap();
    assert!(read.has_permission("orders:write") && !read.has_permission("orders"));
    let bare = scene.accepts("without RBAC", |draft| draft.remove("permissions")).await;
    assert!(!bare.claims::<auth0::Claims>().unwrap().has_permission("orders:write"));
}

#[tokio::test(start_paused = true)]
async fn access_tokens_by_rfc_9068() {
    let mut claims = claims();
    claims["client_id"] = json!("my_client_id");
    claims["jti"] = json!("73WakrfVbNJBaAmhQtEeDv");
    let draft = Draft::new(json!({"typ": "at+jwt"}), claims);
    let issuer = auth0::api("samples.auth0.com", API).map(|issuer| issuer.profile(Profile::Rfc9068));
    let scene = Scene::new(issuer, documents(), draft);
    scene.refuses_the_usual("https://other.auth0.com/").await;
    scene.refuses("the other profile", "type_not_allowed", |draft| draft.header["typ"] = json!("JWT")).await;
}
