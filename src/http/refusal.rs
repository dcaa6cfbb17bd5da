//! A decision against a request, as a response.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, TRANSFER_ENCODING,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::body::{NoBody, RefusalBody, Refused};
use super::challenge::challenges;
use super::dialect::Dialect;
use super::manner::{Detail, Manner};
use crate::error::Error;

/// The response that refuses a request for this reason, as the layers send it.
///
/// For those who take the token from elsewhere and ask a [`Verifier`](crate::Verifier) themselves. `realm` names the
/// protected resource in the challenge; `request` are the headers of the request, as a gRPC client must be answered in
/// its own way: with status 200. Only give it those of a `POST`, as the layers do, where anyone reads the status alone.
///
/// ```
/// use http::{HeaderMap, Response};
/// use portcullis::{Error, Rejection, http::refuse};
///
/// let response: Response<String> = refuse(Rejection::CredentialsMissing, "orders", &HeaderMap::new());
/// assert_eq!(response.status(), 401);
/// assert_eq!(response.headers()["www-authenticate"], "Bearer realm=\"orders\"");
/// assert_eq!(response.extensions().get::<Error>(), Some(&Rejection::CredentialsMissing.into()));
/// ```
#[must_use]
pub fn refuse<B: Default>(error: impl Into<Error>, realm: &str, request: &HeaderMap) -> Response<B> {
    let refusal = Refusal::of(error.into(), Dialect::of(&Method::POST, request));
    refusal.written(&Manner::named(realm), &NoBody)
}

/// A refusal, before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    fault: Fault,
    dialect: Dialect,
    /// Under which of the schemes the credential came.
    scheme: usize,
}

/// Whose fault it is that the request is not served.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The request's, or nobody's.
    Request(Error),
    /// The set-up's: there is nothing that the caller could do better.
    Wiring,
}

/// Left in a response that refuses a request behind a layer, for that layer to word it in its own way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfinished;

impl Refusal {
    pub(crate) const fn of(error: Error, dialect: Dialect) -> Self {
        Self { fault: Fault::Request(error), dialect, scheme: 0 }
    }

    pub(crate) const fn new(fault: Fault, dialect: Dialect) -> Self {
        Self { fault, dialect, scheme: 0 }
    }

    pub(super) fn under(self, scheme: usize) -> Self {
        Self { scheme, ..self }
    }

    /// A response that stands by itself, and that the layer outside may finish.
    pub(crate) fn unfinished<B: Default>(self) -> Response<B> {
        let mut response = self.written(&Manner::PLAIN, &NoBody);
        if response.extensions().get::<Error>().is_some() {
            response.extensions_mut().insert(Unfinished);
        }
        response
    }

    pub(super) fn written<R: Default>(self, manner: &Manner, body: &impl RefusalBody<R>) -> Response<R> {
        let mut response = Response::new(R::default());
        match self.dialect {
            Dialect::Http => self.write_http(&mut response, manner, body),
            Dialect::Grpc(content_type) => self.fault.write_grpc(&mut response, manner, content_type),
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Fault::Request(error) = self.fault {
            response.extensions_mut().insert(error);
        }
        response
    }

    fn write_http<R: Default>(
        &self,
        response: &mut Response<R>,
        manner: &Manner,
        body: &impl RefusalBody<R>,
    ) {
        let error = match &self.fault {
            Fault::Wiring => {
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return;
            }
            Fault::Request(error) => error,
        };
        let status = http_status(error);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        match error {
            Error::Rejected(rejection) => {
                for challenge in challenges(manner, self.scheme, rejection) {
                    headers.append(WWW_AUTHENTICATE, challenge);
                }
            }
            Error::Unavailable(unavailable) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(unavailable.retry_after_seconds()));
            }
        }
        *response.body_mut() =
            body.body(&Refused { error, status, detail: manner.detail }, response.headers_mut());
    }
}

/// Words a refusal that was made behind a layer in that layer's way; a response that is none is left as it is.
///
/// Headers that somebody added on the way stay, but for those that describe the body: it is another one. Where another
/// status was set the refusal was meant to look different, and only loses what it said of its reason.
pub(super) fn finish<R: Default>(
    response: &mut Response<R>,
    dialect: Dialect,
    manner: &Manner,
    body: &impl RefusalBody<R>,
) {
    if dialect != Dialect::Http {
        adopt(response);
    }
    if response.extensions_mut().remove::<Unfinished>().is_none() {
        return;
    }
    let Some(error) = response.extensions().get::<Error>().cloned() else { return };
    if undress(response, &error) {
        return;
    }
    // What the details tell is what the message does.
    if manner.detail != Detail::Full {
        response.headers_mut().remove(GRPC_DETAILS);
    }
    let (mut written, body) = Refusal::of(error, dialect).written(manner, body).into_parts();
    // What it said in other words may have no place in these: gRPC knows neither.
    let others = [WWW_AUTHENTICATE, RETRY_AFTER];
    for name in written.headers.keys().chain(&others).chain(&OF_A_BODY) {
        response.headers_mut().remove(name);
    }
    response.headers_mut().extend(written.headers.drain());
    *response.status_mut() = written.status;
    *response.body_mut() = body;
}

/// Whether somebody gave a refusal another status on its way. Over gRPC that of HTTP says nothing.
pub(crate) fn is_disguised(error: &Error, status: u16, over_grpc: Option<&[u8]>) -> bool {
    match over_grpc {
        None => status != http_status(error).as_u16(),
        Some(code) => code != grpc_status(error).to_string().as_bytes(),
    }
}

/// What a refusal says of its reason before any layer has worded it. In disguise it must not: a resource that is said
/// not to be there would name the scope that it takes to see it.
pub(crate) fn first_words(error: &Error) -> Vec<(HeaderName, HeaderValue)> {
    let mut words = vec![(GRPC_MESSAGE, grpc_message(&grpc_words(error, Detail::Full)))];
    if let Error::Rejected(rejection) = error {
        words.extend(challenges(&Manner::PLAIN, 0, rejection).map(|challenge| (WWW_AUTHENTICATE, challenge)));
    }
    words
}

/// Takes those words from a refusal in disguise; whether it is one.
#[cold]
fn undress<R>(response: &mut Response<R>, error: &Error) -> bool {
    let over_grpc = response.headers().get(GRPC_STATUS).map(HeaderValue::as_bytes);
    if !is_disguised(error, response.status().as_u16(), over_grpc) {
        return false;
    }
    let headers = response.headers_mut();
    // They repeat the status that it was.
    headers.remove(GRPC_DETAILS);
    for (name, words) in first_words(error) {
        let others: Vec<_> =
            headers.get_all(&name).iter().filter(|value| **value != words).cloned().collect();
        headers.remove(&name);
        for value in others {
            headers.append(&name, value);
        }
    }
    true
}

/// Lets a refusal that was made behind a layer stay as it is, for layers further out, too.
#[inline]
pub(super) fn leave<R>(response: &mut Response<R>) {
    adopt(response);
    if response.extensions_mut().remove::<Unfinished>().is_some()
        && let Some(error) = response.extensions().get::<Error>().cloned()
    {
        undress(response, &error);
    }
}

/// Takes a gRPC status that was made of an [`Error`] behind the layer for the refusal that it is.
///
/// A status whose code or message is no longer the error's was meant to look different.
#[inline]
fn adopt<R>(response: &mut Response<R>) {
    #[cfg(feature = "tonic")]
    if let Some(status) = response.extensions().get::<tonic::Status>() {
        let source = std::error::Error::source(status).and_then(|source| source.downcast_ref::<Error>());
        let untouched = source.filter(|error| {
            i32::from(status.code()) == i32::from(grpc_status(error))
                && status.message() == grpc_words(error, Detail::Full)
        });
        if let Some(error) = untouched.cloned() {
            // Layers further out are not to take it for a refusal of theirs.
            response.extensions_mut().remove::<tonic::Status>();
            response.extensions_mut().insert(error);
            response.extensions_mut().insert(Unfinished);
        }
    }
    #[cfg(not(feature = "tonic"))]
    let _ = response;
}

impl Fault {
    /// "Trailers-Only" of gRPC over HTTP/2: status 200, and what would be trailers stands in the headers.
    fn write_grpc<B>(&self, response: &mut Response<B>, manner: &Manner, content_type: &'static str) {
        let (status, message): (u8, Cow<'_, str>) = match self {
            Self::Wiring => (GRPC_INTERNAL, Cow::Borrowed("internal error")),
            Self::Request(error) => (grpc_status(error), grpc_words(error, manner.detail)),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(status)));
        headers.insert(GRPC_MESSAGE, grpc_message(&message));
        if let (Self::Request(error), Some(details)) = (self, manner.grpc_details) {
            headers.extend(details(error, manner.detail).map(|details| (GRPC_DETAILS, details)));
        }
    }
}

pub(crate) fn http_status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::UNAUTHORIZED)
}

pub(crate) const fn grpc_status(error: &Error) -> u8 {
    match error {
        Error::Rejected(rejection) => rejection.status().grpc(),
        Error::Unavailable(_) => GRPC_UNAVAILABLE,
    }
}

/// What stands in a status message.
pub(crate) fn grpc_words(error: &Error, detail: Detail) -> Cow<'static, str> {
    match detail {
        Detail::Full => Cow::Owned(format!("{error} ({})", error.code())),
        Detail::Code => Cow::Borrowed(error.code()),
        Detail::Bare => Cow::Borrowed(match error {
            Error::Rejected(rejection) if rejection.status().grpc() == GRPC_PERMISSION_DENIED => {
                "permission denied"
            }
            Error::Rejected(_) => "unauthenticated",
            Error::Unavailable(_) => "unavailable",
        }),
    }
}

/// `Status-Message`: bytes outside printable ASCII, and the percent sign, are percent-encoded.
fn grpc_message(text: &str) -> HeaderValue {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// What describes a body and is wrong of any other: a router within has counted its own, which had no bytes.
const OF_A_BODY: [HeaderName; 4] = [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING];
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const GRPC_PERMISSION_DENIED: u8 = 7;
const GRPC_INTERNAL: u8 = 13;
const GRPC_UNAVAILABLE: u8 = 14;

#[cfg(test)]
mod tests;
