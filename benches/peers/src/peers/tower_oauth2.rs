//! tower-oauth2-resource-server: a layer and nothing else, with a fixed key set. It builds on jsonwebtoken 11 and, by
//! feature, on either of its backends.

use std::hint::black_box;

use axum::routing::get;
use axum::{Extension, Router};
use jsonwebtoken::Algorithm;
use portcullis_peer_bench_shared::{AUDIENCE, Claims, ISSUER, Task};
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

use super::Prepared;
use super::jsonwebtoken::{Backend, With};
use crate::layers::{at_once, local};

pub fn aws_lc(task: &Task) -> Prepared {
    layer(task, Backend::AwsLc)
}

pub fn rust_crypto(task: &Task) -> Prepared {
    layer(task, Backend::RustCrypto)
}

/// Its skew is the 60 seconds that jsonwebtoken starts from, and cannot be set.
fn layer(task: &Task, backend: Backend) -> Prepared {
    let algorithm: Algorithm = task.algorithm.name().parse().map_err(|_| "an unknown algorithm")?;
    let tenant = TenantConfiguration::static_builder(task.jwks())
        .identifier(ISSUER)
        .claims_validation(ClaimsValidationSpec::recommended(ISSUER, &vec![AUDIENCE.into()]))
        .allowed_algorithms(&[algorithm])
        .build()
        .map_err(|error| error.to_string())?;
    let server = at_once(OAuth2ResourceServer::<Claims>::builder().add_tenant(tenant).build())
        .map_err(|error| error.to_string())?;
    let router = Router::new().route("/", get(answer)).layer(server.into_layer());
    Ok(Box::new(With { backend, contender: local(router) }))
}

async fn answer(Extension(claims): Extension<Claims>) {
    black_box(&claims.sub);
}
