//! Numbers alone. In a process of its own: where anybody listens to spans, another way is gone.
#![cfg(all(feature = "axum", feature = "metrics", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

#[path = "telemetry/recorder.rs"]
#[allow(dead_code, reason = "others ask it for more")]
mod recorder;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use portcullis::audit::{Audit, AuditEvent};
use portcullis::revoke::RevocationStatus;
use portcullis::testkit::Mint;
use portcullis::{Issuer, Metrics, VerifiedToken, Verifier};
use recorder::Kept;
use tower::ServiceExt;

const ISSUER: &str = "https://id.example.com";

fn trusting(mint: &Mint) -> portcullis::VerifierBuilder {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).metrics(Metrics::new())
}

async fn subject(token: VerifiedToken) -> String {
    token.subject().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_token_that_is_revoked_while_it_is_remembered_is_asked_about_once() {
    let mint = Mint::new(ISSUER);
    let (revoked, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let check = {
        let (revoked, asked) = (Arc::clone(&revoked), Arc::clone(&asked));
        move |_: &VerifiedToken| {
            asked.fetch_add(1, Ordering::Relaxed);
            match revoked.load(Ordering::Relaxed) {
                true => RevocationStatus::Revoked,
                false => RevocationStatus::NotRevoked,
            }
        }
    };
    let (verifier, kept) = (trusting(&mint).revocation(check).build().unwrap(), Kept::default());
    let app = Router::new().route("/", get(subject)).layer(verifier.layer());
    for scheme in ["direct", "bearer"] {
        revoked.store(false, Ordering::Relaxed);
        let token = mint.token().subject(scheme).mint();
        for _ in 0..10 {
            assert!(verifier.verify_cached(&token).is_ready());
        }
        revoked.store(true, Ordering::Relaxed);
        asked.store(0, Ordering::Relaxed);
        if scheme == "direct" {
            let Poll::Ready(Err(error)) = verifier.verify_cached(&token) else { panic!("revoked") };
            assert_eq!(error.code(), "token_revoked");
        } else {
            let request = Request::get("/").header("authorization", format!("Bearer {token}"));
            let answer = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), 401);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1, "{scheme}");
        kept.hear(&verifier);
        let refused = format!(
            "portcullis_decisions_total{{issuer={ISSUER:?},outcome=\"refused\",reason=\"token_revoked\",scheme={scheme:?}}}"
        );
        assert_eq!(kept.count(&refused), 1);
    }
}

/// Asks for a token in each way, with those that it was seen by before.
async fn in_each_way(verifier: &Verifier, token: &str) {
    let app = Router::new().route("/", get(subject)).layer(verifier.layer());
    for _ in 0..10 {
        assert!(verifier.verify_cached(token).is_ready());
        assert!(verifier.verify(token).await.is_ok());
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let answer = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn tokens_that_were_seen_before_are_counted_in_each_way() {
    let mint = Mint::new(ISSUER);
    let (verifier, kept) = (trusting(&mint).build().unwrap(), Kept::default());
    in_each_way(&verifier, &mint.token().mint()).await;
    kept.hear(&verifier);
    for (scheme, count) in [("direct", 20), ("bearer", 10)] {
        let accepted = format!(
            "portcullis_decisions_total{{issuer={ISSUER:?},outcome=\"accepted\",reason=\"none\",scheme={scheme:?}}}"
        );
        assert_eq!(kept.count(&accepted), count);
    }
}

#[tokio::test]
async fn what_is_counted_is_on_record_as_well() {
    let (mint, recorded) = (Mint::new(ISSUER), Arc::new(AtomicU64::new(0)));
    let sink = {
        let recorded = Arc::clone(&recorded);
        move |_: &AuditEvent<'_>| _ = recorded.fetch_add(1, Ordering::Relaxed)
    };
    let audit = Audit::new(sink, vec![7; 32]).unwrap();
    let verifier = trusting(&mint).audit(audit).build().unwrap();
    in_each_way(&verifier, &mint.token().mint()).await;
    assert_eq!(recorded.load(Ordering::Relaxed), 30);
}
