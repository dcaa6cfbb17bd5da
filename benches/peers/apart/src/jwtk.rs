//! jwtk with its default features: RSA alone, by aws-lc-rs.

use std::hint::black_box;

use jwtk::jwk::JwkSet;
use portcullis_peer_bench_shared::{AUDIENCE, Contender, Extra, ISSUER, Local, Task};

pub fn prepare(task: &Task) -> Result<Box<dyn Contender>, String> {
    let set: JwkSet = serde_json::from_str(&task.jwks()).map_err(|error| error.to_string())?;
    let verifier = set.verifier();
    Ok(Box::new(Local(move |token: &str| {
        // It checks the times; issuer and audience are left to the application.
        let Ok(token) = verifier.verify::<Extra>(token) else { return false };
        let claims = token.claims();
        black_box(&claims.sub);
        claims.iss.as_deref() == Some(ISSUER) && claims.aud.iter().any(|audience| audience == AUDIENCE)
    })))
}
