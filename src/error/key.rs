//! Why a key, or a set of keys, is not used.

use thiserror::Error;

use super::fault::MemberFault;
use crate::jose::Algorithm;

/// Why a key is not used.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// The JWK is not an object with the members it must have, each once and of the right type.
    #[error("malformed JWK: {0}")]
    Malformed(MemberFault),
    /// A member is not base64url without padding.
    #[error("member {member} is not unpadded base64url")]
    Encoding {
        /// The member.
        member: &'static str,
    },
    /// A part of the key has a length that no such key has.
    #[error("member {member} has {found} bytes instead of {want}")]
    Length {
        /// The member.
        member: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes that such a key has.
        want: usize,
    },
    /// `kty` is not in the table.
    #[error("unknown key type")]
    KeyTypeUnknown,
    /// `crv` is not in the table.
    #[error("unknown curve")]
    CurveUnknown,
    /// `alg` is not in the table.
    #[error("unknown algorithm")]
    AlgorithmUnknown,
    /// The key's type or curve cannot serve the algorithm it is meant for.
    #[error("the key's type or curve does not fit the algorithm")]
    AlgorithmMismatch,
    /// The key is for encryption or signing only, by `use` or `key_ops`.
    #[error("the key is not meant for verifying signatures")]
    NotForVerifying,
    /// The key serves none of the algorithms that the issuer may use.
    #[error("the key serves none of the allowed algorithms")]
    NotAllowed,
    /// The key says that it is another issuer's.
    #[error("the key is another issuer's")]
    IssuerMismatch,
    /// The private half stands where the public half alone belongs.
    #[error("the private key is in the JWK")]
    Private,
    /// A shared secret stands in a set that is fetched.
    #[error("a shared secret in a published set")]
    Symmetric,
    /// The RSA modulus is too small to be safe or too large to be cheap.
    #[error("RSA modulus of {bits} bits, outside {min} to {max}")]
    RsaModulusBits {
        /// Bits found.
        bits: usize,
        /// Least allowed.
        min: usize,
        /// Most allowed.
        max: usize,
    },
    /// The RSA modulus is even.
    #[error("RSA modulus is even")]
    RsaModulusEven,
    /// The RSA exponent is even, below 3 or above 32 bits.
    #[error("RSA exponent is even, below 3 or above 32 bits")]
    RsaExponent,
    /// The RSA modulus was made by a generator that is known to be broken (ROCA, CVE-2017-15361): its factors can be
    /// computed.
    #[error("RSA modulus of a broken generator")]
    RsaModulusWeak,
    /// The point is not on the curve, or of small order.
    #[error("the public key is not a valid point of its curve")]
    PointInvalid,
    /// The HMAC secret is shorter than the hash it is used with
    /// ([RFC 7518, section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    #[error("secret of {found} bytes, shorter than the {want} that the algorithm needs")]
    SecretTooShort {
        /// Bytes found.
        found: usize,
        /// Bytes needed.
        want: usize,
    },
    /// The chosen backend does not implement the algorithm.
    #[error("the backend does not implement {0}")]
    Unsupported(Algorithm),
    /// The backend refused the key, without saying why.
    #[error("refused by the backend")]
    Refused,
    /// The PEM or DER is not a public key of a known kind.
    #[error("not a PEM or DER public key")]
    NotPublicKey,
}

impl KeyError {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "key_malformed",
            Self::Encoding { .. } => "key_encoding",
            Self::Length { .. } => "key_length",
            Self::KeyTypeUnknown => "key_type_unknown",
            Self::CurveUnknown => "curve_unknown",
            Self::AlgorithmUnknown => "key_algorithm_unknown",
            Self::AlgorithmMismatch => "key_algorithm_mismatch",
            Self::NotForVerifying => "key_not_for_verifying",
            Self::NotAllowed => "key_not_allowed",
            Self::IssuerMismatch => "key_issuer_mismatch",
            Self::Private => "key_private",
            Self::Symmetric => "key_symmetric",
            Self::RsaModulusBits { .. } => "rsa_modulus_bits",
            Self::RsaModulusEven => "rsa_modulus_even",
            Self::RsaExponent => "rsa_exponent",
            Self::RsaModulusWeak => "rsa_modulus_weak",
            Self::PointInvalid => "point_invalid",
            Self::SecretTooShort { .. } => "secret_too_short",
            Self::Unsupported(_) => "key_unsupported",
            Self::Refused => "key_refused",
            Self::NotPublicKey => "not_public_key",
        }
    }
}

/// Why a document is not a JWK Set.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum JwkSetError {
    /// More bytes than are read.
    #[error("key set over {limit} bytes")]
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// Not one JSON object.
    #[error("not a JSON object")]
    Json,
    /// No `keys`, or not an array.
    #[error("member keys is missing or not an array")]
    KeysMissing,
    /// A member stands twice.
    #[error("repeated member")]
    Repeated,
    /// More entries than are taken.
    #[error("{found} keys, more than {limit}")]
    TooManyKeys {
        /// Entries found.
        found: usize,
        /// The most that are taken.
        limit: usize,
    },
    /// No entry can verify anything for this issuer.
    #[error("no usable key in the set")]
    NoUsableKey,
}

impl JwkSetError {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "key_set_too_large",
            Self::Json => "key_set_not_json",
            Self::KeysMissing => "key_set_keys_missing",
            Self::Repeated => "key_set_repeated_member",
            Self::TooManyKeys { .. } => "key_set_too_many_keys",
            Self::NoUsableKey => "key_set_no_usable_key",
        }
    }
}
