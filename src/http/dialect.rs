//! In which way a client expects to be refused.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

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
    /// A gRPC refusal has status 200. Most proxies that ask us whether a request may pass ("forward auth") send the client's
    /// headers with `GET`, and read the status alone: there a content type must not turn no into yes. Some keep the method;
    /// the documentation of `http` says what they must not send.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dialect_is_told_by_the_content_type() {
        let request = |content_type: &str| {
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())])
        };
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
}
