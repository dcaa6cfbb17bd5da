//! The token, out of what people paste.

use std::io::{self, Read as _};

use serde_json::Value;

/// A token as it was found, and what was taken off it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Input {
    pub(super) token: String,
    /// What the service would stumble over if it were sent so, in words.
    pub(super) notes: Vec<&'static str>,
    /// The reason that a pasted refusal gives, where no token was given.
    pub(super) reason: Option<String>,
}

/// The words on the command line, or what comes on stdin for `-`.
///
/// # Errors
/// Why there is nothing to explain.
pub(super) fn read(words: &[String]) -> Result<Input, String> {
    let text = match words {
        [dash] if dash == "-" => stdin()?,
        words => words.join(" "),
    };
    let input = tidied(&text);
    if input.token.is_empty() && input.reason.is_none() {
        return Err(
            "there is no token; give it as an argument, on stdin with `-`, or in PORTCULLIS_TOKEN".to_owned()
        );
    }
    Ok(input)
}

fn stdin() -> Result<String, String> {
    let mut bytes = Vec::new();
    let failed = |error: io::Error| format!("stdin: {error}");
    io::stdin().lock().take(MAX_INPUT_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    // A token is ASCII; what is not is for the library to refuse.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Takes off what stands around a token when it is copied from a header, a shell, a log or an answer of the issuer.
fn tidied(text: &str) -> Input {
    let mut notes = Vec::new();
    let mut rest = text.trim();
    if let Some(reason) = refusal(rest) {
        return Input { token: String::new(), notes, reason: Some(reason) };
    }
    let member = access_token(rest);
    if let Some(token) = &member {
        notes.push("this is the issuer's whole answer: its member access_token was taken");
        rest = token.trim();
    }
    let mut schemes = 0;
    loop {
        let before = rest;
        if let Some(bare) = unquoted(rest) {
            notes.push("quotes stood around it and were taken off: a service that is sent them refuses with credentials_malformed");
            rest = bare;
        }
        rest = without_prefix(rest, "-H ").unwrap_or(rest).trim();
        rest = without_prefix(rest, "authorization:").unwrap_or(rest).trim();
        if let Some(bare) = without_prefix(rest, "bearer ") {
            schemes += 1;
            rest = bare.trim();
        }
        if rest == before {
            break;
        }
    }
    if schemes > 1 {
        notes.push("`Bearer` stood before it more than once: a service that is sent that refuses with credentials_malformed");
    }
    notes.dedup();
    let mut token = rest.to_owned();
    if rest.contains(char::is_whitespace) && rest.contains('.') {
        token = rest.split_whitespace().collect();
        notes.push("white space or line ends stood inside of it and were taken out: a service that is sent them refuses with credentials_malformed");
    }
    Input { token, notes, reason: None }
}

/// The member of a token answer (RFC 6749, section 5.1).
fn access_token(text: &str) -> Option<String> {
    if !text.starts_with('{') {
        return None;
    }
    let answer: Value = serde_json::from_str(text).ok()?;
    Some(answer.get("access_token")?.as_str()?.to_owned())
}

/// The reason code of a challenge that was pasted in place of a token.
fn refusal(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("reason=\"")?;
    let (code, _) = rest.split_once('"')?;
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    (!code.is_empty() && code.len() <= 64 && code.bytes().all(is_word)).then(|| code.to_owned())
}

fn unquoted(text: &str) -> Option<&str> {
    ['"', '\'', '`'].into_iter().find_map(|quote| {
        let bare = text.strip_prefix(quote).map(|bare| bare.strip_suffix(quote).unwrap_or(bare));
        let bare = bare.or_else(|| text.strip_suffix(quote));
        bare.map(str::trim)
    })
}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Far more than any token; what is longer is cut off, and then too large.
const MAX_INPUT_BYTES: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_one_token() {
        for (text, notes) in [
            ("a.b.c", 0),
            (" a.b.c\r\n", 0),
            ("Bearer a.b.c", 0),
            ("bearer  a.b.c", 0),
            ("Authorization: Bearer a.b.c\n", 0),
            ("-H 'Authorization: Bearer a.b.c'", 1),
            ("\"a.b.c\"", 1),
            ("'Bearer a.b.c'", 1),
            ("a.b.c\"", 1),
            ("Bearer Bearer a.b.c", 1),
            ("a.b\n.c", 1),
            (r#"{"access_token":"a.b.c","token_type":"Bearer"}"#, 1),
        ] {
            let input = tidied(text);
            assert_eq!((input.token.as_str(), input.notes.len()), ("a.b.c", notes), "{text:?}");
        }
        assert_eq!(tidied("an opaque token").token, "an opaque token");
        assert_eq!(tidied("{\"error\":1}").token, "{\"error\":1}");
        assert_eq!(tidied("Bearer").token, "Bearer");
    }

    #[test]
    fn a_pasted_refusal_gives_its_reason() {
        let challenge = r#"WWW-Authenticate: Bearer error="invalid_token", reason="token_expired""#;
        assert_eq!(tidied(challenge).reason.as_deref(), Some("token_expired"));
        assert_eq!(tidied(r#"reason="a b""#).reason, None);
        assert_eq!(tidied(r#"reason="""#).reason, None);
    }
}
