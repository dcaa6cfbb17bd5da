//! A verifier, its layer and its routes' requirements, described by TOML, JSON or environment variables, so that operators
//! configure them without a rebuild.
//!
#![cfg_attr(feature = "aws-lc", doc = "```")]
#![cfg_attr(not(feature = "aws-lc"), doc = "```ignore")]
//! use portcullis::Settings;
//!
//! # fn main() -> Result<(), portcullis::SettingsError> {
//! let settings = Settings::from_toml(r#"
//!     [[issuers]]
//!     identifier = "https://id.example.com"
//!     audiences = ["https://api.example.com"]
//! "#)?;
//! let verifier = settings.verifier()?;
//!
//! let refused = Settings::from_toml("[[issuers]]\naudience = 'https://api.example.com'").unwrap_err();
//! assert!(refused.to_string().starts_with("issuers[0].audience (line 2): unknown field, expected one of"));
//! # drop(verifier);
//! # Ok(())
//! # }
//! ```
//!
//! `docs/settings.md` lists every setting with its default and bounds; `docs/settings.schema.json` is the same as a JSON
//! Schema, for editors and deployment checks.
//!
//! [`Settings::layer`] gives the layer with what stands under `http`, [`Settings::requirement`] what a route asks for under a
//! name that the service chose.
//!
//! # What settings cannot say
//!
//! Code stays code: a clock, a [revocation check](crate::revoke), [tenants](crate::tenants) that a resolver of yours finds,
//! a [`Fetch`](crate::keys::remote::Fetch) of your own, a [predicate](crate::require::predicate()). [`Settings::builder`] gives what the settings describe to go on with:
//!
//! ```no_run
//! # use portcullis::{Settings, revoke::RevocationCheck};
//! # fn verifier(check: impl RevocationCheck + 'static) -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Settings::from_file("portcullis.toml")?.builder()?.revocation(check).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Secrets
//!
//! A secret never stands in the settings: `{ env = "NAME" }` or `{ file = "/run/secrets/name" }` say where it is. It is
//! read when the verifier is built, and wiped where it was copied to. One line break at the end of a file is not part of it;
//! `encoding = "base64url"` decodes it. Errors quote names of settings, never values.
//!
//! # In settings of your own
//!
//! [`Settings`] is `Deserialize`, so it may be a part of a larger file that `figment`, `config` or serde itself reads. Unknown
//! fields are refused there too; how well a mistake is told is then up to the reader.

mod document;
mod error;
mod http;
mod issuer;
mod keys;
mod named;
mod names;
mod presets;
mod requirements;
mod rule;
mod secret;
#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use error::SettingsError;
pub use http::SettingsBody;

use crate::crypto::Backend;
use crate::keys::remote::open_file;
use crate::verify::Misfit;
use crate::{Verifier, VerifierBuilder};
use http::HttpSettings;
use issuer::IssuerSettings;
use keys::some;
use named::once_each;
use requirements::RequirementSettings;
use values::{Count, ScopeName, Size, Span};

/// A verifier and what stands around it, described by an operator; the [module's documentation](self) says how.
///
/// Settings that are left out have the defaults of [`VerifierBuilder`] and [`Issuer`](crate::Issuer). `Serialize` writes down
/// what was set, and nothing more; neither it nor `Debug` knows a secret.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The cryptographic library, `aws-lc` or `ring`. Default: the first that is compiled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    backend: Option<BackendName>,
    /// Looks at tokens of at most this size. From 256 B to 1 MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_token_bytes: Option<Size>,
    /// How many tokens that were verified are remembered; 0 remembers none. From 0 to 10000000.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_cache: Option<Count>,
    /// For how long a token is remembered at most. From 1 s to 1 h.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_cache_time: Option<Span>,
    /// The authorization servers that are trusted. From 1 to 1024; where there are more, they are tenants.
    #[serde(default)]
    issuers: Vec<IssuerSettings>,
    /// How requests are let through and refusals are worded.
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<HttpSettings>,
    /// What routes ask for, by the names that the service has for it.
    #[serde(default, deserialize_with = "once_each", skip_serializing_if = "BTreeMap::is_empty")]
    requirements: BTreeMap<String, RequirementSettings>,
    /// Scopes, each with those that it implies: a token with `orders:write` may then meet what asks for `orders:read`.
    #[serde(default, deserialize_with = "once_each", skip_serializing_if = "BTreeMap::is_empty")]
    scope_hierarchy: BTreeMap<ScopeName, Vec<ScopeName>>,
}

/// The page about settings, so that its code is compiled.
#[cfg(all(doctest, any(feature = "aws-lc", feature = "ring")))]
#[doc = include_str!("../../docs/settings.md")]
struct SettingsPage;

/// A cryptographic library, by its name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
enum BackendName {
    AwsLc,
    Ring,
}

impl Settings {
    /// Reads TOML of at most 1 MiB.
    ///
    /// # Errors
    /// [`SettingsError`], with the path and the line of the mistake.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        document::toml(bounded(text)?)?.read()
    }

    /// Reads JSON of at most 1 MiB. An object with a repeated member is refused.
    ///
    /// # Errors
    /// [`SettingsError`], with the path of the mistake.
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        document::json(bounded(text)?)?.read()
    }

    /// Reads the environment of this process: `PREFIX_ISSUERS__0__AUDIENCES__0` is the first audience of the first issuer.
    ///
    /// Two underscores stand between a name and what it is part of; lists are numbered from 0. Every variable that starts with
    /// `PREFIX_` must be a setting, so let the prefix be of this purpose alone, such as `ORDERS_AUTH`. Nothing else is looked at.
    ///
    /// # Errors
    /// [`SettingsError`], with the path of the mistake; also for a variable that is not Unicode.
    pub fn from_env(prefix: &str) -> Result<Self, SettingsError> {
        Self::from_env_pairs(prefix, std::env::vars_os())
    }

    /// As [`from_env`](Self::from_env), from these names and values, at most 1 MiB in all.
    ///
    /// # Errors
    /// Those of [`from_env`](Self::from_env).
    pub fn from_env_pairs<N, V>(
        prefix: &str,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, SettingsError>
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        document::environment(prefix, variables.into_iter().map(|(name, value)| (name.into(), value.into())))?
            .read()
    }

    /// Reads a file of at most 1 MiB whose name ends in `.toml` or `.json`. Blocks.
    ///
    /// # Errors
    /// [`SettingsError::File`], [`SettingsError::Extension`] and [`SettingsError::TooLarge`], and those of
    /// [`from_toml`](Self::from_toml) and [`from_json`](Self::from_json).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SettingsError> {
        let path = path.as_ref();
        let read_as = match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Self::from_toml,
            Some("json") => Self::from_json,
            _ => return Err(SettingsError::Extension { file: path.to_owned() }),
        };
        let failed = |kind| SettingsError::File { file: path.to_owned(), kind };
        let content = read(path, MAX_BYTES).map_err(|kind| match kind {
            io::ErrorKind::FileTooLarge => SettingsError::TooLarge { limit: MAX_BYTES },
            kind => failed(kind),
        })?;
        let text = String::from_utf8(content).map_err(|_| failed(io::ErrorKind::InvalidData))?;
        read_as(&text)
    }

    /// The verifier; reads the secrets and files that the settings point to, and needs no network.
    ///
    /// # Errors
    /// [`SettingsError`], with the path of the issuer at fault.
    pub fn verifier(&self) -> Result<Verifier, SettingsError> {
        self.builder()?.build_or_point().map_err(|Misfit { issuer, error }| SettingsError::Config {
            path: issuer.map_or_else(String::new, |position| format!("issuers[{position}]")),
            error,
        })
    }

    /// What the settings describe, to go on with in code; its bounds are judged by [`VerifierBuilder::build`].
    ///
    /// # Errors
    /// [`SettingsError`] for what no builder can be made of: contradictions, keys that cannot be read, secrets that are not
    /// there.
    pub fn builder(&self) -> Result<VerifierBuilder, SettingsError> {
        let Self {
            backend,
            max_token_bytes,
            token_cache,
            token_cache_time,
            issuers,
            // Of what stands around the verifier.
            http: _,
            requirements: _,
            scope_hierarchy: _,
        } = self;
        if issuers.len() > MAX_ISSUERS {
            let (path, line) = ("issuers".to_owned(), None);
            let reason =
                format!("at most {MAX_ISSUERS} issuers are listed; more are tenants, which a resolver finds");
            return Err(SettingsError::Field { path, line, reason });
        }
        let builder = Verifier::builder();
        let builder = some(builder, backend.map(BackendName::backend).transpose()?, VerifierBuilder::backend);
        let builder = some(builder, *max_token_bytes, |builder, size| builder.max_token_bytes(size.0));
        let builder = some(builder, *token_cache, |builder, count| builder.token_cache(count.0));
        let builder = some(builder, *token_cache_time, |builder, span| builder.token_cache_time(span.0));
        issuers.iter().enumerate().try_fold(builder, |builder, (position, issuer)| {
            Ok(builder.issuer(issuer.issuer().map_err(|flaw| flaw.of_issuer(position))?))
        })
    }
}

impl BackendName {
    fn backend(self) -> Result<Backend, SettingsError> {
        let name = match self {
            Self::AwsLc => "aws-lc",
            Self::Ring => "ring",
        };
        let found = Backend::available().iter().copied().find(|backend| backend.name() == name);
        found.ok_or_else(|| SettingsError::Field {
            path: "backend".to_owned(),
            line: None,
            reason: format!("it is not compiled in; feature `{name}` of portcullis is off"),
        })
    }
}

const fn bounded(text: &str) -> Result<&str, SettingsError> {
    if text.len() > MAX_BYTES { Err(SettingsError::TooLarge { limit: MAX_BYTES }) } else { Ok(text) }
}

/// A file of at most `limit` bytes, and nothing that would block or never end.
fn read(path: &Path, limit: usize) -> Result<Vec<u8>, io::ErrorKind> {
    let (file, _) = open_file(path).map_err(|error| error.kind())?;
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content).map_err(|error| error.kind())?;
    if content.len() > limit { Err(io::ErrorKind::FileTooLarge) } else { Ok(content) }
}

/// The most bytes of settings. A hundred issuers with their keys take a tenth of it.
const MAX_BYTES: usize = 1024 * 1024;
/// Each has a task that renews its keys; who has more trusts tenants, which come when they are asked for.
const MAX_ISSUERS: usize = 1_024;
