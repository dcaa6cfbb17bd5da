//! Handlers that hold their requirement by type.

use axum::Router;
use axum::http::Request;
use axum::routing::get;
use portcullis::http::AuthLayer;
use portcullis::require::{acr, claim, role};
use portcullis::{Guarded, Requirement, Requires, scope};

use crate::minting::{expired, of_alice, token, verifier};
use crate::stage::{Log, answer, client, serve, told, with};

struct OrdersRead;

impl Requires for OrdersRead {
    fn requirement() -> Requirement {
        scope("orders:read")
    }
}

struct Clerk;

impl Requires for Clerk {
    fn requirement() -> Requirement {
        role("clerk").and(acr("gold"))
    }
}

struct Slip;

impl Requires for Slip {
    fn requirement() -> Requirement {
        scope("orders:read").or(claim("realm_access..roles").contains("admin"))
    }
}

async fn list(token: Guarded<OrdersRead>) -> String {
    format!("orders of {}", token.subject().unwrap_or_default())
}

async fn perhaps(token: Option<Guarded<OrdersRead>>) -> String {
    token.map_or_else(|| "the public ones".to_owned(), |token| format!("and {}'s", token.subject().unwrap()))
}

async fn clerk(token: Guarded<Clerk>) -> String {
    token.into_token().subject().unwrap().to_owned()
}

async fn slip(_: Guarded<Slip>) {}

async fn perhaps_slip(_: Option<Guarded<Slip>>) {}

fn routes() -> Router {
    Router::new()
        .route("/orders", get(list))
        .route("/perhaps", get(perhaps))
        .route("/clerk", get(clerk))
        .route("/slip", get(slip))
        .route("/perhaps-slip", get(perhaps_slip))
}

fn behind(layer: AuthLayer) -> Router {
    routes().layer(layer)
}

#[tokio::test]
async fn who_meets_the_requirement_passes() {
    for app in [behind(verifier().layer()), behind(verifier().layer().optional())] {
        let good = token("profile orders:read");
        assert_eq!(answer(&app, with("/orders", &good)).await.said(), (200, "orders of alice"));
        assert_eq!(answer(&app, with("/perhaps", &good)).await.said(), (200, "and alice's"));
        let clerk = of_alice("a").claim("roles", ["clerk"]).claim("acr", "gold").mint();
        assert_eq!(answer(&app, with("/clerk", &clerk)).await.said(), (200, "alice"));
    }
}

#[tokio::test]
async fn who_does_not_is_refused_in_the_words_of_the_layer() {
    let app = behind(verifier().layer().optional().realm("orders"));
    for path in ["/orders", "/perhaps"] {
        let got = answer(&app, with(path, &token("profile"))).await;
        assert_eq!(got.verdict(), (403, "scope_missing"), "{path}");
        assert_eq!(
            got.challenges(),
            [
                r#"Bearer realm="orders", error="insufficient_scope", error_description="scope missing, needed: orders:read", reason="scope_missing", scope="orders:read""#
            ],
            "{path}"
        );
        assert_eq!(answer(&app, with(path, &expired())).await.verdict(), (401, "token_expired"), "{path}");
    }
    let no_role = of_alice("a").claim("acr", "gold").mint();
    assert_eq!(answer(&app, with("/clerk", &no_role)).await.verdict(), (403, "role_missing"));
    let weak = of_alice("a").claim("roles", ["clerk"]).mint();
    let got = answer(&app, with("/clerk", &weak)).await;
    assert_eq!(got.verdict(), (401, "authentication_insufficient"));
    assert!(got.header("www-authenticate").ends_with(r#"acr_values="gold""#), "{got:?}");
}

#[tokio::test]
async fn anonymous_gets_401_or_none() {
    let app = behind(verifier().layer().optional());
    let got = answer(&app, Request::get("/orders")).await;
    assert_eq!(got.verdict(), (401, "credentials_missing"));
    assert_eq!(got.challenges(), [r#"Bearer realm="https://api.example.com""#]);
    assert_eq!(answer(&app, Request::get("/perhaps")).await.said(), (200, "the public ones"));
    let app = behind(verifier().layer());
    assert_eq!(answer(&app, Request::get("/perhaps")).await.verdict(), (401, "credentials_missing"));
}

#[tokio::test]
async fn an_unguarded_handler_is_our_fault_and_closed() {
    for path in ["/orders", "/perhaps"] {
        let (log, _guard) = Log::listen();
        let got = answer(&routes(), with(path, &token("orders:read"))).await;
        assert_eq!((got.said(), got.code), ((500, ""), None), "{path}");
        assert!(log.errors().contains("no AuthLayer guards its route"), "{path}: {}", log.errors());
    }
}

#[tokio::test]
async fn a_requirement_with_a_mistake_lets_nobody_in() {
    let app = behind(verifier().layer().optional());
    for path in ["/slip", "/perhaps-slip"] {
        let (log, _guard) = Log::listen();
        // The other branch of the requirement is met, and it is optional: closed all the same.
        for request in [with(path, &token("orders:read")), Request::get(path)] {
            let got = answer(&app, request).await;
            assert_eq!((got.said(), got.code, got.challenges()), ((500, ""), None, vec![]), "{path}");
        }
        assert!(log.errors().contains("realm_access..roles"), "{path}: {}", log.errors());
    }
}

#[tokio::test]
async fn over_a_socket() {
    let at = serve(behind(verifier().layer().optional())).await;
    let orders = || client().get(format!("{at}/orders"));
    assert_eq!(told(orders().bearer_auth(token("orders:read"))).await.said(), (200, "orders of alice"));
    let refused = told(orders().bearer_auth(token("profile"))).await;
    assert_eq!(refused.said(), (403, ""));
    assert!(refused.header("www-authenticate").contains(r#"reason="scope_missing""#), "{refused:?}");
    assert_eq!(told(orders()).await.status, 401);
    assert_eq!(told(client().get(format!("{at}/perhaps"))).await.said(), (200, "the public ones"));
}
