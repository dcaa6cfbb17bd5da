//! The protected API.

use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use portcullis::{VerifiedToken, Verifier};

/// The routes behind this verifier. Answers say which file they come from.
pub(crate) fn guarded(verifier: &Verifier, generation: u32) -> Router {
    Router::new().route("/orders", get(orders)).route("/slow", get(slow)).layer(verifier.layer()).layer(
        map_response(move |mut response: Response| async move {
            response.headers_mut().insert(GENERATION, HeaderValue::from(generation));
            response
        }),
    )
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
