use portcullis::providers::cognito;
use serde_json::{Value, json};

use crate::scene::{Draft, Scene, jwks};

const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123";
const CLIENT: &str = "1example23456789";

/// Made by us after
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html>.
fn claims() -> Value {
    json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "cognito:groups": ["admins", "testers"], "iss": ISSUER,
        "version": 2, "client_id": CLIENT, "origin_jti": "o-1", "event_id": "e-1", "token_use": "access",
        "scope": "orders/read phone openid", "auth_time": 1_676_312_777, "jti": "j-1", "username": "ada",
    })
}

fn documents() -> [(&'static str, Value); 1] {
    [(
        "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123/.well-known/jwks.json",
        jwks(None, json!({"alg": "RS256", "use": "sig"})),
    )]
}

#[tokio::test(start_paused = true)]
async fn access_tokens_without_an_audience() {
    let issuer = cognito::user_pool("eu-central-1_AbCdEf123", CLIENT);
    let scene = Scene::new(issuer, documents(), Draft::new(json!({}), claims()));
    scene.refuses_the_usual("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other").await;
    scene.refuses_id_tokens().await;
    scene
        .refuses("another client", "client_mismatch", |draft| draft.claims["client_id"] = json!("2example"))
        .await;
    scene.refuses("no client", "claim_missing", |draft| draft.remove("client_id")).await;
    scene
        .refuses("the client as audience", "audience_mismatch", |draft| draft.claims["aud"] = json!(CLIENT))
        .await;
    scene.refuses("no use", "claim_missing", |draft| draft.remove("token_use")).await;
    scene
        .refuses("another use", "claim_not_allowed", |draft| draft.claims["token_use"] = json!("refresh"))
        .await;
    scene
        .refuses("a use in upper case", "claim_not_allowed", |draft| {
            draft.claims["token_use"] = json!("Access")
        })
        .await;
    scene.refuses("uses", "claim_type", |draft| draft.claims["token_use"] = json!(["access"])).await;
    scene
        .refuses("the use of an ID token", "not_access_token", |draft| {
            draft.claims["token_use"] = json!("id")
        })
        .await;
    let id_token = json!({
        "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "iss": ISSUER, "aud": CLIENT, "token_use": "id",
        "cognito:username": "ada", "email": "ada@example.com", "at_hash": "x",
    });
    scene.refuses("an ID token", "audience_mismatch", |draft| draft.replace(id_token)).await;
    let token = scene.accepts("as issued", |_| ()).await;
    assert_eq!(token.client_id(), Some(CLIENT));
    let read = token.claims::<cognito::Claims>().unwrap();
    assert!(read.is_in_group("admins") && !read.is_in_group("Admins"));
    assert_eq!(read.username.as_deref(), Some("ada"));
    let machine = scene
        .accepts("of a client of its own", |draft| {
            draft.remove("cognito:groups");
            draft.remove("username");
        })
        .await;
    assert!(!machine.claims::<cognito::Claims>().unwrap().is_in_group("admins"));
}

#[tokio::test(start_paused = true)]
async fn access_tokens_for_a_resource_and_of_another_client() {
    let api = "https://orders.example.com";
    let issuer = cognito::user_pool("eu-central-1_AbCdEf123", CLIENT);
    let issuer = issuer.map(|issuer| issuer.audience(api).client("second"));
    let mut claims = claims();
    claims["aud"] = json!(api);
    let scene = Scene::new(issuer, documents(), Draft::new(json!({}), claims));
    scene.refuses_the_usual("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other").await;
    scene.accepts("the second client", |draft| draft.claims["client_id"] = json!("second")).await;
    scene.refuses("a third", "client_mismatch", |draft| draft.claims["client_id"] = json!("third")).await;
    scene.refuses("no audience", "claim_missing", |draft| draft.remove("aud")).await;
}
