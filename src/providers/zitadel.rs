//! Zitadel: access tokens in JWT form.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The access tokens of the instance at this domain, such as `acme.zitadel.cloud`, for the project of this id.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://DOMAIN` |
/// | keys | by discovery |
/// | audience | the project's id, a number |
/// | profile | [`Profile::Lenient`] |
/// | algorithms | RS256, the default for web keys; an instance may be set to others |
///
/// Applications of the project have the audience by themselves, others ask for it by the scope
/// `urn:zitadel:iam:org:project:id:PROJECT:aud`. Tokens are opaque until the application's token type is JWT. ID tokens
/// of the project's applications name the project as well: a `nonce` or `at_hash` tells them apart, so ask for a role
/// or a scope on every route.
///
/// Documented at <https://zitadel.com/docs/apis/openidoauth/claims> and
/// <https://zitadel.com/docs/guides/integrate/retrieve-user-roles>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no domain or no number; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn project(domain: &str, project_id: &str) -> Result<Issuer, ConfigError> {
    let domain = Part::new("Zitadel", "the domain", domain).host()?;
    let project_id = Part::new("Zitadel", "the project", project_id).number()?;
    let issuer = Issuer::discover(format!("https://{domain}"))?;
    Ok(issuer.audience(project_id).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Zitadel writes beside the registered claims, where the token was asked for with the scopes for it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The organization that the user belongs to.
    #[serde(rename = "urn:zitadel:iam:user:resourceowner:id")]
    pub organization_id: Option<String>,
    /// Its name.
    #[serde(rename = "urn:zitadel:iam:user:resourceowner:name")]
    pub organization_name: Option<String>,
    /// Roles, each with the organizations that granted it: id and domain.
    #[serde(rename = "urn:zitadel:iam:org:project:roles")]
    roles: BTreeMap<String, BTreeMap<String, String>>,
    /// Where the roles of one project are, under a name with its id.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Claims {
    /// The user's roles in the project that the client belongs to.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// Whether the user has this role, whoever granted it.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    /// Whether this organization granted the user this role. Ask this, and not [`has_role`](Claims::has_role), where
    /// customers have organizations of their own.
    #[must_use]
    pub fn has_role_of(&self, role: &str, organization_id: &str) -> bool {
        self.roles.get(role).is_some_and(|grants| grants.contains_key(organization_id))
    }

    /// The user's roles in the project of this id, from the claim that is named after it.
    pub fn project_roles(&self, project_id: &str) -> impl Iterator<Item = &str> {
        let roles = self.others.get(&format!("urn:zitadel:iam:org:project:{project_id}:roles"));
        roles.and_then(Value::as_object).into_iter().flat_map(|roles| roles.keys().map(String::as_str))
    }
}

shows_no_claim!(Claims);
