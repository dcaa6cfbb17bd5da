//! How keys that come from elsewhere are fetched and kept.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Flaw;
use super::secret::SecretReference;
use super::values::{Address, KeyText, Moment, Span};
use crate::ConfigError;
use crate::jose::{Jwk, JwkSet, JwkSetError};
use crate::keys::remote::{HttpFetch, Remote, Snapshot};

/// How keys are kept current; the defaults suit production.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct KeysSettings {
    /// How long keys serve past their maximum age when they cannot be renewed, and so how much longer a withdrawn key
    /// serves while the issuer is down. From 0 s to 7 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_stale: Option<Span>,
    /// The least time between two attempts that unknown keys cause; for files the default is 1 s. From 1 s to 10 min.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unknown_key_interval: Option<Span>,
    /// How long one request waits for an attempt that may bring its key. From 0 s to 30 s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wait_budget: Option<Span>,
    /// The maximum age of keys whose answer grants none by `Cache-Control`. From 1 min to 1 day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) default_max_age: Option<Span>,
    /// Keeps the last known good keys over a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<SnapshotSettings>,
    /// Keys that serve from the start until the source has answered for the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) embedded: Option<EmbeddedSettings>,
    /// A file of the certificate authorities, in PEM, that alone are trusted to vouch for the issuer's server.
    /// Default: the operating system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_certificates: Option<PathBuf>,
    /// A token that is sent with each fetch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bearer_token: Option<BearerSettings>,
}

/// The last known good keys on disk.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SnapshotSettings {
    /// The file, one for each issuer. Its directory must exist and should be this service's alone.
    pub(super) file: PathBuf,
    /// A secret of 32 bytes to 1 KiB, without which what is in the file is not believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seal: Option<SecretReference>,
}

/// Keys to start with.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct EmbeddedSettings {
    /// A JWK Set or one JWK, as JSON text.
    pub(super) jwks: KeyText,
    /// When they cease to serve, such as `2026-12-31T00:00:00Z`.
    pub(super) until: Moment,
}

/// A token that somebody else keeps current in a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct BearerSettings {
    /// The `https` address of the server that the token is for; no other is sent it.
    pub(super) server: Address,
    /// The file, of at most 16 KiB, which is read at each fetch.
    pub(super) file: PathBuf,
}

impl KeysSettings {
    /// The source, kept as these settings say.
    ///
    /// # Errors
    /// What is wrong with a secret or with keys to start with.
    pub(super) fn prepare(&self) -> Result<impl FnOnce(Remote) -> Remote + 'static, Flaw> {
        let Self {
            max_stale,
            unknown_key_interval,
            wait_budget,
            default_max_age,
            snapshot,
            embedded,
            // Of the client, not of the source.
            root_certificates: _,
            bearer_token: _,
        } = self.clone();
        let snapshot = snapshot.map(|snapshot| snapshot.snapshot()).transpose()?;
        let embedded = match embedded {
            Some(EmbeddedSettings { jwks, until }) => {
                let keys = key_set(&jwks.0).map_err(|reason| Flaw::setting("keys.embedded.jwks", reason))?;
                Some((keys, until.0))
            }
            None => None,
        };
        Ok(move |remote: Remote| {
            let remote = some(remote, max_stale, |remote, span| remote.max_stale(span.0));
            let remote =
                some(remote, unknown_key_interval, |remote, span| remote.unknown_key_interval(span.0));
            let remote = some(remote, wait_budget, |remote, span| remote.wait_budget(span.0));
            let remote = some(remote, default_max_age, |remote, span| remote.default_max_age(span.0));
            let remote = some(remote, snapshot, Remote::snapshot);
            some(remote, embedded, |remote, (keys, until)| remote.embedded(keys, until))
        })
    }

    /// The client that these settings ask for; none where that of the verifier will do.
    ///
    /// # Errors
    /// Those of [`HttpFetch`].
    pub(super) fn client(&self) -> Result<Option<HttpFetch>, Flaw> {
        if !self.needs_client() {
            return Ok(None);
        }
        let client = match &self.root_certificates {
            Some(file) => HttpFetch::with_root_certificates(&certificates(file)?)?,
            None => HttpFetch::new()?,
        };
        Ok(Some(match &self.bearer_token {
            Some(BearerSettings { server, file }) => client.bearer_token_file(server.0.as_str(), file)?,
            None => client,
        }))
    }

    pub(super) const fn needs_client(&self) -> bool {
        self.root_certificates.is_some() || self.bearer_token.is_some()
    }
}

impl SnapshotSettings {
    fn snapshot(self) -> Result<Snapshot, Flaw> {
        let snapshot = Snapshot::new(self.file);
        Ok(match self.seal {
            Some(seal) => {
                let secret = seal.resolve().map_err(|reason| Flaw::setting("keys.snapshot.seal", reason))?;
                snapshot.sealed_with(secret)
            }
            None => snapshot,
        })
    }
}

/// What a setting changes, if it is set: the default is the builder's.
pub(super) fn some<T, S>(thing: T, setting: Option<S>, change: impl FnOnce(T, S) -> T) -> T {
    match setting {
        Some(setting) => change(thing, setting),
        None => thing,
    }
}

/// A JWK Set, or one JWK.
pub(super) fn key_set(json: &str) -> Result<JwkSet, String> {
    match JwkSet::parse(json.as_bytes()) {
        Ok(set) => Ok(set),
        Err(JwkSetError::KeysMissing) => {
            Jwk::parse(json).map(JwkSet::from).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn certificates(file: &Path) -> Result<Vec<u8>, ConfigError> {
    let failed = |kind| ConfigError::File { path: file.to_owned(), kind };
    super::read(file, super::MAX_BYTES).map_err(failed)
}
