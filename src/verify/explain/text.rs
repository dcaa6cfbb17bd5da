//! Texts of others, made fit to be read: escaped, bounded and without effect on a terminal.

use std::fmt::Write;
use std::time::Duration;

/// The most characters of a text that shows what a sender wrote.
pub(super) const MAX_CHARS: usize = 256;
/// The most characters of one text among others.
const PART_CHARS: usize = 96;
/// The most items of a list.
const LISTED: usize = 5;

/// The text between quotation marks. What is not printable ASCII is escaped: an `а` that is no `a` should be seen.
pub(super) fn quoted(text: &str) -> String {
    quoted_to(text, PART_CHARS)
}

/// The same, as long as a whole text may be.
pub(super) fn quoted_whole(text: &str) -> String {
    quoted_to(text, MAX_CHARS - "\"\"".len())
}

fn quoted_to(text: &str, limit: usize) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(limit + 1) {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            ' '..='~' => escaped.push(character),
            other => escaped.extend(other.escape_default()),
        }
    }
    format!("\"{}\"", bounded(escaped, limit))
}

/// Text that is not quoted, such as JSON: what is not printable ASCII is escaped.
pub(super) fn plain(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(MAX_CHARS + 1) {
        match character {
            ' '..='~' => escaped.push(character),
            other => escaped.extend(other.escape_default()),
        }
    }
    bounded(escaped, MAX_CHARS)
}

/// Text of the set-up: printable as it is, whatever its script.
pub(super) fn of_set_up(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(MAX_CHARS + 1) {
        match character {
            '"' | '\\' | '\'' => escaped.push(character),
            other => escaped.extend(other.escape_debug()),
        }
    }
    bounded(escaped, MAX_CHARS)
}

/// At most so many characters, of which the last then is an ellipsis.
pub(super) fn bounded(text: String, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text,
        Some(_) => text.chars().take(limit.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The first few texts, and how many more there are.
pub(super) fn listed(texts: impl IntoIterator<Item = String>) -> String {
    let mut texts = texts.into_iter();
    let mut list = String::new();
    for text in texts.by_ref().take(LISTED) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&text);
    }
    match texts.count() {
        0 => {}
        // Writing to a string does not fail.
        more => drop(write!(list, " and {more} more")),
    }
    list
}

/// `one of` before a list of several.
pub(super) fn one_of<'t>(texts: impl ExactSizeIterator<Item = &'t str>) -> String {
    let several = if texts.len() > 1 { "one of " } else { "" };
    format!("{several}{}", listed(texts.map(quoted)))
}

/// A length of time in its two largest units; up to two minutes in seconds.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let (large, small) = match (days, hours, minutes) {
        (0, 0, 0 | 1) => ((seconds, "s"), (0, "")),
        (0, 0, _) => ((minutes, "min"), (seconds % 60, "s")),
        (0, ..) => ((hours, "h"), (minutes % 60, "min")),
        _ => ((days, "d"), (hours % 24, "h")),
    };
    match (large, small) {
        ((large, unit), (0, _)) => format!("{large} {unit}"),
        ((large, unit), (small, smaller)) => format!("{large} {unit} {small} {smaller}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sender_wrote_has_no_effect_and_an_end() {
        for (text, want) in [
            ("at+jwt", r#""at+jwt""#),
            ("", r#""""#),
            ("a\"b\\", r#""a\"b\\""#),
            ("\u{1b}[31m\r\n\0", r#""\u{1b}[31m\r\n\u{0}""#),
            ("\u{202e}evil", r#""\u{202e}evil""#),
            ("https://id.ex\u{430}mple", r#""https://id.ex\u{430}mple""#),
        ] {
            assert_eq!(quoted(text), want);
        }
        let long = "\u{1b}".repeat(100_000);
        for shown in [quoted(&long), quoted_whole(&long), plain(&long), of_set_up(&long)] {
            assert!(shown.chars().count() <= MAX_CHARS && shown.contains('…'), "{shown}");
            assert!(shown.chars().all(|character| character == '…' || !character.is_control()), "{shown}");
        }
        assert_eq!(quoted(&"x".repeat(PART_CHARS)), format!("\"{}\"", "x".repeat(PART_CHARS)));
        assert_eq!(quoted(&"x".repeat(PART_CHARS + 1)), format!("\"{}…\"", "x".repeat(PART_CHARS - 1)));
    }

    #[test]
    fn lists_name_a_few_and_count_the_rest() {
        let numbers = |many: usize| (0..many).map(|number| number.to_string());
        assert_eq!(listed(numbers(0)), "");
        assert_eq!(listed(numbers(5)), "0, 1, 2, 3, 4");
        assert_eq!(listed(numbers(17)), "0, 1, 2, 3, 4 and 12 more");
        assert_eq!(one_of(["a"].into_iter()), r#""a""#);
        assert_eq!(one_of(["a", "b"].into_iter()), r#"one of "a", "b""#);
    }

    #[test]
    fn times_are_told_in_two_units() {
        let told =
            [0, 60, 119, 300, 301, 9_960, 90_000, u64::MAX].map(|seconds| span(Duration::from_secs(seconds)));
        let want =
            ["0 s", "60 s", "119 s", "5 min", "5 min 1 s", "2 h 46 min", "1 d 1 h", "213503982334601 d 7 h"];
        assert_eq!(told, want);
    }
}
