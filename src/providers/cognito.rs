//! Amazon Cognito: access tokens of a user pool.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens that this app client was issued by this user pool, such as `eu-central-1_AbCdEf123`.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://cognito-idp.REGION.amazonaws.com/POOL`, the region being the pool's first part |
/// | keys | at `/.well-known/jwks.json` below it |
/// | audience | none: `client_id` must be this app client; [`Issuer::client`] adds others |
/// | claims | `token_use` must be `access` |
/// | profile | [`Profile::Lenient`] |
/// | algorithms | RS256 |
///
/// Access tokens have no `aud`, so any API of the pool is sent the same ones: have an app client for each, or ask for
/// scopes of a resource server on every route. Where a client asks for a `resource`, its tokens have an `aud` and are
/// refused as `audience_mismatch` until [`Issuer::audience`] names it; those without one are refused then. Regions of
/// China have another domain: write [`Issuer::jwks_url`] with the same settings.
///
/// Documented at
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html>
/// and
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no pool's id; those of [`Issuer::jwks_url`].
#[cfg(feature = "reqwest")]
pub fn user_pool(pool: &str, client_id: impl Into<String>) -> Result<Issuer, ConfigError> {
    let part = Part::new("Amazon Cognito", "the user pool", pool);
    let pool = part.segment()?;
    let region = match pool.split_once('_') {
        Some((region, name)) if is_region(region) && !name.is_empty() => region,
        _ => return Err(part.refused("it must be a region such as `eu-central-1`, `_` and a name")),
    };
    let identifier = format!("https://cognito-idp.{region}.amazonaws.com/{pool}");
    let keys = format!("{identifier}/.well-known/jwks.json");
    let issuer = Issuer::jwks_url(identifier, keys)?.client(client_id).require_claim("token_use", "access");
    Ok(issuer.profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// Whether it has the form of a region, as other names under `amazonaws.com` are of other services: `s3` would make the
/// host that of a bucket, which is anyone's.
#[cfg(feature = "reqwest")]
fn is_region(text: &str) -> bool {
    let words = || text.split('-');
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let count = words().count();
    count >= 3 && words().take(count - 1).all(is_word) && words().next_back().is_some_and(is_number)
}

/// What Cognito writes beside the registered claims.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The user's groups in the pool.
    #[serde(rename = "cognito:groups")]
    pub groups: Vec<String>,
    /// The user's name in the pool; absent in tokens of a client of its own.
    pub username: Option<String>,
    /// What names the sign-in that the token goes back to, for revocation.
    pub origin_jti: Option<String>,
    /// The user's device, where the pool remembers it.
    pub device_key: Option<String>,
}

impl Claims {
    /// Whether the user is in this group.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

shows_no_claim!(Claims);
