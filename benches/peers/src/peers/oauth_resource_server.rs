//! oauth-resource-server, with a key set to start from. It builds on jsonwebtoken 9, and refuses HMAC by design.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use oauth_resource_server::axum::AuthLayer;
use oauth_resource_server::{AuthorizedToken, KeyNaming, OAuthConfig, OAuthValidator};
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, Local, SKEW, Task};

use super::Prepared;
use crate::layers::{at_once, through};

pub fn library(task: &Task) -> Prepared {
    let validator = validator(task)?;
    Ok(Box::new(Local(move |token: &str| match at_once(validator.validate(token)) {
        Ok(token) => black_box(token.subject).is_some(),
        Err(_) => false,
    })))
}

pub fn layer(task: &Task) -> Prepared {
    let layer = AuthLayer::builder().oauth(Arc::new(validator(task)?)).build();
    let layer = layer.map_err(|error| error.to_string())?;
    Ok(through(Router::new().route("/", get(answer)).route_layer(layer)))
}

async fn answer(token: AuthorizedToken) {
    black_box(&token.subject);
}

fn validator(task: &Task) -> Result<OAuthValidator, String> {
    if task.algorithm == Algorithm::Hs256 {
        return Err("it refuses HMAC by design".into());
    }
    let config = OAuthConfig {
        enabled: true,
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        resource: AUDIENCE.into(),
        algorithms: vec![task.algorithm.name().into()],
        leeway_secs: SKEW,
        // No scope is asked for, and then it wants this.
        require_at_jwt: true,
        ..OAuthConfig::default()
    };
    let config = config
        .resolve(KeyNaming::Dotted("oauth"))
        .map_err(|error| error.to_string())?
        .ok_or("not enabled")?;
    OAuthValidator::builder(&config).initial_jwks(&task.jwks()).build().map_err(|error| error.to_string())
}
