//! What a route answers for what a token lacks.

use std::convert::Infallible;

use http::{Request, Response};
use portcullis::require::{acr, claim, predicate, role};
use portcullis::{Error, Requirement, require, scope};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::stage::{MINT, minted, verifier};

/// Status, reason code, and the challenge's `error`.
async fn answer(requirement: Requirement, claims: Value) -> (u16, Option<&'static str>, Option<String>) {
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) });
    let service = verifier(&MINT).layer().layer(require(requirement).layer(inner));
    let authorization = format!("Bearer {}", minted(&MINT, &claims));
    let request = Request::builder().header("authorization", authorization).body(()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    let challenge = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
    let error = challenge.and_then(|text| Some(text.split_once("error=\"")?.1.split_once('"')?.0.to_owned()));
    (response.status().as_u16(), response.extensions().get::<Error>().map(Error::code), error)
}

#[tokio::test]
async fn a_route_answers_as_the_requirement_says() {
    let insufficient = |code| (403, Some(code), Some("insufficient_scope".to_owned()));
    let own = || predicate("own_word", "the impossible", |_| false);
    let step_up = Some("insufficient_user_authentication".to_owned());
    for (requirement, want) in [
        (scope("a").and(role("admin")), (200, None, None)),
        (scope("b"), insufficient("scope_missing")),
        (role("boss"), insufficient("role_missing")),
        (claim("a.b").equals(1), insufficient("claim_not_met")),
        (own(), insufficient("own_word")),
        (acr("gold"), (401, Some("authentication_insufficient"), step_up.clone())),
        (acr("gold").and(scope("b")), (401, Some("authentication_insufficient"), step_up)),
        (scope("a").or(claim("a..b").equals(1)), (500, None, None)),
    ] {
        let shown = requirement.to_string();
        let claims = json!({"scope": "a", "roles": ["admin"]});
        assert_eq!(answer(requirement, claims).await, want, "{shown}");
    }
}
