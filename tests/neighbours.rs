//! The layers that stand beside ours in most services: who has to be outside, and what happens otherwise.

#![cfg(all(feature = "axum", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod minting;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{Method, StatusCode, request};
use axum::middleware::map_request;
use axum::response::Response;
use axum::routing::{get, post};
use minting::{expired, of_alice, token, verifier};
use portcullis::testkit::{Answer, TestIssuer};
use portcullis::{Error, Issuer, SubjectHasher, VerifiedToken, Verifier, require, scope};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Level, Span, field};

const APP: &str = "https://app.example.com";

async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

fn routes() -> Router {
    Router::new()
        .route("/", get(subject).post(subject))
        .route("/admin", get(subject).route_layer(require(scope("admin"))))
}

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([APP.parse().unwrap()])
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION])
        .expose_headers([WWW_AUTHENTICATE, RETRY_AFTER])
}

fn with(path: &str, token: &str) -> request::Builder {
    Request::get(path).header(AUTHORIZATION, format!("Bearer {token}"))
}

async fn asked(app: &Router, request: request::Builder) -> Response {
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()).unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn code(response: &Response) -> Option<&'static str> {
    response.extensions().get::<Error>().map(Error::code)
}

fn preflight() -> request::Builder {
    Request::options("/").header("origin", APP).header("access-control-request-method", "POST")
}

#[tokio::test]
async fn cors_outside_answers_preflights_and_lets_browsers_read_refusals() {
    let app = routes().layer(verifier().layer()).layer(cors());
    let asks = asked(&app, preflight().header("access-control-request-headers", "authorization")).await;
    assert_eq!(asks.status(), 200);
    assert_eq!(header(&asks, "access-control-allow-origin"), APP);
    assert_eq!(header(&asks, "access-control-allow-headers"), "authorization");
    for (request, status) in [
        (with("/", &token("a")), 200),
        (Request::get("/"), 401),
        (with("/", &expired()), 401),
        (with("/admin", &token("a")), 403),
    ] {
        let answer = asked(&app, request.header("origin", APP)).await;
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "access-control-allow-origin"), APP);
        assert_eq!(header(&answer, "access-control-expose-headers"), "www-authenticate,retry-after");
    }
    let stranger = asked(&app, Request::get("/").header("origin", "https://evil.example.com")).await;
    assert_eq!(header(&stranger, "access-control-allow-origin"), "");
}

#[tokio::test]
async fn cors_within_needs_preflights_to_pass_and_refusals_stay_unread() {
    let app = routes().layer(cors()).layer(verifier().layer());
    assert_eq!(code(&asked(&app, preflight()).await), Some("credentials_missing"));
    let app = routes().layer(cors()).layer(verifier().layer().preflight_passes());
    let asks = asked(&app, preflight()).await;
    assert_eq!((asks.status().as_u16(), header(&asks, "access-control-allow-origin")), (200, APP));
    let refused = asked(&app, Request::get("/").header("origin", APP)).await;
    assert_eq!(
        (code(&refused), header(&refused, "access-control-allow-origin")),
        (Some("credentials_missing"), "")
    );
    // What only looks like one does not pass.
    for (request, want) in [
        (Request::options("/"), "credentials_missing"),
        (Request::options("/").header("origin", APP), "credentials_missing"),
        (Request::options("/").header("access-control-request-method", "POST"), "credentials_missing"),
        (
            Request::get("/").header("origin", APP).header("access-control-request-method", "POST"),
            "credentials_missing",
        ),
        (
            Request::post("/").header("origin", APP).header("access-control-request-method", "POST"),
            "credentials_missing",
        ),
        (preflight().header(AUTHORIZATION, "Bearer garbage"), "token_malformed"),
        (preflight().header(AUTHORIZATION, "Basic dXNlcjpwYXNz"), "scheme_unsupported"),
    ] {
        assert_eq!(code(&asked(&app, request).await), Some(want));
    }
    // Whatever passes as one finds no token where one is needed.
    let app =
        Router::new().route("/", axum::routing::any(subject)).layer(verifier().layer().preflight_passes());
    assert_eq!(code(&asked(&app, preflight()).await), Some("credentials_missing"));
}

fn always() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new().compress_when(SizeAbove::new(0))
}

/// Unpacks by the client that unpacks by itself.
#[tokio::test]
async fn compressed_refusals_are_read_by_a_real_client() {
    for (name, app) in [
        ("outside", routes().layer(verifier().layer().problem_details()).layer(always())),
        ("within", routes().layer(always()).layer(verifier().layer().problem_details())),
        (
            "within a service within",
            Router::new().fallback_service(
                ServiceBuilder::new()
                    .layer(verifier().layer().problem_details())
                    .service(routes().layer(always())),
            ),
        ),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for (path, token, status, want) in [
            ("/admin", token("admin"), 200, "alice"),
            ("/admin", token("a"), 403, r#""code":"scope_missing""#),
            ("/admin", expired(), 401, r#""code":"token_expired""#),
        ] {
            let answer = client.get(format!("{at}{path}")).bearer_auth(token).send().await.unwrap();
            assert_eq!(answer.status(), status, "{name}");
            let text = answer.text().await.unwrap();
            assert!(text.contains(want), "{name}, {status}: {text:?}");
        }
    }
}

#[tokio::test]
async fn compression_outside_packs_refusals_and_within_it_does_not() {
    let zipped = |request: request::Builder| request.header("accept-encoding", "gzip");
    let outside = routes().layer(verifier().layer().problem_details()).layer(always());
    let within = routes().layer(always()).layer(verifier().layer().problem_details());
    for (name, app, encoding) in [("outside", outside, "gzip"), ("within", within, "")] {
        for request in [with("/admin", &token("a")), with("/", &expired()), Request::get("/")] {
            let refused = asked(&app, zipped(request)).await;
            assert!(code(&refused).is_some(), "{name}");
            assert_eq!(header(&refused, "content-encoding"), encoding, "{name}");
            let length = header(&refused, "content-length").to_owned();
            let bytes = to_bytes(refused.into_body(), 10_000).await.unwrap();
            assert!(length.is_empty() || length == bytes.len().to_string(), "{name}");
            assert_eq!(bytes.starts_with(&[0x1f, 0x8b]), !encoding.is_empty(), "{name}");
        }
        let passed = asked(&app, zipped(with("/", &token("a")))).await;
        assert_eq!(header(&passed, "content-encoding"), "gzip", "{name}");
    }
}

/// What a subscriber of many services writes, at every level.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<u8>>>);

impl io::Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Journal {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let journal = self.clone();
        let make = move || journal.clone();
        tracing_subscriber::fmt().with_writer(make).with_ansi(false).with_max_level(Level::TRACE).finish()
    }

    /// What was written since it was last asked.
    fn taken(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

/// As docs/axum.md has it: the span is opened outside, where refusals are seen, and told within who it is.
fn traced(hasher: SubjectHasher) -> Router {
    let name = move |request: Request| {
        let hash = request.extensions().get::<VerifiedToken>().and_then(|token| hasher.hash(token));
        if let Some(hash) = hash {
            Span::current().record("subject", field::display(hash));
        }
        std::future::ready(request)
    };
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let (method, path) = (request.method(), request.uri().path());
            tracing::info_span!("request", %method, path, subject = field::Empty, refused = field::Empty)
        })
        .on_response(|response: &Response, _: Duration, span: &Span| {
            if let Some(error) = response.extensions().get::<Error>() {
                span.record("refused", error.code());
            }
            tracing::info!(parent: span, status = response.status().as_u16(), "answered");
        });
    routes().layer(map_request(name)).layer(verifier().layer()).layer(trace)
}

#[tokio::test]
async fn a_trace_has_a_stand_in_for_the_subject_and_never_the_subject() {
    let journal = Journal::default();
    let _guard = tracing::subscriber::set_default(journal.subscriber());
    let hasher = SubjectHasher::new(vec![1; 32]).unwrap();
    let ada = of_alice("a").subject("ada@example.com").mint();
    let hash = hasher.hash(&verifier().verify(&ada).await.unwrap()).unwrap().to_string();
    let app = traced(hasher);
    for (request, want) in [
        (with("/", &ada), format!("subject={hash}}}: ")),
        (with("/admin", &ada), format!("subject={hash} refused=\"scope_missing\"")),
        (with("/", &expired()), " refused=\"token_expired\"".to_owned()),
        (Request::get("/"), " refused=\"credentials_missing\"".to_owned()),
    ] {
        asked(&app, request).await;
        let written = journal.taken();
        assert!(written.contains(&want), "{want}: {written}");
        for secret in ["ada@example.com", ada.as_str(), ada.rsplit('.').next().unwrap()] {
            assert!(!written.contains(secret), "{written}");
        }
        // Who was refused for want of a scope is known all the same, and who was refused for the token is nobody.
        assert_eq!(written.contains("subject="), want.contains("subject="), "{written}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_bounds_the_wait_for_keys_too_and_one_within_does_not() {
    let server = TestIssuer::builder().audience("https://remote.example.com").start().await;
    server.answer_discovery(Answer::Hang);
    let issuer = Issuer::discover(server.identifier()).unwrap().audience(server.audience());
    let waiting = Verifier::builder().issuer(issuer).clock(server.clock()).build().unwrap();
    let timeout = || TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(1));
    let theirs = server.token().mint();
    let outside = routes().layer(waiting.layer()).layer(timeout());
    assert_eq!(asked(&outside, with("/", &theirs)).await.status(), 504);
    let within = routes().layer(timeout()).layer(waiting.layer());
    let answer = asked(&within, with("/", &theirs)).await;
    assert_eq!((answer.status().as_u16(), code(&answer)), (503, Some("keys_not_loaded")));
    // A handler that takes too long is cut off either way, and its token was good.
    let slow = || Router::new().route("/", get(|| async { std::future::pending::<()>().await }));
    for app in
        [slow().layer(verifier().layer()).layer(timeout()), slow().layer(timeout()).layer(verifier().layer())]
    {
        assert_eq!(asked(&app, with("/", &token("a"))).await.status(), 504);
        assert_eq!(code(&asked(&app, with("/", &expired())).await), Some("token_expired"));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_told_to_strangers() {
    let app = Router::new()
        .route("/", post(|_: VerifiedToken, body: String| async move { body.len().to_string() }))
        .layer(RequestBodyLimitLayer::new(10))
        .layer(verifier().layer());
    let large = |request: request::Builder| {
        let request = request.method("POST").header("content-length", "11").body(Body::from("x".repeat(11)));
        app.clone().oneshot(request.unwrap())
    };
    assert_eq!(large(with("/", &token("a"))).await.unwrap().status(), 413);
    assert_eq!(code(&large(Request::post("/")).await.unwrap()), Some("credentials_missing"));
}

/// A header that is marked is not printed by what prints requests; the layer reads it all the same.
#[tokio::test]
async fn a_header_that_is_marked_as_sensitive_is_still_read() {
    let app = routes().layer(verifier().layer()).layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]));
    assert_eq!(body(asked(&app, with("/", &token("a"))).await).await, "alice");
    assert_eq!(code(&asked(&app, with("/", &expired())).await), Some("token_expired"));
}

/// The router must see the path that was judged: what changes paths goes around the router, as axum's documentation says.
#[tokio::test]
async fn a_path_that_is_normalized_is_guarded_as_the_other() {
    let app = NormalizePathLayer::trim_trailing_slash().layer(routes().layer(verifier().layer()));
    for path in ["/admin", "/admin/", "/admin//"] {
        let refused =
            app.clone().oneshot(with(path, &token("a")).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(code(&refused), Some("scope_missing"), "{path}");
        let passed =
            app.clone().oneshot(with(path, &token("admin")).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(passed.status(), 200, "{path}");
    }
}
