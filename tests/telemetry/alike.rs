//! Whoever watches changes nothing of what is decided.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use portcullis::audit::{Audit, AuditEvent};
use portcullis::revoke::RevocationStatus;
use portcullis::testkit::{Flaw, Mint};
use portcullis::{Issuer, Metrics, VerifiedToken, Verifier, VerifierBuilder, require, scope};
use tower::ServiceExt;

use crate::scribe::Scribe;

/// Who is told.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Watch {
    Nobody,
    Numbers,
    All,
}

fn trusting(mint: &Mint, revoked: &Arc<AtomicBool>) -> VerifierBuilder {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let revoked = Arc::clone(revoked);
    let check = move |_: &VerifiedToken| match revoked.load(Ordering::Relaxed) {
        true => RevocationStatus::Revoked,
        false => RevocationStatus::NotRevoked,
    };
    Verifier::builder().issuer(issuer).clock(mint.clock()).revocation(check)
}

fn apps(mint: &Mint, other: &Mint, revoked: &Arc<AtomicBool>, watch: Watch) -> (Verifier, Vec<Router>) {
    let build = |mint: &Mint| {
        let builder = trusting(mint, revoked);
        let audit = Audit::new(|_: &AuditEvent<'_>| {}, vec![7; 32]).unwrap();
        match watch {
            Watch::Nobody => builder,
            Watch::Numbers => builder.metrics(Metrics::new()),
            Watch::All => builder.metrics(Metrics::new()).audit(audit),
        }
        .build()
        .unwrap()
    };
    let (verifier, other) = (build(mint), build(other));
    let routes = || {
        Router::new()
            .route("/", get(|| async { "all" }))
            .route("/admin", get(|| async { "admin" }).route_layer(require(scope("admin"))))
    };
    let layers = [
        verifier.layer(),
        verifier.layer().optional(),
        verifier.layer().preflight_passes(),
        other.layer().or(&verifier.layer()),
        verifier.layer().or(&other.layer()).optional(),
    ];
    (verifier, layers.into_iter().map(|layer| routes().layer(layer)).collect())
}

async fn answer(app: &Router, method: &str, path: &str, headers: &[(&str, String)]) -> String {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let Ok(request) = request.body(Body::empty()) else { return String::new() };
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    format!("{} {:?} {:?}", parts.status, parts.headers, to_bytes(body, 10_000).await.unwrap())
}

#[tokio::test]
async fn a_verifier_that_is_counted_decides_as_one_that_is_not() {
    compare(Watch::Numbers).await;
}

#[tokio::test]
async fn a_verifier_that_is_watched_decides_as_one_that_is_not() {
    compare(Watch::All).await;
}

async fn compare(watch: Watch) {
    let (mint, other) = (Mint::new("https://id.example.com"), Mint::new("https://other.example.com"));
    let revoked = Arc::new(AtomicBool::new(false));
    let (alone, unwatched) = apps(&mint, &other, &revoked, Watch::Nobody);
    let (seen, watched) = apps(&mint, &other, &revoked, watch);
    let mut tokens: Vec<_> = Flaw::ALL.iter().map(|flaw| mint.token().flawed(*flaw)).collect();
    tokens.extend([mint.token().mint(), mint.token().scope("admin").mint(), other.token().mint()]);
    let mut headers: Vec<_> =
        tokens.iter().map(|token| vec![("authorization", format!("Bearer {token}"))]).collect();
    let preflight = [("origin", "https://a.example"), ("access-control-request-method", "GET")];
    headers.extend([
        vec![],
        vec![("authorization", "Basic eDp5".to_owned())],
        vec![("authorization", "Bearer a b".to_owned())],
        preflight.map(|(name, value)| (name, value.to_owned())).to_vec(),
    ]);
    let (mut compared, mut let_in) = (0, 0);
    // New, remembered, and revoked while it is remembered.
    for round in 0..5 {
        revoked.store(round == 4, Ordering::Relaxed);
        for (app, same) in unwatched.iter().zip(&watched) {
            for headers in &headers {
                for (method, path) in [("GET", "/"), ("GET", "/admin"), ("OPTIONS", "/")] {
                    let want = answer(app, method, path, headers).await;
                    let told = {
                        let _listening = (watch == Watch::All).then(Scribe::listening);
                        answer(same, method, path, headers).await
                    };
                    assert_eq!(told, want, "{method} {path} {headers:?}");
                    compared += 1;
                    let_in += usize::from(want.starts_with("200"));
                }
            }
        }
        for token in &tokens {
            let decided = |verifier: &Verifier| match verifier.verify_cached(token) {
                Poll::Ready(decision) => decision.map(|token| token.claims_json().to_owned()),
                Poll::Pending => panic!("fixed keys never wait"),
            };
            assert_eq!(decided(&alone), decided(&seen));
            let (one, two) = (alone.verify(token).await, seen.verify(token).await);
            assert_eq!(one.map(drop), two.map(drop));
        }
    }
    let hits = [&alone, &seen].map(|verifier| verifier.token_cache().unwrap().hits);
    assert!(hits[0] > 0 && hits[0] == hits[1], "{hits:?}");
    assert!(compared > 1_000 && let_in > 50, "{compared}, of which {let_in} were let in");
}
