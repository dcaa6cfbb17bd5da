//! The layer around services of every temper: what passes, what is refused and how, and who is called.

#![cfg(all(feature = "tower", any(feature = "aws-lc", feature = "ring")))]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::unwrap_used, reason = "a test may panic")]

mod minting;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use minting::{expired, token, verifier};
use portcullis::http::{Anonymous, AuthLayer, RequireLayer, bearer_token};
use portcullis::require::any;
use portcullis::{Error, Rejection, VerifiedToken, require, scope};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_test::mock::{self, Spawn};

/// A body that is neither `Clone` nor known to any framework.
#[derive(Debug, Default, PartialEq)]
struct Body(String);

/// Answers with who is asking.
async fn who(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let extensions = request.extensions();
    let who = match (extensions.get::<VerifiedToken>(), extensions.get::<Anonymous>()) {
        (Some(token), None) => token.subject().unwrap_or("no subject").to_owned(),
        (None, Some(_)) => "anonymous".to_owned(),
        (None, None) => "nobody".to_owned(),
        (Some(_), Some(_)) => "both".to_owned(),
    };
    Ok(Response::new(Body(who)))
}

fn request(authorization: &[&str]) -> Request<Body> {
    let mut request = Request::new(Body::default());
    for value in authorization {
        request.headers_mut().append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    request
}

fn bearer(token: &str) -> Request<Body> {
    request(&[&format!("Bearer {token}")])
}

fn grpc(mut request: Request<Body>) -> Request<Body> {
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    request
}

async fn sent(layer: &AuthLayer, request: Request<Body>) -> Response<Body> {
    layer.layer(service_fn(who)).oneshot(request).await.unwrap()
}

async fn sent_to_route(route: &RequireLayer, layer: &AuthLayer, request: Request<Body>) -> Response<Body> {
    ServiceBuilder::new().layer(layer).layer(route).service(service_fn(who)).oneshot(request).await.unwrap()
}

fn code(response: &Response<Body>) -> Option<&'static str> {
    response.extensions().get::<Error>().map(Error::code)
}

fn challenge(response: &Response<Body>) -> &str {
    response.headers().get(WWW_AUTHENTICATE).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_good_token_passes_and_every_other_is_refused_with_its_reason() {
    let layer = verifier().layer();
    let passed = sent(&layer, bearer(&token("orders:read"))).await;
    assert_eq!((passed.status(), passed.body().0.as_str(), code(&passed)), (StatusCode::OK, "alice", None));
    let good = format!("Bearer {}", token("orders:read"));
    for (name, request, status, want) in [
        ("none", request(&[]), 401, "credentials_missing"),
        ("another scheme", request(&["Basic dXNlcjpwYXNz"]), 401, "scheme_unsupported"),
        ("a good one twice", request(&[&good, &good]), 400, "credentials_repeated"),
        (
            "a good one and another scheme",
            request(&["Basic dXNlcjpwYXNz", &good]),
            400,
            "credentials_repeated",
        ),
        ("a good one and more", request(&[&format!("{good} x")]), 400, "credentials_malformed"),
        ("garbage", bearer("garbage"), 401, "token_malformed"),
        ("expired", bearer(&expired()), 401, "token_expired"),
        ("tampered", bearer(&format!("{}AAAA", &good[7..good.len() - 4])), 401, "signature_invalid"),
    ] {
        let refused = sent(&layer, request).await;
        assert_eq!((refused.status().as_u16(), code(&refused)), (status, Some(want)), "{name}");
        assert_eq!(*refused.body(), Body::default(), "{name}");
        let prefix = r#"Bearer realm="https://api.example.com""#;
        assert!(challenge(&refused).starts_with(prefix), "{name}: {}", challenge(&refused));
        assert_eq!(refused.headers()["cache-control"], "no-store", "{name}");
    }
}

#[tokio::test]
async fn the_challenge_explains_only_what_was_sent() {
    let layer = verifier().layer().realm("orders");
    assert_eq!(challenge(&sent(&layer, request(&[])).await), r#"Bearer realm="orders""#);
    assert_eq!(
        challenge(&sent(&layer, bearer(&expired())).await),
        r#"Bearer realm="orders", error="invalid_token", error_description="token expired at 1767225000, 600 s ago", reason="token_expired""#
    );
}

#[tokio::test]
async fn a_content_type_does_not_turn_a_refusal_into_status_200() {
    let layer = verifier().layer();
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let mut request = grpc(request(&[]));
        *request.method_mut() = method;
        assert_eq!(sent(&layer, request).await.status(), StatusCode::UNAUTHORIZED);
    }
}

/// The proxy goes by the status, and the client chooses the rest.
#[tokio::test]
async fn behind_a_forward_auth_proxy_no_refusal_has_status_200() {
    let (here, asked) = (verifier().layer(), verifier().layer().forward_auth());
    let route = require(scope("b"));
    let impossible = require(scope("no name"));
    for (layer, statuses) in [(here, [200, 200, 200]), (asked, [401, 403, 500])] {
        let anonymous = sent(&layer, grpc(request(&[]))).await;
        let lacking = sent_to_route(&route, &layer, grpc(bearer(&token("a")))).await;
        let wiring = sent_to_route(&impossible, &layer, grpc(bearer(&token("a")))).await;
        assert_eq!([&anonymous, &lacking, &wiring].map(|answer| answer.status().as_u16()), statuses);
        assert_eq!(anonymous.headers().contains_key("grpc-status"), statuses[0] == 200);
        let passed = sent_to_route(&route, &layer, grpc(bearer(&token("b")))).await;
        assert_eq!(passed.body().0, "alice");
    }
}

#[tokio::test]
async fn grpc_clients_are_refused_in_their_own_way() {
    let layer = verifier().layer();
    let passed = sent(&layer, grpc(bearer(&token("a")))).await;
    assert_eq!(passed.body().0, "alice");
    let refused = sent(&layer, grpc(request(&[]))).await;
    assert_eq!(refused.status(), StatusCode::OK);
    assert_eq!(refused.headers()["grpc-status"], "16");
    assert_eq!(refused.headers()["content-type"], "application/grpc");
    assert_eq!(code(&refused), Some("credentials_missing"));
    let refused = sent_to_route(&require(scope("b")), &layer, grpc(bearer(&token("a")))).await;
    assert_eq!(refused.headers()["grpc-status"], "7");
    assert_eq!(refused.headers()["grpc-message"], "scope missing, needed: b (scope_missing)");
}

#[tokio::test]
async fn optional_lets_absence_pass_and_nothing_else() {
    let layer = verifier().layer().optional();
    assert_eq!(sent(&layer, request(&[])).await.body().0, "anonymous");
    assert_eq!(sent(&layer, bearer(&token("a"))).await.body().0, "alice");
    for (request, want) in [
        (request(&[""]), "credentials_malformed"),
        (request(&["Basic dXNlcjpwYXNz"]), "scheme_unsupported"),
        (request(&["", ""]), "credentials_repeated"),
        (bearer("garbage"), "token_malformed"),
        (bearer(&expired()), "token_expired"),
    ] {
        assert_eq!(code(&sent(&layer, request).await), Some(want));
    }
}

#[tokio::test]
async fn an_inherited_identity_is_removed() {
    // A token and a marker such as only another layer could have planted.
    let (token_of_another, marker) = {
        let seen = service_fn(|request: Request<Body>| async move {
            Ok::<_, Infallible>(
                Response::builder().extension(request.extensions().clone()).body(Body::default()).unwrap(),
            )
        });
        let planted =
            |response: Response<Body>| response.extensions().get::<http::Extensions>().unwrap().clone();
        let layer = verifier().layer().optional();
        let with_token = layer.layer(seen).oneshot(bearer(&token("admin"))).await.unwrap();
        let with_marker = layer.layer(seen).oneshot(request(&[])).await.unwrap();
        (
            planted(with_token).remove::<VerifiedToken>().unwrap(),
            planted(with_marker).remove::<Anonymous>().unwrap(),
        )
    };
    let inheriting = |mut request: Request<Body>| {
        request.extensions_mut().insert(token_of_another.clone());
        request.extensions_mut().insert(marker.clone());
        request
    };
    let optional = verifier().layer().optional();
    assert_eq!(sent(&optional, inheriting(request(&[]))).await.body().0, "anonymous");
    assert_eq!(sent(&optional, inheriting(bearer(&token("a")))).await.body().0, "alice");
    assert_eq!(code(&sent(&verifier().layer(), inheriting(request(&[]))).await), Some("credentials_missing"));
    // The inherited token had the scope, the caller's has not.
    let route = require(scope("admin"));
    let refused = sent_to_route(&route, &optional, inheriting(bearer(&token("a")))).await;
    assert_eq!(code(&refused), Some("scope_missing"));
    let refused = sent_to_route(&route, &optional, inheriting(request(&[]))).await;
    assert_eq!(code(&refused), Some("credentials_missing"));
}

#[tokio::test]
async fn a_route_asks_for_its_scopes() {
    let layer = verifier().layer().optional();
    let route = require(scope("orders:read").and(any([scope("orders:write"), scope("admin")])));
    let passed = sent_to_route(&route, &layer, bearer(&token("orders:read admin"))).await;
    assert_eq!(passed.body().0, "alice");

    let refused = sent_to_route(&route, &layer, bearer(&token("orders:read"))).await;
    assert_eq!((refused.status(), code(&refused)), (StatusCode::FORBIDDEN, Some("scope_missing")));
    let required = "orders:read orders:write".into();
    assert_eq!(refused.extensions().get::<Error>(), Some(&Rejection::ScopeMissing { required }.into()));
    assert_eq!(
        challenge(&refused),
        r#"Bearer error="insufficient_scope", error_description="scope missing, needed: orders:read orders:write", reason="scope_missing", scope="orders:read orders:write""#
    );
    let named = verifier().layer().realm("orders");
    let refused = sent_to_route(&route, &named, bearer(&token("admin"))).await;
    assert!(challenge(&refused).starts_with(r#"Bearer realm="orders", error="insufficient_scope""#));

    let refused = sent_to_route(&route, &layer, request(&[])).await;
    assert_eq!((refused.status(), code(&refused)), (StatusCode::UNAUTHORIZED, Some("credentials_missing")));
    assert_eq!(challenge(&refused), r#"Bearer realm="https://api.example.com""#);
}

#[tokio::test]
async fn wrong_wiring_is_our_fault_and_closed() {
    let unguarded = require(scope("a")).layer(service_fn(who));
    let answer = unguarded.clone().oneshot(bearer(&token("a"))).await.unwrap();
    assert_eq!(
        (answer.status(), code(&answer), challenge(&answer)),
        (StatusCode::INTERNAL_SERVER_ERROR, None, "")
    );
    let answer = unguarded.oneshot(grpc(bearer(&token("a")))).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "13");

    let misnamed = require(scope("a").or(scope("b c")));
    let answer = sent_to_route(&misnamed, &verifier().layer(), bearer(&token("a b c"))).await;
    assert_eq!((answer.status(), code(&answer)), (StatusCode::INTERNAL_SERVER_ERROR, None));
}

/// Must be polled ready before each call, and counts its clones.
struct Strict {
    ready: bool,
    clones: Arc<AtomicUsize>,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        Self { ready: false, clones: Arc::clone(&self.clones) }
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        std::future::ready(Ok(Response::new(Body::default())))
    }
}

#[tokio::test]
async fn the_polled_instance_is_called_and_not_cloned() {
    let clones = Arc::new(AtomicUsize::new(0));
    let inner = Strict { ready: false, clones: Arc::clone(&clones) };
    let mut service =
        ServiceBuilder::new().layer(verifier().layer()).layer(require(scope("a"))).service(inner);
    for _ in 0..3 {
        let response = service.ready().await.unwrap().call(bearer(&token("a"))).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        // A refusal leaves the instance ready, and the next caller polls it again all the same.
        let response = service.ready().await.unwrap().call(request(&[])).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(clones.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_refusal_never_reaches_the_inner_service_and_its_errors_pass_untouched() {
    let (mock, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    let mut service = verifier().layer().layer(mock);
    handle.allow(2);
    let refused = service.ready().await.unwrap().call(bearer("garbage")).await.unwrap();
    assert_eq!(code(&refused), Some("token_malformed"));
    let call = service.ready().await.unwrap().call(bearer(&token("a")));
    let ((), result) = tokio::join!(
        async {
            let (request, respond) = handle.next_request().await.unwrap();
            assert_eq!(request.extensions().get::<VerifiedToken>().unwrap().subject(), Some("alice"));
            respond.send_error("the inner service's own error");
        },
        call
    );
    assert_eq!(result.unwrap_err().to_string(), "the inner service's own error");
}

#[tokio::test]
async fn the_layer_is_ready_when_the_inner_service_is() {
    let (mock, mut handle) = mock::pair::<Request<Body>, Response<Body>>();
    let mut service = Spawn::new(verifier().layer().layer(mock));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[test]
fn services_and_futures_can_be_sent_and_printed() {
    fn is_send_and_sync<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    fn is_send<T: Send + std::fmt::Debug>(_: &T) {}
    let layer = verifier().layer();
    is_send_and_sync(&layer);
    let (mock, _handle) = mock::pair::<Request<Body>, Response<Body>>();
    let mut service = layer.layer(require(scope("a")).layer(mock));
    let future = service.call(request(&[]));
    is_send(&future);
    assert_eq!(format!("{future:?}"), r#"ResponseFuture { state: "refused" }"#);
}

#[test]
fn published_authorization_headers() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("vectors/authorization_header.json")).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(vectors["case_count"], cases.len());
    for case in cases {
        // Bytes that no header can hold are refused before us.
        let Ok(value) = HeaderValue::from_str(case["header"].as_str().unwrap()) else { continue };
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let got = bearer_token(&headers);
        let expect = &case["expect"];
        match expect["scheme"].as_str() {
            Some("Bearer") => assert_eq!(got, Ok(expect["token"].as_str().unwrap()), "{case}"),
            Some(_) => assert_eq!(got, Err(Rejection::SchemeUnsupported), "{case}"),
            None => assert!(got.is_err(), "{case}"),
        }
    }
}
