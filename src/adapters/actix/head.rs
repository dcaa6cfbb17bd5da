//! What is looked at of a request, in the types of `http` 1.

use actix_web::dev::{RequestHead, ServiceRequest};
use actix_web::http::header as theirs;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, Method, Uri, header};

use crate::audit::RequestContext;
use crate::error::Rejection;
use crate::http::{Dialect, Guard, Head};

/// A copy of what [`Head`] shows to a guard.
#[derive(Debug)]
pub(super) struct HeadCopy {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    planted: Extensions,
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
        const UNREADABLE: Rejection = Rejection::CredentialsMalformed;
        let method = Method::from_bytes(request.method.as_str().as_bytes()).map_err(|_| UNREADABLE)?;
        let uri = match request.uri.path_and_query() {
            Some(path) if query == Query::Read => {
                let path = PathAndQuery::try_from(path.as_str());
                Uri::from(path.map_err(|_| UNREADABLE)?)
            }
            _ => Uri::default(),
        };
        let mut headers = HeaderMap::new();
        for (from, to) in LOOKED_AT {
            for value in request.headers.get_all(from) {
                let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| UNREADABLE)?;
                headers.try_append(to.clone(), value).map_err(|_| UNREADABLE)?;
            }
        }
        Ok(Self { method, uri, headers, planted: Extensions::new() })
    }

    pub(super) fn head(&self) -> Head<'_> {
        Head { method: &self.method, uri: &self.uri, headers: &self.headers, planted: &self.planted }
    }

    /// Adds what the service tells the audit.
    pub(super) fn plant(&mut self, context: Option<&RequestContext>) {
        context.cloned().into_iter().for_each(|context| drop(self.planted.insert(context)));
    }

    pub(super) fn dialect(&self) -> Dialect {
        Dialect::of(&self.method, &self.headers)
    }

    /// Takes the token of the request away from where the service behind might repeat it, or from everywhere.
    pub(super) fn clear<W>(&mut self, guard: &Guard<W>, way: usize, request: &mut ServiceRequest) {
        guard.clear(way, &mut self.headers);
        for (theirs, ours) in LOOKED_AT {
            let left: Vec<_> = self.headers.get_all(ours).iter().map(HeaderValue::as_bytes).collect();
            // Only where something changed: a request that somebody holds a clone of cannot be changed.
            if request.headers().get_all(&theirs).map(theirs::HeaderValue::as_bytes).eq(left.iter().copied())
            {
                continue;
            }
            let is_sensitive = request.headers().get_all(&theirs).any(theirs::HeaderValue::is_sensitive);
            request.headers_mut().remove(&theirs);
            for value in left {
                if let Ok(mut value) = theirs::HeaderValue::from_bytes(value) {
                    value.set_sensitive(is_sensitive);
                    request.headers_mut().append(theirs.clone(), value);
                }
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

#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests {
    use std::sync::LazyLock;

    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;
    use crate::http::{Admission, AuthLayer, NoBody, TokenSource};
    use crate::jose::Jwk;
    use crate::verify::{Issuer, Verifier};

    static LAYER: LazyLock<AuthLayer> = LazyLock::new(|| {
        let key =
            r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let issuer = Issuer::new("https://id.example.com", Jwk::parse(key).unwrap());
        let issuer = issuer.audience("https://api.example.com");
        let verifier = Verifier::builder().issuer(issuer).build().unwrap();
        let sources = [
            TokenSource::bearer(),
            TokenSource::scheme("JWT").unwrap(),
            TokenSource::cookie("t").unwrap(),
            TokenSource::websocket_protocol("bearer.").unwrap(),
            TokenSource::dangerous_query("t").unwrap(),
        ];
        verifier.layer().token_sources(sources).preflight_passes()
    });

    fn told(guard: &Guard<NoBody>, head: Head<'_>) -> String {
        match guard.admit(head) {
            Admission::Verified(..) => "verified".to_owned(),
            Admission::Anonymous(_) => "anonymous".to_owned(),
            Admission::Refused(denial) => format!("{denial:?}"),
            Admission::Undecided(_) => "undecided".to_owned(),
        }
    }

    fn headers() -> impl Strategy<Value = Vec<(&'static str, Vec<u8>)>> {
        let names = prop::sample::select(vec![
            "authorization",
            "cookie",
            "content-type",
            "upgrade",
            "sec-websocket-protocol",
            "origin",
            "access-control-request-method",
            "x-other",
        ]);
        let values = prop_oneof![
            prop::sample::select(vec![
                "Bearer a.b.c",
                "JWT a.b.c",
                "Basic a",
                "t=a.b.c; u=v",
                "websocket",
                "chat, bearer.a.b.c",
                "application/grpc",
                "PUT",
                "",
            ])
            .prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..12),
        ];
        prop::collection::vec((names, values), 0..6)
    }

    proptest! {
        #![proptest_config(crate::testing::cases(512))]

        #[test]
        fn a_copy_is_judged_as_the_request_itself(
            method in prop::sample::select(vec!["GET", "POST", "OPTIONS", "CONNECT", "BREW"]),
            target in prop::sample::select(vec!["/", "/?t=a.b.c", "/?t=a&t=b", "/a?x=y&t=", "*"]),
            headers in headers(),
        ) {
            let mut theirs = TestRequest::with_uri(target).method(method.parse().unwrap());
            let mut ours = HeaderMap::new();
            for (name, value) in headers {
                let Ok(value) = HeaderValue::from_bytes(&value) else { continue };
                let name = http::HeaderName::from_static(name);
                theirs = theirs.append_header((name.as_str(), value.as_bytes()));
                ours.append(name, value);
            }
            let theirs = theirs.to_srv_request();
            let (method, uri) = (method.parse().unwrap(), target.parse().unwrap());
            let copy = HeadCopy::of(theirs.head(), Query::Read).unwrap();
            let planted = Extensions::new();
            let head = Head { method: &method, uri: &uri, headers: &ours, planted: &planted };
            prop_assert_eq!(told(&LAYER.guard, copy.head()), told(&LAYER.guard, head));
            prop_assert_eq!(copy.dialect(), Dialect::of(&method, &ours));
        }
    }

    #[test]
    fn what_no_layer_looks_at_is_not_copied() {
        let request = TestRequest::with_uri("/?t=a").insert_header(("x-other", "b")).to_srv_request();
        let copy = HeadCopy::of(request.head(), Query::Ignored).unwrap();
        assert_eq!((copy.uri.query(), copy.headers.len()), (None, 0));
        assert_eq!(HeadCopy::of(request.head(), Query::Read).unwrap().uri.query(), Some("t=a"));
    }
}
