//! Who is asked whether a name is a tenant, and what may be answered.

use std::pin::Pin;

use thiserror::Error;

use crate::error::ConfigError;
use crate::verify::Issuer;

/// An identifier that a token named and that the pattern or the list lets pass. Nothing else is known about it yet.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tenant {
    issuer: String,
    parameter: Option<String>,
}

impl Tenant {
    pub(super) fn new(issuer: &str, parameter: Option<&str>) -> Self {
        Self { issuer: issuer.to_owned(), parameter: parameter.map(str::to_owned) }
    }

    /// The whole identifier: the value of `iss`.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What stands in the place of the pattern's placeholder; `None` for a listed identifier.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.parameter.as_deref()
    }
}

/// Says which identifiers are tenants, and by which rules: from a database, a settings service, a map.
///
/// What a resolver must know:
///
/// 1. **It decides who may issue tokens.** A sender chose the name; only its form has been checked. Compare it byte for
///    byte with what you know: a comparison that ignores case would give one tenant many names. A resolver that makes an
///    issuer of every name trusts whoever can publish keys under the pattern.
/// 2. The issuer must carry exactly [`Tenant::issuer`]; another is an error, and nobody is let in.
/// 3. `Ok(None)` is "no such tenant": 401 `issuer_unknown`, remembered for a while. `Err` is "I cannot tell": 503, and
///    never taken for a no.
/// 4. One call for a name is under way at a time, in a task of its own, cut off after 5 s. A resolver that blocks its
///    thread cannot be cut off: use an asynchronous client, or `spawn_blocking`.
///
/// An `async` closure is a resolver:
///
/// ```
/// # #[cfg(all(feature = "reqwest", feature = "aws-lc"))]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use portcullis::tenants::{IssuerPattern, Tenant, Tenants};
/// use portcullis::{Issuer, Verifier};
///
/// let pattern = IssuerPattern::new("https://login.example.com/{tenant}/v2.0")?;
/// let tenants = Tenants::matching(pattern, |tenant: Tenant| async move {
///     match tenant.parameter() {
///         Some("acme") => Ok(Some(Issuer::discover(tenant.issuer())?.audience("https://acme.api.example.com"))),
///         _ => Ok(None),
///     }
/// });
/// let verifier = Verifier::builder().tenants(tenants).build()?;
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "reqwest", feature = "aws-lc")))] fn main() {}
/// ```
pub trait ResolveIssuer: Send + Sync + 'static {
    /// The issuer of this name with its keys and rules, `None` if there is no such tenant.
    ///
    /// # Errors
    /// [`ResolveError`] when it cannot be told now.
    fn resolve<'r>(&'r self, tenant: &'r Tenant) -> ResolveFuture<'r>;
}

/// What [`ResolveIssuer::resolve`] returns.
pub type ResolveFuture<'r> = Pin<Box<dyn Future<Output = Result<Option<Issuer>, ResolveError>> + Send + 'r>>;

impl<F, A> ResolveIssuer for F
where
    F: Fn(Tenant) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Option<Issuer>, ResolveError>> + Send + 'static,
{
    fn resolve<'r>(&'r self, tenant: &'r Tenant) -> ResolveFuture<'r> {
        Box::pin(self(tenant.clone()))
    }
}

/// Why it cannot be told whether a name is a tenant. Seen in the log, never by a client.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ResolveError {
    /// The resolver has no answer now: its database is down.
    #[error("{reason}")]
    NoAnswer {
        /// What it says: a fixed text, so that no secret of a connection comes into a log.
        reason: &'static str,
    },
    /// The tenant is known, and its settings could not be safe.
    #[error("the tenant's settings are refused: {0}")]
    Settings(#[from] ConfigError),
}

impl ResolveError {
    /// The resolver has no answer now, for this reason.
    #[must_use]
    pub const fn no_answer(reason: &'static str) -> Self {
        Self::NoAnswer { reason }
    }
}

/// Why a call brought no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub(super) enum Failure {
    #[error("{0}")]
    Said(ResolveError),
    #[error("no answer in {} s", CALL_SECONDS)]
    Timeout,
    #[error("the issuer that was answered is not the one that was asked for")]
    OtherIssuer,
    #[error("the keys of the tenant's new settings have not come; the old settings stay in use")]
    KeysNotLoaded,
    #[error("the call was broken off by a panic or the end of its runtime")]
    BrokenOff,
}

impl Failure {
    /// The reason as a stable word.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Said(ResolveError::NoAnswer { .. }) => "resolver_no_answer",
            Self::Said(ResolveError::Settings(_)) => "resolver_settings",
            Self::Timeout => "resolver_timeout",
            Self::OtherIssuer => "resolver_other_issuer",
            Self::KeysNotLoaded => "resolver_keys_not_loaded",
            Self::BrokenOff => "resolver_broken_off",
        }
    }
}

/// More than any look-up takes that still works.
pub(super) const CALL_SECONDS: u64 = 5;
