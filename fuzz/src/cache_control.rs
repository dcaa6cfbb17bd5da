//! What a key set's answer says of its age and its version. The input: four bytes that make an `Age`, or none, and then,
//! one on a line, the values of `Cache-Control`, `Expires`, `Date`, `ETag` and `Last-Modified`; empty ones are not sent.

use std::time::Duration;

use portcullis::keys::KeyState;
use portcullis::keys::remote::{FetchResponse, Remote};

use super::http_date::{self, Read};
use super::remote::{KEY_SET, Script, advance, status, with_first_attempt};

/// However a key set's answer is marked, its keys are fresh for a minute at least and a day at most, and for exactly as
/// long as RFC 9111 says where its fields keep to their grammar; the next attempt is planned before that. It asks on
/// condition by what is well formed, and by nothing else, and not at all for keys that are a day old.
pub fn check(input: &[u8]) {
    let Some((age, fields)) = input.split_first_chunk::<4>() else { return };
    let Ok(fields) = std::str::from_utf8(fields) else { return };
    let mut fields = fields.split('\n').map(|value| value.trim_matches([' ', '\t']));
    let [header, expires, date, tag, modified] = [(); 5].map(|()| fields.next().unwrap_or_default());
    if [header, expires, date, tag, modified].iter().any(|value| value.len() > 4 * 1024) {
        return;
    }
    // No `Age` by the first byte, ages of any size by the others.
    let [present, size @ .., shift] = *age;
    let seconds = u64::from(u16::from_be_bytes(size)) << (shift % 49);
    let age = (present % 2 == 1).then_some(seconds);
    let mut answer = FetchResponse::new(200, KEY_SET);
    for (name, value) in [
        ("Cache-Control", header),
        ("expires", expires),
        ("Date", date),
        ("ETag", tag),
        ("last-modified", modified),
    ] {
        if !value.is_empty() {
            answer = answer.with_header(name, value);
        }
    }
    if let Some(age) = age {
        answer = answer.with_header("age", &age.to_string());
    }
    let script = Script::new(vec![answer]);
    let remote = Remote::jwks_url_with("https://k.example/k", script.clone()).expect("a sound address");
    let granted = match directives(header) {
        Granted::Nothing => by_dates(expires, date),
        granted => granted,
    };
    let want = granted.clamped(age.unwrap_or_default());
    with_first_attempt("https://a.example", remote, async |verifier| {
        let planned = status(verifier).next_attempt.expect("nothing is under way");
        assert_eq!(status(verifier).state, KeyState::Fresh);
        let (least, most) = match want {
            Some(exactly) => (exactly, exactly),
            None => (DAY / 1440, DAY),
        };
        assert!(planned >= least * 7 / 10 && planned <= most * 9 / 10, "{planned:?} of {want:?}");
        // Within the least maximum age the keys are always fresh, beyond the greatest never.
        advance(least - Duration::from_nanos(1)).await;
        assert_eq!(status(verifier).state, KeyState::Fresh, "{want:?}");
        advance(most - least + Duration::from_nanos(1)).await;
        let after = status(verifier).state;
        assert!(
            after == KeyState::Grace || (want.is_none() && after == KeyState::Expired),
            "{after:?}, {want:?}"
        );
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let conditions = script.conditions();
        let [None, second, ..] = conditions.as_slice() else { panic!("asked {} times", conditions.len()) };
        // Not if, granted as much again, the keys would be believed past the day for which a full answer counts.
        let on_condition = want.map(|granted| most + Duration::from_nanos(1) + granted < DAY);
        let second = second.as_ref().map(|(name, value)| (&**name, &**value));
        check_condition(second, tag, modified, on_condition);
    });
}

/// Whether the second request is made on the condition that it should be, if it should; `None` where that is open.
fn check_condition(got: Option<(&str, &str)>, tag: &str, modified: &str, on_condition: Option<bool>) {
    let want = match (is_entity_tag(tag), http_date::read(modified)) {
        (true, _) => Some(("if-none-match", tag)),
        (false, Read::Date(_)) => Some(("if-modified-since", modified)),
        (false, Read::NoDate) => None,
        (false, Read::Open) => {
            assert!(got.is_none_or(|got| got == ("if-modified-since", modified)), "{got:?}");
            return;
        }
    };
    match on_condition {
        Some(true) => assert_eq!(got, want),
        Some(false) => assert_eq!(got, None),
        None => assert!(got.is_none() || got == want, "{got:?} where {want:?} belongs"),
    }
}

/// RFC 9110, section 8.8.3, without the letters beyond ASCII, and of a length that nobody needs.
fn is_entity_tag(text: &str) -> bool {
    let quoted = text.strip_prefix("W/").unwrap_or(text).as_bytes();
    text.len() <= 256
        && quoted.len() >= 2
        && quoted.first() == Some(&b'"')
        && quoted.last() == Some(&b'"')
        && quoted[1..quoted.len() - 1].iter().all(|byte| *byte == b'!' || (b'#'..=b'~').contains(byte))
}

/// What the fields grant, before `Age` is taken off.
#[derive(Clone, Copy)]
enum Granted {
    /// The default, ten minutes.
    Nothing,
    Seconds(u64),
    /// By fields that leave their grammar: anything within the bounds.
    Open,
}

impl Granted {
    fn clamped(self, age: u64) -> Option<Duration> {
        let seconds = match self {
            Self::Nothing => 600,
            Self::Seconds(seconds) => seconds.saturating_sub(age),
            Self::Open => return None,
        };
        Some(Duration::from_secs(seconds.clamp(60, DAY.as_secs())))
    }
}

fn by_dates(expires: &str, date: &str) -> Granted {
    match (expires, http_date::read(expires), http_date::read(date)) {
        ("", ..) => Granted::Nothing,
        (_, Read::NoDate, _) => Granted::Seconds(0),
        (_, Read::Open, _) | (_, _, Read::Open) => Granted::Open,
        (_, Read::Date(_), Read::NoDate) if date.is_empty() => Granted::Nothing,
        (_, Read::Date(_), Read::NoDate) => Granted::Seconds(0),
        (_, Read::Date(until), Read::Date(sent)) => Granted::Seconds(until.saturating_sub(sent)),
    }
}

/// The maximum age that `Cache-Control` grants, if it keeps to the grammar.
fn directives(header: &str) -> Granted {
    let mut granted = None;
    let mut nothing = false;
    for directive in header.split(',').map(|part| part.trim_matches([' ', '\t'])) {
        if directive.is_empty() {
            continue;
        }
        let (name, argument) = match directive.split_once('=') {
            Some((name, argument)) => (name, Some(argument)),
            None => (directive, None),
        };
        // What follows a comma inside of quotes does not stand alone, and is left open here.
        if !is_token(name) || !argument.is_none_or(|argument| is_token(argument) || is_quoted(argument)) {
            return Granted::Open;
        }
        match &*name.to_ascii_lowercase() {
            "no-store" | "no-cache" => nothing = true,
            "max-age" if granted.is_none() => {
                let digits = argument.map_or("", |argument| argument.trim_matches('"'));
                let counted = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                granted = Some(if counted { digits.parse().unwrap_or(u64::MAX) } else { 0 });
            }
            _ => {}
        }
    }
    match (nothing, granted) {
        (true, _) => Granted::Seconds(0),
        (false, Some(granted)) => Granted::Seconds(granted),
        (false, None) => Granted::Nothing,
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 9110, section 5.6.4, without the escapes that nobody needs here.
fn is_quoted(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| {
        inner.bytes().all(|byte| byte == b'\t' || ((b' '..=b'~').contains(&byte) && !b"\"\\".contains(&byte)))
    })
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
