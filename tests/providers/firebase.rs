use portcullis::providers::firebase;
use serde_json::json;

use crate::scene::{Draft, Scene, jwks};

#[derive(serde::Deserialize)]
struct Mine {
    #[serde(default)]
    admin: bool,
}

/// Made by us after <https://firebase.google.com/docs/auth/admin/verify-id-tokens>.
#[tokio::test(start_paused = true)]
async fn id_tokens_of_a_project() {
    let issuer = "https://securetoken.google.com/shop-1234";
    let claims = json!({
        "iss": issuer, "aud": "shop-1234", "auth_time": 1_699_990_000, "user_id": "uid-1", "sub": "uid-1",
        "email": "ada@example.com", "email_verified": true, "admin": true, "name": "Ada",
        "firebase": {
            "identities": {"email": ["ada@example.com"], "google.com": ["1"]}, "sign_in_provider": "google.com",
        },
    });
    let documents = [(
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
        jwks(None, json!({"alg": "RS256", "use": "sig"})),
    )];
    let scene =
        Scene::new(firebase::project("shop-1234"), documents, Draft::new(json!({"typ": "JWT"}), claims));
    scene.refuses_the_usual("https://securetoken.google.com/other").await;
    scene.refuses_what_no_id_token_is().await;
    scene
        .refuses("a session cookie", "issuer_unknown", |draft| {
            draft.claims["iss"] = json!("https://session.firebase.google.com/shop-1234");
        })
        .await;
    let token = scene.accepts("as issued", |_| ()).await;
    let read = token.claims::<firebase::Claims<Mine>>().unwrap();
    assert!(read.custom.admin);
    assert_eq!(
        (read.verified_email(), read.sign_in_provider()),
        (Some("ada@example.com"), Some("google.com"))
    );
    assert_eq!(read.identities().collect::<Vec<_>>(), ["email", "google.com"]);
    let anonymous = scene
        .accepts("anonymous", |draft| {
            for claim in ["email", "email_verified", "admin", "name"] {
                draft.remove(claim);
            }
            draft.claims["firebase"] = json!({"identities": {}, "sign_in_provider": "anonymous"});
        })
        .await;
    let read = anonymous.claims::<firebase::Claims>().unwrap();
    assert_eq!(
        (read.verified_email(), read.sign_in_provider(), read.tenant()),
        (None, Some("anonymous"), None)
    );
    assert!(!anonymous.claims::<firebase::Claims<Mine>>().unwrap().custom.admin);
}
