//! Text of others, made fit for a log: one line, bounded, and nothing that a terminal obeys.

use std::borrow::Cow;
use std::fmt::Write;

/// What a sender chose and nobody vouches for: visible ASCII, spaces, and `\u{…}` for the rest, the backslash included, so
/// that two texts look alike only where they are cut.
pub(crate) fn of_sender(text: &str, limit: usize) -> Cow<'_, str> {
    shown(text, limit, |character| matches!(character, ' '..='~') && character != '\\')
}

/// What an issuer signed or the set-up says, as it is; `\u{…}` for what ends lines, moves cursors, hides or turns text.
pub(crate) fn of_issuer(text: &str, limit: usize) -> Cow<'_, str> {
    shown(text, limit, |character| !is_unseen(character) && !character.is_control())
}

/// Ends of lines and of paragraphs, what turns text, and what else Unicode has readers ignore: its property
/// `Default_Ignorable_Code_Point`, and the marks of annotations.
const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// At most `limit` characters, escapes and the dots for what was cut included.
fn shown(text: &str, limit: usize, is_plain: impl Fn(char) -> bool) -> Cow<'_, str> {
    // In most cases a byte is a character, and all of them may stay.
    if text.chars().all(&is_plain) && (text.len() <= limit || text.chars().count() <= limit) {
        return Cow::Borrowed(text);
    }
    let (mut shown, mut length, mut kept) = (String::new(), 0, 0);
    for character in text.chars() {
        if is_plain(character) {
            shown.push(character);
            length += 1;
        } else {
            let escape = character.escape_unicode();
            length += escape.len();
            // Writing to a `String` does not fail.
            let _ = write!(shown, "{escape}");
        }
        if length > limit {
            shown.truncate(kept);
            shown.push_str(CUT);
            return Cow::Owned(shown);
        }
        if length + CUT.len() <= limit {
            kept = shown.len();
        }
    }
    Cow::Owned(shown)
}

const CUT: &str = "...";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_senders() {
        for (name, text, want) in [
            ("as most are", "key-1", "key-1"),
            ("empty", "", ""),
            ("as long as may be", "abcdefghijklmnopqrst", "abcdefghijklmnopqrst"),
            ("one more", "abcdefghijklmnopqrstu", "abcdefghijklmnopq..."),
            ("a line end", "a\nb", "a\\u{a}b"),
            ("an escape sequence", "\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a backslash", "a\\b", "a\\u{5c}b"),
            ("letters of elsewhere", "\u{e9}", "\\u{e9}"),
            ("cut before an escape, not inside", "abcdefghijklmn\n\n", "abcdefghijklmn..."),
            ("escapes that just fit", "\n\n\n\n", "\\u{a}\\u{a}\\u{a}\\u{a}"),
            ("delete", "\u{7f}", "\\u{7f}"),
        ] {
            assert_eq!(of_sender(text, 20), want, "{name}");
        }
    }

    #[test]
    fn texts_of_issuers() {
        for (name, text, want) in [
            ("a name", "Zo\u{eb} M\u{fc}ller", "Zo\u{eb} M\u{fc}ller"),
            ("a domain's user", "CORP\\alice", "CORP\\alice"),
            ("line ends of all kinds", "a\r\n\u{85}\u{2028}", "a\\u{d}\\u{a}\\u{85}\\u{2028}"),
            ("turned round", "a\u{202e}b", "a\\u{202e}b"),
            ("turned round by a mark", "a\u{61c}b", "a\\u{61c}b"),
            ("said in tags, which nobody sees", "a\u{e0041}", "a\\u{e0041}"),
            ("a hyphen that is not there", "ad\u{ad}min", "ad\\u{ad}min"),
            ("not seen", "a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
        ] {
            assert_eq!(of_issuer(text, 30), want, "{name}");
        }
        assert_eq!(
            of_issuer(&"\u{e9}".repeat(30), 30),
            "\u{e9}".repeat(30),
            "characters are counted, not bytes"
        );
        assert_eq!(of_issuer(&"\u{e9}".repeat(31), 30), "\u{e9}".repeat(27) + "...");
    }

    proptest! {
        #![proptest_config(crate::testing::cases(512))]

        #[test]
        fn whatever_is_shown_is_short_and_harmless(text in any::<String>(), limit in 3_usize..80) {
            for shown in [of_sender(&text, limit), of_issuer(&text, limit)] {
                prop_assert!(shown.chars().count() <= limit);
                prop_assert!(!shown.chars().any(char::is_control));
            }
            prop_assert!(of_sender(&text, limit).is_ascii());
        }
    }
}
