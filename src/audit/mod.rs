//! A record of every decision, for auditors: who, what was asked, outcome and reason, and nothing that leaks.
//!
//! ```
//! # #[cfg(feature = "aws-lc")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::{sync::Arc, time::Duration};
//! use portcullis::{Issuer, Verifier, audit::{Audit, JsonLines}, jose::JwkSet};
//!
//! # fn key_from_your_secret_store() -> Vec<u8> { vec![7; 32] }
//! # let key = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
//! # let jwks = portcullis::jose::Jwk::parse(key)?;
//! # let file = std::io::sink();
//! let lines = Arc::new(JsonLines::new(file)?);
//! let verifier = Verifier::builder()
//!     .issuer(Issuer::new("https://id.example.com", jwks).audience("https://api.example.com"))
//!     .audit(Audit::new(Arc::clone(&lines), key_from_your_secret_store())?)
//!     .build()?;
//!
//! let _ = verifier.verify_cached("not.a.token");
//! // Before the service ends: everything that was decided is written.
//! lines.flush(Duration::from_secs(5))?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "aws-lc"))] fn main() {}
//! ```
//!
//! | an event of kind | says | where it comes from |
//! |---|---|---|
//! | [`Authentication`](AuditKind::Authentication) | whether a credential is good | the layer, and [`Verifier::verify`](crate::Verifier::verify) and its kin |
//! | [`Authorization`](AuditKind::Authorization) | whether it suffices for a route | [`require`](mod@crate::require) layers, tables of methods, [`Guarded`](crate::Guarded) |
//!
//! What a handler asks by [`VerifiedToken::require`](crate::VerifiedToken::require) is on record without its request, which
//! the token does not know.
//!
//! The route, the id of the request and the peer are in the events if the service plants a [`RequestContext`].
//!
//! The schema, its names in OCSF and ECS, and what to do about loss, rotation and retention stand in
//! [`docs/audit.md`](https://github.com/portcullis-rs/portcullis/blob/HEAD/docs/audit.md).

mod ascii;
mod context;
mod event;
mod lines;
mod record;
mod sink;
mod subject_hash;

mod timestamp;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use context::RequestContext;
pub use event::{AuditEvent, AuditKind, AuditOutcome, CredentialKind, SCHEMA_VERSION, TokenFingerprint};
pub use lines::{FlushError, JsonLines, WhenFull};
pub use sink::AuditSink;
#[cfg(any(feature = "remote", feature = "tower"))]
pub use sink::TracingSink;
pub use subject_hash::{SubjectHash, SubjectHasher};

pub(crate) use record::{Asked, Bearer, Record};

use crate::crypto::KeyedHash;
use crate::error::ConfigError;
use crate::jose::Secret;

/// Where decisions are put on record, and what of them. Given to
/// [`VerifierBuilder::audit`](crate::VerifierBuilder::audit). Clones share the sink and the count of events.
#[derive(Clone)]
pub struct Audit {
    sink: Arc<dyn AuditSink>,
    fingerprints: KeyedHash,
    subjects: Subjects,
    verifier: Option<Arc<str>>,
    counts: Arc<Counts>,
}

/// What clones count together.
#[derive(Default)]
struct Counts {
    events: AtomicU64,
    /// What the recorder of numbers was told of, by whichever verifier.
    #[cfg(feature = "metrics")]
    told: AtomicU64,
    #[cfg(feature = "metrics")]
    told_lost: AtomicU64,
}

/// How events name whom a token speaks of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Subjects {
    /// As the issuer does. The default, as an auditor asks who it was; subjects are personal data, so keep the events no
    /// longer than you have a reason to (GDPR, article 5(1)(e)).
    #[default]
    Plain,
    /// By a stand-in that is the same in all events, and that only who has its key can match with somebody.
    Hashed(SubjectHasher),
    /// Not at all.
    Omitted,
}

impl Audit {
    /// Puts decisions on record with `sink`.
    ///
    /// `key` makes [fingerprints](Self::fingerprint) of tokens: 32 random bytes or more, the same in every instance whose
    /// events are read together, and kept away from where the events go.
    ///
    /// # Errors
    /// [`ConfigError::SizeOutOfBounds`] for a key of less than 32 bytes, or more than 1,024; [`ConfigError::NoBackend`]
    /// without feature `aws-lc` or `ring`.
    pub fn new(sink: impl AuditSink, key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Ok(Self {
            sink: Arc::new(sink),
            fingerprints: KeyedHash::new("the fingerprint key, in bytes,", key.into())?,
            subjects: Subjects::default(),
            verifier: None,
            counts: Arc::default(),
        })
    }

    /// Names whom tokens speak of in this way. Default: [`Subjects::Plain`].
    #[must_use]
    pub fn subjects(self, subjects: Subjects) -> Self {
        Self { subjects, ..self }
    }

    /// Names the verifier in its events, where a service has several.
    #[must_use]
    pub fn verifier(self, name: impl Into<Arc<str>>) -> Self {
        Self { verifier: Some(name.into()), ..self }
    }

    /// What stands for this token in events: to find what was done with one that was stolen.
    ///
    /// The first 16 bytes of HMAC-SHA-256 over a text that no other use has, and the whole token. Nobody without the key can
    /// tell which token it is, nor make it from one.
    #[must_use]
    pub fn fingerprint(&self, token: &str) -> TokenFingerprint {
        self.fingerprint_of(token.as_bytes())
    }

    pub(crate) fn fingerprint_of(&self, token: &[u8]) -> TokenFingerprint {
        TokenFingerprint(self.fingerprints.of(&[PURPOSE, token].concat()))
    }

    /// How many events there were.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.counts.events.load(Ordering::Relaxed)
    }

    /// How many of them the sink [has lost](AuditSink::lost).
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.sink.lost()
    }

    /// How many events there were, and how many were lost, since this was asked last of any clone.
    #[cfg(feature = "metrics")]
    pub(crate) fn untold(&self) -> [u64; 2] {
        let since =
            |told: &AtomicU64, total: u64| total.saturating_sub(told.fetch_max(total, Ordering::Relaxed));
        [since(&self.counts.told, self.events()), since(&self.counts.told_lost, self.lost())]
    }
}

/// Shows neither the keys nor the sink.
impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit")
            .field("verifier", &self.verifier)
            .field("subjects", &self.subjects)
            .field("events", &self.events())
            .finish_non_exhaustive()
    }
}

const PURPOSE: &[u8] = b"portcullis token fingerprint\0";
