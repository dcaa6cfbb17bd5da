//! Extractors and route layers in an axum router.

#![cfg(all(feature = "axum", any(feature = "aws-lc", feature = "ring")))]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod minting;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use axum::routing::get;
use minting::{of_alice, token, verifier};
use portcullis::{Claims, Error, VerifiedToken, require, scope};
use serde_json::json;
use tower::ServiceExt;

#[derive(serde::Deserialize)]
struct User {
    email: String,
}

async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

async fn perhaps(token: Option<VerifiedToken>) -> String {
    token.map_or_else(|| "anonymous".to_owned(), |token| token.subject().unwrap_or_default().to_owned())
}

async fn email(Claims(user): Claims<User>, again: Claims<User>) -> String {
    assert!(std::sync::Arc::ptr_eq(&user, &again.clone().0), "read once");
    again.email.clone()
}

fn routes() -> Router {
    Router::new()
        .route("/subject", get(subject))
        .route("/perhaps", get(perhaps))
        .route("/email", get(email))
        .route("/orders", get(subject).route_layer(require(scope("orders:read"))))
        .merge(Router::new().route("/admin", get(subject)).route_layer(require(scope("admin"))))
}

fn required() -> Router {
    routes().layer(verifier().layer())
}

fn optional() -> Router {
    routes().layer(verifier().layer().optional())
}

/// Status, reason or body, and challenge.
async fn answer(app: Router, path: &str, token: Option<&str>) -> (u16, String, String) {
    let mut request = Request::builder().uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response: Response<Body> = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let header = response.headers().get("www-authenticate");
    let challenge = header.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let code = response.extensions().get::<Error>().map(|error| error.code().to_owned());
    let body = to_bytes(response.into_body(), 1_000).await.unwrap();
    (status, code.unwrap_or_else(|| String::from_utf8(body.to_vec()).unwrap()), challenge)
}

#[tokio::test]
async fn extractors_give_what_the_layer_found() {
    let good = token("orders:read");
    for (path, want) in
        [("/subject", "alice"), ("/perhaps", "alice"), ("/email", "alice@example.com"), ("/orders", "alice")]
    {
        for app in [required(), optional()] {
            assert_eq!(answer(app, path, Some(&good)).await, (200, want.into(), String::new()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_route_without_its_scope_is_forbidden() {
    let (status, code, challenge) = answer(required(), "/orders", Some(&token("orders"))).await;
    assert_eq!((status, code.as_str()), (403, "scope_missing"));
    assert!(challenge.ends_with(r#"scope="orders:read""#), "{challenge}");
    assert_eq!(answer(required(), "/admin", Some(&token("orders:read"))).await.1, "scope_missing");
    assert_eq!(answer(required(), "/admin", Some(&token("admin"))).await.0, 200);
}

#[tokio::test]
async fn anonymous_is_none_where_that_will_do_and_401_elsewhere() {
    assert_eq!(answer(optional(), "/perhaps", None).await, (200, "anonymous".into(), String::new()));
    let challenge = r#"Bearer realm="https://api.example.com""#;
    for path in ["/subject", "/email", "/orders", "/admin"] {
        let want = (401, "credentials_missing".to_owned(), challenge.to_owned());
        assert_eq!(answer(optional(), path, None).await, want, "{path}");
    }
    assert_eq!(answer(required(), "/perhaps", None).await.0, 401);
    assert_eq!(answer(optional(), "/perhaps", Some("garbage")).await.1, "token_malformed");
}

#[tokio::test]
async fn claims_of_another_shape_are_refused() {
    let other = of_alice("orders:read").claim("email", json!(7)).mint();
    let (status, code, challenge) = answer(required(), "/email", Some(&other)).await;
    assert_eq!((status, code.as_str()), (401, "claims_mismatch"));
    assert!(challenge.starts_with(r#"Bearer error="invalid_token""#), "{challenge}");
}

#[tokio::test]
async fn an_unguarded_route_is_our_fault() {
    for path in ["/subject", "/perhaps", "/email", "/orders"] {
        let got = answer(routes(), path, Some(&token("orders:read"))).await;
        assert_eq!(got, (500, String::new(), String::new()), "{path}");
    }
    // The layer on one route does not guard its neighbour.
    let app = Router::new()
        .route("/guarded", get(subject).layer(verifier().layer()))
        .route("/unguarded", get(perhaps));
    assert_eq!(answer(app.clone(), "/guarded", Some(&token("a"))).await.0, 200);
    assert_eq!(answer(app, "/unguarded", Some(&token("a"))).await.0, 500);
}
