//! What the application judges by itself.

use std::fmt;
use std::sync::Arc;

use super::leaf::Leaf;
use super::mistake::Mistake;
use super::requirement::Requirement;
use crate::verify::VerifiedToken;

/// A judgement of the application, known by its word.
#[derive(Clone)]
pub(super) struct Predicate {
    code: &'static str,
    needed: Arc<str>,
    judge: Arc<Judge>,
}

type Judge = dyn Fn(&VerifiedToken) -> bool + Send + Sync;

/// Asks what the application judges by itself, from the token alone.
///
/// `code` is the reason code of a refusal: up to 64 of `a`-`z`, `0`-`9` and `_`, and best none of
/// [ours](crate::Error::code); anything else is a [mistake](Requirement::mistake). `needed` says in a few words what a
/// token must have; clients are told it. Two predicates are equal if one is a clone of the other.
///
/// It is asked for every request, and once more for the refusal of one. It should be quick, never wait, and grant no less
/// to a token that has more. A panic in it is not caught here.
///
/// ```
/// use portcullis::require::predicate;
///
/// let employee = predicate("employee_only", "the user is an employee", |token| {
///     token.subject().is_some_and(|subject| subject.starts_with("employee|"))
/// });
/// assert_eq!(employee.to_string(), "the user is an employee");
/// ```
pub fn predicate(
    code: &'static str,
    needed: impl Into<Arc<str>>,
    judge: impl Fn(&VerifiedToken) -> bool + Send + Sync + 'static,
) -> Requirement {
    if !is_code(code) {
        return Requirement::of(Err(Mistake::new("predicate", code, "not a reason code")));
    }
    Requirement::of(Ok(Leaf::Predicate(Predicate { code, needed: needed.into(), judge: Arc::new(judge) })))
}

fn is_code(code: &str) -> bool {
    (1..=64).contains(&code.len())
        && code.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

impl Predicate {
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        (self.judge)(token)
    }

    pub(super) const fn code(&self) -> &'static str {
        self.code
    }
}

impl Eq for Predicate {}

impl PartialEq for Predicate {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.needed == other.needed && Arc::ptr_eq(&self.judge, &other.judge)
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Predicate")
            .field("code", &self.code)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.needed)
    }
}
