//! The protected API: what a service writes.

use std::net::SocketAddr;

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use portcullis::http::require;
use portcullis::require::scope;
use portcullis::{Claims, VerifiedToken, Verifier};
use serde::Deserialize;

/// Routes say what they need; the layer around them lets nothing in without a good token.
fn routes(verifier: &Verifier) -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/orders", get(list).route_layer(require(scope("orders:read"))))
        .route("/orders", post(create).route_layer(require(scope("orders:read").and(scope("orders:write")))))
        .layer(verifier.layer())
}

/// The claims in the application's own shape.
#[derive(Deserialize)]
struct User {
    sub: String,
    tenant: Option<String>,
}

async fn me(Claims(user): Claims<User>) -> String {
    format!("{} of {}", user.sub, user.tenant.as_deref().unwrap_or("no tenant"))
}

async fn list(token: VerifiedToken) -> Json<Vec<String>> {
    Json(vec![format!("an order of {}", token.subject().unwrap_or("nobody"))])
}

async fn create(_: VerifiedToken) -> StatusCode {
    StatusCode::CREATED
}

/// Serves the API on a free loopback port.
pub(crate) async fn start(verifier: &Verifier) -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let routes = routes(verifier);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}
