//! Keys and names of algorithms.

use std::io;

use ::jsonwebtoken as theirs;
use serde::Serialize;
use theirs::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use zeroize::Zeroizing;

use crate::error::{JwkSetError, KeyError, MemberFault};
use crate::jose::{Algorithm, Curve, Jwk, JwkSet, KeyMaterial};

/// # Errors
/// [`KeyError::AlgorithmUnknown`] for one that a later version of jsonwebtoken may bring; all of 11.1 are known.
impl TryFrom<theirs::Algorithm> for Algorithm {
    type Error = KeyError;

    fn try_from(algorithm: theirs::Algorithm) -> Result<Self, KeyError> {
        use theirs::Algorithm as Theirs;
        match algorithm {
            Theirs::HS256 => Ok(Self::HS256),
            Theirs::HS384 => Ok(Self::HS384),
            Theirs::HS512 => Ok(Self::HS512),
            Theirs::ES256 => Ok(Self::ES256),
            Theirs::ES384 => Ok(Self::ES384),
            Theirs::RS256 => Ok(Self::RS256),
            Theirs::RS384 => Ok(Self::RS384),
            Theirs::RS512 => Ok(Self::RS512),
            Theirs::PS256 => Ok(Self::PS256),
            Theirs::PS384 => Ok(Self::PS384),
            Theirs::PS512 => Ok(Self::PS512),
            Theirs::EdDSA => Ok(Self::EdDSA),
            _ => Err(KeyError::AlgorithmUnknown),
        }
    }
}

/// The key as [`Jwk::parse`] reads it from JSON, so nothing is taken that would not be taken there.
///
/// # Errors
/// Those of [`Jwk::parse`].
impl TryFrom<&theirs::jwk::Jwk> for Jwk {
    type Error = KeyError;

    fn try_from(jwk: &theirs::jwk::Jwk) -> Result<Self, KeyError> {
        let json = written(jwk).map_err(|_| KeyError::Malformed(MemberFault::Json))?;
        Self::parse(str::from_utf8(&json).map_err(|_| KeyError::Malformed(MemberFault::Json))?)
    }
}

/// The set as [`JwkSet::parse`] reads it from JSON: entries that cannot be used are in [`JwkSet::skipped`].
///
/// # Errors
/// Those of [`JwkSet::parse`], its size being that of the JSON that jsonwebtoken would write.
impl TryFrom<&theirs::jwk::JwkSet> for JwkSet {
    type Error = JwkSetError;

    fn try_from(set: &theirs::jwk::JwkSet) -> Result<Self, JwkSetError> {
        Self::parse(&written(set).map_err(|_| JwkSetError::Json)?)
    }
}

/// The key, without an id and for every algorithm of its type and curve: it holds no more.
///
/// # Errors
/// [`KeyError::NotPublicKey`] when its bytes are none that jsonwebtoken's own constructors leave there; or what is wrong
/// with the key itself, as [`Jwk::from_material`].
impl TryFrom<&DecodingKey> for Jwk {
    type Error = KeyError;

    fn try_from(key: &DecodingKey) -> Result<Self, KeyError> {
        match (key.family(), key.kind()) {
            (AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(secret)) => {
                Self::from_material(KeyMaterial::Oct { secret: secret.clone().into() })
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                Self::from_material(KeyMaterial::Rsa { n: n.clone(), e: e.clone() })
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(der)) => match Self::from_pkcs1_der(der) {
                Err(KeyError::NotPublicKey) => of_type(Self::from_der(der)?, AlgorithmFamily::Rsa),
                read => read,
            },
            (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(bytes)) => match point(bytes) {
                Some(material) => Self::from_material(material),
                None => of_type(Self::from_der(bytes)?, AlgorithmFamily::Ec),
            },
            (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(bytes)) => {
                if bytes.len() == Curve::Ed25519.coordinate_bytes() {
                    Self::from_material(KeyMaterial::Okp { curve: Curve::Ed25519, x: bytes.clone() })
                } else {
                    of_type(Self::from_der(bytes)?, AlgorithmFamily::Ed)
                }
            }
            (_, DecodingKeyKind::RsaModulusExponent { .. }) => Err(KeyError::NotPublicKey),
        }
    }
}

/// A key of another type than it was said to be would verify what it was never meant for.
fn of_type(key: Jwk, family: AlgorithmFamily) -> Result<Jwk, KeyError> {
    match (key.material(), family) {
        (KeyMaterial::Rsa { .. }, AlgorithmFamily::Rsa)
        | (KeyMaterial::Ec { .. }, AlgorithmFamily::Ec)
        | (KeyMaterial::Okp { .. }, AlgorithmFamily::Ed) => Ok(key),
        _ => Err(KeyError::AlgorithmMismatch),
    }
}

/// An uncompressed point (SEC 1, section 2.3.3), whose length says on which curve: jsonwebtoken knows no other of these
/// lengths.
fn point(bytes: &[u8]) -> Option<KeyMaterial> {
    let (4, coordinates) = bytes.split_first()? else { return None };
    let curves = [Curve::P256, Curve::P384, Curve::P521];
    let curve = curves.into_iter().find(|curve| coordinates.len() == 2 * curve.coordinate_bytes())?;
    let (x, y) = coordinates.split_at(curve.coordinate_bytes());
    Some(KeyMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() })
}

/// The JSON of a value that may hold a secret: measured first, so that it grows nowhere and is wiped as a whole.
fn written(value: &impl Serialize) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value)?;
    let mut json = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *json, value)?;
    Ok(json)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
