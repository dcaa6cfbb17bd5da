//! The protected API.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use portcullis::http::AuthLayer;
use portcullis::settings::SettingsBody;
use portcullis::{Requirement, Settings, SettingsError, VerifiedToken, Verifier, require};

/// All that the routes take from one file.
pub(crate) struct Rules {
    pub(crate) verifier: Verifier,
    guard: AuthLayer<SettingsBody>,
    report: Requirement,
}

impl Rules {
    /// What a service adds in code, such as a revocation check or a clock, would be added to the builder here.
    ///
    /// A requirement that a route asks for and that the file does not have is an error: the route is never open.
    pub(crate) fn of(settings: &Settings) -> Result<Self, SettingsError> {
        let verifier = settings.verifier()?;
        let guard = settings.layer(&verifier)?;
        Ok(Self { verifier, guard, report: settings.requirement("report")? })
    }

    /// The routes behind these rules. Answers say which file they come from.
    pub(crate) fn guarded(&self, generation: u32) -> Router {
        Router::new()
            .route("/report", get(async || "all is well").layer(require(self.report.clone())))
            .route("/orders", get(orders))
            .route("/slow", get(slow))
            .layer(self.guard.clone())
            .layer(map_response(move |mut response: Response| async move {
                response.headers_mut().insert(GENERATION, HeaderValue::from(generation));
                response
            }))
    }
}

async fn orders(token: VerifiedToken) -> String {
    format!("orders of {}", token.subject().unwrap_or("nobody"))
}

/// Takes longer than a change of the file.
async fn slow(_: VerifiedToken) -> &'static str {
    tokio::time::sleep(Duration::from_secs(2)).await;
    "at last"
}

/// Which file an answer comes from.
pub(crate) const GENERATION: &str = "x-settings";
