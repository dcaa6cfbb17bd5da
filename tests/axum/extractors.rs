//! What the extractors give, and to whom.

use axum::Router;
use axum::http::Request;
use axum::routing::get;
use portcullis::{Claims, require, scope};
use serde_json::json;

use crate::minting::{expired, of_alice, token, verifier};
use crate::stage::{Log, answer, perhaps, subject, with};

#[derive(serde::Deserialize)]
struct User {
    email: String,
}

async fn email(Claims(user): Claims<User>, again: Claims<User>) -> String {
    assert!(std::sync::Arc::ptr_eq(&user, &again.clone().0), "read once");
    again.email.clone()
}

async fn perhaps_email(user: Option<Claims<User>>) -> String {
    user.map_or_else(|| "anonymous".to_owned(), |user| user.email.clone())
}

fn routes() -> Router {
    Router::new()
        .route("/subject", get(subject))
        .route("/perhaps", get(perhaps))
        .route("/email", get(email))
        .route("/perhaps-email", get(perhaps_email))
        .route("/orders", get(subject).route_layer(require(scope("orders:read"))))
        .merge(Router::new().route("/admin", get(subject)).route_layer(require(scope("admin"))))
}

fn required() -> Router {
    routes().layer(verifier().layer())
}

fn optional() -> Router {
    routes().layer(verifier().layer().optional())
}

#[tokio::test]
async fn extractors_give_what_the_layer_found() {
    let good = token("orders:read");
    for (path, want) in [
        ("/subject", "alice"),
        ("/perhaps", "alice"),
        ("/email", "alice@example.com"),
        ("/perhaps-email", "alice@example.com"),
        ("/orders", "alice"),
    ] {
        for app in [required(), optional()] {
            let got = answer(&app, with(path, &good)).await;
            assert_eq!((got.said(), got.challenges()), ((200, want), vec![]), "{path}");
        }
    }
}

#[tokio::test]
async fn a_route_without_its_scope_is_forbidden() {
    let app = required();
    let got = answer(&app, with("/orders", &token("orders"))).await;
    assert_eq!(got.verdict(), (403, "scope_missing"));
    assert!(got.header("www-authenticate").ends_with(r#"scope="orders:read""#), "{got:?}");
    assert_eq!(answer(&app, with("/admin", &token("orders:read"))).await.verdict(), (403, "scope_missing"));
    assert_eq!(answer(&app, with("/admin", &token("admin"))).await.said(), (200, "alice"));
}

#[tokio::test]
async fn anonymous_is_none_where_that_will_do_and_401_elsewhere() {
    let app = optional();
    for path in ["/perhaps", "/perhaps-email"] {
        assert_eq!(answer(&app, Request::get(path)).await.said(), (200, "anonymous"), "{path}");
        let garbage = answer(&app, with(path, "garbage")).await;
        assert_eq!(garbage.verdict(), (401, "token_malformed"), "{path}");
        assert_eq!(answer(&app, with(path, &expired())).await.verdict(), (401, "token_expired"), "{path}");
        assert_eq!(answer(&required(), Request::get(path)).await.verdict(), (401, "credentials_missing"));
    }
    for path in ["/subject", "/email", "/orders", "/admin"] {
        let got = answer(&app, Request::get(path)).await;
        assert_eq!(got.verdict(), (401, "credentials_missing"), "{path}");
        assert_eq!(got.challenges(), [r#"Bearer realm="https://api.example.com""#], "{path}");
    }
}

#[tokio::test]
async fn claims_of_another_shape_are_refused() {
    let other = of_alice("orders:read").claim("email", json!(7)).mint();
    for (app, path) in
        [(required(), "/email"), (required(), "/perhaps-email"), (optional(), "/perhaps-email")]
    {
        let got = answer(&app, with(path, &other)).await;
        assert_eq!(got.verdict(), (401, "claims_mismatch"), "{path}");
        assert!(got.header("www-authenticate").contains(r#"error="invalid_token""#), "{got:?}");
    }
}

#[tokio::test]
async fn an_unguarded_route_is_our_fault() {
    for path in ["/subject", "/perhaps", "/email", "/perhaps-email"] {
        let (log, _guard) = Log::listen();
        let got = answer(&routes(), with(path, &token("orders:read"))).await;
        assert_eq!((got.said(), got.code, got.challenges()), ((500, ""), None, vec![]), "{path}");
        assert!(log.errors().contains("no AuthLayer guards its route"), "{path}: {}", log.errors());
    }
    let (log, _guard) = Log::listen();
    assert_eq!(answer(&routes(), with("/orders", &token("orders:read"))).await.said(), (500, ""));
    assert!(log.errors().contains("no AuthLayer guards this route"), "{}", log.errors());
}

#[tokio::test]
async fn the_layer_on_one_route_does_not_guard_its_neighbour() {
    let app = Router::new()
        .route("/guarded", get(subject).layer(verifier().layer()))
        .route("/unguarded", get(perhaps));
    assert_eq!(answer(&app, with("/guarded", &token("a"))).await.said(), (200, "alice"));
    assert_eq!(answer(&app, with("/unguarded", &token("a"))).await.said(), (500, ""));
}
