//! Secrets, which stand anywhere but in the settings.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};
use zeroize::Zeroizing;

use crate::jose::{Secret, base64url};
use crate::keys::remote::open_file;

/// Where a secret stands: in an environment variable or in a file. The secret itself is read when the verifier is built.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(
    deny_unknown_fields,
    extend("oneOf" = [{ "required": ["env"] }, { "required": ["file"] }])
))]
pub(super) struct SecretReference {
    /// The environment variable that holds the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) env: Option<String>,
    /// The file that holds the secret, of at most 4 KiB. One line break at its end is not part of the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<PathBuf>,
    /// How the secret is written: as it is (`text`), or in base64url without padding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<Encoding>,
}

#[derive(Clone, Copy, Debug, DeriveDeserialize, Default, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    #[default]
    Text,
    Base64url,
}

impl SecretReference {
    /// The secret; every copy of it that was made on the way is wiped.
    ///
    /// # Errors
    /// Why there is none, without anything of it.
    pub(super) fn resolve(&self) -> Result<Secret, String> {
        let text = match (&self.env, &self.file) {
            (Some(name), None) => variable(name)?,
            (None, Some(path)) => {
                content(path).map_err(|kind| format!("{} cannot be read: {kind}", path.display()))?
            }
            _ => return Err(ONE_OF_TWO.to_owned()),
        };
        let text = match &self.file {
            Some(_) => without_line_break(&text),
            None => text.as_slice(),
        };
        if text.is_empty() {
            return Err("the secret is empty".to_owned());
        }
        match self.encoding.unwrap_or_default() {
            Encoding::Text => Ok(Secret::from(text.to_vec())),
            Encoding::Base64url => {
                let decoded = std::str::from_utf8(text).ok().and_then(base64url::decode_secret);
                decoded.ok_or_else(|| "the secret is not base64url without padding".to_owned())
            }
        }
    }
}

fn variable(name: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    match std::env::var(name) {
        Ok(text) => Ok(Zeroizing::new(text.into_bytes())),
        Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(format!("the environment variable {name} is not Unicode"))
        }
    }
}

fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, io::ErrorKind> {
    let (file, _) = open_file(path).map_err(|error| error.kind())?;
    // All the room at once: what grows leaves copies behind.
    let mut content = Zeroizing::new(Vec::with_capacity(2 * MAX_SECRET_BYTES));
    let most = u64::try_from(MAX_SECRET_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut content).map_err(|error| error.kind())?;
    if content.len() > MAX_SECRET_BYTES { Err(io::ErrorKind::FileTooLarge) } else { Ok(content) }
}

/// Editors and `echo` end a file with a line break.
fn without_line_break(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

impl<'de> Deserialize<'de> for SecretReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Asked for a table, serde_json would refuse text by itself, and quote it.
        deserializer.deserialize_any(ReferenceVisitor)
    }
}

struct ReferenceVisitor;

impl<'de> Visitor<'de> for ReferenceVisitor {
    type Value = SecretReference;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ env = \"NAME\" } or { file = \"/path\" }")
    }

    // What is refused here is a secret, so no error may be made that a deserializer would put it into.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
        Err(E::custom(NOT_HERE))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom(NOT_HERE))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(NOT_HERE))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(NOT_HERE))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        #[derive(DeriveDeserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            env: Option<String>,
            file: Option<PathBuf>,
            encoding: Option<Encoding>,
        }
        let Parts { env, file, encoding } = Parts::deserialize(MapAccessDeserializer::new(members))?;
        if env.is_some() == file.is_some() {
            return Err(de::Error::custom(ONE_OF_TWO));
        }
        Ok(SecretReference { env, file, encoding })
    }
}

const NOT_HERE: &str =
    "a secret must not stand in the settings; write { env = \"NAME\" } or { file = \"/path\" } in its place";
const ONE_OF_TWO: &str = "a secret is in one place; write either { env = \"NAME\" } or { file = \"/path\" }";
const MAX_SECRET_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(file: &Path, encoding: Option<Encoding>) -> SecretReference {
        SecretReference { env: None, file: Some(file.to_owned()), encoding }
    }

    #[test]
    fn a_file_is_read_without_the_line_break_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let long = vec![b'a'; MAX_SECRET_BYTES];
        let too_long = vec![b'a'; MAX_SECRET_BYTES + 1];
        for (written, encoding, want) in [
            (&b"hunter2"[..], None, Ok(&b"hunter2"[..])),
            (b"hunter2\n", None, Ok(b"hunter2")),
            (b"hunter2\r\n", None, Ok(b"hunter2")),
            (b"hunter2\n\n", None, Ok(b"hunter2\n")),
            (b" hunter2 ", None, Ok(b" hunter2 ")),
            (b"\xff\xfe", None, Ok(b"\xff\xfe")),
            (b"AQID\n", Some(Encoding::Base64url), Ok(&[1, 2, 3])),
            (b"AQID=", Some(Encoding::Base64url), Err("the secret is not base64url without padding")),
            (b"\xff\xfe", Some(Encoding::Base64url), Err("the secret is not base64url without padding")),
            (b"", None, Err("the secret is empty")),
            (b"\n", None, Err("the secret is empty")),
            (&long, None, Ok(&long)),
            (&too_long, None, Err("cannot be read: file too large")),
        ] {
            std::fs::write(&path, written).unwrap();
            match (reference(&path, encoding).resolve(), want) {
                (Ok(secret), Ok(want)) => assert_eq!(&*secret, want),
                (Err(reason), Err(want)) => assert!(reason.ends_with(want), "{reason}"),
                (got, _) => panic!("{got:?} of {written:?}"),
            }
        }
        let missing = reference(&folder.path().join("missing"), None).resolve().unwrap_err();
        assert!(missing.ends_with("missing cannot be read: entity not found"), "{missing}");
        assert!(reference(folder.path(), None).resolve().is_err(), "a folder is no file");
    }

    #[test]
    fn a_variable_is_taken_as_it_is() {
        let of =
            |name: &str| SecretReference { env: Some(name.to_owned()), file: None, encoding: None }.resolve();
        assert_eq!(&*of("CARGO_PKG_NAME").unwrap(), b"portcullis");
        assert_eq!(
            of("PORTCULLIS_NOT_SET").unwrap_err(),
            "the environment variable PORTCULLIS_NOT_SET is not set"
        );
    }
}
