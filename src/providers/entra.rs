//! Microsoft Entra ID: access tokens of the v1 and v2 endpoints, tenant by tenant.
//!
//! Which version a token has is chosen by the API and not by the client: `requestedAccessTokenVersion` in the manifest
//! of its registration. Several tenants are several issuers: name each, or have a resolver know them by
//! [`v2_tenants`]; `common`, `organizations` and `consumers` are doors to sign in through and issue nothing. Clouds of their own (US government, China) have other hosts: write
//! [`Issuer::discover`](crate::Issuer::discover) with the same settings.

use serde::Deserialize;
use serde::de::IgnoredAny;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::tenants::IssuerPattern;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The v2 access tokens of this tenant, by its id.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://login.microsoftonline.com/TENANT/v2.0` |
/// | keys | by discovery; those that name another tenant as their issuer are skipped |
/// | audience | the client id of the API's registration, a GUID |
/// | profile | [`Profile::Lenient`] |
/// | algorithms | RS256 |
///
/// An app that is client and API at once has one id for both, and an ID token without a `nonce` looks like an access
/// token then: ask for a scope on every route, or register the API on its own. Scopes of users are in `scp`, of
/// applications in `roles`.
///
/// Documented at <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference> and
/// <https://learn.microsoft.com/entra/identity-platform/access-tokens>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no GUID in lower case, such as `common`; those of [`Issuer::discover`].
#[cfg(feature = "reqwest")]
pub fn v2(tenant: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let tenant = tenant_id(tenant)?;
    of(format!("https://login.microsoftonline.com/{tenant}/v2.0"), audience)
}

/// The v1 access tokens of this tenant, by its id.
///
/// As [`v2`], but the issuer is `https://sts.windows.net/TENANT/`, with the slash, and the audience mostly the URI of
/// the API's registration, `api://…`. It is discovered under that name, as metadata must name the very issuer.
///
/// # Errors
/// Those of [`v2`].
#[cfg(feature = "reqwest")]
pub fn v1(tenant: &str, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let tenant = tenant_id(tenant)?;
    of(format!("https://sts.windows.net/{tenant}/"), audience)
}

/// The identifiers of the v2 issuers of all tenants, for a multi-tenant API.
///
/// A pattern says what a name looks like and whom to ask about; it trusts nobody. The resolver beside it decides which
/// tenants are customers, and gives [`v2`] for those and for no others: every organisation in the world matches.
///
/// # Errors
/// None that could come; those of [`IssuerPattern::new`].
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use std::collections::HashSet;
/// use portcullis::tenants::{ResolveError, Tenant, Tenants};
/// use portcullis::{Verifier, providers::entra};
///
/// let customers = HashSet::from(["72f988bf-86f1-41af-91ab-2d7cd011db47"]);
/// let tenants = Tenants::matching(entra::v2_tenants()?, move |tenant: Tenant| {
///     let customer = tenant.parameter().filter(|id| customers.contains(id));
///     let issuer = customer.map(|id| entra::v2(id, "6731de76-14a6-49ae-97bc-6eba6914391e")).transpose();
///     async move { Ok::<_, ResolveError>(issuer?) }
/// });
/// let verifier = Verifier::builder().tenants(tenants).build()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc"))] fn main() {}
/// ```
#[cfg(feature = "reqwest")]
pub fn v2_tenants() -> Result<IssuerPattern, ConfigError> {
    IssuerPattern::new("https://login.microsoftonline.com/{tenant}/v2.0")
}

/// The identifiers of the v1 issuers of all tenants; the rest as with [`v2_tenants`].
///
/// # Errors
/// None that could come; those of [`IssuerPattern::new`].
#[cfg(feature = "reqwest")]
pub fn v1_tenants() -> Result<IssuerPattern, ConfigError> {
    IssuerPattern::new("https://sts.windows.net/{tenant}/")
}

#[cfg(feature = "reqwest")]
fn tenant_id(text: &str) -> Result<&str, ConfigError> {
    Part::new("Entra ID", "the tenant", text).guid()
}

#[cfg(feature = "reqwest")]
fn of(identifier: String, audience: impl Into<String>) -> Result<Issuer, ConfigError> {
    let issuer = Issuer::discover(identifier)?;
    Ok(issuer.audience(audience).profile(Profile::Lenient).algorithms([Algorithm::RS256]))
}

/// What Entra ID writes beside the registered claims. Scopes are in
/// [`VerifiedToken::scopes`](crate::VerifiedToken::scopes).
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Claims {
    /// The tenant.
    pub tid: Option<String>,
    /// The user or service principal: the same for every application of the tenant, where `sub` differs.
    pub oid: Option<String>,
    /// The client, in tokens of v1; those of v2 have `azp`.
    pub appid: Option<String>,
    /// `app` for a token of an application, `user` for that of a user, where the API asks for the claim.
    pub idtyp: Option<String>,
    /// Roles that the API's registration defines.
    pub roles: Vec<String>,
    /// Ids of groups. Empty too when there are too many: see [`Claims::groups_are_left_out`].
    pub groups: Vec<String>,
    /// Ids of roles in the tenant itself, such as its administrators.
    pub wids: Vec<String>,
    hasgroups: Option<IgnoredAny>,
    #[serde(rename = "_claim_names")]
    elsewhere: Elsewhere,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Elsewhere {
    groups: Option<IgnoredAny>,
}

impl Claims {
    /// Whether the user has this role of the API.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }

    /// Whether the user is in the group of this id, as far as the token tells.
    #[must_use]
    pub fn is_in_group(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own == group)
    }

    /// Whether the user is in more groups than fit, so that the token names none: ask Microsoft Graph then, and do not take
    /// it for "in no group".
    #[must_use]
    pub const fn groups_are_left_out(&self) -> bool {
        self.hasgroups.is_some() || self.elsewhere.groups.is_some()
    }
}

shows_no_claim!(Claims);
