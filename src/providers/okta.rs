//! Okta: access tokens of custom authorization servers.
//!
//! The *org* authorization server (`https://ORG.okta.com`) has no preset: its access tokens are for Okta's own API,
//! their form may change, and Okta asks everyone else to treat them as opaque. An API of yours needs a custom
//! authorization server; the one named `default` is such. See
//! <https://support.okta.com/help/s/article/Signature-Validation-Failed-on-Access-Token>.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::{one_or_several, shows_no_claim};
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens of this custom authorization server of the org at this domain, such as `acme.okta.com`.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://DOMAIN/oauth2/SERVER` |
/// | keys | by discovery |
/// | audience | as set on the server; `api://default` for `default` until it is changed |
/// | profile | [`Profile::Lenient`] |
/// | algorithms | RS256 |
///
/// An audience belongs to the server and not to an API: APIs that must not take each other's tokens need a server each.
/// The server's issuer can be set to a custom domain; then the domain here is that one.
///
/// Documented at <https://developer.okta.com/docs/concepts/auth-servers/>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no domain or no server's id; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn custom_server(domain: &str, server: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let domain = Part::new("Okta", "the domain", domain).host()?;
    let server = Part::new("Okta", "the authorization server", server).segment()?;
    let issuer = Issuer::discover(format!("https://{domain}/oauth2/{server}"))?;
    Ok(issuer.audience(audience).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Okta writes beside the registered claims. Scopes are in [`VerifiedToken::scopes`](crate::VerifiedToken::scopes).
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The client that the token was issued to.
    pub cid: Option<String>,
    /// The user's id; absent in tokens of a client of its own. `sub` is the user's login name.
    pub uid: Option<String>,
    /// The user's groups, where the server has a claim of this name.
    #[serde(deserialize_with = "one_or_several")]
    pub groups: Vec<String>,
}

impl Claims {
    /// Whether the user is in this group.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }
}

shows_no_claim!(Claims);
