//! Where the functions are called that need a source, a service or a clock around them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::IntoResponse;
use http::{HeaderMap, Method, Request, Response};
use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
use portcullis::{Claims, Error, Issuer, VerifiedToken, Verifier, require, scope};
use serde_json::Value;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::hostile::{self, AUDIENCE, VERIFIERS, signed};

/// Answers in turn, the last one for ever.
#[derive(Clone, Default)]
pub(super) struct Scripted(pub(super) Vec<Result<FetchResponse, FetchError>>);

impl Fetch for Scripted {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        let metadata = request.url().contains("/.well-known/");
        let answer = if metadata { self.0.first() } else { self.0.last() };
        let answer = answer.cloned().unwrap_or(Err(FetchError::Connect));
        Box::pin(async move { answer })
    }
}

/// Starts a source, lets it come to several attempts, and looks at what it says of them.
pub(super) fn run_with(issuer: impl Fn() -> Issuer) {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let verifier = Verifier::builder().issuer(issuer().audience(AUDIENCE)).build().unwrap();
            let _ = verifier.ready(Duration::from_secs(5)).await;
            let token = signed(hostile::header().to_string(), hostile::claims().to_string());
            let _ = verifier.verify(&token).await;
            let status = verifier.status();
            let last = status[0].last_error.as_deref().unwrap_or("");
            // What a panic in the task, or in a thread that reads, would be told as.
            assert!(!last.starts_with("fetch_broken"), "{last}");
            assert!(!last.starts_with("fetch_timeout"), "{last}");
        });
    });
}

thread_local! {
    pub(super) static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
}

/// Answers with nothing.
pub(super) async fn empty(_: Request<String>) -> Result<Response<String>, Infallible> {
    Ok(Response::new(String::new()))
}

/// The request through the layer, a route and every extractor.
pub(super) async fn served(headers: HeaderMap, method: Method, realm: &str) {
    let verifier = &VERIFIERS[0];
    let inner = service_fn(|request: Request<String>| async {
        let (mut parts, _) = request.into_parts();
        let token = <VerifiedToken as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let maybe =
            <VerifiedToken as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        let claims = <Claims<Value> as FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
        for refusal in [token.err(), maybe.err(), claims.err()].into_iter().flatten() {
            let _ = refusal.into_response();
        }
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let realm: Arc<str> = realm.into();
    let route = require(scope("a"));
    let layers = [verifier.layer(), verifier.layer().optional().realm(realm)];
    for layer in layers {
        let mut request = Request::new(String::new());
        *request.headers_mut() = headers.clone();
        *request.method_mut() = method.clone();
        let mut service = layer.layer(route.layer(inner));
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        let refused = response.extensions().get::<Error>().is_some();
        assert!(refused || response.status().is_success());
    }
    let mut bare = Request::new(String::new());
    *bare.headers_mut() = headers;
    let _ = inner.oneshot(bare).await;
}
