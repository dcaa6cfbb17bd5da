//! Which addresses keys may be fetched from.
//!
//! `https` only: whoever can change the answer on its way can sign tokens. Plain `http` is allowed to this very machine,
//! by name or address, for tests and sidecars.

use url::{Host, Url};

/// Where on a host something may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// An issuer identifier: without query or fragment (RFC 8414, section 2).
    Issuer,
    /// A document: a query may belong to its name.
    Document,
}

/// An address that is safe to fetch from.
///
/// The text is judged beside the parsed form, because the parser forgives what an identifier that is compared byte for
/// byte must not contain.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(text: &str, part: Part) -> Result<Url, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err("it must consist of printable ASCII characters, without spaces or backslashes");
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let rest = rest.ok_or("it must start with https://")?;
    let url = Url::parse(text).map_err(|_| "it is not an absolute URL")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err("it names no host");
    }
    if authority.contains('@') {
        return Err("it must not contain a user or password");
    }
    if text.contains('#') {
        return Err("it must not have a fragment");
    }
    if part == Part::Issuer && text.contains('?') {
        return Err("an issuer identifier has no query");
    }
    if url.scheme() != "https" && !(is_loopback(&url) && is_plainly(&url, authority)) {
        return Err("http is allowed to the loopback host only; use https");
    }
    Ok(url)
}

/// What may be shown of an address, good or refused: neither a password that stands in it by mistake nor its query, which
/// may hold a secret.
pub(crate) fn shown(text: &str) -> String {
    let (user, rest) = match text.rsplit_once('@') {
        // A password with a question mark, or a query with an at sign: open, so neither side is shown.
        Some((before, _)) if before.contains(['?', '#']) => return "[…]".to_owned(),
        Some((_, rest)) => ("[…]@", rest),
        None => ("", text),
    };
    match rest.find(['?', '#']).and_then(|end| rest.split_at_checked(end)) {
        Some((address, _)) => format!("{user}{address}?[…]"),
        None => format!("{user}{rest}"),
    }
}

/// Whether the host is this machine, by its reserved name or address and not by what a name resolves to.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the host stands in the text as the parser reads it. `127.1` and `%6cocalhost` are this machine to one parser
/// and a name to be resolved to another, and a [`Fetch`](super::Fetch) may have its own.
fn is_plainly(url: &Url, authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_passwords_nor_queries_are_shown() {
        for (text, want) in [
            ("https://id.example.com/keys", "https://id.example.com/keys"),
            ("https://user:hidden@id.example.com/keys", "[…]@id.example.com/keys"),
            ("https://id.example.com/keys?code=hidden", "https://id.example.com/keys?[…]"),
            ("https://id.example.com/keys?code=hidden#hidden", "https://id.example.com/keys?[…]"),
            ("https://id.example.com/#hidden", "https://id.example.com/?[…]"),
            ("https://user:hidden@id.example.com/?hidden", "[…]@id.example.com/?[…]"),
            ("https://id.example.com/?code=a@hidden", "[…]"),
            ("https://user:hid?den@id.example.com/", "[…]"),
            ("", ""),
        ] {
            assert_eq!(shown(text), want);
        }
    }

    #[test]
    fn only_safe_addresses_pass() {
        let issuer = Part::Issuer;
        let document = Part::Document;
        for (text, part, want) in [
            ("https://id.example.com", issuer, true),
            ("https://id.example.com/", issuer, true),
            ("https://id.example.com:8443/tenant", issuer, true),
            ("https://id.example.com/keys?v=1", document, true),
            ("http://localhost:8080/keys", document, true),
            ("http://127.0.0.1:8080", issuer, true),
            ("http://127.255.0.1", issuer, true),
            ("http://[::1]:8080/", issuer, true),
            ("http://[::1]", issuer, true),
            ("http://LocalHost/keys", document, true),
            ("http://127.1", issuer, false),
            ("http://2130706433", issuer, false),
            ("http://0x7f000001", issuer, false),
            ("http://%6cocalhost", issuer, false),
            ("http://[0:0:0:0:0:0:0:1]", issuer, false),
            ("http://localhost;evil.example", issuer, false),
            ("", issuer, false),
            ("id.example.com", issuer, false),
            ("/keys", document, false),
            ("HTTPS://id.example.com", issuer, false),
            ("ftp://id.example.com", document, false),
            ("file:///etc/keys", document, false),
            ("https:id.example.com", issuer, false),
            ("https:///keys", document, false),
            ("https://", document, false),
            ("http://id.example.com", issuer, false),
            ("http://localhost.example.com", issuer, false),
            ("http://localhost.", issuer, false),
            ("http://127.0.0.1.example.com", issuer, false),
            ("http://128.0.0.1", issuer, false),
            ("http://[::2]", issuer, false),
            ("http://[::ffff:127.0.0.1]", issuer, false),
            ("http://0.0.0.0", issuer, false),
            ("https://user@id.example.com", issuer, false),
            ("https://user:pass@id.example.com", issuer, false),
            ("https://@id.example.com", issuer, false),
            ("http://localhost@id.example.com/", document, false),
            ("https://id.example.com/a@b", issuer, true),
            ("https://id.example.com?", issuer, false),
            ("https://id.example.com/keys?a", issuer, false),
            ("https://id.example.com/keys#a", document, false),
            ("https://id.example.com/#", document, false),
            (" https://id.example.com", issuer, false),
            ("https://id.example.com/\n", issuer, false),
            ("https://id.exa\tmple.com", issuer, false),
            ("https:\\\\id.example.com", issuer, false),
            ("https://id.example.com\\@evil.example", issuer, false),
            ("https://id.\u{e9}xample.com", issuer, false),
        ] {
            assert_eq!(check(text, part).is_ok(), want, "{text:?}");
        }
    }
}
