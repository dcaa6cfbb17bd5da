//! Text that somebody else chose, made fit for a terminal; and times, for people.

use std::fmt::Write as _;
use std::time::Duration;

use portcullis::UnixTime;

/// `text` on one line and at most `limit` characters of it: controls, and what changes the order of writing or is not seen,
/// as `\u{…}`.
pub(crate) fn escaped(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for character in text.chars().take(limit) {
        if is_plain(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    match text.chars().count().saturating_sub(limit) {
        0 => shown,
        more => {
            // Writing to a string does not fail.
            let _ = write!(shown, "… ({more} more characters)");
            shown
        }
    }
}

/// Whether a character is shown as itself and moves nothing else.
fn is_plain(character: char) -> bool {
    let moves = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !character.is_control() && !moves
}

/// JSON that no terminal takes for commands: whatever is not printable ASCII stands as `\u…`, which is the same JSON.
pub(crate) fn ascii_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || (character.is_ascii() && !character.is_ascii_control()) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
    }
    shown
}

/// The text without what comes behind the second dot of anything that looks like a token.
pub(crate) fn redacted(text: &str) -> String {
    let is_inside = |character: char| character.is_ascii_alphanumeric() || "-_.=+/".contains(character);
    let mut shown = String::with_capacity(text.len());
    for run in text.split_inclusive(|character| !is_inside(character)) {
        let end = run.trim_end_matches(|character| !is_inside(character));
        let rest = run.strip_prefix(end).unwrap_or_default();
        match looks_like_token(end) {
            true => {
                let kept: Vec<_> = end.splitn(3, '.').take(2).collect();
                shown.push_str(&kept.join("."));
                shown.push_str(".[signature]");
            }
            false => shown.push_str(end),
        }
        shown.push_str(rest);
    }
    shown
}

/// Whether a text is three segments or more, of which the first begins as a JSON object does in base64.
pub(crate) fn looks_like_token(text: &str) -> bool {
    let first = text.split('.').next().unwrap_or_default();
    let first = first.rsplit(['/', '=']).next().unwrap_or_default();
    text.matches('.').count() >= 2 && (first.starts_with("ey") || first.starts_with("ew"))
}

/// A moment as `2026-01-01 00:05:00 UTC`; `None` beyond the years that are written with four digits.
pub(crate) fn date(time: UnixTime) -> Option<String> {
    let (days, second) = (time.seconds().div_euclid(DAY), time.seconds().rem_euclid(DAY));
    if !(-719_528..2_932_897).contains(&days) {
        return None;
    }
    // Howard Hinnant's civil_from_days: the year begins in March, so that the leap day is its last.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC"))
}

/// How far a moment lies from another, as `5 min ago` or `in 2 h`.
pub(crate) fn distance(time: UnixTime, now: UnixTime) -> String {
    if time.seconds() == now.seconds() {
        return "now".to_owned();
    }
    match time < now {
        true => format!("{} ago", span(now.saturating_since(time))),
        false => format!("in {}", span(time.saturating_since(now))),
    }
}

/// A length of time in its one largest unit, rounded down: `90 s`, `59 min`, `47 h`, `3 days`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(escaped("a\u{1b}[31mb\u{202e}c\u{9b}d\né", 99), "a\\u{1b}[31mb\\u{202e}c\\u{9b}d\\né");
        assert_eq!(escaped("abcdef", 4), "abcd… (2 more characters)");
        assert_eq!(ascii_json("{\"a\":\"é\u{9b}\u{7f}😀\"}"), r#"{"a":"\u00e9\u009b\u007f\ud83d\ude00"}"#);
    }

    #[test]
    fn signatures_do_not_survive() {
        for (text, want) in [
            ("unexpected 'eyJh.eyJi.c2ln' here", "unexpected 'eyJh.eyJi.[signature]' here"),
            ("eyJh.eyJi.c2ln.more", "eyJh.eyJi.[signature]"),
            ("?token=eyJh.eyJi.a+b/c==", "?token=eyJh.eyJi.[signature]"),
            ("https://keys.example.com/keys is not there.", "https://keys.example.com/keys is not there."),
            ("", ""),
        ] {
            assert_eq!(redacted(text), want);
        }
    }

    #[test]
    fn dates_and_distances() {
        for (seconds, want) in [
            (1_767_225_600, Some("2026-01-01 00:00:00 UTC")),
            (0, Some("1970-01-01 00:00:00 UTC")),
            (-1, Some("1969-12-31 23:59:59 UTC")),
            (1_709_208_000, Some("2024-02-29 12:00:00 UTC")),
            (253_402_300_799, Some("9999-12-31 23:59:59 UTC")),
            (253_402_300_800, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            assert_eq!(date(UnixTime::from_seconds(seconds)).as_deref(), want, "{seconds}");
        }
        let at = UnixTime::from_seconds;
        for (time, want) in
            [(100, "now"), (40, "60 s ago"), (-200, "5 min ago"), (7_300, "in 2 h"), (600_100, "in 6 days")]
        {
            assert_eq!(distance(at(time), at(100)), want);
        }
    }
}
