//! Text that a sender chose, for logs.

use std::fmt::{self, Write};

/// Text that a sender chose: what is no printable character is escaped, quotes and backslashes too, and the rest left out
/// from some length on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(LONGEST) {
            fmt::Display::fmt(&character.escape_debug(), f)?;
        }
        if characters.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// In characters, before they are escaped. No key that is published has a longer name.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_one_short_line_of_printable_characters() {
        for (text, want) in [
            ("2026-a", "2026-a"),
            ("", ""),
            ("a\nb\u{1b}[31m\"\\", "a\\nb\\u{1b}[31m\\\"\\\\"),
            ("a\u{202e}b\u{2028}\u{feff}", "a\\u{202e}b\\u{2028}\\u{feff}"),
            ("schlüssel", "schlüssel"),
        ] {
            assert_eq!(Shown(text).to_string(), want);
        }
        let (fits, cut) = ("k".repeat(64), "k".repeat(65));
        assert_eq!(Shown(&fits).to_string(), fits);
        assert_eq!(Shown(&cut).to_string(), format!("{fits}…"));
    }
}
