//! What can be told about an issuer's keys: for health checks, operators and tests.

use std::fmt;
use std::time::Duration;

use crate::jose::{AlgorithmSet, Skipped, Thumbprint};

/// The state of an issuer's keys at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuerStatus {
    /// The issuer's identifier.
    pub issuer: String,
    /// Whether, and how well, its tokens can be judged.
    pub state: KeyState,
    /// Where the keys in use came from; `None` before the first load.
    pub origin: Option<KeyOrigin>,
    /// Time since the keys were last confirmed by the source; `None` for fixed keys and before the first load.
    pub age: Option<Duration>,
    /// How many sets have been taken so far; a change of keys changes it.
    pub generation: u64,
    /// The keys in use.
    pub keys: Vec<KeyInfo>,
    /// The entries of the set that are not used, each with its reason.
    pub skipped: Vec<Skipped>,
    /// Time since an attempt last brought or confirmed keys; `None` when none has yet, and for fixed keys.
    pub last_success: Option<Duration>,
    /// How many attempts in a row have brought nothing since.
    pub failed_attempts: u32,
    /// Why the last attempt to renew the keys failed, if it did.
    pub last_error: Option<String>,
    /// Time until the next planned attempt; `None` for fixed keys and while an attempt is under way.
    pub next_attempt: Option<Duration>,
}

/// Where keys come from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyOrigin {
    /// Given in the set-up, and never to change.
    SetUp,
    /// Got from the issuer, or read from the key file.
    Source,
    /// Kept on disk by an earlier run.
    Snapshot,
    /// Compiled into the program, to serve until the source answers.
    Embedded,
}

impl KeyOrigin {
    /// The origin as a stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Source => "source",
            Self::Snapshot => "snapshot",
            Self::Embedded => "embedded",
        }
    }
}

impl fmt::Display for KeyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether, and how well, an issuer's tokens can be judged.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyState {
    /// The keys were given in the set-up and do not change.
    Fixed,
    /// No keys have been loaded yet: requests get 503.
    Loading,
    /// The keys are current.
    Fresh,
    /// The keys should have been renewed and could not be; they still serve.
    Grace,
    /// The keys are too old to be trusted: requests get 503.
    Expired,
}

impl KeyState {
    /// The state as a stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Loading => "loading",
            Self::Fresh => "fresh",
            Self::Grace => "grace",
            Self::Expired => "expired",
        }
    }

    /// Whether tokens of the issuer can be judged at all.
    #[must_use]
    pub const fn can_verify(self) -> bool {
        matches!(self, Self::Fixed | Self::Fresh | Self::Grace)
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One key in use.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// `kid`.
    pub key_id: Option<String>,
    /// The algorithms it serves for this issuer.
    pub algorithms: AlgorithmSet,
    /// What it is, whatever its id; `None` for a shared secret, which could be guessed by it
    /// ([RFC 7638, section 7](https://www.rfc-editor.org/rfc/rfc7638#section-7)).
    pub thumbprint: Option<Thumbprint>,
}
