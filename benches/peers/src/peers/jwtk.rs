//! jwtk with its `openssl` feature, which all algorithms but RSA need. Its other backend is measured in `apart`.

use std::hint::black_box;

use jwtk::HeaderAndClaims;
use jwtk::hmac::{HmacAlgorithm, HmacKey};
use jwtk::jwk::JwkSet;
use portcullis_peer_bench_shared::{AUDIENCE, Algorithm, Extra, ISSUER, Local, Task};

use super::Prepared;

pub fn prepare(task: &Task) -> Prepared {
    if task.algorithm == Algorithm::Hs256 {
        // Its key sets hold public keys only.
        let key = HmacKey::from_bytes(&task.key, HmacAlgorithm::HS256);
        return contender(move |token| jwtk::verify(token, &key));
    }
    let set: JwkSet = serde_json::from_str(&task.jwks()).map_err(|error| error.to_string())?;
    let verifier = set.verifier();
    contender(move |token| verifier.verify(token))
}

fn contender(verify: impl Fn(&str) -> jwtk::Result<HeaderAndClaims<Extra>> + 'static) -> Prepared {
    Ok(Box::new(Local(move |token: &str| {
        // It checks the times, without skew; issuer and audience are left to the application.
        let Ok(token) = verify(token) else { return false };
        let claims = token.claims();
        black_box(&claims.sub);
        claims.iss.as_deref() == Some(ISSUER) && claims.aud.iter().any(|audience| audience == AUDIENCE)
    })))
}
