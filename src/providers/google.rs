//! Google: ID tokens of service accounts and of users who signed in with Google.
//!
//! Google's access tokens are opaque and for Google's own APIs; they cannot be verified by signature.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The ID tokens of one service account, by its unique id, a number.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://accounts.google.com`; the old form without `https://` is refused |
/// | keys | at `https://www.googleapis.com/oauth2/v3/certs` |
/// | audience | what the caller asks the token for: the address of your service |
/// | claims | `sub` must be the unique id; [`Issuer::require_claim`] adds others |
/// | profile | [`Profile::IdToken`] |
/// | algorithms | RS256 |
///
/// Anyone with a Google project can get a token for any audience, so the audience alone admits everybody: that is why
/// the account is required.
///
/// Documented at <https://cloud.google.com/docs/authentication/get-id-token> and
/// <https://cloud.google.com/docs/authentication/token-types#id>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no number; those of [`Issuer::jwks_url`].
#[cfg(feature = "reqwest")]
pub fn service_account(unique_id: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let unique_id = Part::new("Google", "the unique id", unique_id).number()?;
    Ok(of(audience)?.require_claim("sub", unique_id))
}

/// The ID tokens of users who signed in to your application with Google, by the application's client id.
///
/// As [`service_account`], but for the claim: `sub` names the user. A client id is no secret and every account of
/// Google may sign in: who may call is for you to decide by `sub`, or for accounts of one Google Workspace by
/// `.require_claim("hd", "example.com")`.
///
/// Documented at <https://developers.google.com/identity/gsi/web/guides/verify-google-id-token>.
///
/// # Errors
/// Those of [`Issuer::jwks_url`].
#[cfg(feature = "reqwest")]
pub fn users(client_id: impl Into<String>) -> Result<Issuer, ConfigError> {
    of(client_id)
}

#[cfg(feature = "reqwest")]
fn of(audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let issuer =
        Issuer::jwks_url("https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs")?;
    Ok(issuer.audience(audience).profile(Profile::IdToken).algorithms([Algorithm::RS256]))
}

/// What Google writes beside the registered claims.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The address of the user or service account, where it was asked for; [`Claims::verified_email`] is what to rely on.
    pub email: Option<String>,
    /// Whether the address is the account's own.
    pub email_verified: bool,
    /// The domain of the Google Workspace that the account belongs to.
    pub hd: Option<String>,
}

impl Claims {
    /// The address, if Google vouches for it. It may change and be given to another; `sub` does not.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }
}

shows_no_claim!(Claims);
