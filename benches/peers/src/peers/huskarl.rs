//! huskarl-resource-server and its axum layer. It fetches its keys through a client that the user supplies; this one has
//! the answer at hand. Its backend is RustCrypto.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use huskarl_axum::extractors::ValidatedToken;
use huskarl_axum::layers::ValidatorLayer;
use huskarl_crypto_native::symmetric::SymmetricKey;
use huskarl_resource_server::core::crypto::verifier::{JwsVerifier, JwsVerifierFactory, JwsVerifierPlatform};
use huskarl_resource_server::core::http::{HttpClient, HttpResponse, Idempotency};
use huskarl_resource_server::core::jwk::{OctKey, SymmetricJwk};
use huskarl_resource_server::core::platform::MaybeSendBoxFuture;
use huskarl_resource_server::core::{EndpointUrl, Error};
use huskarl_resource_server::validator::rfc9068::{Rfc9068AccessTokenClaims, Rfc9068Validator};
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, KEY_ID, Local, SKEW, Task};

use super::Prepared;
use crate::layers::{at_once, through};

pub fn library(task: &Task) -> Prepared {
    let validator = validator(task)?;
    let uri = Uri::from_static("https://api.example.com/");
    // It takes the headers of a request, which a service has at hand: made once a token, not once a call.
    let mut token_of_headers = String::new();
    let mut headers = HeaderMap::new();
    Ok(Box::new(Local(move |token: &str| {
        if token_of_headers != token {
            let value = HeaderValue::try_from(format!("Bearer {token}")).expect("base64url and dots");
            headers.insert(AUTHORIZATION, value);
            token_of_headers = token.into();
        }
        match at_once(validator.validate_request(&headers, &Method::GET, &uri, None)).outcome {
            Ok(Some(request)) => black_box(request.sub).is_some(),
            _ => false,
        }
    })))
}

pub fn layer(task: &Task) -> Prepared {
    let layer = ValidatorLayer::builder().validator(validator(task)?).build();
    Ok(through(Router::new().route("/", get(answer)).layer(layer.authenticated())))
}

async fn answer(token: ValidatedToken<Rfc9068AccessTokenClaims>) {
    black_box(&token.sub);
}

fn validator(task: &Task) -> Result<Rfc9068Validator, String> {
    let builder = Rfc9068Validator::builder()
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .allowed_signing_algorithms(vec![task.algorithm.name().to_owned()])
        .clock_leeway(Duration::from_secs(SKEW))
        .jwks_uri("https://id.example.com/jwks.json".parse().map_err(|error: Error| error.to_string())?);
    let builder = if task.algorithm == Algorithm::Hs256 {
        // A secret is handed over, never published.
        let key = OctKey::builder().k(task.key.clone()).build();
        let key = SymmetricJwk::builder().key(key).algorithm(task.algorithm.name()).kid(KEY_ID).build();
        let key = SymmetricKey::from_jwk(key).map_err(|error| error.to_string())?;
        builder.jws_verifier_factory(Given(Arc::new(key)))
    } else {
        builder.jwks_source(AtHand(task.jwks().into()))
    };
    at_once(builder.build()).map_err(|error| error.to_string())
}

/// A verifier that exists already.
struct Given(Arc<dyn JwsVerifier>);

impl JwsVerifierFactory for Given {
    fn build(
        &self,
        _: Option<&EndpointUrl>,
        _: Arc<dyn JwsVerifierPlatform>,
    ) -> MaybeSendBoxFuture<'static, Result<Arc<dyn JwsVerifier>, Error>> {
        let verifier = Arc::clone(&self.0);
        Box::pin(async move { Ok(verifier) })
    }
}

struct AtHand(Bytes);

impl HttpClient for AtHand {
    fn execute(
        &self,
        _: Request<Bytes>,
        _: Idempotency,
    ) -> MaybeSendBoxFuture<'_, Result<HttpResponse, Error>> {
        let (status, headers, body) = (StatusCode::OK, HeaderMap::new(), self.0.clone());
        Box::pin(async move { Ok(HttpResponse { status, headers, body }) })
    }
}
