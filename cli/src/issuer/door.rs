//! Who may come in: programs of this machine, and the server's own page.
//!
//! A port on loopback is within reach of every page that a browser on this machine has open. Such a page cannot lie about
//! its origin, nor about the name that it called us by, so both are asked.

use hyper::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turned {
    /// It calls us by a name that is not ours, as a page does whose name was made to point here.
    Host,
    /// It was sent by a page that is not ours.
    Origin,
    /// It is not declared to be what has to come here; a form of another page could be.
    ContentType,
}

impl Turned {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Host => "call this server 127.0.0.1 or localhost, with its port",
            Self::Origin => "only the page of this server may ask for this",
            Self::ContentType => "wrong Content-Type",
        }
    }
}

/// Whether a request names us as its host.
///
/// # Errors
/// It names another host, another port, several, or none.
pub(super) fn check_host(head: &Parts, port: u16) -> Result<(), Turned> {
    let host = only(&head.headers, &HOST).ok_or(Turned::Host)?;
    let in_target = head.uri.authority().map(|authority| authority.as_str());
    if is_ours(host, port) && in_target.is_none_or(|authority| is_ours(authority, port)) {
        Ok(())
    } else {
        Err(Turned::Host)
    }
}

/// Whether a request was sent by our own page, or by no page at all.
///
/// # Errors
/// It was sent by another page, be it one of another port of this machine.
pub(super) fn check_origin(headers: &HeaderMap, port: u16) -> Result<(), Turned> {
    if headers.contains_key(ORIGIN) {
        let origin = only(headers, &ORIGIN).and_then(|origin| origin.strip_prefix("http://"));
        if !origin.is_some_and(|origin| is_ours(origin, port)) {
            return Err(Turned::Origin);
        }
    }
    if headers.contains_key(&SEC_FETCH_SITE) {
        // "none" is what the person at the browser asked for by hand.
        if !matches!(only(headers, &SEC_FETCH_SITE), Some("same-origin" | "none")) {
            return Err(Turned::Origin);
        }
    }
    Ok(())
}

/// Whether a body is declared to be of this media type.
///
/// # Errors
/// It is declared to be another one, or none.
pub(super) fn check_content_type(headers: &HeaderMap, wanted: &str) -> Result<(), Turned> {
    let declared = only(headers, &CONTENT_TYPE).and_then(|value| value.split(';').next());
    if declared.is_some_and(|declared| declared.trim().eq_ignore_ascii_case(wanted)) {
        Ok(())
    } else {
        Err(Turned::ContentType)
    }
}

fn is_ours(authority: &str, port: u16) -> bool {
    let Some((name, digits)) = authority.rsplit_once(':') else { return false };
    digits == port.to_string() && (name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn hosts_are_loopback_names_with_our_port() {
        for host in ["127.0.0.1:4000", "localhost:4000", "LocalHost:4000"] {
            assert_eq!(check_host(&head("/", &[("host", host)]), 4_000), Ok(()), "{host}");
        }
        for host in [
            "127.0.0.1",
            "localhost:4001",
            "localhost:04000",
            "evil.example:4000",
            "127.0.0.1.evil.example:4000",
            "localhost.:4000",
            "x@localhost:4000",
            "127.0.0.2:4000",
            "[::1]:4000",
            "",
        ] {
            assert_eq!(check_host(&head("/", &[("host", host)]), 4_000), Err(Turned::Host), "{host}");
        }
        assert_eq!(check_host(&head("/", &[]), 4_000), Err(Turned::Host));
        let twice = [("host", "localhost:4000"), ("host", "localhost:4000")];
        assert_eq!(check_host(&head("/", &twice), 4_000), Err(Turned::Host));
        let ours = [("host", "localhost:4000")];
        assert_eq!(check_host(&head("http://localhost:4000/", &ours), 4_000), Ok(()));
        assert_eq!(check_host(&head("http://evil.example:4000/", &ours), 4_000), Err(Turned::Host));
    }

    #[test]
    fn pages_of_others_are_turned_away() {
        let (own, other) = ("http://127.0.0.1:4000", "http://127.0.0.1:8080");
        for (headers, want) in [
            (&[][..], Ok(())),
            (&[("origin", own)], Ok(())),
            (&[("origin", "http://localhost:4000")], Ok(())),
            (&[("origin", own), ("sec-fetch-site", "same-origin")], Ok(())),
            (&[("sec-fetch-site", "none")], Ok(())),
            (&[("origin", other)], Err(Turned::Origin)),
            (&[("origin", "https://127.0.0.1:4000")], Err(Turned::Origin)),
            (&[("origin", "null")], Err(Turned::Origin)),
            (&[("origin", own), ("origin", own)], Err(Turned::Origin)),
            (&[("sec-fetch-site", "same-site")], Err(Turned::Origin)),
            (&[("origin", own), ("sec-fetch-site", "cross-site")], Err(Turned::Origin)),
        ] {
            assert_eq!(check_origin(&head("/", headers).headers, 4_000), want, "{headers:?}");
        }
    }

    #[test]
    fn content_types_are_named() {
        for (value, want) in [
            ("application/json", Ok(())),
            ("Application/JSON; charset=utf-8", Ok(())),
            ("text/plain", Err(Turned::ContentType)),
            ("text/plain; application/json", Err(Turned::ContentType)),
            ("application/jsonp", Err(Turned::ContentType)),
        ] {
            let headers = head("/", &[("content-type", value)]).headers;
            assert_eq!(check_content_type(&headers, "application/json"), want, "{value}");
        }
        assert_eq!(check_content_type(&HeaderMap::new(), "application/json"), Err(Turned::ContentType));
    }
}
