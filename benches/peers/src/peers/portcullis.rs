//! portcullis, with its cache of verified tokens and without.

use std::hint::black_box;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use portcullis::jose::JwkSet;
use portcullis::{Issuer, VerifiedToken, Verifier, VerifierBuilder};
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, Local, SKEW, Task};

use super::Prepared;
use crate::layers::{at_once, through};

pub fn first_sight(task: &Task) -> Prepared {
    library(uncached(builder(task)?))
}

pub fn seen_before(task: &Task) -> Prepared {
    library(builder(task)?)
}

pub fn layer_first_sight(task: &Task) -> Prepared {
    layer(uncached(builder(task)?))
}

pub fn layer_seen_before(task: &Task) -> Prepared {
    layer(builder(task)?)
}

fn library(builder: VerifierBuilder) -> Prepared {
    let verifier = builder.build().map_err(|error| error.to_string())?;
    Ok(Box::new(Local(move |token: &str| match at_once(verifier.verify(token)) {
        Ok(token) => black_box(token.subject()).is_some(),
        Err(_) => false,
    })))
}

fn layer(builder: VerifierBuilder) -> Prepared {
    let verifier = builder.build().map_err(|error| error.to_string())?;
    Ok(through(Router::new().route("/", get(answer)).layer(verifier.layer())))
}

async fn answer(token: VerifiedToken) {
    black_box(token.subject());
}

fn builder(task: &Task) -> Result<VerifierBuilder, String> {
    let keys = JwkSet::parse(task.jwks().as_bytes()).map_err(|error| error.to_string())?;
    let algorithm = match task.algorithm {
        Algorithm::Rs256 => portcullis::Algorithm::RS256,
        Algorithm::Ps256 => portcullis::Algorithm::PS256,
        Algorithm::Es256 => portcullis::Algorithm::ES256,
        Algorithm::EdDsa => portcullis::Algorithm::EdDSA,
        Algorithm::Hs256 => portcullis::Algorithm::HS256,
    };
    let issuer = Issuer::new(ISSUER, keys)
        .audience(AUDIENCE)
        .algorithms([algorithm])
        .clock_skew(Duration::from_secs(SKEW));
    Ok(Verifier::builder().issuer(issuer))
}

/// Without the cache of verified tokens.
fn uncached(builder: VerifierBuilder) -> VerifierBuilder {
    builder.token_cache(0)
}
