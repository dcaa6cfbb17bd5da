//! What "strict" adds to Ed25519 on every backend: no small-order key, no small-order commitment.
//!
//! RFC 8032 leaves both open. A key of small order lets one signature hold for many messages, so a token would no longer
//! be bound to its content. Both backends already refuse `S` at or above the group order and compare the encoding of
//! `R`, which rules out its non-canonical forms.

use curve25519_dalek::edwards::CompressedEdwardsY;

use crate::error::KeyError;

/// Proves that a public key is the canonical encoding of a point on the curve whose order is not small.
pub(super) fn check_key(key: &[u8]) -> Result<(), KeyError> {
    let encoded = CompressedEdwardsY::from_slice(key).map_err(|_| KeyError::PointInvalid)?;
    let point = encoded.decompress().ok_or(KeyError::PointInvalid)?;
    if point.is_small_order() || point.compress() != encoded {
        return Err(KeyError::PointInvalid);
    }
    Ok(())
}

/// Whether the first half of a signature is not one of the encodings of a small-order point.
pub(super) fn is_strict_signature(signature: &[u8]) -> bool {
    let Some((commitment, _)) = signature.split_first_chunk::<32>() else { return false };
    !SMALL_ORDER.contains(commitment)
}

/// The canonical encodings of the eight points of small order. Other encodings of them fail the comparison of `R`.
const SMALL_ORDER: [[u8; 32]; 8] = [
    hex(b"0100000000000000000000000000000000000000000000000000000000000000"),
    hex(b"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    hex(b"0000000000000000000000000000000000000000000000000000000000000000"),
    hex(b"0000000000000000000000000000000000000000000000000000000000000080"),
    hex(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    hex(b"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    hex(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    hex(b"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
];

const fn hex(text: &[u8; 64]) -> [u8; 32] {
    const fn nibble(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit - b'0',
            _ => digit - b'a' + 10,
        }
    }
    let mut bytes = [0; 32];
    let mut at = 0;
    while at < 32 {
        #[expect(clippy::indexing_slicing, reason = "evaluated at compile time; `at` is below 32")]
        {
            bytes[at] = nibble(text[2 * at]) * 16 + nibble(text[2 * at + 1]);
        }
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::{ED25519_BASEPOINT_COMPRESSED, EIGHT_TORSION};

    use super::*;

    #[test]
    fn the_table_is_the_torsion_subgroup() {
        let mut want: Vec<_> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
        let mut have = SMALL_ORDER.to_vec();
        want.sort_unstable();
        have.sort_unstable();
        assert_eq!(have, want);
    }

    #[test]
    fn keys_of_small_order_off_the_curve_or_in_another_encoding_are_refused() {
        assert_eq!(check_key(ED25519_BASEPOINT_COMPRESSED.as_bytes()), Ok(()));
        for point in SMALL_ORDER {
            assert_eq!(check_key(&point), Err(KeyError::PointInvalid));
        }
        let off_curve = (2..=255u8).map(|n| [n; 32]).find(|k| CompressedEdwardsY(*k).decompress().is_none());
        assert_eq!(check_key(&off_curve.unwrap()), Err(KeyError::PointInvalid));
        // y = p + 3 is y = 3 in other bytes; 3 is on the curve.
        let mut other_encoding = [0xff; 32];
        other_encoding[0] = 0xf0;
        other_encoding[31] = 0x7f;
        assert_eq!(check_key(&other_encoding), Err(KeyError::PointInvalid));
        assert_eq!(check_key(&[1; 31]), Err(KeyError::PointInvalid));
    }
}
