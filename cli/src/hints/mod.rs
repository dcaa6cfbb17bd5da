//! The cause of a refusal in plain words, and what to do about it.

mod fetch;
mod issuer;
mod keys;
mod kind;
mod requirement;
mod shape;
#[cfg(test)]
mod tests;
mod time;
mod unseen;

use portcullis::keys::IssuerStatus;
use portcullis::{Error, Rejection, UnixTime};

use crate::explain::Unverified;
use crate::text::escaped;
pub(crate) use fetch::advice;
pub(crate) use issuer::difference;

/// All that is known when a token was not accepted.
pub(crate) struct Case<'c> {
    pub(crate) code: &'c str,
    /// Absent where a code alone was given.
    pub(crate) error: Option<&'c Error>,
    pub(crate) token: &'c Unverified,
    pub(crate) expected: &'c Expected,
    pub(crate) status: &'c [IssuerStatus],
    pub(crate) now: UnixTime,
}

/// What the service would trust.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) clients: Vec<String>,
    /// Where the keys are, if it was said.
    pub(crate) keys: Option<String>,
    /// What the issuer's metadata calls it.
    pub(crate) named: Option<String>,
}

/// One sentence for why, and one or more for what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hint {
    pub(crate) cause: String,
    pub(crate) advice: String,
}

impl Hint {
    fn new(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause: cause.into(), advice: advice.into() }
    }
}

/// The hint for a reason code; `None` for a code that is not the library's, such as that of a predicate.
pub(crate) fn hint(case: &Case<'_>) -> Option<Hint> {
    let unseen = case.error.is_none().then(|| unseen::hint(case)).flatten();
    unseen
        .or_else(|| shape::hint(case))
        .or_else(|| issuer::hint(case))
        .or_else(|| keys::hint(case))
        .or_else(|| time::hint(case))
        .or_else(|| kind::hint(case))
        .or_else(|| requirement::hint(case))
}

impl Case<'_> {
    fn rejection(&self) -> Option<&Rejection> {
        match self.error {
            Some(Error::Rejected(rejection)) => Some(rejection),
            _ => None,
        }
    }
}

/// Something that the token says, as it may be shown.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, 200))
}

/// Several things, as the part of a sentence.
fn list<T: AsRef<str>>(things: &[T], none: &str) -> String {
    match things {
        [] => none.to_owned(),
        things => things.iter().map(|thing| quoted(thing.as_ref())).collect::<Vec<_>>().join(" or "),
    }
}
