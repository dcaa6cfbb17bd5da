//! JSON for any reader.

use std::io;

use serde_json::ser::Formatter;

/// JSON in ASCII alone, for readers that know other ends of a line than `\n`, and for terminals.
pub(super) struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|character| !matches!(character, ' '..='~')) {
            let (plain, other) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut characters = other.chars();
            let mut units = [0; 2];
            for unit in
                characters.next().iter().flat_map(|character| character.encode_utf16(&mut units).to_vec())
            {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    fn ascii(text: &str) -> String {
        let mut written = Vec::new();
        text.serialize(&mut serde_json::Serializer::with_formatter(&mut written, Ascii)).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn json_in_ascii() {
        assert_eq!(ascii("a\u{e9}\"\u{1f600}\u{7f}\n\u{1b}"), r#""a\u00e9\"\ud83d\ude00\u007f\n\u001b""#);
    }

    proptest! {
        #![proptest_config(crate::testing::cases(512))]

        #[test]
        fn json_in_ascii_says_the_same(text in any::<String>()) {
            let written = ascii(&text);
            prop_assert!(written.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
