//! A health handler.

use std::future::{Ready, ready};

use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::keys::IssuerStatus;
use crate::verify::{Health, Verifier};

/// An axum handler for readiness probes: 200, and 503 when no token can be judged.
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
}

impl IntoResponse for HealthReport {
    fn into_response(self) -> Response {
        let status = if self.health.is_serving() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        // Words, numbers and text have a JSON form; an empty body would still have the right status.
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, headers, body).into_response()
    }
}
