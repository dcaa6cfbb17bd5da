//! Where in a request its token stands.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri};

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
///
/// Adapters whose requests are of another kind copy what is looked at: whoever looks at another header tells
/// `adapters/actix/head.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'r> {
    pub(crate) method: &'r Method,
    pub(crate) uri: &'r Uri,
    pub(crate) headers: &'r HeaderMap,
    /// What others have planted: looked at for the audit alone.
    pub(crate) planted: &'r Extensions,
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

    /// Whether what stands in the one stands in the other: the case of a scheme does not matter.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Place::Authorization { scheme }, Place::Authorization { scheme: other }) => {
                scheme.eq_ignore_ascii_case(other)
            }
            _ => self == other,
        }
    }

    #[cfg(feature = "actix")]
    pub(super) const fn is_query(&self) -> bool {
        matches!(self.0, Place::Query { .. })
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

impl TokenSource {
    /// Takes whatever stands in the place of the token away. A query stays as it is.
    pub(super) fn remove(&self, headers: &mut HeaderMap) {
        match &self.0 {
            Place::Bearer | Place::Authorization { .. } => drop(headers.remove(AUTHORIZATION)),
            Place::Cookie { name } => {
                let kept: Vec<_> = cookies(headers).filter(|pair| value_of(pair, name).is_none()).collect();
                let kept = kept.into_iter().map(<[u8]>::trim_ascii).collect::<Vec<_>>().join(&b"; "[..]);
                replace(headers, COOKIE, &kept);
            }
            Place::WebSocketProtocol { prefix } => clear_protocol(headers, prefix.as_bytes()),
            Place::Query { .. } => {}
        }
    }
}

#[cold]
fn clear_protocol(headers: &mut HeaderMap, prefix: &[u8]) {
    let kept: Vec<_> = protocols(headers).filter(|entry| !entry.starts_with(prefix)).collect();
    let kept = kept.join(&b", "[..]);
    replace(headers, SEC_WEBSOCKET_PROTOCOL, &kept);
}

/// Puts one value in the place of all; who marked them as not to be logged meant this one too.
fn replace(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    let is_sensitive = headers.get_all(&name).iter().any(HeaderValue::is_sensitive);
    headers.remove(&name);
    if let Ok(mut value) = HeaderValue::from_bytes(value)
        && !value.is_empty()
    {
        value.set_sensitive(is_sensitive);
        headers.insert(name, value);
    }
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
mod tests;
