//! `Cache-Control` of a key set: the input is four bytes that make an `Age`, or none, and the header's value.

use std::time::Duration;

use portcullis::keys::KeyState;
use portcullis::keys::remote::{FetchResponse, Remote};

use super::remote::{KEY_SET, Script, advance, status, with_first_attempt};

/// However a key set's answer is marked, its keys are fresh for a minute at least and a day at most, and for exactly as
/// long as RFC 9111 says where the header keeps to its grammar; the next attempt is planned before that.
pub fn check(input: &[u8]) {
    let Some((age, header)) = input.split_first_chunk::<4>() else { return };
    let Ok(header) = std::str::from_utf8(header) else { return };
    // No `Age` by the first byte, ages of any size by the others.
    let [present, size @ .., shift] = *age;
    let seconds = u64::from(u16::from_be_bytes(size)) << (shift % 49);
    let age = (present % 2 == 1).then_some(Duration::from_secs(seconds));
    let mut answer = FetchResponse::new(200, KEY_SET).with_header("cache-control", header);
    if let Some(age) = age {
        answer = answer.with_header("age", &age.as_secs().to_string());
    }
    let script = Script::new(vec![answer]);
    let remote = Remote::jwks_url_with("https://k.example/k", script).expect("a sound address");
    let want = expected(header, age.unwrap_or_default());
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
    });
}

/// The maximum age that the answer grants, if the header keeps to the grammar and says it in one way.
fn expected(header: &str, age: Duration) -> Option<Duration> {
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
            return None;
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
    let seconds = match (nothing, granted) {
        (true, _) => 0,
        (false, Some(granted)) => granted.saturating_sub(age.as_secs()),
        // The default, ten minutes.
        (false, None) => 600,
    };
    Some(Duration::from_secs(seconds.clamp(60, DAY.as_secs())))
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
