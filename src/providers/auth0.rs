//! Auth0: access tokens of an API.

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens of an API of the tenant at this domain, such as `acme.eu.auth0.com` or a domain of your own.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://DOMAIN/`, with the slash |
/// | keys | by discovery |
/// | audience | the identifier of the API |
/// | profile | [`Profile::Lenient`]; if the API has the token profile RFC 9068, add `.profile(Profile::Rfc9068)` |
/// | algorithms | RS256; an API that is set to PS256 needs `.algorithms([Algorithm::PS256])` |
///
/// A client that asks for no `audience` gets an opaque token. ID tokens have the client's id as audience.
///
/// Documented at <https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no domain; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn api(domain: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let domain = Part::new("Auth0", "the domain", domain).host()?;
    let issuer = Issuer::discover(format!("https://{domain}/"))?;
    Ok(issuer.audience(audience).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Auth0 writes beside the registered claims. Your own claims have names of their own, by rules of yours.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// What the roles of the user allow, where the API has "RBAC" and "Add Permissions in the Access Token" turned on.
    pub permissions: Vec<String>,
    /// The organization that the user signed in to.
    pub org_id: Option<String>,
    /// Its name, where the tenant writes it.
    pub org_name: Option<String>,
}

impl Claims {
    /// Whether this permission was granted.
    #[must_use]
    pub fn has_permission(&self, permission: &str) -> bool {
        self.permissions.iter().any(|own| own == permission)
    }
}

shows_no_claim!(Claims);
