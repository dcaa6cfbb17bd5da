//! The choice of cryptographic library, as a value.

use std::fmt;

#[cfg(any(feature = "aws-lc", feature = "ring"))]
use super::backends;
use crate::error::KeyError;
use crate::jose::{Algorithm, Jwk, KeyMaterial, Thumbprint};

/// A cryptographic library that verifies signatures.
///
/// | | [`aws_lc`](Backend::aws_lc) | [`ring`](Backend::ring) |
/// |---|---|---|
/// | HS, RS, PS, ES256, ES384, Ed25519 | yes | yes |
/// | ES512, ES256K, ML-DSA | yes | no |
/// | RSA keys parsed once | yes | no |
/// | feature | `aws-lc` (default) | `ring` |
///
/// A verifier uses [`Backend::available`]'s first unless
/// [`VerifierBuilder::backend`](crate::VerifierBuilder::backend) says otherwise.
#[derive(Clone, Copy)]
pub struct Backend(&'static dyn Library);

impl Backend {
    /// AWS-LC, through `aws-lc-rs`.
    #[cfg(feature = "aws-lc")]
    #[must_use]
    pub fn aws_lc() -> Self {
        Self(&backends::aws_lc::AwsLc)
    }

    /// ring.
    #[cfg(feature = "ring")]
    #[must_use]
    pub fn ring() -> Self {
        Self(&backends::ring::Ring)
    }

    /// The libraries that are compiled in, the preferred one first.
    #[must_use]
    pub fn available() -> &'static [Self] {
        &[
            #[cfg(feature = "aws-lc")]
            Self(&backends::aws_lc::AwsLc),
            #[cfg(feature = "ring")]
            Self(&backends::ring::Ring),
        ]
    }

    /// The library's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Whether the library implements `algorithm`.
    #[must_use]
    pub fn supports(self, algorithm: Algorithm) -> bool {
        self.0.supports(algorithm)
    }

    /// The SHA-256 thumbprint of a key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)).
    ///
    /// ```
    /// # #[cfg(feature = "aws-lc")] {
    /// use portcullis::{crypto::Backend, jose::Jwk};
    ///
    /// let jwk = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
    /// let print = Backend::aws_lc().thumbprint(&jwk).to_string();
    /// assert_eq!(print, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"); // RFC 8037, appendix A.3
    /// # }
    /// # Ok::<(), portcullis::KeyError>(())
    /// ```
    #[must_use]
    pub fn thumbprint(self, jwk: &Jwk) -> Thumbprint {
        Thumbprint::new(self.0.sha256(jwk.thumbprint_input().as_bytes()))
    }

    /// What tells whether a message was changed by accident: SHA-256.
    #[cfg(feature = "remote")]
    pub(crate) fn digest(self, message: &[u8]) -> [u8; 32] {
        self.0.sha256(message)
    }

    /// What tells whether a message was changed by someone without the secret: HMAC-SHA-256.
    pub(crate) fn authenticate(self, secret: &[u8], message: &[u8]) -> [u8; 32] {
        self.0.hmac_sha256(secret, message)
    }

    /// Makes a key ready to verify `algorithm`, which its type and curve must fit.
    pub(super) fn prepare(self, algorithm: Algorithm, material: &KeyMaterial) -> Result<Prepared, KeyError> {
        self.0.prepare(algorithm, material)
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backend({})", self.name())
    }
}

impl PartialEq for Backend {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Backend {}

/// A key made ready for one algorithm.
pub(super) type Prepared = Box<dyn Verify>;

/// What a cryptographic library must do for us.
pub(super) trait Library: Send + Sync {
    fn name(&self) -> &'static str;
    fn supports(&self, algorithm: Algorithm) -> bool;
    fn sha256(&self, message: &[u8]) -> [u8; 32];
    fn hmac_sha256(&self, secret: &[u8], message: &[u8]) -> [u8; 32];
    /// The key has passed the checks that are the same for every library; the library checks what only it can.
    fn prepare(&self, algorithm: Algorithm, material: &KeyMaterial) -> Result<Prepared, KeyError>;
}

/// A key and an algorithm, ready for use.
pub(super) trait Verify: Send + Sync {
    /// Whether `signature` is one of `message`. HMAC tags are compared in constant time.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(all(feature = "aws-lc", feature = "ring"))]
mod tests {
    use super::*;

    #[test]
    fn both_libraries_are_there_and_each_says_what_it_is() {
        let [first, second] = Backend::available() else { panic!("two are compiled in") };
        assert_eq!((first.name(), second.name()), ("aws-lc", "ring"));
        assert_eq!(format!("{first:?} {second:?}"), "Backend(aws-lc) Backend(ring)");
        assert!(*first == Backend::aws_lc() && *second == Backend::ring() && first != second);
        for algorithm in Algorithm::ALL {
            use Algorithm::{ES256K, ES512, MlDsa44, MlDsa65, MlDsa87};
            assert!(first.supports(*algorithm), "{algorithm}");
            let missing = [ES512, ES256K, MlDsa44, MlDsa65, MlDsa87].contains(algorithm);
            assert_eq!(second.supports(*algorithm), !missing, "{algorithm}");
        }
    }
}
