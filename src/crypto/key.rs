//! A key that was proven fit when it was loaded.

use std::fmt;

use super::backend::{Backend, Prepared};
use super::ed25519;
use crate::error::KeyError;
use crate::jose::{Algorithm, AlgorithmSet, Family, Jwk, KeyMaterial};

/// A key, prepared once for each algorithm it may serve, and from then on only used.
///
/// ```
/// # #[cfg(feature = "aws-lc")] {
/// use portcullis::crypto::{Backend, VerifyKey};
/// use portcullis::{Algorithm, jose::{AlgorithmSet, Jwk}};
///
/// let jwk = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let key = VerifyKey::prepare(&jwk, AlgorithmSet::from_iter([Algorithm::EdDSA]), Backend::aws_lc())?;
/// assert!(key.algorithms().contains(Algorithm::EdDSA));
/// assert!(!key.verify(Algorithm::EdDSA, b"message", &[0; 64]));
/// # }
/// # Ok::<(), portcullis::KeyError>(())
/// ```
pub struct VerifyKey {
    prepared: Vec<(Algorithm, Prepared)>,
    algorithms: AlgorithmSet,
}

impl VerifyKey {
    /// Prepares `jwk` for those of the `allowed` algorithms that it may serve.
    ///
    /// Points are proven to lie on their curve, Ed25519 keys not to be of small order, secrets to be as long as the
    /// hash; RSA moduli have 2048 to 8192 bits on every backend.
    ///
    /// # Errors
    /// [`KeyError`]: the key serves none of the algorithms, is not sound, or the backend lacks one of them.
    pub fn prepare(jwk: &Jwk, allowed: AlgorithmSet, backend: Backend) -> Result<Self, KeyError> {
        let able = jwk.algorithms();
        if able.is_empty() {
            return Err(KeyError::NotForVerifying);
        }
        let algorithms: AlgorithmSet = able.iter().filter(|algorithm| allowed.contains(*algorithm)).collect();
        if algorithms.is_empty() {
            return Err(KeyError::NotAllowed);
        }
        if let KeyMaterial::Okp { x, .. } = jwk.material() {
            ed25519::check_key(x)?;
        }
        let prepare = |algorithm: Algorithm| {
            if !backend.supports(algorithm) {
                return Err(KeyError::Unsupported(algorithm));
            }
            if let (KeyMaterial::Oct { secret }, Some(digest)) = (jwk.material(), algorithm.digest())
                && secret.len() < digest.bytes()
            {
                return Err(KeyError::SecretTooShort { found: secret.len(), want: digest.bytes() });
            }
            Ok((algorithm, backend.prepare(algorithm, jwk.material())?))
        };
        Ok(Self { prepared: algorithms.iter().map(prepare).collect::<Result<_, _>>()?, algorithms })
    }

    /// The algorithms that this key was prepared for.
    #[must_use]
    pub const fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Whether `signature` is one of `message` under `algorithm`. An algorithm that the key was not prepared for
    /// verifies nothing.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let Some((_, prepared)) = self.prepared.iter().find(|(own, _)| *own == algorithm) else {
            return false;
        };
        if algorithm.signature_bytes().is_some_and(|bytes| bytes != signature.len()) {
            return false;
        }
        if algorithm.family() == Family::EdDsa && !ed25519::is_strict_signature(signature) {
            return false;
        }
        prepared.verify(message, signature)
    }
}

/// Shows what the key may verify, never the key.
impl fmt::Debug for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyKey").field("algorithms", &self.algorithms).finish_non_exhaustive()
    }
}

// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(feature = "aws-lc")]
mod tests {
    use aws_lc_rs::{digest, signature};
    use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
    use curve25519_dalek::scalar::Scalar;

    use super::*;
    use crate::jose::Curve;

    /// A signature by `secret` whose commitment is `nonce` times the base point: with nonce 0, the neutral element.
    fn sign(secret: Scalar, nonce: Scalar, message: &[u8]) -> ([u8; 32], Vec<u8>) {
        let public = (ED25519_BASEPOINT_POINT * secret).compress().to_bytes();
        let commitment = (ED25519_BASEPOINT_POINT * nonce).compress().to_bytes();
        let hashed = digest::digest(&digest::SHA512, &[&commitment, &public, message].concat());
        let challenge = Scalar::from_bytes_mod_order_wide(hashed.as_ref().try_into().unwrap());
        (public, [commitment, (nonce + challenge * secret).to_bytes()].concat())
    }

    #[test]
    fn ed25519_signatures_with_a_commitment_of_small_order_are_refused() {
        let (secret, message) = (Scalar::from(7u8), b"header.payload");
        for (nonce, want) in [(Scalar::from(11u8), true), (Scalar::ZERO, false)] {
            let (public, signed) = sign(secret, nonce, message);
            let lax = signature::UnparsedPublicKey::new(&signature::ED25519, public);
            assert!(lax.verify(message, &signed).is_ok(), "the library alone takes either");
            let jwk =
                Jwk::from_material(KeyMaterial::Okp { curve: Curve::Ed25519, x: public.to_vec() }).unwrap();
            for backend in Backend::available() {
                let allowed = AlgorithmSet::from_iter([Algorithm::EdDSA]);
                let key = VerifyKey::prepare(&jwk, allowed, *backend).unwrap();
                assert_eq!(key.verify(Algorithm::EdDSA, message, &signed), want, "{backend:?}");
                assert!(!key.verify(Algorithm::Ed25519, message, &signed), "not prepared for that name");
            }
        }
    }

    #[test]
    fn a_signature_of_another_length_is_refused_before_the_library_sees_it() {
        let (public, signed) = sign(Scalar::from(7u8), Scalar::from(11u8), b"m");
        let jwk = Jwk::from_material(KeyMaterial::Okp { curve: Curve::Ed25519, x: public.to_vec() }).unwrap();
        let key = VerifyKey::prepare(&jwk, jwk.algorithms(), Backend::aws_lc()).unwrap();
        assert_eq!(format!("{key:?}"), "VerifyKey { algorithms: {EdDSA, Ed25519}, .. }");
        assert!(key.verify(Algorithm::EdDSA, b"m", &signed));
        for wrong in [&signed[..63], &[&signed[..], &[0]].concat(), &[]] {
            assert!(!key.verify(Algorithm::EdDSA, b"m", wrong));
        }
    }
}
