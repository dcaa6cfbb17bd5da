//! josekit, on OpenSSL.

use std::hint::black_box;

use josekit::jwk::Jwk;
use josekit::jws::{ES256, EdDSA, HS256, JwsVerifier, PS256, RS256};
use josekit::jwt::{self, JwtPayloadValidator};
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, ISSUER, Local, Task};

use super::Prepared;

pub fn prepare(task: &Task) -> Prepared {
    let jwk = Jwk::from_bytes(&task.jwk).map_err(|error| error.to_string())?;
    let verifier: Result<Box<dyn JwsVerifier>, _> = match task.algorithm {
        Algorithm::Rs256 => RS256.verifier_from_jwk(&jwk).map(boxed),
        Algorithm::Ps256 => PS256.verifier_from_jwk(&jwk).map(boxed),
        Algorithm::Es256 => ES256.verifier_from_jwk(&jwk).map(boxed),
        Algorithm::EdDsa => EdDSA.verifier_from_jwk(&jwk).map(boxed),
        Algorithm::Hs256 => HS256.verifier_from_jwk(&jwk).map(boxed),
    };
    let verifier = verifier.map_err(|error| error.to_string())?;
    // It checks the times of a token that has them, against the current time, and knows no skew.
    let mut rules = JwtPayloadValidator::new();
    rules.set_issuer(ISSUER);
    rules.set_audience(AUDIENCE);
    Ok(Box::new(Local(move |token: &str| {
        let Ok((claims, _)) = jwt::decode_with_verifier(token, &*verifier) else { return false };
        rules.validate(&claims).is_ok() && black_box(claims.subject()).is_some()
    })))
}

fn boxed(verifier: impl JwsVerifier + 'static) -> Box<dyn JwsVerifier> {
    Box::new(verifier)
}
