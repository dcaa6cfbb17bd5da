//! Keycloak: access tokens of a realm.

use std::collections::BTreeMap;

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::{one_or_several, shows_no_claim};
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens of this realm at this address, such as `https://login.example.com`, or `…/auth` where the server
/// has that path.
///
/// | sets | to |
/// |---|---|
/// | issuer | `ADDRESS/realms/REALM` |
/// | keys | by discovery; the encryption key in the set is skipped |
/// | audience | as an audience mapper of a client scope writes it |
/// | profile | [`Profile::Lenient`]; where the client is set to use `at+jwt`, `.profile(Profile::Rfc9068)` |
/// | algorithms | RS256, the realm's default |
///
/// Without a mapper `aud` is `account` or absent: do not name `account`, every client of the realm gets that. The
/// address must be the one that clients see, as the server writes it into `iss`.
///
/// Documented at <https://www.keycloak.org/docs/latest/server_admin/index.html#_audience> and
/// <https://www.keycloak.org/securing-apps/oidc-layers>.
///
/// # Errors
/// [`ConfigError::Parameter`] for an address with a slash at its end, or a realm's name with other characters than
/// letters, digits, `-`, `_` and `.` (for those write [`Issuer::discover`]); those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn realm(address: &str, realm: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let address = Part::new("Keycloak", "the address", address).base()?;
    let realm = Part::new("Keycloak", "the realm", realm).segment()?;
    let issuer = Issuer::discover(format!("{address}/realms/{realm}"))?;
    Ok(issuer.audience(audience).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Keycloak writes beside the registered claims.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The user's name in the realm. It may change; `sub` does not.
    pub preferred_username: Option<String>,
    /// The user's address; [`Claims::verified_email`] is what to rely on.
    pub email: Option<String>,
    /// Whether the user was shown to read mail at that address.
    pub email_verified: bool,
    /// The user's groups, where a mapper writes a claim of this name.
    #[serde(deserialize_with = "one_or_several")]
    pub groups: Vec<String>,
    realm_access: Access,
    resource_access: BTreeMap<String, Access>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Access {
    roles: Vec<String>,
}

impl Claims {
    /// The user's roles in the realm.
    pub fn realm_roles(&self) -> impl Iterator<Item = &str> {
        self.realm_access.roles.iter().map(String::as_str)
    }

    /// The user's roles that belong to this client.
    pub fn client_roles(&self, client: &str) -> impl Iterator<Item = &str> {
        let access = self.resource_access.get(client);
        access.into_iter().flat_map(|access| access.roles.iter().map(String::as_str))
    }

    /// Whether the user has this role in the realm.
    #[must_use]
    pub fn has_realm_role(&self, role: &str) -> bool {
        self.realm_roles().any(|own| own == role)
    }

    /// Whether the user has this role of this client.
    #[must_use]
    pub fn has_client_role(&self, client: &str, role: &str) -> bool {
        self.client_roles(client).any(|own| own == role)
    }

    /// The address, if it was verified.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }
}

shows_no_claim!(Claims);
