//! What keys are made of, and the numbers that can be judged without a cryptographic library.

use std::fmt;

use super::algorithm::{Algorithm, Curve, KeyType};
use super::roca;
use super::secret::Secret;
use crate::error::KeyError;

/// What a key is made of. Integers and coordinates are big-endian; those of RSA carry no leading zeros.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyMaterial {
    /// A shared secret, wiped when dropped.
    Oct {
        /// `k`.
        secret: Secret,
    },
    /// An RSA public key.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
    /// A point on a Weierstrass curve, each coordinate at full length.
    Ec {
        /// `crv`.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An octet key pair's public half.
    Okp {
        /// `crv`.
        curve: Curve,
        /// The public key.
        x: Vec<u8>,
    },
    /// An algorithm key pair's public half.
    Akp {
        /// `alg`, which for this type is part of the key.
        algorithm: Algorithm,
        /// `pub`.
        public: Vec<u8>,
    },
}

impl KeyMaterial {
    /// The `kty` of such a key.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        match self {
            Self::Oct { .. } => KeyType::Oct,
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { .. } => KeyType::Ec,
            Self::Okp { .. } => KeyType::Okp,
            Self::Akp { .. } => KeyType::Akp,
        }
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Oct { .. } | Self::Rsa { .. } => algorithm.key_type() == self.key_type(),
            Self::Ec { curve, .. } | Self::Okp { curve, .. } => algorithm.curve() == Some(*curve),
            Self::Akp { algorithm: own, .. } => algorithm == *own,
        }
    }
}

/// Shows what kind of key it is, never the key.
impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial({})", self.key_type())
    }
}

/// Lengths and numbers that can be judged without a cryptographic library; the same on every backend. Leading zeros of
/// RSA numbers are dropped: one backend refuses them at load, the other at every signature.
pub(super) fn check_lengths(mut material: KeyMaterial) -> Result<KeyMaterial, KeyError> {
    if let KeyMaterial::Rsa { n, e } = &mut material {
        for number in [n, e] {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number.drain(..zeros);
        }
    }
    if let KeyMaterial::Ec { curve, .. } | KeyMaterial::Okp { curve, .. } = &material
        && !Algorithm::ALL.iter().any(|a| a.key_type() == material.key_type() && a.curve() == Some(*curve))
    {
        // A backend goes by the type, our list of algorithms by the curve: they must not be of two minds.
        return Err(KeyError::CurveUnknown);
    }
    match &material {
        KeyMaterial::Rsa { n, e } => {
            let bits = bit_length(n);
            if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
                return Err(KeyError::RsaModulusBits { bits, min: RSA_BITS_MIN, max: RSA_BITS_MAX });
            }
            if !is_odd(n) {
                return Err(KeyError::RsaModulusEven);
            }
            if !is_odd(e) || !(RSA_EXPONENT_BITS_MIN..=RSA_EXPONENT_BITS_MAX).contains(&bit_length(e)) {
                return Err(KeyError::RsaExponent);
            }
            if roca::is_marked(n) {
                return Err(KeyError::RsaModulusWeak);
            }
        }
        KeyMaterial::Ec { curve, x, y } => {
            for (member, coordinate) in [("x", x), ("y", y)] {
                exact_length(member, coordinate, curve.coordinate_bytes())?;
            }
        }
        KeyMaterial::Okp { curve, x } => exact_length("x", x, curve.coordinate_bytes())?,
        KeyMaterial::Akp { algorithm, public } => {
            let want = algorithm.ml_dsa_key_bytes().ok_or(KeyError::AlgorithmMismatch)?;
            exact_length("pub", public, want)?;
        }
        KeyMaterial::Oct { .. } => {}
    }
    Ok(material)
}

fn exact_length(member: &'static str, bytes: &[u8], want: usize) -> Result<(), KeyError> {
    if bytes.len() == want { Ok(()) } else { Err(KeyError::Length { member, found: bytes.len(), want }) }
}

/// Bits of a big-endian number without leading zero octets.
fn bit_length(number: &[u8]) -> usize {
    match number.first() {
        None => 0,
        Some(first) => {
            (number.len() - 1) * 8 + 8usize.saturating_sub(first.leading_zeros().try_into().unwrap_or(8))
        }
    }
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

/// The smallest modulus: RFC 7518, section 3.3.
const RSA_BITS_MIN: usize = 2_048;
/// Verifying costs the square of this; nobody issues larger keys.
const RSA_BITS_MAX: usize = 8_192;
/// An exponent of 1 makes every message its own signature; 3 is the smallest that is one.
const RSA_EXPONENT_BITS_MIN: usize = 2;
/// What every candidate library takes; a large exponent is a way to make verification slow.
const RSA_EXPONENT_BITS_MAX: usize = 32;
