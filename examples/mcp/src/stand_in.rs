//! A STAND-IN for what a real authorization server brings: two endpoints that consent to whatever they are asked.
//!
//! `TestIssuer` serves metadata and keys and signs; here are the authorization and the token endpoint of OAuth 2.1 beside
//! it, just enough for an honest client. There is no login, no consent, no registration and no refresh token.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::testkit::{Answer, Mint, TestIssuer};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use url::Url;

/// The client's name: the address of its metadata document. A real server would fetch it.
pub(crate) const CLIENT: &str = "https://client.example.com/oauth/metadata.json";

/// Serves the endpoints on a free loopback port, and has the issuer's metadata name them.
pub(crate) async fn start(issuer: &TestIssuer) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let metadata = json!({
        "issuer": issuer.identifier(),
        "jwks_uri": issuer.jwks_url(),
        "authorization_endpoint": format!("http://{address}/authorize"),
        "token_endpoint": format!("http://{address}/token"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
    });
    issuer.answer_discovery(Answer::Body(metadata.to_string()));
    let desk = Arc::new(Desk { mint: (**issuer).clone(), grants: Mutex::default() });
    let routes =
        Router::new().route("/authorize", get(authorize)).route("/token", post(token)).with_state(desk);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}

struct Desk {
    mint: Mint,
    /// What was asked for, by the code that was given for it.
    grants: Mutex<HashMap<String, Asked>>,
}

#[derive(Deserialize)]
struct Asked {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    resource: String,
    scope: String,
}

#[derive(Deserialize)]
struct Redeemed {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
    resource: String,
}

async fn authorize(
    State(desk): State<Arc<Desk>>,
    Query(asked): Query<Asked>,
) -> Result<(StatusCode, [(axum::http::HeaderName, String); 1]), StatusCode> {
    let proper =
        asked.response_type == "code" && asked.code_challenge_method == "S256" && asked.client_id == CLIENT;
    let mut back = Url::parse(&asked.redirect_uri).ok().filter(|_| proper).ok_or(StatusCode::BAD_REQUEST)?;
    let mut grants = desk.grants.lock().unwrap_or_else(PoisonError::into_inner);
    let code = format!("code-{}", grants.len());
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &asked.state)
        .append_pair("iss", desk.mint.identifier());
    grants.insert(code, asked);
    Ok((StatusCode::FOUND, [(LOCATION, back.into())]))
}

async fn token(
    State(desk): State<Arc<Desk>>,
    Form(redeemed): Form<Redeemed>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let refused = |error| (StatusCode::BAD_REQUEST, Json(json!({ "error": error })));
    let asked = desk.grants.lock().unwrap_or_else(PoisonError::into_inner).remove(&redeemed.code);
    let asked = asked.ok_or_else(|| refused("invalid_grant"))?;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&redeemed.code_verifier));
    let proper = redeemed.grant_type == "authorization_code"
        && (redeemed.client_id, redeemed.redirect_uri) == (asked.client_id.clone(), asked.redirect_uri)
        && challenge == asked.code_challenge;
    if !proper {
        return Err(refused("invalid_grant"));
    }
    // RFC 8707, section 2.2: for the resource that the user has consented to, and no other.
    if redeemed.resource != asked.resource {
        return Err(refused("invalid_target"));
    }
    let token = desk.mint.token().subject("ada").client_id(asked.client_id);
    let token = token.audience(asked.resource).scope(asked.scope.clone()).mint();
    Ok(Json(json!({
        "access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": asked.scope,
    })))
}
