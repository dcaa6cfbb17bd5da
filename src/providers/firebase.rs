//! Firebase Authentication: ID tokens of users.

use std::collections::BTreeMap;

use serde::Deserialize;

#[cfg(feature = "reqwest")]
use super::parts::Part;
use super::shows_no_claim;
#[cfg(feature = "reqwest")]
use crate::{Algorithm, ConfigError, Issuer, Profile};

/// The ID tokens of users of this project, by its id.
///
/// | sets | to |
/// |---|---|
/// | issuer | `https://securetoken.google.com/PROJECT` |
/// | keys | at `https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com` |
/// | audience | the project's id |
/// | profile | [`Profile::IdToken`] |
/// | algorithms | RS256 |
///
/// The documentation names an address of certificates; this is the one of the same keys as a JWK Set. Users may sign up
/// by themselves, some anonymously: see [`Claims::sign_in_provider`]. Session cookies of Firebase have another issuer
/// and other keys. That `auth_time` lies in the past is not checked.
///
/// Documented at <https://firebase.google.com/docs/auth/admin/verify-id-tokens>.
///
/// # Errors
/// [`ConfigError::Parameter`] for what is no project's id; those of [`Issuer::jwks_url`].
#[cfg(feature = "reqwest")]
pub fn project(project: &str) -> Result<Issuer, ConfigError> {
    let project = Part::new("Firebase", "the project", project).segment()?;
    let issuer = Issuer::jwks_url(format!("https://securetoken.google.com/{project}"), KEYS)?;
    Ok(issuer.audience(project).profile(Profile::IdToken).algorithms([Algorithm::RS256]))
}

#[cfg(feature = "reqwest")]
const KEYS: &str =
    "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

/// What Firebase writes beside the registered claims, and the custom claims that you set, in a shape of yours.
///
/// ```no_run
/// # fn handler(token: portcullis::VerifiedToken) -> Result<(), portcullis::Rejection> {
/// use portcullis::providers::firebase;
///
/// #[derive(serde::Deserialize)]
/// struct Mine { #[serde(default)] admin: bool }
///
/// let claims = token.claims::<firebase::Claims<Mine>>()?;
/// assert!(claims.custom.admin);
/// # Ok(()) }
/// ```
#[derive(Clone, Deserialize)]
#[non_exhaustive]
pub struct Claims<C = NoCustomClaims> {
    /// The user's address; [`Claims::verified_email`] is what to rely on.
    pub email: Option<String>,
    /// Whether the user was shown to read mail at that address.
    #[serde(default)]
    pub email_verified: bool,
    /// The user's telephone number, if that was used to sign in.
    pub phone_number: Option<String>,
    #[serde(default)]
    firebase: SignIn,
    /// Your own claims, which stand beside the others.
    #[serde(flatten)]
    pub custom: C,
}

/// For projects that set no claims of their own.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct NoCustomClaims {}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct SignIn {
    sign_in_provider: Option<String>,
    tenant: Option<String>,
    identities: BTreeMap<String, serde::de::IgnoredAny>,
}

impl<C> Claims<C> {
    /// How the user signed in: `password`, `google.com`, `phone`, `anonymous`, `custom`.
    #[must_use]
    pub fn sign_in_provider(&self) -> Option<&str> {
        self.firebase.sign_in_provider.as_deref()
    }

    /// The tenant of Identity Platform, for projects that have several.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.firebase.tenant.as_deref()
    }

    /// The kinds of identities that are linked to the user, such as `email` and `google.com`.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        self.firebase.identities.keys().map(String::as_str)
    }

    /// The address, if it was verified. Anybody can sign up under an address that was not.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }
}

shows_no_claim!(Claims<C>);
