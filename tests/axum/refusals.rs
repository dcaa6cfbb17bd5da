//! Refusals that handlers make, and how the layer words them.

use axum::Router;
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use axum::http::{Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, get, on};
use portcullis::http::{Detail, Refused};
use portcullis::{Claims, Error, Guarded, Rejection, Requirement, Requires, VerifiedToken, require, scope};
use serde_json::{Value, json};
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::minting::{expired, of_alice, token, verifier};
use crate::stage::{answer, client, serve, subject, told, with};

struct Delete;

impl Requires for Delete {
    fn requirement() -> Requirement {
        scope("orders:delete")
    }
}

#[derive(serde::Deserialize)]
struct User {
    #[expect(dead_code, reason = "its shape is what matters")]
    tenant: u32,
}

async fn by_error(token: VerifiedToken) -> Result<&'static str, Error> {
    token.require(&scope("orders:delete"))?;
    Ok("gone")
}

async fn by_rejection(token: VerifiedToken) -> Result<&'static str, Rejection> {
    token.require(&scope("orders:delete"))?;
    Ok("gone")
}

async fn with_more(token: VerifiedToken) -> Result<&'static str, impl IntoResponse> {
    match token.require(&scope("orders:delete")) {
        Ok(()) => Ok("gone"),
        Err(rejection) => Err((StatusCode::FORBIDDEN, [("x-order", "7")], rejection)),
    }
}

/// Whoever may not delete it shall not learn that it is there.
async fn hidden(token: VerifiedToken) -> Result<&'static str, impl IntoResponse> {
    match token.require(&scope("orders:delete")) {
        Ok(()) => Ok("gone"),
        Err(rejection) => Err((StatusCode::NOT_FOUND, rejection)),
    }
}

async fn guarded(_: Guarded<Delete>) -> &'static str {
    "gone"
}

async fn shaped(_: Claims<User>) -> &'static str {
    "gone"
}

fn routes() -> Router {
    Router::new()
        .route("/error", get(by_error))
        .route("/rejection", get(by_rejection))
        .route("/more", get(with_more))
        .route("/hidden", get(hidden))
        .route("/guarded", get(guarded))
        .route("/layer", get(subject).route_layer(require(scope("orders:delete"))))
        .route("/shaped", get(shaped))
}

#[tokio::test]
async fn a_handler_refuses_by_the_question_mark() {
    let app = routes().layer(verifier().layer().realm("orders"));
    let (good, other) = (token("orders:delete"), token("orders:read"));
    let challenge = r#"Bearer realm="orders", error="insufficient_scope", error_description="scope missing, needed: orders:delete", reason="scope_missing", scope="orders:delete""#;
    for path in ["/error", "/rejection", "/more"] {
        assert_eq!(answer(&app, with(path, &good)).await.said(), (200, "gone"), "{path}");
        let got = answer(&app, with(path, &other)).await;
        assert_eq!(got.verdict(), (403, "scope_missing"), "{path}");
        assert_eq!(got.challenges(), [challenge], "{path}");
        assert_eq!(got.header("cache-control"), "no-store", "{path}");
        assert_eq!(got.header("x-order"), if path == "/more" { "7" } else { "" });
    }
}

#[tokio::test]
async fn a_refusal_with_another_status_keeps_it() {
    let layers =
        [verifier().layer().problem_details(), verifier().layer().detail(Detail::Bare).problem_details()];
    let apps = layers.map(|layer| routes().layer(layer));
    for app in apps.into_iter().chain([routes().layer(verifier().layer())]) {
        let got = answer(&app, with("/hidden", &token("orders:read"))).await;
        assert_eq!((got.said(), got.header("content-type")), ((404, ""), ""));
        assert_eq!(got.challenges(), [""; 0], "it would tell what is there, and who may see it");
        assert_eq!(got.code, Some("scope_missing"), "logs know");
        assert_eq!(answer(&app, with("/hidden", &token("orders:delete"))).await.said(), (200, "gone"));
    }
}

#[tokio::test]
async fn every_refusal_has_problem_details_wherever_it_was_made() {
    let app = routes().layer(verifier().layer().problem_details());
    let forbidden = json!({
        "type": "about:blank", "title": "Forbidden", "status": 403, "code": "scope_missing",
        "detail": "scope missing, needed: orders:delete", "scope": "orders:delete",
    });
    let unauthorized = |code: &str, detail: &str| json!({"type": "about:blank", "title": "Unauthorized", "status": 401, "code": code, "detail": detail});
    let mismatch =
        unauthorized("claims_mismatch", "the claims do not have the shape that the application expects");
    for (path, token, want) in [
        ("/error", Some(token("a")), &forbidden),
        ("/rejection", Some(token("a")), &forbidden),
        ("/more", Some(token("a")), &forbidden),
        ("/guarded", Some(token("a")), &forbidden),
        ("/layer", Some(token("a")), &forbidden),
        ("/shaped", Some(of_alice("a").claim("tenant", "x").mint()), &mismatch),
        ("/guarded", None, &unauthorized("credentials_missing", "no credentials were sent")),
        (
            "/guarded",
            Some(expired()),
            &unauthorized("token_expired", "token expired at 1767225000, 600 s ago"),
        ),
    ] {
        let request = token.as_ref().map_or_else(|| Request::get(path), |token| with(path, token));
        let got = answer(&app, request).await;
        assert_eq!(got.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(serde_json::from_str::<Value>(&got.body).unwrap(), *want, "{path}");
        assert_eq!(u64::from(got.status), want["status"].as_u64().unwrap(), "{path}");
        assert_eq!(got.code, want["code"].as_str(), "{path}");
        assert_eq!(got.header("content-length"), got.body.len().to_string(), "{path}");
        assert!(!got.challenges().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn the_bodies_length_is_that_of_the_body_that_is_sent() {
    let problem = |app: Router| async move {
        let at = serve(app).await;
        let got = told(client().get(format!("{at}/guarded")).bearer_auth(token("a"))).await;
        assert_eq!(got.status, 403);
        assert_eq!(serde_json::from_str::<Value>(&got.body).unwrap()["code"], "scope_missing", "{got:?}");
        assert_eq!(got.header("content-length"), got.body.len().to_string());
        let head = told(client().head(format!("{at}/guarded")).bearer_auth(token("a"))).await;
        assert_eq!(head.said(), (403, ""));
        assert_eq!(head.header("content-length"), got.header("content-length"));
    };
    problem(routes().layer(verifier().layer().problem_details())).await;
    // A router that is a service within writes down the length of what it has, before we replace it.
    let inner = verifier().layer().problem_details().layer(routes());
    problem(Router::new().fallback_service(inner)).await;
    let encoding =
        routes().layer(axum::middleware::map_response(|response: axum::response::Response| async {
            ([("content-encoding", "gzip"), ("etag", "\"1\"")], response)
        }));
    let app = encoding.layer(verifier().layer().problem_details());
    let got = answer(&app, with("/guarded", &token("a"))).await;
    assert_eq!((got.header("content-encoding"), got.header("etag")), ("", "\"1\""));
    let got = answer(&app, with("/guarded", &token("orders:delete"))).await;
    assert_eq!(got.header("content-encoding"), "gzip", "what is no refusal is left as it is");
}

#[tokio::test]
async fn a_body_of_ones_own() {
    let layer = verifier().layer().body(|refused: &Refused<'_>, headers: &mut HeaderMap| {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        axum::body::Body::from(format!("<h1>{}: {}</h1>", refused.status(), refused.error().code()))
    });
    let at = serve(routes().layer(layer)).await;
    for (path, token, status, want) in [
        ("/guarded", "", 401, "<h1>401 Unauthorized: credentials_missing</h1>"),
        ("/guarded", &token("a"), 403, "<h1>403 Forbidden: scope_missing</h1>"),
        ("/error", &token("a"), 403, "<h1>403 Forbidden: scope_missing</h1>"),
        ("/error", &token("orders:delete"), 200, "gone"),
    ] {
        let mut request = client().get(format!("{at}{path}"));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        let got = told(request).await;
        assert_eq!(got.said(), (status, want), "{path}");
        let kind = if status == 200 { "text/plain; charset=utf-8" } else { "text/html" };
        assert_eq!(got.header("content-type"), kind, "{path}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_nobodys_refusal() {
    let app =
        Router::new().route("/", on(MethodFilter::POST, subject)).layer(verifier().layer().problem_details());
    let got = answer(&app, with("/", &token("a"))).await;
    assert_eq!((got.said(), got.code), ((405, ""), None));
    assert_eq!(answer(&app, Request::get("/")).await.verdict(), (401, "credentials_missing"));
}

#[tokio::test]
async fn one_layer_call_around_several_is_worded_too() {
    let service = ServiceBuilder::new()
        .layer(verifier().layer().realm("orders").problem_details())
        .layer(require(scope("orders:delete")))
        .service(get(subject));
    let request = with("/", &token("a")).body(axum::body::Body::empty()).unwrap();
    let got = service.oneshot(request).await.unwrap();
    assert_eq!(got.status(), 403);
    assert!(got.headers()["www-authenticate"].to_str().unwrap().starts_with(r#"Bearer realm="orders""#));
    assert_eq!(got.headers()["content-type"], "application/problem+json");
}
