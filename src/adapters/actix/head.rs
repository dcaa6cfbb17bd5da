//! What is looked at of a request, in the types of `http` 1.

use actix_web::dev::{RequestHead, ServiceRequest};
use actix_web::http::header as theirs;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::error::Rejection;
use crate::http::{Dialect, Guard, Head};

/// A copy of what [`Head`] shows to a guard.
#[derive(Debug)]
pub(super) struct HeadCopy {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

/// Whether the query is among what is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Query {
    Read,
    Ignored,
}

impl HeadCopy {
    /// All values of each header, in their order: what stands twice must be seen twice.
    ///
    /// # Errors
    /// [`Rejection::CredentialsMalformed`] when the one crate cannot say what the other could. Who is asking is not known
    /// then, and nobody may pass as anonymous.
    pub(super) fn of(request: &RequestHead, query: Query) -> Result<Self, Rejection> {
        let unreadable = |_| Rejection::CredentialsMalformed;
        let method = Method::from_bytes(request.method.as_str().as_bytes());
        let method = method.map_err(|_| Rejection::CredentialsMalformed)?;
        let uri = match request.uri.path_and_query() {
            Some(path) if query == Query::Read => {
                let path = PathAndQuery::try_from(path.as_str());
                Uri::from(path.map_err(|_| Rejection::CredentialsMalformed)?)
            }
            _ => Uri::default(),
        };
        let mut headers = HeaderMap::new();
        for (from, to) in LOOKED_AT {
            for value in request.headers.get_all(from) {
                headers.append(to.clone(), HeaderValue::from_bytes(value.as_bytes()).map_err(unreadable)?);
            }
        }
        Ok(Self { method, uri, headers })
    }

    pub(super) fn head(&self) -> Head<'_> {
        Head { method: &self.method, uri: &self.uri, headers: &self.headers }
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect::of(&self.method, &self.headers)
    }

    /// Takes the token of the request away from where the service behind might repeat it.
    pub(super) fn clear<W>(&mut self, guard: &Guard<W>, way: usize, request: &mut ServiceRequest) {
        let protocols = |headers: &HeaderMap| -> Vec<HeaderValue> {
            headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().cloned().collect()
        };
        let sent = protocols(&self.headers);
        guard.clear(way, &mut self.headers);
        let left = protocols(&self.headers);
        // Only where something changed: a request that somebody holds a clone of cannot be changed.
        if left == sent {
            return;
        }
        request.headers_mut().remove(theirs::SEC_WEBSOCKET_PROTOCOL);
        for value in left {
            if let Ok(value) = theirs::HeaderValue::from_bytes(value.as_bytes()) {
                request.headers_mut().append(theirs::SEC_WEBSOCKET_PROTOCOL, value);
            }
        }
    }
}

/// In which way the client of a request expects to be refused.
pub(super) fn dialect_of(request: &RequestHead) -> Dialect {
    HeadCopy::of(request, Query::Ignored).map_or(Dialect::Http, |head| head.dialect())
}

/// The headers that sources of tokens, dialects and preflights are told by.
const LOOKED_AT: [(theirs::HeaderName, http::HeaderName); 7] = [
    (theirs::AUTHORIZATION, header::AUTHORIZATION),
    (theirs::COOKIE, header::COOKIE),
    (theirs::CONTENT_TYPE, header::CONTENT_TYPE),
    (theirs::UPGRADE, header::UPGRADE),
    (theirs::SEC_WEBSOCKET_PROTOCOL, header::SEC_WEBSOCKET_PROTOCOL),
    (theirs::ORIGIN, header::ORIGIN),
    (theirs::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_METHOD),
];
