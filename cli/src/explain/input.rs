//! The token, out of what people paste.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use serde_json::Value;

use crate::text::looks_like_token;

/// A token as it was found, and what was taken off it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Input {
    pub(super) token: String,
    /// What the service would stumble over if it were sent so, in words.
    pub(super) notes: Vec<&'static str>,
    /// The reason that a pasted refusal gives, where no token was given.
    pub(super) reason: Option<String>,
}

/// The words on the command line, or what comes on stdin for `-`, or for no word where stdin is no terminal.
///
/// # Errors
/// Why there is nothing to explain.
pub(super) fn read(words: &[String]) -> Result<Input, String> {
    let text = match words {
        [dash] if dash == "-" => stdin()?,
        [] if io::stdin().is_terminal() => String::new(),
        [] => stdin()?,
        [path] if !looks_like_token(path) && Path::new(path).is_file() => {
            return Err(format!(
                "{path} is a file; its content goes in on stdin: portcullis explain - < {path}"
            ));
        }
        words => words.join(" "),
    };
    let input = tidied(&text)?;
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
///
/// # Errors
/// What it is, if there is no token in it.
fn tidied(text: &str) -> Result<Input, String> {
    let mut notes = Vec::new();
    let mut rest = text.trim();
    if let Some(reason) = refusal(rest) {
        return Ok(Input { token: String::new(), notes, reason: Some(reason) });
    }
    if is_challenge(rest) {
        return Err("this is a challenge without `reason`, which says no more; give the token itself. A challenge without `error` answers a request that had no credentials: look for the Authorization header, and for a proxy that took it off".to_owned());
    }
    let member = access_token(rest)?;
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
    if let Some(found) = among(rest) {
        token = found.to_owned();
        notes.clear();
        notes.push("the token was taken out of the text that stood around it; what the service is sent should be `Authorization: Bearer <token>`");
    } else if rest.contains(char::is_whitespace) && rest.contains('.') {
        token = rest.split_whitespace().collect();
        notes.push("white space or line ends stood inside of it and were taken out: a service that is sent them refuses with credentials_malformed");
    }
    Ok(Input { token, notes, reason: None })
}

/// The one token in a text that has more in it than a token, such as `TOKEN=…` or what `curl -v` prints.
fn among(text: &str) -> Option<&str> {
    let is_inside = |character: char| character.is_ascii_alphanumeric() || "-_.=+/".contains(character);
    let is_plain = |text: &str| text.starts_with("ey") || text.starts_with("ew");
    if is_plain(text) && text.chars().all(|character| is_inside(character) || character.is_whitespace()) {
        return None;
    }
    let runs = text.split(|character| !is_inside(character)).filter(|run| looks_like_token(run));
    let mut tokens = runs.filter_map(|run| {
        let (header, _) = run.split_once('.')?;
        let before = header.rfind(['=', '/']).map_or(0, |place| place.saturating_add(1));
        run.get(before..)
    });
    let first = tokens.next()?;
    tokens.all(|token| token == first).then_some(first)
}

/// The member of a token answer (RFC 6749, section 5.1).
///
/// # Errors
/// What the answer has in its place.
fn access_token(text: &str) -> Result<Option<String>, String> {
    let answer = text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    let Some(Value::Object(answer)) = answer else { return Ok(None) };
    if let Some(token) = answer.get("access_token").and_then(Value::as_str) {
        return Ok(Some(token.to_owned()));
    }
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        return Err(format!(
            "the issuer gave out no token: its answer is the error \"{error}\" (RFC 6749, section 5.2)"
        ));
    }
    match ["id_token", "refresh_token", "token_type"].into_iter().find(|name| answer.contains_key(*name)) {
        Some(name) => Err(format!(
            "the issuer's answer has `{name}` and no `access_token`, which is what an API is sent"
        )),
        None => Ok(None),
    }
}

/// Whether it is a challenge, or an answer with one in it.
fn is_challenge(text: &str) -> bool {
    let has = |text: &str, part: &str| text.to_ascii_lowercase().contains(part);
    let short: String = text.chars().take(MAX_CHALLENGE).collect();
    has(&short, "www-authenticate:")
        || (short.starts_with("Bearer ") && ["realm=\"", "error=\""].iter().any(|part| has(&short, part)))
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
/// Enough for the header fields of an answer.
const MAX_CHALLENGE: usize = 16 * 1024;

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
            let input = tidied(text).unwrap();
            assert_eq!((input.token.as_str(), input.notes.len()), ("a.b.c", notes), "{text:?}");
        }
        for text in ["an opaque token", "{\"error\":1}", "Bearer"] {
            assert_eq!(tidied(text).unwrap().token, text);
        }
    }

    #[test]
    fn a_token_is_found_in_the_text_around_it() {
        let token = "eyJh.eyJi.c2ln";
        for text in [
            "TOKEN=eyJh.eyJi.c2ln",
            "export TOKEN=\"eyJh.eyJi.c2ln\"",
            "https://api.example.com/?access_token=eyJh.eyJi.c2ln&x=1",
            "> GET / HTTP/1.1\r\n> Host: api.example.com\r\n> Authorization: Bearer eyJh.eyJi.c2ln\r\n> Accept: */*",
            "{\"token\":\"eyJh.eyJi.c2ln\"}",
            "first eyJh.eyJi.c2ln, again eyJh.eyJi.c2ln",
        ] {
            let input = tidied(text).unwrap();
            assert_eq!((input.token.as_str(), input.notes.len()), (token, 1), "{text}");
        }
        // What is wrong with a token itself is the library's to say.
        for text in
            ["eyJh==.eyJi.c2ln", "eyJh.eyJi.c2ln.", "eyJh.eyJi", "TOKEN=eyJh.eyJi.c2ln ID=eyJh.eyJi.b3Ro"]
        {
            let input = tidied(text).unwrap();
            assert!(!input.notes.iter().any(|note| note.contains("taken out of the text")), "{text}");
        }
    }

    #[test]
    fn what_holds_no_token_is_named() {
        for (text, want) in [
            (r#"{"error":"invalid_client"}"#, "invalid_client"),
            (r#"{"id_token":"eyJh.eyJi.c2ln"}"#, "no `access_token`"),
            (r#"{"access_token":null,"token_type":"Bearer"}"#, "no `access_token`"),
            (r#"WWW-Authenticate: Bearer error="invalid_token""#, "without `reason`"),
            ("HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\n", "without `reason`"),
            (r#"Bearer realm="api""#, "without `reason`"),
        ] {
            let why = tidied(text).unwrap_err();
            assert!(why.contains(want), "{text}: {why}");
        }
    }

    #[test]
    fn a_pasted_refusal_gives_its_reason() {
        let challenge = r#"WWW-Authenticate: Bearer error="invalid_token", reason="token_expired""#;
        assert_eq!(tidied(challenge).unwrap().reason.as_deref(), Some("token_expired"));
        assert_eq!(tidied(r#"reason="a b""#).unwrap().reason, None);
        assert_eq!(tidied(r#"reason="""#).unwrap().reason, None);
    }
}
