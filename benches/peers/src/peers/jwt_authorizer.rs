//! jwt-authorizer, with a key set at hand instead of fetched. Its layer needs axum 0.7.

use std::hint::black_box;

use axum_07::Router;
use axum_07::routing::get;
use jwt_authorizer::{Authorizer, IntoLayer as _, JwtAuthorizer, JwtClaims, Validation};
use portcullis_peer_bench_shared::{AUDIENCE, Claims, ISSUER, Local, SKEW, Task};

use super::Prepared;
use crate::layers::{at_once, through};

pub fn library(task: &Task) -> Prepared {
    let authorizer = authorizer(task)?;
    Ok(Box::new(Local(move |token: &str| match at_once(authorizer.check_auth(token)) {
        Ok(token) => black_box(!token.claims.sub.is_empty()),
        Err(_) => false,
    })))
}

pub fn layer(task: &Task) -> Prepared {
    Ok(through(Router::new().route("/", get(answer)).layer(authorizer(task)?.into_layer())))
}

async fn answer(JwtClaims(claims): JwtClaims<Claims>) {
    black_box(&claims.sub);
}

fn authorizer(task: &Task) -> Result<Authorizer<Claims>, String> {
    let rules = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]).nbf(true).leeway(SKEW);
    let authorizer = JwtAuthorizer::from_jwks_text(&task.jwks()).validation(rules).build();
    at_once(authorizer).map_err(|error| error.to_string())
}
