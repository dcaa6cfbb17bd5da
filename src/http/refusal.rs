//! A decision against a request, as a response.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::challenge::challenge;
use crate::error::{Error, Rejection, Unavailable};

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
    let fault = Fault::Request { error: error.into(), realm: Some(realm) };
    Refusal { fault, dialect: Dialect::of(&Method::POST, request) }.into_response()
}

/// A refusal, before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Refusal<'r> {
    pub(crate) fault: Fault<'r>,
    pub(crate) dialect: Dialect,
}

/// Whose fault it is that the request is not served.
#[derive(Clone, Debug)]
pub(crate) enum Fault<'r> {
    /// The request's, or nobody's.
    Request { error: Error, realm: Option<&'r str> },
    /// The set-up's: there is nothing that the caller could do better.
    Wiring,
}

/// How the client expects to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    Http,
    /// By headers alone, under this content type.
    Grpc(&'static str),
}

impl Dialect {
    /// By the content type, as every gRPC request has one, and by the method, as each is a `POST`.
    ///
    /// A gRPC refusal has status 200. A proxy that asks us whether a request may pass ("forward auth") sends the
    /// client's headers with `GET`, and reads the status alone: there a content type must not turn no into yes.
    pub(crate) fn of(method: &Method, request: &HeaderMap) -> Self {
        if method != Method::POST {
            return Self::Http;
        }
        let Some(value) = request.get(CONTENT_TYPE).map(HeaderValue::as_bytes) else { return Self::Http };
        let essence = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        // What comes back is one of these texts and not the sender's.
        let same = |known: &&&str| essence.eq_ignore_ascii_case(known.as_bytes());
        if let Some(known) = GRPC_CONTENT_TYPES.iter().find(same) {
            return Self::Grpc(known);
        }
        // Message formats of their own: `application/grpc+thrift`.
        let family = essence.split(|byte| *byte == b'+').next().unwrap_or_default();
        let kin = |known: &&&str| family.eq_ignore_ascii_case(known.as_bytes());
        GRPC_CONTENT_TYPES.iter().find(kin).map_or(Self::Http, |known| Self::Grpc(known))
    }
}

impl Refusal<'_> {
    pub(crate) fn into_response<B: Default>(self) -> Response<B> {
        let mut response = Response::new(B::default());
        match self.dialect {
            Dialect::Http => self.fault.write_http(&mut response),
            Dialect::Grpc(content_type) => self.fault.write_grpc(&mut response, content_type),
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Fault::Request { error, .. } = self.fault {
            response.extensions_mut().insert(error);
        }
        response
    }
}

impl Fault<'_> {
    fn write_http<B>(&self, response: &mut Response<B>) {
        let (status, header) = match self {
            Self::Wiring => (StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::Request { error: Error::Rejected(rejection), realm } => {
                (http_status(rejection), Some((WWW_AUTHENTICATE, challenge(*realm, rejection))))
            }
            Self::Request { error: Error::Unavailable(unavailable), .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, Some((RETRY_AFTER, retry_after(unavailable))))
            }
        };
        *response.status_mut() = status;
        response.headers_mut().extend(header);
    }

    /// "Trailers-Only" of gRPC over HTTP/2: status 200, and what would be trailers stands in the headers.
    fn write_grpc<B>(&self, response: &mut Response<B>, content_type: &'static str) {
        let (status, message): (u8, Cow<'_, str>) = match self {
            Self::Wiring => (GRPC_INTERNAL, Cow::Borrowed("internal error")),
            Self::Request { error: error @ Error::Rejected(rejection), .. } => {
                (rejection.status().grpc(), Cow::Owned(format!("{error} ({})", error.code())))
            }
            Self::Request { error: error @ Error::Unavailable(_), .. } => {
                (GRPC_UNAVAILABLE, Cow::Owned(format!("{error} ({})", error.code())))
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert("grpc-status", HeaderValue::from(u16::from(status)));
        headers.insert("grpc-message", grpc_message(&message));
    }
}

fn http_status(rejection: &Rejection) -> StatusCode {
    StatusCode::from_u16(rejection.status().http()).unwrap_or(StatusCode::UNAUTHORIZED)
}

/// Whole seconds, rounded up, and never "at once" (RFC 9110, section 10.2.3).
fn retry_after(unavailable: &Unavailable) -> HeaderValue {
    let wait = unavailable.retry_after();
    let started = u64::from(wait > Duration::from_secs(wait.as_secs()));
    HeaderValue::from(wait.as_secs().saturating_add(started).max(1))
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

/// gRPC over HTTP/2, and gRPC-Web, whose clients read a status from the headers as well.
const GRPC_CONTENT_TYPES: [&str; 8] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web+json",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];
const GRPC_INTERNAL: u8 = 13;
const GRPC_UNAVAILABLE: u8 = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())])
    }

    fn refused(error: impl Into<Error>, content_type: &str) -> Response<()> {
        refuse(error, "api", &request(content_type))
    }

    fn header<'r>(response: &'r Response<()>, name: &str) -> Option<&'r str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn the_dialect_is_told_by_the_content_type() {
        for (content_type, want) in [
            ("application/grpc", Some("application/grpc")),
            ("application/grpc+proto", Some("application/grpc+proto")),
            ("application/grpc;charset=utf-8", Some("application/grpc")),
            ("application/grpc ; x=y", Some("application/grpc")),
            ("Application/gRPC", Some("application/grpc")),
            ("application/grpc+thrift", Some("application/grpc")),
            ("application/grpc-web", Some("application/grpc-web")),
            ("application/grpc-web+proto", Some("application/grpc-web+proto")),
            ("application/grpc-web-text", Some("application/grpc-web-text")),
            ("application/grpc-web-text+thrift", Some("application/grpc-web-text")),
            ("application/grpcx", None),
            ("application/grpc-webx", None),
            ("application/grpc/x", None),
            ("text/application/grpc", None),
            ("application/json", None),
            ("", None),
        ] {
            let want = want.map_or(Dialect::Http, Dialect::Grpc);
            assert_eq!(Dialect::of(&Method::POST, &request(content_type)), want, "{content_type}");
        }
        assert_eq!(Dialect::of(&Method::POST, &HeaderMap::new()), Dialect::Http);
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::CONNECT, Method::PUT] {
            assert_eq!(Dialect::of(&method, &request("application/grpc")), Dialect::Http, "{method}");
        }
    }

    #[test]
    fn rejections_over_http() {
        for (rejection, status) in [
            (Rejection::CredentialsMissing, 401),
            (Rejection::SchemeUnsupported, 401),
            (Rejection::CredentialsRepeated, 400),
            (Rejection::SignatureInvalid, 401),
            (Rejection::ScopeMissing { required: "a".into() }, 403),
        ] {
            let response = refused(rejection.clone(), "application/json");
            assert_eq!(response.status(), status, "{rejection}");
            assert!(header(&response, "www-authenticate").unwrap().starts_with("Bearer realm=\"api\""));
            assert_eq!(header(&response, "cache-control"), Some("no-store"));
            assert_eq!(header(&response, "grpc-status"), None);
            assert_eq!(response.extensions().get::<Error>(), Some(&Error::Rejected(rejection)));
        }
    }

    #[test]
    fn rejections_over_grpc_are_trailers_only() {
        for (rejection, status) in [
            (Rejection::CredentialsMissing, "16"),
            (Rejection::CredentialsRepeated, "16"),
            (Rejection::SignatureInvalid, "16"),
            (Rejection::ScopeMissing { required: "a".into() }, "7"),
        ] {
            let response = refused(rejection.clone(), "application/grpc");
            assert_eq!(response.status(), 200, "{rejection}");
            assert_eq!(header(&response, "content-type"), Some("application/grpc"));
            assert_eq!(header(&response, "grpc-status"), Some(status), "{rejection}");
            let message = format!("{rejection} ({})", rejection.code());
            assert_eq!(header(&response, "grpc-message"), Some(&*message));
            assert_eq!(header(&response, "www-authenticate"), None);
            assert_eq!(response.extensions().get::<Error>(), Some(&Error::Rejected(rejection)));
        }
    }

    #[test]
    fn for_want_of_keys_the_client_is_told_when_to_return() {
        for (wait, want) in [
            (Duration::ZERO, "1"),
            (Duration::from_millis(1), "1"),
            (Duration::from_secs(1), "1"),
            (Duration::from_millis(1_001), "2"),
            (Duration::from_secs(60), "60"),
            (Duration::MAX, "18446744073709551615"),
        ] {
            let response = refused(Unavailable::KeysNotLoaded { retry_after: wait }, "text/plain");
            assert_eq!(response.status(), 503);
            assert_eq!(header(&response, "retry-after"), Some(want), "{wait:?}");
            assert_eq!(header(&response, "www-authenticate"), None);
        }
        let response = refused(Unavailable::KeysExpired { retry_after: Duration::ZERO }, "application/grpc");
        assert_eq!((response.status(), header(&response, "grpc-status")), (StatusCode::OK, Some("14")));
    }

    #[test]
    fn a_wiring_fault_says_nothing_and_blames_nobody() {
        let plain: Response<()> = Refusal { fault: Fault::Wiring, dialect: Dialect::Http }.into_response();
        assert_eq!((plain.status(), plain.headers().len()), (StatusCode::INTERNAL_SERVER_ERROR, 1));
        assert!(plain.extensions().get::<Error>().is_none());
        let dialect = Dialect::Grpc("application/grpc");
        let grpc: Response<()> = Refusal { fault: Fault::Wiring, dialect }.into_response();
        assert_eq!(header(&grpc, "grpc-status"), Some("13"));
    }

    #[test]
    fn grpc_messages_are_percent_encoded() {
        assert_eq!(grpc_message("50 % of é\n"), "50 %25 of %C3%A9%0A");
    }
}
