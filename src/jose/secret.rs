//! A shared secret: wiped when it goes, compared without telling how much of it was right.

use std::fmt;
use std::ops::Deref;

use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The bytes of a shared secret.
///
/// Wiped when dropped, never printed, and compared in a time that depends on the lengths alone.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl From<Vec<u8>> for Secret {
    /// Takes the bytes as they are, without another copy.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl Deref for Secret {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// In constant time. Written by hand, so that a key that holds a secret may derive its own comparison from it.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Eq for Secret {}

/// The field does the wiping; this lets a test demand it of the type.
impl ZeroizeOnDrop for Secret {}

/// Shows how long it is, and nothing of it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_the_bytes_wipes_them() {
        const fn is_wiped<T: ZeroizeOnDrop>(_: &T) {}
        let Secret(bytes) = Secret::from(vec![7; 32]);
        is_wiped::<Zeroizing<Vec<u8>>>(&bytes);
        is_wiped(&Secret(bytes));
    }

    #[test]
    fn equal_bytes_are_equal_and_nothing_else_is() {
        let secret = Secret::from(vec![7; 32]);
        assert_eq!(secret, secret.clone());
        assert_eq!((secret.as_ref(), &*secret), (&[7; 32][..], &[7; 32][..]));
        for other in [vec![7; 31], vec![7; 33], [vec![7; 31], vec![6]].concat(), Vec::new()] {
            assert_ne!(secret, Secret::from(other));
        }
        assert_eq!(format!("{secret:?}"), "Secret(32 bytes)");
    }
}
