//! Decisions about what routes ask for: an event of its own, that belongs to the one about the token.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use portcullis::http::methods;
use portcullis::{Guarded, Requirement, Requires, VerifiedToken, require, scope};
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};

use crate::stage::{Book, app, ask, ask_with, audited, text, verdict};

struct Write;

impl Requires for Write {
    fn requirement() -> Requirement {
        scope("orders:write")
    }
}

async fn guarded(_: Guarded<Write>) -> &'static str {
    "written"
}

async fn wanted(_: VerifiedToken) -> &'static str {
    "seen"
}

/// The event about the token, and the one about what was asked.
fn both(book: &Book) -> [Value; 2] {
    book.events().try_into().unwrap_or_else(|events| panic!("two events, and not {events:#?}"))
}

#[tokio::test]
async fn a_good_token_that_grants_too_little_is_two_events_about_one_token() {
    let (mint, verifier, book) = audited();
    let layered = Router::new().route("/orders/1", get(|| async { "orders" }));
    let layered = layered.route_layer(require(scope("orders:write"))).layer(verifier.layer());
    let extracted = Router::new().route("/orders/1", get(guarded)).layer(verifier.layer());
    for app in [app(layered), app(extracted)] {
        for (scopes, status, want) in [
            ("orders:read", 403, ["authorization", "refused", "scope_missing"]),
            ("orders:write", 200, ["authorization", "accepted", "-"]),
        ] {
            let token = mint.token().subject("alice").scope(scopes).mint();
            assert_eq!(ask_with(&app, &token).await, status);
            let [authentication, authorization] = both(&book);
            assert_eq!(verdict(&authentication), ["authentication", "accepted", "-"]);
            assert_eq!(verdict(&authorization), want);
            assert_eq!(text(&authorization, "requirement"), "scope orders:write");
            assert!(authentication.get("requirement").is_none());
            for same in [
                "token_fingerprint",
                "subject",
                "client",
                "issuer",
                "algorithm",
                "key_id",
                "method",
                "route",
                "request_id",
                "peer",
            ] {
                assert!(authentication.get(same).is_some(), "{same}");
                assert_eq!(authentication.get(same), authorization.get(same), "{same}");
            }
        }
    }
}

#[tokio::test]
async fn who_has_no_credentials_where_they_are_needed_is_refused_on_record() {
    let (_, verifier, book) = audited();
    let optional = || verifier.layer().optional();
    let route = || Router::new();
    for (routes, requirement) in [
        (route().route("/orders/1", get(|| async {}).route_layer(require(scope("a")))), "scope a"),
        (route().route("/orders/1", get(wanted)), "any good token"),
    ] {
        assert_eq!(ask(&app(routes.layer(optional())), &[]).await, 401);
        let [authentication, authorization] = both(&book);
        assert_eq!(verdict(&authentication), ["authentication", "anonymous", "-"]);
        assert_eq!(verdict(&authorization), ["authorization", "refused", "credentials_missing"]);
        assert_eq!(text(&authorization, "requirement"), requirement);
        assert_eq!(text(&authorization, "request_id"), "req-1");
    }
}

#[tokio::test]
async fn methods_of_grpc_services() {
    let (mint, verifier, book) = audited();
    let table =
        methods().allow("/shop.Orders/List", scope("orders:read")).allow_any_token("/shop.Orders/Get");
    let inner = service_fn(|_: Request<Body>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
    });
    let service = verifier.layer().layer(table.layer(inner));
    let bearer = format!("Bearer {}", mint.token().scope("other").mint());
    for (path, want) in [
        ("/shop.Orders/List", Some(("scope_missing", "scope orders:read"))),
        ("/shop.Orders/Delete", Some(("requirement_impossible", "a method that is in the table"))),
        ("/shop.Orders/Get", None),
    ] {
        let request = Request::post(path).header("authorization", &bearer).body(Body::empty()).unwrap();
        service.clone().oneshot(request).await.unwrap();
        let events = book.events();
        let told = events.get(1).map(|event| (text(event, "reason"), text(event, "requirement")));
        assert_eq!((events.len(), told), (1 + usize::from(want.is_some()), want), "{path}");
        assert!(!format!("{events:?}").contains("Delete"), "a path is the sender's");
    }
}

#[tokio::test]
async fn what_a_handler_asks_of_a_token_is_on_record_without_its_request() {
    let (mint, verifier, book) = audited();
    let token = verifier.verify(&mint.token().scope("a").mint()).await.unwrap();
    let first = book.event();
    token.require(&scope("b")).unwrap_err();
    let event = book.event();
    assert_eq!(verdict(&event), ["authorization", "refused", "scope_missing"]);
    assert_eq!(event["token_fingerprint"], first["token_fingerprint"]);
    assert!(event.get("method").is_none());
}
