//! A health handler.

use std::future::{Ready, ready};

use http::StatusCode;
use serde::Serialize;

use crate::keys::IssuerStatus;
use crate::verify::{Health, Verifier};

/// A handler for readiness probes, of axum and actix-web: 200, and 503 when no token can be judged.
///
/// The answer is one word, `{"health":"ready"}`, and may be shown to anyone. For operators
/// [`HealthReport::detailed`] answers with all that [`Verifier::status`] tells.
///
/// A liveness probe should not ask: a restart does not mend an authorization server.
///
/// ```
/// # fn routes(verifier: portcullis::Verifier) -> axum::Router {
/// use axum::{Router, routing::get};
/// use portcullis::{HealthReport, healthz};
///
/// let public = Router::new().route("/healthz", get(healthz(&verifier)));
/// let internal = Router::new().route("/status", get(async move || HealthReport::detailed(&verifier)));
/// # public.merge(internal)
/// # }
/// ```
pub fn healthz(verifier: &Verifier) -> impl Fn() -> Ready<HealthReport> + Clone + Send + Sync + 'static {
    let verifier = verifier.clone();
    move || ready(HealthReport::brief(&verifier))
}

/// What is answered about a verifier's health; turns into a response that no cache keeps.
#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct HealthReport {
    health: Health,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuers: Option<Vec<IssuerStatus>>,
}

impl HealthReport {
    /// One word.
    pub fn brief(verifier: &Verifier) -> Self {
        Self { health: verifier.health(), issuers: None }
    }

    /// The word, and the [`status`](Verifier::status) of each issuer: names of issuers, ids of keys and the last errors,
    /// so not for everyone.
    pub fn detailed(verifier: &Verifier) -> Self {
        Self { health: verifier.health(), issuers: Some(verifier.status()) }
    }

    /// Status and JSON.
    pub(super) fn written(&self) -> (StatusCode, Vec<u8>) {
        let status = if self.health.is_serving() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        // Words, numbers and text have a JSON form; an empty body would still have the right status.
        (status, serde_json::to_vec(self).unwrap_or_default())
    }
}
