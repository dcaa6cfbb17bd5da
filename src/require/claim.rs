//! Claims by their path.

use std::fmt;
use std::sync::Arc;

use super::leaf::Leaf;
use super::mistake::Mistake;
use super::reading::Place;
use super::requirement::Requirement;
use crate::verify::VerifiedToken;

/// A claim, by the members that lead to it. Made by [`claim`] and [`claim_at`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a path asks for nothing until it is said what should stand there"]
pub struct ClaimPath(Result<Arc<[Arc<str>]>, Mistake>);

/// A claim of some value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ClaimLeaf {
    pub(super) path: Arc<[Arc<str>]>,
    pub(super) test: Test,
    pub(super) value: ClaimValue,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Test {
    Contains,
    Equals,
}

/// What a claim is compared with: a text, an integer or a boolean. Made by `From`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// A string, compared byte for byte after escapes are resolved.
    Text(Arc<str>),
    /// A number that is written as an integer; `7.0` in a token is not the integer 7.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
}

/// Names the claim at this path of members, separated by dots.
///
/// Members of objects only; the elements of an array have no path. A path that is empty, or has an empty part, makes a
/// requirement that is never met and that [`Requirement::mistake`] tells.
///
/// ```
/// use portcullis::require::claim;
///
/// let admins = claim("realm_access.roles").contains("admin");
/// assert_eq!(admins.to_string(), "claim realm_access.roles contains admin");
/// assert!(claim("realm_access.").contains("admin").mistake().is_some());
/// ```
pub fn claim(path: &str) -> ClaimPath {
    path_of(path.split('.').map(Into::into).collect())
}

/// Names the claim at these members, each inside the one before: for names that contain dots.
///
/// ```
/// use portcullis::require::claim_at;
///
/// let admins = claim_at(["https://example.com/access", "roles"]).contains("admin");
/// assert_eq!(admins.to_string(), r#"claim "https://example.com/access".roles contains admin"#);
/// ```
pub fn claim_at(members: impl IntoIterator<Item = impl Into<Arc<str>>>) -> ClaimPath {
    path_of(members.into_iter().map(Into::into).collect())
}

fn path_of(members: Arc<[Arc<str>]>) -> ClaimPath {
    if members.is_empty() || members.iter().any(|member| member.is_empty()) {
        return ClaimPath(Err(Mistake::new("claim", members.join("."), "not a path to a claim")));
    }
    ClaimPath(Ok(members))
}

impl ClaimPath {
    /// Asks for an array with this element there, or for this value itself.
    ///
    /// Elements are compared whole: a string of several words is one element, and is not split.
    pub fn contains(self, value: impl Into<ClaimValue>) -> Requirement {
        self.is(Test::Contains, value.into())
    }

    /// Asks for this value there, and for nothing around it.
    ///
    /// ```
    /// use portcullis::require::claim;
    ///
    /// let verified = claim("email_verified").equals(true).and(claim("tenant").equals(7));
    /// assert_eq!(verified.to_string(), "claim email_verified is true and claim tenant is 7");
    /// ```
    pub fn equals(self, value: impl Into<ClaimValue>) -> Requirement {
        self.is(Test::Equals, value.into())
    }

    fn is(self, test: Test, value: ClaimValue) -> Requirement {
        let leaf = self.0.and_then(|path| {
            if matches!(&value, ClaimValue::Text(text) if text.is_empty()) {
                return Err(Mistake::new("claim", path.join("."), "compared with an empty text"));
            }
            Ok(Leaf::Claim(ClaimLeaf { path, test, value }))
        });
        Requirement::of(leaf)
    }
}

impl ClaimLeaf {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        let Self { path, test, value } = self;
        let place = Place::payload(token.claims_json()).at(path);
        place.is_some_and(|place| match test {
            Test::Equals => place.is(value),
            Test::Contains => place.is_or_lists(|place| place.is(value)),
        })
    }
}

impl fmt::Display for ClaimLeaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, test, value } = self;
        f.write_str("claim ")?;
        for (index, member) in path.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            if member.contains('.') { write!(f, "{member:?}")? } else { f.write_str(member)? }
        }
        let word = match test {
            Test::Contains => "contains",
            Test::Equals => "is",
        };
        write!(f, " {word} {value}")
    }
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(integer) => integer.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
        }
    }
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for ClaimValue {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for ClaimValue {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<i32> for ClaimValue {
    fn from(integer: i32) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<u32> for ClaimValue {
    fn from(integer: u32) -> Self {
        Self::Integer(integer.into())
    }
}

impl From<bool> for ClaimValue {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}
