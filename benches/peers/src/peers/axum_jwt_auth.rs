//! axum-jwt-auth: an extractor, with a key at hand. It builds on jsonwebtoken 10 and fixes its backend to RustCrypto.

use std::hint::black_box;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use axum_jwt_auth::{Decoder, JwtDecoder, LocalDecoder};
use jsonwebtoken_10::jwk::Jwk;
use jsonwebtoken_10::{Algorithm, DecodingKey, TokenData, Validation};
use portcullis_peer_bench_shared::{AUDIENCE, Claims, ISSUER, Local, SKEW, Task};

use super::Prepared;
use crate::layers::{at_once, through};

pub fn library(task: &Task) -> Prepared {
    let decoder = decoder(task)?;
    Ok(Box::new(Local(move |token: &str| {
        let token: Result<TokenData<Claims>, _> = at_once(decoder.decode(token));
        token.is_ok_and(|token| black_box(!token.claims.sub.is_empty()))
    })))
}

pub fn layer(task: &Task) -> Prepared {
    let state = AppState { decoder: Arc::new(decoder(task)?) };
    Ok(through(Router::new().route("/", get(answer)).with_state(state)))
}

#[derive(Clone, FromRef)]
struct AppState {
    decoder: Decoder<Claims>,
}

async fn answer(token: axum_jwt_auth::Claims<Claims>) {
    black_box(&token.claims.sub);
}

fn decoder(task: &Task) -> Result<LocalDecoder, String> {
    let key = DecodingKey::from_jwk(&task.read_jwk::<Jwk>()?).map_err(|error| error.to_string())?;
    let algorithm: Algorithm = task.algorithm.name().parse().map_err(|_| "an unknown algorithm")?;
    let mut rules = Validation::new(algorithm);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    rules.validate_nbf = true;
    rules.leeway = SKEW;
    LocalDecoder::builder().keys(vec![key]).validation(rules).build().map_err(|error| error.to_string())
}
