//! Set-ups that could not be safe.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::key::{JwkSetError, KeyError};
use crate::jose::Algorithm;

/// A verifier that could not be safe or could not work: refused when it is built, never at a request.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No issuer was given.
    #[error("a verifier needs at least one issuer")]
    NoIssuer,
    /// Two issuers have the same identifier.
    #[error("issuer {0} is given twice")]
    IssuerRepeated(String),
    /// The issuer identifier is empty.
    #[error("the issuer identifier is empty")]
    IssuerEmpty,
    /// No audience was given for an issuer.
    #[error(
        "issuer {0} needs an audience; `Issuer::audience` names your API, `Issuer::client` a client in its place"
    )]
    NoAudience(String),
    /// An audience is the empty string.
    #[error("an audience of issuer {0} is empty")]
    AudienceEmpty(String),
    /// A client is the empty string.
    #[error("a client of issuer {0} is empty")]
    ClientEmpty(String),
    /// A required claim has no name, or the empty string among its values.
    #[error("the required claim {claim:?} of issuer {issuer} is empty")]
    RequiredClaimEmpty {
        /// The issuer.
        issuer: String,
        /// The claim.
        claim: &'static str,
    },
    /// No algorithm is allowed for an issuer.
    #[error("issuer {0} allows no algorithm")]
    NoAlgorithm(String),
    /// The chosen backend does not implement an algorithm that an issuer allows.
    #[error("issuer {issuer} allows {algorithm}, which backend {backend} does not implement")]
    AlgorithmUnsupported {
        /// The issuer.
        issuer: String,
        /// The algorithm.
        algorithm: Algorithm,
        /// The backend.
        backend: &'static str,
    },
    /// HMAC is allowed for an issuer whose keys are published, or without a secret.
    #[error("issuer {issuer} allows {algorithm}, which needs a secret given in the set-up")]
    SecretNeeded {
        /// The issuer.
        issuer: String,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The name of a scheme, cookie, WebSocket protocol or query parameter is none.
    #[error("the {setting} is not a token in the sense of RFC 9110, section 5.6.2")]
    TokenSource {
        /// What was named.
        setting: &'static str,
    },
    /// The identifier of a protected resource cannot be one.
    #[error("{resource:?} is not the identifier of a protected resource: {fault}")]
    ProtectedResource {
        /// The identifier.
        resource: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A fixed key cannot be used.
    #[error("a key of issuer {issuer} cannot be used: {error}")]
    Key {
        /// The issuer.
        issuer: String,
        /// Why.
        #[source]
        error: KeyError,
    },
    /// A fixed key set cannot be used.
    #[error("the key set of issuer {issuer} cannot be used: {error}")]
    KeySet {
        /// The issuer.
        issuer: String,
        /// Why.
        #[source]
        error: JwkSetError,
    },
    /// A setting is outside its bounds.
    #[error("{setting} must be between {min:?} and {max:?}")]
    OutOfBounds {
        /// The setting.
        setting: &'static str,
        /// The least value allowed.
        min: Duration,
        /// The greatest value allowed.
        max: Duration,
    },
    /// A number is outside its bounds.
    #[error("{setting} must be between {min} and {max}")]
    SizeOutOfBounds {
        /// The setting.
        setting: &'static str,
        /// The least value allowed.
        min: usize,
        /// The greatest value allowed.
        max: usize,
    },
    /// An address is not an absolute `https` URL without user, query or fragment where none belongs.
    #[error("{address} is not an address to fetch from: {reason}")]
    Address {
        /// The address, without user, password and query.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A part of an address that a [preset](crate::providers) was given is not what the provider uses.
    #[error("{parameter} is not one of {provider}: {reason}")]
    Parameter {
        /// The provider.
        provider: &'static str,
        /// Which argument.
        parameter: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file that the set-up needs cannot be read.
    #[error("{} cannot be read: {kind}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        kind: io::ErrorKind,
    },
    /// The root certificates cannot be used.
    #[error("the root certificates cannot be used: {reason}")]
    RootCertificates {
        /// What is wrong with them.
        reason: &'static str,
    },
    /// A pattern of issuer identifiers, or an identifier in a list, that could not be safe.
    #[error("{pattern} does not tell tenants apart safely: {reason}")]
    IssuerPattern {
        /// The pattern, without user, password and query.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Tenants were asked for, and none is listed.
    #[error("the list of tenants is empty")]
    NoTenant,
    /// Tenants were given twice.
    #[error("tenants are given twice; one resolver answers for all of them")]
    TenantsRepeated,
    /// Two issuers keep their keys in the same file.
    #[error("two issuers have the snapshot {}; each needs a file of its own", path.display())]
    SnapshotRepeated {
        /// The file.
        path: PathBuf,
    },
    /// The crate was built without any backend.
    #[error("no cryptographic backend is compiled in; turn on feature `aws-lc` or `ring`")]
    NoBackend,
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {reason}")]
    HttpClient {
        /// What it said.
        reason: String,
    },
}
