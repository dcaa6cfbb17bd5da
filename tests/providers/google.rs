use portcullis::providers::google;
use serde_json::{Value, json};

use crate::scene::{Draft, Scene, jwks};

const API: &str = "https://orders.example.com";
const ACCOUNT: &str = "112010400000000710080";

fn documents() -> [(&'static str, Value); 1] {
    let keys = jwks(Some("real-jwks-04"), json!({"alg": "RS256", "use": "sig"}));
    [("https://www.googleapis.com/oauth2/v3/certs", keys)]
}

/// Made by us after <https://cloud.google.com/docs/authentication/token-types#id>.
#[tokio::test(start_paused = true)]
async fn id_tokens_of_a_service_account() {
    let claims = json!({
        "iss": "https://accounts.google.com", "aud": API, "azp": "caller@shop.iam.gserviceaccount.com", "sub": ACCOUNT,
        "email": "caller@shop.iam.gserviceaccount.com", "email_verified": true,
    });
    let draft = Draft::new(json!({"typ": "JWT"}), claims);
    let scene = Scene::new(google::service_account(ACCOUNT, API), documents(), draft);
    scene.refuses_the_usual("accounts.google.com").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("another account", "claim_not_allowed", |draft| {
            draft.claims["sub"] = json!("112010400000000710081")
        })
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<google::Claims>().unwrap();
    assert_eq!(read.verified_email(), Some("caller@shop.iam.gserviceaccount.com"));
    let bare = scene
        .accepts("the standard form", |draft| {
            draft.remove("email");
            draft.remove("email_verified");
        })
        .await;
    assert_eq!(bare.claims::<google::Claims>().unwrap().verified_email(), None);
}

/// Claims as in the row `claims-18-google` of the real tokens, with the issuer's present name.
#[tokio::test(start_paused = true)]
async fn id_tokens_of_users() {
    let client = "407408718192.apps.googleusercontent.com";
    let claims = json!({
        "iss": "https://accounts.google.com", "at_hash": "gX3FIc1qUFs_-zE3XaS-eA", "aud": client, "azp": client,
        "sub": "112896918899626691374", "hd": "example.com", "email": "ada@example.com", "email_verified": false,
    });
    let made = google::users(client).map(|issuer| issuer.require_claim("hd", "example.com"));
    let scene = Scene::new(made, documents(), Draft::new(json!({}), claims));
    scene.refuses_the_usual("accounts.google.com").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("another domain", "claim_not_allowed", |draft| draft.claims["hd"] = json!("evil.example"))
        .await;
    scene.refuses("a private account", "claim_missing", |draft| draft.remove("hd")).await;
    let token = scene.accepts("with a nonce", |draft| draft.claims["nonce"] = json!("n")).await;
    assert_eq!(token.claims::<google::Claims>().unwrap().verified_email(), None, "it is not");
}
