//! The last known good keys on disk, so that a restart in the middle of an outage still serves.

mod format;
mod keeper;
#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests;

use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::Builder;
use thiserror::Error;

pub(super) use keeper::Keeper;

use super::file;
use super::holding::Term;
use crate::crypto::Backend;
use crate::jose::{AlgorithmSet, JwkSet, MAX_SET_BYTES, Secret};
use crate::keys::set::{KeySet, Origin};
use crate::keys::status::KeyOrigin;
use crate::time::UnixTime;
use format::Record;

/// A file that keeps an issuer's last known good keys over a restart; for [`Remote::snapshot`](super::Remote::snapshot).
///
/// It is written whenever keys are taken or confirmed, at most once a minute unless they changed: beside its place, with
/// mode 0600, and then renamed. It is read once, when the verifier is built, and its keys serve until the source answers,
/// as if the process had never stopped: their age counts from their last confirmation, by the verifier's clock, and past
/// the maximum age and [`max_stale`](super::Remote::max_stale) they are refused. So are those of a date that is still to
/// come, of another issuer or another address, files that were damaged, and, on Unix, files that others may write: by
/// their mode, or as they are another user's. What is ours or root's is not; whose a [sealed](Self::sealed_with) file is
/// does not count.
///
/// Whoever can write the file can sign tokens, unless it is sealed. Whoever can put an older file
/// of the same seal in its place can bring back keys that were withdrawn since, but none past `max_stale`: what an outage
/// would do as well.
#[derive(Clone)]
#[must_use]
pub struct Snapshot {
    path: PathBuf,
    seal: Option<Secret>,
}

impl Snapshot {
    /// The keys of one issuer in this file. Its directory must exist and should be ours alone.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), seal: None }
    }

    /// Accepts only what was written with this secret, by HMAC-SHA-256. From 32 bytes to 1 KiB.
    ///
    /// For a directory that others may write to. The secret must come from elsewhere.
    pub fn sealed_with(self, secret: impl Into<Secret>) -> Self {
        Self { seal: Some(secret.into()), ..self }
    }

    /// The file and the seal.
    #[cfg(test)]
    #[cfg(feature = "settings")]
    pub(crate) fn described(&self) -> (&Path, Option<&Secret>) {
        let Self { path, seal } = self;
        (path, seal.as_ref())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn seal_bytes(&self) -> Option<usize> {
        self.seal.as_deref().map(<[u8]>::len)
    }

    /// A file without a seal is believed because of whose it is.
    const fn trusted_owners(&self) -> Owners {
        if self.seal.is_some() { Owners::Anyone } else { Owners::OursOrRoot }
    }

    fn tag(&self, backend: Backend, content: &[u8]) -> [u8; 32] {
        match &self.seal {
            Some(secret) => backend.authenticate(secret, content),
            None => backend.digest(content),
        }
    }
}

/// A path alone is a file without a seal.
impl<P: Into<PathBuf>> From<P> for Snapshot {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("path", &self.path).field("seal", &self.seal).finish()
    }
}

/// Whose keys are kept, and what they must fit.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) issuer: String,
    /// Where they come from, as it may be written down: a query may hold a secret.
    pub(super) place: [u8; 32],
    pub(super) allowed: AlgorithmSet,
    pub(super) backend: Backend,
    pub(super) max_stale: Duration,
}

/// Keys as an earlier process left them.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) set: KeySet,
    pub(super) term: Term,
}

impl Snapshot {
    /// The keys in the file, if they may still serve at this time of day.
    ///
    /// # Errors
    /// [`SnapshotError`]: why they are not used.
    pub(super) fn restore(&self, owner: &Owner, now: UnixTime) -> Result<Restored, SnapshotError> {
        let bytes = read(&self.path, self.trusted_owners())?;
        let record = Record::read(&bytes, |content| self.tag(owner.backend, content))?;
        if record.issuer != owner.issuer || record.place != owner.place {
            return Err(SnapshotError::Foreign);
        }
        if record.confirmed_at > now.saturating_add(MAX_AHEAD) {
            return Err(SnapshotError::FromTheFuture);
        }
        let term = Term {
            origin: KeyOrigin::Snapshot,
            since: Duration::ZERO,
            age_then: now.saturating_since(record.confirmed_at),
            max_age: record.max_age.min(super::cache_control::MAX_MAX_AGE),
            max_stale: owner.max_stale,
        };
        if term.age_then >= term.max_age.saturating_add(term.max_stale) {
            return Err(SnapshotError::Expired);
        }
        let jwks = JwkSet::parse(record.document).map_err(|_| SnapshotError::NoUsableKey)?;
        let jwks = jwks.of_issuer(&owner.issuer);
        let set = KeySet::prepare(&jwks, owner.allowed, owner.backend, Origin::Published);
        if set.keys().is_empty() {
            return Err(SnapshotError::NoUsableKey);
        }
        Ok(Restored { set, term })
    }

    /// Replaces the file as a whole or not at all.
    fn write(&self, owner: &Owner, record: &Record<'_>) -> Result<(), SnapshotError> {
        let bytes = record.write(|content| self.tag(owner.backend, content));
        let failed = |error: io::Error| SnapshotError::Io(error.kind());
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // Made with mode 0600, and removed again if anything fails before it has its name.
        let mut file = Builder::new().prefix(".portcullis-").tempfile_in(directory).map_err(failed)?;
        file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Whose a file may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Owners {
    OursOrRoot,
    Anyone,
}

fn read(path: &Path, owners: Owners) -> Result<Vec<u8>, SnapshotError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SnapshotError::Missing,
        kind => SnapshotError::Io(kind),
    };
    let (file, metadata) = file::open(path).map_err(failed)?;
    if is_writable_by_others(&metadata) || owners == Owners::OursOrRoot && is_anothers(&metadata) {
        return Err(SnapshotError::WritableByOthers);
    }
    let most = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_FILE_BYTES { Err(SnapshotError::Damaged) } else { Ok(bytes) }
}

#[cfg(unix)]
fn is_writable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o022 != 0
}

/// Whoever owns a file may write it, whatever its mode.
#[cfg(unix)]
fn is_anothers(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    !is_trusted(metadata.uid(), rustix::process::geteuid().as_raw())
}

#[cfg(unix)]
const fn is_trusted(owner: u32, ours: u32) -> bool {
    owner == ours || owner == 0
}

#[cfg(not(unix))]
const fn is_anothers(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
const fn is_writable_by_others(_: &Metadata) -> bool {
    false
}

/// Why a file is not used, or not written.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(super) enum SnapshotError {
    #[error("there is no file yet")]
    Missing,
    #[error("the file cannot be read or written: {0}")]
    Io(io::ErrorKind),
    #[error("others than this user may write the file")]
    WritableByOthers,
    #[error("the file is damaged, or was written with another seal")]
    Damaged,
    #[error("the file is of another issuer or another address")]
    Foreign,
    #[error("the file is of a time that is still to come")]
    FromTheFuture,
    #[error("the keys are too old to serve")]
    Expired,
    #[error("the file has no key of use")]
    NoUsableKey,
    #[error("the file system still writes the one before; this one follows")]
    Busy,
}

impl SnapshotError {
    /// The reason as a stable word.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Missing => "snapshot_missing",
            Self::Io(_) => "snapshot_io",
            Self::WritableByOthers => "snapshot_writable_by_others",
            Self::Damaged => "snapshot_damaged",
            Self::Foreign => "snapshot_foreign",
            Self::FromTheFuture => "snapshot_from_the_future",
            Self::Expired => "snapshot_expired",
            Self::NoUsableKey => "snapshot_no_usable_key",
            Self::Busy => "snapshot_busy",
        }
    }
}

/// A key set, and what is noted about it.
const MAX_FILE_BYTES: usize = MAX_SET_BYTES + 8 * 1024;

/// How far ahead of ours the clock of the process that wrote may have been, as for a token's `nbf`.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// The least and most bytes of a seal's secret: those of the digest (RFC 2104, section 3), and more than anyone needs.
pub(super) const SEAL_BYTES: std::ops::RangeInclusive<usize> = 32..=1024;
