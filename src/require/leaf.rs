//! One thing that a token has or has not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::authentication::Classes;
use super::claim::ClaimLeaf;
use super::detail::AuthorizationDetail;
use super::mistake::Mistake;
use super::named::NamedLeaf;
use super::predicate::Predicate;
use super::scopes::ScopeLeaf;
use crate::error::Unmet;
use crate::verify::VerifiedToken;

/// What a requirement is put together from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Leaf {
    Scope(ScopeLeaf),
    Classes(Classes),
    MaxAge(Duration),
    Method(Arc<str>),
    Claim(ClaimLeaf),
    Named(NamedLeaf),
    Detail(AuthorizationDetail),
    Predicate(Predicate),
    /// Never met, whatever a token says.
    Mistake(Mistake),
}

/// How a token that lacks it may come by it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Remedy {
    /// The client asks for a scope.
    Scope,
    /// The user authenticates anew.
    Authentication,
    /// Not by anything that the client can ask for.
    None(Unmet),
}

impl Leaf {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        match self {
            Self::Scope(scope) => scope.is_met(token),
            Self::Classes(classes) => classes.is_met(token),
            Self::MaxAge(age) => token.is_authenticated_within(*age),
            Self::Method(method) => token.authentication_methods().any(|own| *own == **method),
            Self::Claim(claim) => claim.is_met(token),
            Self::Named(named) => named.is_met(token),
            Self::Detail(detail) => detail.is_met(token),
            Self::Predicate(predicate) => predicate.is_met(token),
            Self::Mistake(_) => false,
        }
    }

    pub(super) const fn remedy(&self) -> Remedy {
        match self {
            Self::Scope(_) => Remedy::Scope,
            Self::Classes(_) | Self::MaxAge(_) => Remedy::Authentication,
            Self::Method(_) => Remedy::None(Unmet::AuthenticationMethod),
            Self::Claim(_) => Remedy::None(Unmet::Claim),
            Self::Named(named) => Remedy::None(named.unmet()),
            Self::Detail(_) => Remedy::None(Unmet::AuthorizationDetail),
            Self::Predicate(predicate) => Remedy::None(Unmet::Predicate(predicate.code())),
            Self::Mistake(_) => Remedy::None(Unmet::Impossible),
        }
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => scope.fmt(f),
            Self::Classes(classes) => classes.fmt(f),
            Self::MaxAge(age) => write!(f, "authentication at most {} s ago", age.as_secs()),
            Self::Method(method) => write!(f, "amr {method}"),
            Self::Claim(claim) => claim.fmt(f),
            Self::Named(named) => named.fmt(f),
            Self::Detail(detail) => detail.fmt(f),
            Self::Predicate(predicate) => predicate.fmt(f),
            Self::Mistake(mistake) => mistake.fmt(f),
        }
    }
}
