//! Where in a request its token stands.

use std::sync::Arc;

use http::header::{COOKIE, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Uri};

use super::credentials::{is_token, sent_bearer_token, sent_token};
use crate::error::{ConfigError, Rejection};

/// Where a request carries its token. Given to [`AuthLayer::token_sources`](super::AuthLayer::token_sources).
///
/// | source | the token is | its challenge names |
/// |---|---|---|
/// | [`bearer`](Self::bearer), the default | in `Authorization: Bearer …` | `Bearer` |
/// | [`scheme`](Self::scheme) | in `Authorization: <scheme> …` | the scheme |
/// | [`cookie`](Self::cookie) | the value of one cookie | `Bearer` |
/// | [`websocket_protocol`](Self::websocket_protocol) | an entry of a WebSocket's `Sec-WebSocket-Protocol` | `Bearer` |
/// | [`dangerous_query`](Self::dangerous_query) | a parameter of the query | `Bearer` |
///
/// A client must not send its token twice
/// ([RFC 6750, section 2](https://www.rfc-editor.org/rfc/rfc6750#section-2)): two sources that have one, or one that has
/// two, are answered with 400 and [`Rejection::CredentialsRepeated`]. Cookies are the exception, as browsers send them
/// unasked: a cookie is looked at only where no other source has a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenSource(pub(super) Place);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    Bearer,
    Authorization { scheme: Arc<str> },
    Cookie { name: Arc<str> },
    WebSocketProtocol { prefix: Arc<str> },
    Query { name: Arc<str> },
}

/// What of a request tells who is asking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'r> {
    pub(crate) method: &'r Method,
    pub(crate) uri: &'r Uri,
    pub(crate) headers: &'r HeaderMap,
}

impl TokenSource {
    /// The `Authorization` header with the scheme `Bearer`
    /// ([RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
    #[must_use]
    pub const fn bearer() -> Self {
        Self(Place::Bearer)
    }

    /// The `Authorization` header with another scheme, such as `Token` or `JWT`.
    ///
    /// # Errors
    /// [`ConfigError::TokenSource`] when the name is no `token` of
    /// [RFC 9110, section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
    pub fn scheme(name: &str) -> Result<Self, ConfigError> {
        let scheme = named("scheme", name)?;
        if scheme.eq_ignore_ascii_case(BEARER) {
            return Ok(Self::bearer());
        }
        Ok(Self(Place::Authorization { scheme }))
    }

    /// The cookie of this name, compared byte for byte.
    ///
    /// Browsers send cookies with requests that other sites make them send (CSRF), which a token in a header is safe from.
    /// Set the cookie with `HttpOnly; Secure; SameSite=Strict` (or `Lax`, if links from elsewhere must arrive logged in),
    /// under a name that starts with `__Host-`, which no neighbouring host can overwrite; let no `GET` change anything; and
    /// look at `Origin` or `Sec-Fetch-Site` before what changes state. Where the cookie stands twice, the request is
    /// refused: somebody may have planted the other. An empty one counts as none.
    ///
    /// # Errors
    /// [`ConfigError::TokenSource`] when the name is no `token`.
    pub fn cookie(name: &str) -> Result<Self, ConfigError> {
        Ok(Self(Place::Cookie { name: named("cookie", name)? }))
    }

    /// The entry of `Sec-WebSocket-Protocol` that starts with this prefix, such as `bearer.`, of requests that ask for a
    /// WebSocket: browsers cannot send `Authorization` there.
    ///
    /// The browser says `new WebSocket(url, ["chat", "bearer." + token])`. The entry is taken out before the request goes
    /// on, so that the service cannot choose it and send the token back; let it choose `chat`, as browsers hang up when
    /// none of their protocols is chosen.
    ///
    /// # Errors
    /// [`ConfigError::TokenSource`] when the prefix is no `token`.
    pub fn websocket_protocol(prefix: &str) -> Result<Self, ConfigError> {
        Ok(Self(Place::WebSocketProtocol { prefix: named("WebSocket protocol prefix", prefix)? }))
    }

    /// The parameter of this name in the query, as
    /// [RFC 6750, section 2.3](https://www.rfc-editor.org/rfc/rfc6750#section-2.3), defines and
    /// [RFC 9700, section 4.3.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2), forbids it: query strings end up
    /// in logs, histories and `Referer` headers, and the token with them. Neither name nor token may be percent-encoded.
    ///
    /// # Errors
    /// [`ConfigError::TokenSource`] when the name is no `token`.
    pub fn dangerous_query(name: &str) -> Result<Self, ConfigError> {
        Ok(Self(Place::Query { name: named("query parameter", name)? }))
    }

    /// The scheme that a challenge names for this source.
    pub(super) fn challenged(&self) -> &str {
        match &self.0 {
            Place::Authorization { scheme } => scheme,
            Place::Bearer | Place::Cookie { .. } | Place::WebSocketProtocol { .. } | Place::Query { .. } => {
                BEARER
            }
        }
    }

    /// Whether clients send it without meaning to.
    pub(super) const fn is_ambient(&self) -> bool {
        matches!(self.0, Place::Cookie { .. })
    }

    /// What stands in the place of the token, in whatever form.
    ///
    /// # Errors
    /// [`Rejection::CredentialsMissing`], [`Rejection::SchemeUnsupported`] where there is nothing;
    /// [`Rejection::CredentialsRepeated`], [`Rejection::CredentialsMalformed`] where it cannot be told.
    #[inline]
    pub(super) fn sent<'r>(&self, head: Head<'r>) -> Result<&'r [u8], Rejection> {
        match &self.0 {
            Place::Bearer => sent_bearer_token(head.headers),
            _ => self.sent_elsewhere(head),
        }
    }

    #[inline(never)]
    fn sent_elsewhere<'r>(&self, head: Head<'r>) -> Result<&'r [u8], Rejection> {
        match &self.0 {
            Place::Bearer => sent_bearer_token(head.headers),
            Place::Authorization { scheme } => sent_token(head.headers, scheme.as_bytes()),
            Place::Cookie { name } => only(cookies(head.headers).filter_map(|pair| value_of(pair, name))),
            Place::WebSocketProtocol { prefix } => {
                if !asks_for_websocket(head) {
                    return Err(Rejection::CredentialsMissing);
                }
                only(protocols(head.headers).filter_map(|entry| entry.strip_prefix(prefix.as_bytes())))
            }
            Place::Query { name } => {
                let query = head.uri.query().unwrap_or_default().as_bytes();
                only(query.split(|byte| *byte == b'&').filter_map(|pair| value_of(pair, name)))
            }
        }
    }

    /// Takes the token away from what the service behind might repeat.
    #[inline]
    pub(super) fn clear(&self, headers: &mut HeaderMap) {
        if let Place::WebSocketProtocol { prefix } = &self.0 {
            clear_protocol(headers, prefix.as_bytes());
        }
    }
}

#[cold]
fn clear_protocol(headers: &mut HeaderMap, prefix: &[u8]) {
    let kept: Vec<_> = protocols(headers).filter(|entry| !entry.starts_with(prefix)).collect();
    let kept = HeaderValue::from_bytes(&kept.join(&b", "[..])).ok().filter(|kept| !kept.is_empty());
    headers.remove(SEC_WEBSOCKET_PROTOCOL);
    headers.extend(kept.map(|kept| (SEC_WEBSOCKET_PROTOCOL, kept)));
}

fn named(setting: &'static str, name: &str) -> Result<Arc<str>, ConfigError> {
    if is_token(name.as_bytes()) { Ok(Arc::from(name)) } else { Err(ConfigError::TokenSource { setting }) }
}

/// The one that there is.
fn only<'r>(mut found: impl Iterator<Item = &'r [u8]>) -> Result<&'r [u8], Rejection> {
    let token = found.next().unwrap_or_default();
    match found.next() {
        Some(_) => Err(Rejection::CredentialsRepeated),
        None if token.is_empty() => Err(Rejection::CredentialsMissing),
        None => Ok(token),
    }
}

/// The pairs of all `Cookie` headers: over HTTP/2 there may be several (RFC 9113, section 8.2.3).
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

fn value_of<'r>(pair: &'r [u8], name: &str) -> Option<&'r [u8]> {
    let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
    value.strip_prefix(b"=")
}

/// By `Upgrade`, or by an extended `CONNECT` (RFC 8441).
fn asks_for_websocket(head: Head<'_>) -> bool {
    let upgrades = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket");
    head.method == Method::CONNECT || head.headers.get(UPGRADE).is_some_and(upgrades)
}

pub(super) const BEARER: &str = "Bearer";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &TokenSource, uri: &str, headers: &[(&str, &str)]) -> Result<String, &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let uri = uri.parse().unwrap();
        let head = Head { method: &Method::GET, uri: &uri, headers: &map };
        source
            .sent(head)
            .map(|token| String::from_utf8(token.to_vec()).unwrap())
            .map_err(|refused| refused.code())
    }

    const NOTHING: Result<&str, &str> = Err("credentials_missing");
    const TWICE: Result<&str, &str> = Err("credentials_repeated");

    #[test]
    fn a_cookie_is_found_by_its_exact_name_and_only_once() {
        let source = TokenSource::cookie("__Host-t").unwrap();
        for (name, cookies, want) in [
            ("alone", &["__Host-t=a.b.c"][..], Ok("a.b.c")),
            ("between others", &["x=1; __Host-t=a.b.c; y=2"], Ok("a.b.c")),
            ("in a second header", &["x=1", "__Host-t=a.b.c"], Ok("a.b.c")),
            ("with an equals sign in it", &["__Host-t=a=="], Ok("a==")),
            ("without the space", &["x=1;__Host-t=a"], Ok("a")),
            ("no cookie", &[], NOTHING),
            ("another", &["t=a.b.c"], NOTHING),
            ("a name that ends like it", &["x__Host-t=a"], NOTHING),
            ("a name that starts like it", &["__Host-tt=a"], NOTHING),
            ("a name in another case", &["__host-t=a"], NOTHING),
            ("no value", &["__Host-t"], NOTHING),
            ("an empty value", &["__Host-t="], NOTHING),
            ("twice", &["__Host-t=a; __Host-t=a"], TWICE),
            ("twice, in two headers", &["__Host-t=a", "__Host-t=b"], TWICE),
            ("twice, one of them empty", &["__Host-t=; __Host-t=b"], TWICE),
        ] {
            let headers: Vec<_> = cookies.iter().map(|cookie| ("cookie", *cookie)).collect();
            assert_eq!(found(&source, "/", &headers), want.map(str::to_owned), "{name}");
        }
    }

    #[test]
    fn a_websocket_protocol_is_found_behind_its_prefix() {
        let source = TokenSource::websocket_protocol("bearer.").unwrap();
        let upgrade = ("upgrade", "WebSocket");
        for (name, headers, want) in [
            ("the last", &[upgrade, ("sec-websocket-protocol", "chat, bearer.a.b.c")][..], Ok("a.b.c")),
            (
                "in a second header",
                &[upgrade, ("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", "bearer.a")],
                Ok("a"),
            ),
            ("no upgrade", &[("sec-websocket-protocol", "bearer.a")], NOTHING),
            ("another upgrade", &[("upgrade", "h2c"), ("sec-websocket-protocol", "bearer.a")], NOTHING),
            ("another prefix", &[upgrade, ("sec-websocket-protocol", "Bearer.a")], NOTHING),
            ("nothing behind it", &[upgrade, ("sec-websocket-protocol", "bearer.")], NOTHING),
            ("twice", &[upgrade, ("sec-websocket-protocol", "bearer.a,bearer.b")], TWICE),
        ] {
            assert_eq!(found(&source, "/", headers), want.map(str::to_owned), "{name}");
        }
    }

    #[test]
    fn the_service_does_not_see_the_token_among_the_protocols() {
        let source = TokenSource::websocket_protocol("bearer.").unwrap();
        for (sent, want) in [
            ("chat, bearer.a.b.c", Some("chat")),
            ("bearer.a, chat,v2", Some("chat, v2")),
            ("bearer.a.b.c", None),
            ("chat", Some("chat")),
        ] {
            let value = HeaderValue::from_static(sent);
            let mut headers = HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, value)]);
            source.clear(&mut headers);
            let left = headers.get(SEC_WEBSOCKET_PROTOCOL).map(|value| value.to_str().unwrap());
            assert_eq!(left, want, "{sent}");
        }
        let mut headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("t=a"))]);
        TokenSource::cookie("t").unwrap().clear(&mut headers);
        assert_eq!(headers[COOKIE], "t=a");
    }

    #[test]
    fn a_query_parameter_is_found_by_its_exact_name() {
        let source = TokenSource::dangerous_query("access_token").unwrap();
        for (uri, want) in [
            ("/?access_token=a.b.c", Ok("a.b.c")),
            ("/?x=1&access_token=a&y", Ok("a")),
            ("/", NOTHING),
            ("/?access_token", NOTHING),
            ("/?access_token=", NOTHING),
            ("/?xaccess_token=a", NOTHING),
            ("/access_token=a", NOTHING),
            ("/?access_token=a&access_token=a", TWICE),
        ] {
            assert_eq!(found(&source, uri, &[]), want.map(str::to_owned), "{uri}");
        }
        assert_eq!(found(&TokenSource::bearer(), "/?access_token=a", &[]), Err("credentials_missing"));
    }

    #[test]
    fn a_scheme_of_ones_own() {
        let source = TokenSource::scheme("JWT").unwrap();
        for (header, want) in [
            ("JWT a.b.c", Ok("a.b.c")),
            ("jwt a", Ok("a")),
            ("Bearer a", Err("scheme_unsupported")),
            ("JWTa", Err("scheme_unsupported")),
        ] {
            assert_eq!(
                found(&source, "/", &[("authorization", header)]),
                want.map(str::to_owned),
                "{header}"
            );
        }
    }

    #[test]
    fn names_that_no_request_could_carry_are_refused() {
        for name in ["", "a b", "a;b", "a=b", "a,b", "a\"b", "é", "a\r\nb"] {
            let want = |setting| Err(ConfigError::TokenSource { setting });
            assert_eq!(TokenSource::scheme(name), want("scheme"), "{name}");
            assert_eq!(TokenSource::cookie(name), want("cookie"), "{name}");
            assert_eq!(TokenSource::websocket_protocol(name), want("WebSocket protocol prefix"), "{name}");
            assert_eq!(TokenSource::dangerous_query(name), want("query parameter"), "{name}");
        }
    }
}
