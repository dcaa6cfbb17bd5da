use portcullis::providers::hydra;
use serde_json::{Value, json};

use crate::scene::{Draft, Scene, jwks, published};

#[derive(serde::Deserialize)]
struct Session {
    tenant: String,
}

/// The metadata is that of Hydra's own tests, under another host; the claims are made by us after
/// <https://www.ory.sh/docs/oauth2-oidc/jwt-access-token>.
#[tokio::test(start_paused = true)]
async fn access_tokens_in_jwt_form() {
    let api = "https://orders.example.com";
    let issuer = "https://hydra.example.com";
    let metadata = published("disc-046").to_string().replace("http://hydra.localhost", issuer);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let claims = json!({
        "aud": [api], "client_id": "my-client", "ext": {"tenant": "acme"}, "iss": issuer, "jti": "3ddc2f3a",
        "nbf": 1_699_999_000, "scp": ["offline", "orders:read"], "sub": "ada",
    });
    let documents = [
        ("https://hydra.example.com/.well-known/openid-configuration", metadata),
        (
            "https://hydra.example.com/.well-known/jwks.json",
            jwks(None, json!({"alg": "RS256", "use": "sig"})),
        ),
    ];
    let scene = Scene::new(hydra::server(issuer, api), documents, Draft::new(json!({"typ": "JWT"}), claims));
    scene.refuses_the_usual("https://hydra.example.com/").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("no audience was asked for", "audience_mismatch", |draft| draft.claims["aud"] = json!([]))
        .await;
    let id_token = json!({"iss": issuer, "aud": ["my-client"], "sub": "ada", "at_hash": "x", "sid": "s"});
    scene.refuses("an ID token", "audience_mismatch", |draft| draft.replace(id_token)).await;
    let token = scene.accepts("as issued", |_| ()).await;
    assert_eq!(token.claims::<hydra::Claims<Session>>().unwrap().ext.tenant, "acme");
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["offline", "orders:read"]);
}
