//! What a token names: roles, groups, entitlements, its issuer, its client, its audiences.

use std::fmt;
use std::sync::Arc;

use super::leaf::Leaf;
use super::mistake::name;
use super::reading::Place;
use super::requirement::Requirement;
use crate::error::Unmet;
use crate::verify::VerifiedToken;

/// Something that a token must name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct NamedLeaf {
    pub(super) kind: Kind,
    pub(super) name: Arc<str>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Role,
    Group,
    Entitlement,
    Issuer,
    Client,
    Audience,
}

/// Asks for a role: an element of `roles`
/// ([RFC 9068, section 2.2.3.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3.1)).
///
/// An element is the name itself, or an object with the name as its `value`, as SCIM writes it
/// ([RFC 7643, section 2.4](https://www.rfc-editor.org/rfc/rfc7643#section-2.4)); a single string in place of the array
/// counts too. Compared whole and byte for byte. Providers that keep roles elsewhere: [`claim`](super::claim).
///
/// ```
/// use portcullis::require::role;
///
/// assert_eq!(role("admin").to_string(), "role admin");
/// assert!(role("").mistake().is_some());
/// ```
#[doc(alias = "hasRole")]
#[doc(alias = "has_role")]
pub fn role(name: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Role, name.into())
}

/// Asks for a group: an element of `groups`, read as [`role`] reads `roles`.
///
/// ```
/// assert_eq!(portcullis::require::group("staff").to_string(), "group staff");
/// ```
pub fn group(name: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Group, name.into())
}

/// Asks for an entitlement: an element of `entitlements`, read as [`role`] reads `roles`.
///
/// ```
/// assert_eq!(portcullis::require::entitlement("export").to_string(), "entitlement export");
/// ```
pub fn entitlement(name: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Entitlement, name.into())
}

/// Asks that the token is of this issuer: one of several that the verifier trusts. Compared byte for byte.
///
/// ```
/// use portcullis::require::{issuer, role};
/// use portcullis::scope;
///
/// let partners = issuer("https://partner.example").and(scope("orders:read"));
/// let staff = issuer("https://staff.example").and(role("support"));
/// let either = partners.or(staff);
/// # assert_eq!(either.mistake(), None);
/// ```
pub fn issuer(identifier: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Issuer, identifier.into())
}

/// Asks that the token was issued to this client: `client_id`, or `azp` in a token without it.
///
/// ```
/// assert_eq!(portcullis::require::client("billing").to_string(), "client billing");
/// ```
pub fn client(id: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Client, id.into())
}

/// Asks that the token is meant for this audience, beside the one that the verifier asks for.
///
/// ```
/// assert_eq!(portcullis::require::audience("reports").to_string(), "audience reports");
/// ```
pub fn audience(name: impl Into<Arc<str>>) -> Requirement {
    named(Kind::Audience, name.into())
}

fn named(kind: Kind, text: Arc<str>) -> Requirement {
    Requirement::of(name(kind.word(), text).map(|name| Leaf::Named(NamedLeaf { kind, name })))
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Group => "group",
            Self::Entitlement => "entitlement",
            Self::Issuer => "issuer",
            Self::Client => "client",
            Self::Audience => "audience",
        }
    }
}

impl NamedLeaf {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        let name = &*self.name;
        let listed = |claim| {
            let place = Place::payload(token.claims_json()).member(claim);
            place.is_some_and(|place| place.is_or_lists(|place| place.names(name)))
        };
        match self.kind {
            Kind::Role => listed("roles"),
            Kind::Group => listed("groups"),
            Kind::Entitlement => listed("entitlements"),
            Kind::Issuer => token.issuer() == name,
            Kind::Client => token.client_id().or(token.authorized_party()) == Some(name),
            Kind::Audience => token.audiences().any(|audience| audience == name),
        }
    }

    pub(super) const fn unmet(&self) -> Unmet {
        match self.kind {
            Kind::Role => Unmet::Role,
            Kind::Group => Unmet::Group,
            Kind::Entitlement => Unmet::Entitlement,
            Kind::Issuer => Unmet::Issuer,
            Kind::Client => Unmet::Client,
            Kind::Audience => Unmet::Audience,
        }
    }
}

impl fmt::Display for NamedLeaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}
