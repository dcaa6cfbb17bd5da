//! One thing to be said about keys.

use serde::Serialize;

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Nothing could be fetched.
    Failure,
    /// Unsafe, or tokens are refused for it.
    Error,
    /// Works, and should be otherwise.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing to be said, and what to do about it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) severity: Severity,
    pub(crate) code: String,
    /// The entry of the set, from 0, and its `kid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kid: Option<String>,
    pub(crate) message: String,
}

impl Finding {
    pub(crate) fn new(severity: Severity, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity, code: code.into(), key: None, kid: None, message: message.into() }
    }

    pub(crate) fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub(crate) fn warning(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub(crate) fn note(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    pub(crate) fn of(self, key: usize, kid: Option<&str>) -> Self {
        Self { key: Some(key), kid: kid.map(str::to_owned), ..self }
    }
}

impl Severity {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
