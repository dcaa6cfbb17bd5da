//! Settings that are refused.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::ConfigError;

/// Settings that cannot be read, or that describe no verifier that could be safe.
///
/// Says where and what is expected. It quotes names, never values: those may be secrets that stand in the wrong place.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum SettingsError {
    /// The text is not of its format.
    #[error("the settings are not {format}: line {line}, column {column}: {reason}")]
    Syntax {
        /// `TOML` or `JSON`.
        format: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1, in bytes.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// A setting is unknown, has a value of another type, contradicts another or is missing.
    #[error("{}{reason}", Place { path, line: *line })]
    Field {
        /// Where, such as `issuers[0].audiences`; empty for the settings as a whole.
        path: String,
        /// The line, from 1, where the parser knows it.
        line: Option<usize>,
        /// What is wrong there.
        reason: String,
    },
    /// Each setting is well formed, and the verifier or the layer that they describe is refused.
    #[error("{}{error}", Place { path, line: None })]
    Config {
        /// The issuer, such as `issuers[0]`, or the section of the layer; empty where it is neither alone.
        path: String,
        /// Why.
        #[source]
        error: ConfigError,
    },
    /// The settings file cannot be read.
    #[error("{} cannot be read: {kind}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        kind: io::ErrorKind,
    },
    /// The name of the settings file does not tell what is in it.
    #[error("{} must end in .toml or .json", file.display())]
    Extension {
        /// The file.
        file: PathBuf,
    },
    /// The settings are longer than anyone writes by hand.
    #[error("the settings are longer than {limit} bytes")]
    TooLarge {
        /// The most bytes.
        limit: usize,
    },
}

/// What is wrong with one issuer, before it is known which.
#[derive(Debug)]
pub(super) enum Flaw {
    /// A setting of it, by its path below the issuer.
    Setting(&'static str, String),
    Config(ConfigError),
}

impl Flaw {
    pub(super) fn setting(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Setting(field, reason.into())
    }

    /// The flaw of the issuer at this place.
    pub(super) fn of_issuer(self, position: usize) -> SettingsError {
        let path = format!("issuers[{position}]");
        match self {
            Self::Setting(field, reason) => {
                SettingsError::Field { path: format!("{path}.{field}"), line: None, reason }
            }
            Self::Config(error) => SettingsError::Config { path, error },
        }
    }
}

impl From<ConfigError> for Flaw {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

struct Place<'p> {
    path: &'p str,
    line: Option<usize>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.path, self.line) {
            ("", None) => Ok(()),
            ("", Some(line)) => write!(f, "line {line}: "),
            (path, None) => write!(f, "{path}: "),
            (path, Some(line)) => write!(f, "{path} (line {line}): "),
        }
    }
}
