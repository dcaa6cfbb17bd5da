//! What the file looks like: a line with a tag over the rest, a line of JSON, and the key set as it came.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use super::SnapshotError;
use crate::jose::base64url;
use crate::time::UnixTime;

/// The content of a file.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Record<'r> {
    pub(super) issuer: String,
    pub(super) place: [u8; 32],
    /// In whole seconds, those that have begun.
    pub(super) confirmed_at: UnixTime,
    pub(super) max_age: Duration,
    pub(super) document: &'r [u8],
}

/// The second line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Note {
    issuer: String,
    place: String,
    confirmed_at: i64,
    max_age_seconds: u64,
}

impl<'r> Record<'r> {
    pub(super) fn write(&self, tag: impl Fn(&[u8]) -> [u8; 32]) -> Vec<u8> {
        let note = Note {
            issuer: self.issuer.clone(),
            place: base64url::encode(&self.place),
            confirmed_at: self.confirmed_at.seconds(),
            max_age_seconds: self.max_age.as_secs(),
        };
        // Text and numbers always have a JSON form; without one the file would be refused when it is read.
        let mut content = serde_json::to_vec(&note).unwrap_or_default();
        content.push(b'\n');
        content.extend_from_slice(self.document);
        let mut file = format!("{HEAD}{}\n", base64url::encode(&tag(&content))).into_bytes();
        file.append(&mut content);
        file
    }

    /// Reads nothing but the tag before that holds.
    ///
    /// # Errors
    /// [`SnapshotError::Damaged`], whatever is wrong: the content vouches for nothing then.
    pub(super) fn read(file: &'r [u8], tag: impl Fn(&[u8]) -> [u8; 32]) -> Result<Self, SnapshotError> {
        Self::parse(file, tag).ok_or(SnapshotError::Damaged)
    }

    fn parse(file: &'r [u8], tag: impl Fn(&[u8]) -> [u8; 32]) -> Option<Self> {
        let (head, content) = line(file)?;
        let written = base64url::decode(std::str::from_utf8(head).ok()?.strip_prefix(HEAD)?)?;
        if !bool::from(written.as_slice().ct_eq(&tag(content))) {
            return None;
        }
        let (note, document) = line(content)?;
        let note: Note = serde_json::from_slice(note).ok()?;
        Some(Self {
            issuer: note.issuer,
            place: base64url::decode(&note.place)?.try_into().ok()?,
            confirmed_at: UnixTime::from_seconds(note.confirmed_at),
            max_age: Duration::from_secs(note.max_age_seconds),
            document,
        })
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((line, rest.get(1..)?))
}

/// The kind of file, and the version of its form.
const HEAD: &str = "portcullis-keys 1 ";
