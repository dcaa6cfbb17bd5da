//! Scopes: what a token was granted.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// The name of one scope ([RFC 6749, section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
///
/// ```
/// use portcullis::Scope;
///
/// assert_eq!(Scope::new("orders:read")?.as_str(), "orders:read");
/// assert!(Scope::new("two scopes").is_err());
/// assert!(Scope::new("quo\"te").is_err());
/// # Ok::<(), portcullis::claims::ScopeError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Arc<str>);

/// A text that cannot be the name of a scope: empty, or with a character that RFC 6749 does not allow.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "not a scope name: one or more printable ASCII characters other than space, double quote and backslash"
)]
#[non_exhaustive]
pub struct ScopeError;

impl Scope {
    /// A scope of this name.
    ///
    /// # Errors
    /// [`ScopeError`] when the text is not a `scope-token`.
    pub fn new(name: impl Into<Arc<str>>) -> Result<Self, ScopeError> {
        let name = name.into();
        if is_scope_token(&name) { Ok(Self(name)) } else { Err(ScopeError) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn is_scope_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rfc_6749() {
        for (name, want) in [
            ("orders:read", true),
            ("https://api.example/orders.read", true),
            ("!", true),
            ("~", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("a\\b", false),
            ("a\tb", false),
            ("a\r\nb", false),
            ("ä", false),
        ] {
            let scope = Scope::new(name).ok();
            assert_eq!(scope.is_some(), want, "{name:?}");
            assert!(
                scope.is_none_or(|scope| scope.as_str() == name && scope.to_string() == name),
                "{name:?}"
            );
        }
    }
}
