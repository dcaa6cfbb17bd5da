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
pub(crate) fn decode(encoded: &str) -> Option<Vec<u8>> {
    let mut out = vec![0; decoded_bytes(encoded.len())];
    let written = decode_into(encoded, &mut out)?.len();
    out.truncate(written);
    Some(out)
}

/// Decodes a secret, under the rules of [`decode_into`]. The half of one that turns out to be no base64url is wiped too.
pub(crate) fn decode_secret(encoded: &str) -> Option<Secret> {
    let mut out = Zeroizing::new(vec![0; decoded_bytes(encoded.len())]);
    decode_into(encoded, &mut out)?;
    Some(Secret::from(std::mem::take(&mut *out)))
}

/// Whether `text` is the one text that `bytes` are encoded to.
pub(crate) fn is_encoding_of(text: &[u8], bytes: &[u8]) -> bool {
    let mut room = [0; CHUNK / 3 * 4];
    let mut rest = text;
    for part in bytes.chunks(CHUNK) {
        let Ok(written) = strict_engine().encode_slice(part, &mut room) else { return false };
        let (Some(want), Some((found, after))) = (room.get(..written), rest.split_at_checked(written)) else {
            return false;
        };
        if want != found {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
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

/// So many bytes are encoded at a time to be compared: a multiple of three, so that only the last part has a rest, and
/// more than most tokens have claims.
const CHUNK: usize = 480;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What RFC 4648 says, a bit at a time: six bits a character, whole bytes out, and nothing but zeros left over.
    fn reference(text: &str) -> Option<Vec<u8>> {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut bits = Vec::new();
        for character in text.bytes() {
            let value = ALPHABET.iter().position(|known| *known == character)?;
            bits.extend((0..6).rev().map(|place| value >> place & 1 == 1));
        }
        let left_over = bits.len() % 8;
        let stray = &bits[bits.len() - left_over..];
        if left_over == 6 || stray.contains(&true) {
            return None;
        }
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        Some(bits.chunks_exact(8).map(byte).collect())
    }

    fn agrees(text: &str) {
        let want = reference(text);
        assert_eq!(decode(text), want, "{text:?}");
        assert_eq!(decode_secret(text).map(|secret| secret.to_vec()), want, "{text:?}");
        // Longer room than needed is left alone behind what is written.
        let mut room = vec![0xa5; decoded_bytes(text.len()) + 3];
        assert_eq!(decode_into(text, &mut room).map(<[u8]>::to_vec), want, "{text:?}");
        assert_eq!(&room[decoded_bytes(text.len())..], [0xa5; 3], "{text:?}");
        if let Some(bytes) = want {
            assert_eq!(decoded_bytes(text.len()), bytes.len());
            assert_eq!(encode(&bytes), text, "one text for one value");
        }
    }

    /// Vector instructions take 16, 32 or 64 characters at a time: every length on either side of those, and a fault in
    /// every place of it.
    #[test]
    fn every_length_and_every_place_of_a_fault_agree_with_the_reference() {
        for length in 0..=100 {
            let good: String = "aZ09-_Qk".chars().cycle().take(length).collect();
            agrees(&good);
            for place in 0..length {
                for fault in
                    ['+', '/', '=', '.', ' ', '\n', '\0', '\u{7f}', '@', '[', '`', '{', ',', 'A', '_']
                {
                    let mut text = good.clone();
                    text.replace_range(place..=place, fault.encode_utf8(&mut [0; 4]));
                    agrees(&text);
                }
            }
            // Two bytes of one character: the length in bytes is what counts.
            agrees(&format!("{good}\u{e9}"));
            agrees(&format!("\u{e9}{good}"));
        }
    }

    #[test]
    fn every_last_character_agrees_with_the_reference() {
        for length in [0, 1, 2, 3, 14, 15, 16, 17, 30, 31, 32, 33, 62, 63, 64, 65] {
            for last in 0..128u8 {
                agrees(&format!("{}{}", "A".repeat(length), char::from(last)));
            }
        }
    }

    proptest! {
        #![proptest_config(crate::testing::cases(1_000))]

        #[test]
        fn texts_of_the_alphabet_agree_with_the_reference(text in "[A-Za-z0-9_-]{0,200}") {
            agrees(&text);
        }

        #[test]
        fn any_text_agrees_with_the_reference(text in "[A-Za-z0-9_-]{0,70}\\PC{0,3}[A-Za-z0-9_-]{0,70}") {
            agrees(&text);
        }

        #[test]
        fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = encode(&bytes);
            agrees(&text);
            prop_assert_eq!(decode(&text), Some(bytes));
        }
    }

    #[test]
    fn an_encoding_is_known_from_every_other_text() {
        for length in [0, 1, 2, 3, 27, 28, 29, 478, 479, 480, 481, 482, 960, 1_000] {
            let bytes: Vec<u8> = (0..=255u8).cycle().take(length).collect();
            let text = encode(&bytes);
            assert!(is_encoding_of(text.as_bytes(), &bytes), "{length}");
            assert!(!is_encoding_of(format!("{text}A").as_bytes(), &bytes), "{length}");
            assert!(!is_encoding_of(format!("{text}=").as_bytes(), &bytes), "{length}");
            assert!(!is_encoding_of(text.as_bytes(), &[&bytes[..], &[0]].concat()), "{length}");
            for place in 0..text.len() {
                let (before, after) = text.split_at(place);
                let other = if after.starts_with('A') { "B" } else { "A" };
                let other = format!("{before}{other}{}", after.split_at(1).1);
                assert!(!is_encoding_of(other.as_bytes(), &bytes), "{length}, {place}");
                assert!(!is_encoding_of(before.as_bytes(), &bytes), "{length}, {place}");
            }
        }
    }

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
