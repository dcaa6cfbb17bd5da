//! Ory Hydra: access tokens in JWT form.

use serde::Deserialize;

use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens of the server of this identifier, as set by `urls.self.issuer`.
///
/// | sets | to |
/// |---|---|
/// | issuer | the identifier, with or without a slash at its end, as your tokens have it |
/// | keys | by discovery |
/// | audience | what the client asked for and is allowed |
/// | profile | [`Profile::Lenient`] |
/// | algorithms | RS256, the server's default for the keys that it makes |
///
/// Tokens are opaque until `strategies.access_token` is `jwt`, for the server or for the client. A client that asks for no
/// audience gets tokens without any, which are refused.
///
/// Documented at <https://www.ory.sh/docs/oauth2-oidc/jwt-access-token>.
///
/// # Errors
/// Those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn server(identifier: impl Into<String>, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let issuer = Issuer::discover(identifier)?;
    Ok(issuer.audience(audience).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Hydra writes beside the registered claims: what your consent application handed over, in a shape of yours.
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct Claims<E> {
    /// `session.access_token` of the accepted consent.
    pub ext: E,
}

shows_no_claim!(Claims<E>);
