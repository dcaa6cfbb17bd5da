//! One decision, as it is put on record.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::ascii::Ascii;
use super::subject_hash::SubjectHash;
use super::timestamp::Timestamp;
use crate::jose::Algorithm;
use crate::time::UnixTime;

/// One decision. Serializes to one JSON object, by the schema of `docs/audit.schema.json`; what is not known is absent.
///
/// Of a token that was not found good nothing but its header is repeated, as the rest is not known to be true. All texts
/// are bounded, and free of line ends and control characters.
#[derive(Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct AuditEvent<'a> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Which event of this [`Audit`](super::Audit) it is, from 1 on: a number that is missing was lost.
    pub sequence: u64,
    /// When it was decided, by the verifier's clock.
    #[serde(serialize_with = "timestamp")]
    pub time: UnixTime,
    /// What was decided.
    #[serde(rename = "event")]
    pub kind: AuditKind,
    /// How it was decided.
    pub outcome: AuditOutcome,
    /// Why not: the [code](crate::Error::code) of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// Which verifier decided, as [`Audit::verifier`](super::Audit::verifier) names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verifier: Option<&'a str>,
    /// The issuer by whose rules the token was judged: one of the set-up, or a tenant that the resolver knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<&'a str>,
    /// Whom the good token speaks of, where [`Subjects`](super::Subjects) are plain. At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'a str>,
    /// The stand-in for whom the good token speaks of, where [`Subjects`](super::Subjects) are hashed.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub subject_hash: Option<SubjectHash>,
    /// The client that the good token was issued to: `client_id`, or else `azp`. At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<&'a str>,
    /// The good token's own name, `jti`. At most 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<&'a str>,
    /// What kind of credential it was; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialKind>,
    /// How the credential came: `bearer`, `authorization` (under another scheme), `cookie`, `websocket`, `query`, `direct`
    /// (the application asked), `none`. Absent where a requirement is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// Tells whether two events are about the same token, and nothing else of it. Absent where it was too large.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub token_fingerprint: Option<TokenFingerprint>,
    /// What the good token is signed with.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "algorithm")]
    pub algorithm: Option<Algorithm>,
    /// `kid` of the header, which the sender chose. At most 64 characters, others than visible ASCII written `\u{…}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<&'a str>,
    /// How old the issuer's keys were. In JSON `key_age_ms`, in milliseconds.
    #[serde(rename = "key_age_ms", skip_serializing_if = "Option::is_none", serialize_with = "millis")]
    pub key_age: Option<Duration>,
    /// Whether the token had been verified before: `hit`, `miss`, or `off` where nothing is remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<&'static str>,
    /// The method of the request. At most 32 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// The pattern of the route, if the [service tells](super::RequestContext::route). At most 256 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<&'a str>,
    /// What was asked of the token, as a [`Requirement`](crate::Requirement) is written. At most 512 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requirement: Option<&'a str>,
    /// The id of the request, if the [service tells](super::RequestContext::request_id). At most 128 characters, others
    /// than visible ASCII written `\u{…}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
    /// Who sent the request, if the [service tells](super::RequestContext::peer).
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub peer: Option<IpAddr>,
    /// From which port, if the [service tells](super::RequestContext::peer_socket).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_port: Option<u16>,
}

/// The version of what [`AuditEvent`] and the records of [`JsonLines`](super::JsonLines) look like.
///
/// Within a version members may be added, and words to those of `reason`, `credential` and `scheme`; none goes, changes its
/// type or its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// What was decided.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditKind {
    /// Whether a credential is good.
    Authentication,
    /// Whether a good credential suffices for what a route asks.
    Authorization,
}

/// How it was decided.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditOutcome {
    /// The credential is good, or suffices.
    Accepted,
    /// It is not, or does not; or there is none where one is needed.
    Refused,
    /// Nothing could be decided, and nobody was let in.
    Unavailable,
    /// There is none, and the route is open to those without.
    Anonymous,
}

/// What kind of credential was judged.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// A JSON Web Token, good in the hands of whoever has it.
    BearerJwt,
}

/// Stands in for a token where it must not be written down: 32 hexadecimal digits. Made by
/// [`Audit::fingerprint`](super::Audit::fingerprint).
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TokenFingerprint(pub(super) u128);

impl AuditEvent<'_> {
    /// The event as JSON: one line without its end, in ASCII.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = Vec::new();
        self.write_json(&mut line);
        String::from_utf8(line).unwrap_or_default()
    }

    /// Appends the event as JSON.
    pub(super) fn write_json(&self, line: &mut Vec<u8>) {
        // Neither our types nor a `Vec` have a reason to fail.
        let _ = self.serialize(&mut serde_json::Serializer::with_formatter(line, Ascii));
    }
}

impl AuditKind {
    /// The word for it: `authentication` or `authorization`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
        }
    }
}

impl AuditOutcome {
    /// The word for it: `accepted`, `refused`, `unavailable` or `anonymous`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Anonymous => "anonymous",
        }
    }
}

impl CredentialKind {
    /// The word for it: `bearer_jwt`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BearerJwt => "bearer_jwt",
        }
    }
}

impl fmt::Display for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TokenFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenFingerprint({self})")
    }
}

/// Shows what was decided, and neither about whom nor what a sender chose.
impl fmt::Debug for AuditEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvent")
            .field("sequence", &self.sequence)
            .field("time", &self.time)
            .field("kind", &self.kind)
            .field("outcome", &self.outcome)
            .field("reason", &self.reason)
            .field("token_fingerprint", &self.token_fingerprint)
            .finish_non_exhaustive()
    }
}

fn timestamp<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Timestamp(*time))
}

// `serialize_with` asks for references to the fields as they are.
fn shown<S: Serializer>(value: &Option<impl fmt::Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

fn algorithm<S: Serializer>(algorithm: &Option<Algorithm>, serializer: S) -> Result<S::Ok, S::Error> {
    algorithm.map(Algorithm::name).serialize(serializer)
}

fn millis<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(in_millis).serialize(serializer)
}

pub(super) fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
