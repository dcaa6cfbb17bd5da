//! The table of signature algorithms: the only place in the crate that lists them.

use std::fmt;

/// A JWS signature algorithm ([RFC 7518, section 3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1)).
///
/// `none` is absent on purpose: it cannot be named, so it cannot be allowed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a 32-byte salt.
    PS256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a 48-byte salt.
    PS384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a 64-byte salt.
    PS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// ECDSA on secp256k1 with SHA-256 ([RFC 8812](https://www.rfc-editor.org/rfc/rfc8812#section-3.2)).
    ES256K,
    /// EdDSA; here always on Ed25519 ([RFC 8037](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
    EdDSA,
    /// EdDSA on Ed25519 under its fully specified name ([RFC 9864](https://www.rfc-editor.org/rfc/rfc9864)).
    Ed25519,
    /// ML-DSA-44 ([RFC 9964](https://www.rfc-editor.org/rfc/rfc9964), FIPS 204).
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl Algorithm {
    /// Every algorithm of the table.
    pub const ALL: &[Self] = &[
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::ES256K,
        Self::EdDSA,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// What an issuer accepts unless told otherwise: asymmetric, widely deployed, on every backend.
    pub const DEFAULT: &[Self] =
        &[Self::RS256, Self::PS256, Self::ES256, Self::ES384, Self::EdDSA, Self::Ed25519];

    const fn row(self) -> Row {
        use Algorithm::*;
        use Curve::{Ed25519 as OnEd25519, P256, P384, P521, Secp256k1};
        use Digest::{Sha256, Sha384, Sha512};
        use Family::{Ecdsa, EdDsa, Hmac, MlDsa, RsaPkcs1, RsaPss};
        match self {
            HS256 => Row::new("HS256", Hmac, None, Some(Sha256), Some(32)),
            HS384 => Row::new("HS384", Hmac, None, Some(Sha384), Some(48)),
            HS512 => Row::new("HS512", Hmac, None, Some(Sha512), Some(64)),
            RS256 => Row::new("RS256", RsaPkcs1, None, Some(Sha256), None),
            RS384 => Row::new("RS384", RsaPkcs1, None, Some(Sha384), None),
            RS512 => Row::new("RS512", RsaPkcs1, None, Some(Sha512), None),
            PS256 => Row::new("PS256", RsaPss, None, Some(Sha256), None),
            PS384 => Row::new("PS384", RsaPss, None, Some(Sha384), None),
            PS512 => Row::new("PS512", RsaPss, None, Some(Sha512), None),
            ES256 => Row::new("ES256", Ecdsa, Some(P256), Some(Sha256), Some(64)),
            ES384 => Row::new("ES384", Ecdsa, Some(P384), Some(Sha384), Some(96)),
            ES512 => Row::new("ES512", Ecdsa, Some(P521), Some(Sha512), Some(132)),
            ES256K => Row::new("ES256K", Ecdsa, Some(Secp256k1), Some(Sha256), Some(64)),
            EdDSA => Row::new("EdDSA", EdDsa, Some(OnEd25519), None, Some(64)),
            Ed25519 => Row::new("Ed25519", EdDsa, Some(OnEd25519), None, Some(64)),
            MlDsa44 => Row::new("ML-DSA-44", MlDsa, None, None, Some(2_420)),
            MlDsa65 => Row::new("ML-DSA-65", MlDsa, None, None, Some(3_309)),
            MlDsa87 => Row::new("ML-DSA-87", MlDsa, None, None, Some(4_627)),
        }
    }

    /// The registered name, as it stands in `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// The algorithm of exactly this name; names are case-sensitive
    /// ([RFC 7515, section 4.1.1](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.1)).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }

    /// The kind of mathematics behind it.
    #[must_use]
    pub const fn family(self) -> Family {
        self.row().family
    }

    /// The `kty` that a key for it must have.
    #[must_use]
    pub const fn key_type(self) -> KeyType {
        match self.family() {
            Family::Hmac => KeyType::Oct,
            Family::RsaPkcs1 | Family::RsaPss => KeyType::Rsa,
            Family::Ecdsa => KeyType::Ec,
            Family::EdDsa => KeyType::Okp,
            Family::MlDsa => KeyType::Akp,
        }
    }

    /// The `crv` that a key for it must have, where its type has curves.
    #[must_use]
    pub const fn curve(self) -> Option<Curve> {
        self.row().curve
    }

    /// The hash applied to the signing input, where it is a separate step.
    #[must_use]
    pub const fn digest(self) -> Option<Digest> {
        self.row().digest
    }

    /// Length of a signature in bytes; `None` for RSA, where it is the length of the modulus.
    #[must_use]
    pub const fn signature_bytes(self) -> Option<usize> {
        self.row().signature_bytes
    }

    /// Length of an ML-DSA public key in bytes (FIPS 204, table 2); `None` for every other family.
    #[must_use]
    pub const fn ml_dsa_key_bytes(self) -> Option<usize> {
        match self {
            Self::MlDsa44 => Some(1_312),
            Self::MlDsa65 => Some(1_952),
            Self::MlDsa87 => Some(2_592),
            _ => None,
        }
    }

    const fn bit(self) -> u32 {
        #[expect(clippy::as_conversions, reason = "the discriminant of a fieldless enum, in a const fn")]
        {
            1 << (self as u32)
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of algorithms.
///
/// ```
/// use portcullis::Algorithm;
/// use portcullis::jose::AlgorithmSet;
///
/// let set = AlgorithmSet::from_iter([Algorithm::ES256, Algorithm::EdDSA]);
/// assert!(set.contains(Algorithm::ES256) && !set.contains(Algorithm::HS256));
/// ```
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub struct AlgorithmSet(u32);

impl AlgorithmSet {
    /// The set of nothing.
    pub const EMPTY: Self = Self(0);

    /// Whether `algorithm` is in the set.
    #[must_use]
    pub const fn contains(self, algorithm: Algorithm) -> bool {
        self.0 & algorithm.bit() != 0
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The algorithms in the set, in the table's order.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL.iter().copied().filter(move |algorithm| self.contains(*algorithm))
    }
}

impl FromIterator<Algorithm> for AlgorithmSet {
    fn from_iter<I: IntoIterator<Item = Algorithm>>(algorithms: I) -> Self {
        Self(algorithms.into_iter().fold(0, |bits, algorithm| bits | algorithm.bit()))
    }
}

impl fmt::Debug for AlgorithmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The kind of mathematics behind an algorithm.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Family {
    /// A shared secret.
    Hmac,
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1,
    /// RSASSA-PSS.
    RsaPss,
    /// ECDSA with a fixed-length r ‖ s signature.
    Ecdsa,
    /// EdDSA.
    EdDsa,
    /// ML-DSA.
    MlDsa,
}

/// The type of a key, `kty` ([RFC 7517, section 4.1](https://www.rfc-editor.org/rfc/rfc7517#section-4.1)).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum KeyType {
    /// `oct`: a shared secret.
    Oct,
    /// `RSA`.
    Rsa,
    /// `EC`: a point on a Weierstrass curve.
    Ec,
    /// `OKP`: an octet key pair ([RFC 8037](https://www.rfc-editor.org/rfc/rfc8037)).
    Okp,
    /// `AKP`: an algorithm key pair ([RFC 9964](https://www.rfc-editor.org/rfc/rfc9964)).
    Akp,
}

impl KeyType {
    /// The value of `kty`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Oct => "oct",
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Okp => "OKP",
            Self::Akp => "AKP",
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The curve of a key, `crv`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// secp256k1.
    Secp256k1,
    /// Edwards form of Curve25519, for signatures.
    Ed25519,
}

impl Curve {
    /// The value of `crv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// Length of one coordinate in bytes.
    #[must_use]
    pub const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 | Self::Ed25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// The hash that an algorithm applies to its input.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Digest {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// Length of the hash in bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

#[derive(Clone, Copy)]
struct Row {
    name: &'static str,
    family: Family,
    curve: Option<Curve>,
    digest: Option<Digest>,
    signature_bytes: Option<usize>,
}

impl Row {
    const fn new(
        name: &'static str,
        family: Family,
        curve: Option<Curve>,
        digest: Option<Digest>,
        signature_bytes: Option<usize>,
    ) -> Self {
        Self { name, family, curve, digest, signature_bytes }
    }
}

#[cfg(test)]
mod tests;
