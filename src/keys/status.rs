//! What can be told about an issuer's keys: for health checks, operators and tests.

use std::fmt;
use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use crate::jose::{Algorithm, AlgorithmSet, Skipped, Thumbprint};

/// The state of an issuer's keys at one moment.
///
/// Serialised with these very names, times in whole seconds as `…_seconds`, states and reasons as their stable words:
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use portcullis::{Issuer, Verifier, jose::Jwk};
///
/// let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let issuer = Issuer::new("https://id.example.com", key).audience("https://api.example.com");
/// let status = Verifier::builder().issuer(issuer).build()?.status();
/// let json = serde_json::to_value(&status)?;
/// assert_eq!(json[0]["state"], "fixed");
/// assert_eq!(json[0]["keys"][0]["thumbprint"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc"))] fn main() {}
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct IssuerStatus {
    /// The issuer's identifier.
    pub issuer: String,
    /// Whether, and how well, its tokens can be judged.
    pub state: KeyState,
    /// Where the keys in use came from; `None` before the first load.
    pub origin: Option<KeyOrigin>,
    /// Time since the keys were last confirmed by the source; `None` for fixed keys and before the first load.
    #[serde(rename = "age_seconds", serialize_with = "whole_seconds")]
    pub age: Option<Duration>,
    /// The age from which on its tokens get 503; `None` for fixed keys and before the first load.
    #[serde(rename = "age_limit_seconds", serialize_with = "whole_seconds")]
    pub age_limit: Option<Duration>,
    /// How many sets have been taken so far; a change of keys changes it.
    pub generation: u64,
    /// The keys in use.
    pub keys: Vec<KeyInfo>,
    /// The entries of the set that are not used, each with its reason.
    pub skipped: Vec<Skipped>,
    /// Time since an attempt last brought or confirmed keys; `None` when none has yet, and for fixed keys.
    #[serde(rename = "last_success_seconds", serialize_with = "whole_seconds")]
    pub last_success: Option<Duration>,
    /// How many attempts in a row have brought nothing since.
    pub failed_attempts: u32,
    /// Why the last attempt to renew the keys failed, if it did.
    pub last_error: Option<String>,
    /// Time until the next planned attempt; `None` for fixed keys and while an attempt is under way.
    #[serde(rename = "next_attempt_seconds", serialize_with = "whole_seconds")]
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

/// The stable word.
impl Serialize for KeyState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The stable word.
impl Serialize for KeyOrigin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
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

/// `kid`, `algorithms` by their registered names, and `thumbprint` in base64url.
impl Serialize for KeyInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let algorithms: Vec<_> = self.algorithms.iter().map(Algorithm::name).collect();
        let mut key = serializer.serialize_struct("KeyInfo", 3)?;
        key.serialize_field("kid", &self.key_id)?;
        key.serialize_field("algorithms", &algorithms)?;
        key.serialize_field("thumbprint", &self.thumbprint.map(|thumbprint| thumbprint.to_string()))?;
        key.end()
    }
}

/// `index`, `kid`, and the reason's stable word as `code`.
impl Serialize for Skipped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut skipped = serializer.serialize_struct("Skipped", 3)?;
        skipped.serialize_field("index", &self.index)?;
        skipped.serialize_field("kid", &self.key_id)?;
        skipped.serialize_field("code", self.error.code())?;
        skipped.end()
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn whole_seconds<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.as_secs()).serialize(serializer)
}
