//! What can only be a slip of the set-up.

use std::fmt;
use std::sync::Arc;

/// A part of a requirement that no token could ever meet, as it was written wrongly: a slip in the set-up.
///
/// Prints as the requirement does, with what is wrong. Holds the set-up's own words.
///
/// ```
/// use portcullis::require::{claim, scope};
///
/// let requirement = scope("orders:read").and(claim("realm_access..roles").contains("admin"));
/// let mistake = requirement.mistake().map(ToString::to_string);
/// assert_eq!(mistake.as_deref(), Some(r#"claim "realm_access..roles" (not a path to a claim)"#));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistake {
    part: &'static str,
    text: Arc<str>,
    fault: &'static str,
}

impl Mistake {
    pub(super) fn new(part: &'static str, text: impl Into<Arc<str>>, fault: &'static str) -> Self {
        Self { part, text: text.into(), fault }
    }

    /// What is wrong, without the words of the set-up.
    #[cfg(feature = "settings")]
    pub(crate) const fn fault(&self) -> &'static str {
        self.fault
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, text, fault } = self;
        write!(f, "{part} {text:?} ({fault})")
    }
}

impl std::error::Error for Mistake {}

/// The name of something, which is not empty.
pub(super) fn name(part: &'static str, text: Arc<str>) -> Result<Arc<str>, Mistake> {
    if text.is_empty() { Err(Mistake::new(part, text, "an empty name")) } else { Ok(text) }
}
