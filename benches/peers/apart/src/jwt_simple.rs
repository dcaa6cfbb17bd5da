//! jwt-simple with its default features: BoringSSL.

use std::collections::HashSet;
use std::hint::black_box;

use jwt_simple::prelude::*;
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, Contender, Extra, ISSUER, Local, SKEW, Task};

pub fn prepare(task: &Task) -> Result<Box<dyn Contender>, String> {
    let jwk = &task.jwk;
    Ok(match task.algorithm {
        Algorithm::Rs256 => {
            let key = RS256PublicKey::from_jwk(jwk).map_err(|error| error.to_string())?;
            contender(move |token, options| key.verify_token(token, options).ok())
        }
        Algorithm::Ps256 => {
            let key = PS256PublicKey::from_jwk(jwk).map_err(|error| error.to_string())?;
            contender(move |token, options| key.verify_token(token, options).ok())
        }
        Algorithm::Es256 => {
            let key = ES256PublicKey::from_jwk(jwk).map_err(|error| error.to_string())?;
            contender(move |token, options| key.verify_token(token, options).ok())
        }
        Algorithm::EdDsa => {
            let key = Ed25519PublicKey::from_jwk(jwk).map_err(|error| error.to_string())?;
            contender(move |token, options| key.verify_token(token, options).ok())
        }
        Algorithm::Hs256 => {
            let key = HS256Key::from_bytes(&task.key);
            contender(move |token, options| key.verify_token(token, options).ok())
        }
    })
}

fn contender(
    verify: impl Fn(&str, Option<VerificationOptions>) -> Option<JWTClaims<Extra>> + 'static,
) -> Box<dyn Contender> {
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from([ISSUER.to_owned()])),
        allowed_audiences: Some(HashSet::from([AUDIENCE.to_owned()])),
        time_tolerance: Some(Duration::from_secs(SKEW)),
        ..VerificationOptions::default()
    };
    // The options are taken by value: a service that keeps its rules has to clone them at each call.
    Box::new(Local(move |token: &str| {
        verify(token, Some(options.clone())).is_some_and(|claims| black_box(claims.subject).is_some())
    }))
}
