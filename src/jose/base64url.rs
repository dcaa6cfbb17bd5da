//! Base64url without padding, one text for one value
//! ([RFC 7515, section 2](https://www.rfc-editor.org/rfc/rfc7515#section-2)).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::secret::Secret;

/// Length of what `encoded` decodes to, were it valid.
pub(super) const fn decoded_bytes(encoded: usize) -> usize {
    encoded / 4 * 3
        + match encoded % 4 {
            0 => 0,
            rest => rest - 1,
        }
}

/// Decodes into the front of `out`, which must hold [`decoded_bytes`] bytes; gives the part written.
///
/// Refuses padding, white space, the standard alphabet and stray bits at the end (RFC 4648, section 3.5), so that no
/// two texts name one token.
pub(super) fn decode_into<'o>(encoded: &str, out: &'o mut [u8]) -> Option<&'o [u8]> {
    let room = out.get_mut(..decoded_bytes(encoded.len()))?;
    let written = strict_engine().decode_slice(encoded, room).ok()?;
    room.get(..written)
}

/// Decodes into a vector of its own, under the rules of [`decode_into`].
pub(super) fn decode(encoded: &str) -> Option<Vec<u8>> {
    let len = decoded_bytes(encoded.len());
    let mut out = Vec::with_capacity(len + SPARE);
    out.resize(len, 0);
    let written = decode_into(encoded, &mut out)?.len();
    out.truncate(written);
    Some(out)
}

/// Decodes a secret, under the rules of [`decode_into`]. The half of one that turns out to be no base64url is wiped too.
pub(super) fn decode_secret(encoded: &str) -> Option<Secret> {
    let mut out = Zeroizing::new(vec![0; decoded_bytes(encoded.len())]);
    decode_into(encoded, &mut out)?;
    Some(Secret::from(std::mem::take(&mut *out)))
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The decoder for vector instructions, which the processor may turn out not to have.
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
fn strict_engine() -> &'static impl Engine {
    use std::sync::LazyLock;

    use base64::engine::Simd;
    use base64::engine::general_purpose::NO_PAD;

    static ENGINE: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));
    &*ENGINE
}

/// The decoder for processors without vector instructions that it knows.
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon"))))]
fn strict_engine() -> &'static impl Engine {
    &URL_SAFE_NO_PAD
}

/// Room left behind what is decoded: the claims keep a key id and unescaped strings there without a second allocation.
const SPARE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_value() {
        for (name, text, want) in [
            ("empty", "", Some(&b""[..])),
            ("one byte", "AQ", Some(&[1][..])),
            ("one byte, stray bits", "AR", None),
            ("two bytes", "AQI", Some(&[1, 2][..])),
            ("two bytes, stray bits", "AQJ", None),
            ("padded", "AQ==", None),
            ("half a byte", "A", None),
            ("five characters", "AQIDB", None),
            ("url alphabet", "-_-_", Some(&[0xfb, 0xff, 0xbf][..])),
            ("standard alphabet", "+/+/", None),
            ("white space", "AQ I", None),
            ("line feed at the end", "AQID\n", None),
            ("not ASCII", "AQÄ", None),
        ] {
            assert_eq!(decode(text).as_deref(), want, "{name}");
        }
    }

    #[test]
    fn what_is_encoded_decodes() {
        for length in 0..70u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37)).collect();
            let text = encode(&bytes);
            assert_eq!(decoded_bytes(text.len()), bytes.len());
            assert_eq!(decode(&text), Some(bytes));
        }
    }
}
