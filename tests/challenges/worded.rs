//! Any refusal in the words of any layer, and challenges as another parser reads them.

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::Request;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use portcullis::Error;
use portcullis::http::{AuthLayer, RefusalBody};
use tower::{Layer, ServiceExt, service_fn};

/// A challenge: its scheme, and its parameters in their order.
pub(crate) type Challenge = (String, Vec<(String, String)>);

/// How a layer words what a handler behind it refuses.
pub(crate) async fn worded<W: RefusalBody<Body>>(layer: AuthLayer<W>, error: Error) -> Response {
    asked(layer, error, Request::new(Body::empty())).await
}

/// The same, for a gRPC client.
pub(crate) async fn worded_for_grpc<W: RefusalBody<Body>>(layer: AuthLayer<W>, error: Error) -> Response {
    let request = Request::post("/").header(CONTENT_TYPE, "application/grpc").body(Body::empty()).unwrap();
    asked(layer, error, request).await
}

async fn asked<W: RefusalBody<Body>>(layer: AuthLayer<W>, error: Error, request: Request<Body>) -> Response {
    let handler = service_fn(move |_: Request<Body>| {
        let refusal = error.clone().into_response();
        async { Ok::<_, std::convert::Infallible>(refusal) }
    });
    layer.optional().layer(handler).oneshot(request).await.unwrap()
}

/// Each header field with its one challenge.
pub(crate) fn challenges(response: &Response) -> Vec<Challenge> {
    let fields = response.headers().get_all(WWW_AUTHENTICATE).iter();
    fields
        .map(|field| {
            let mut read = read(field.to_str().unwrap());
            let only = read.pop().unwrap();
            assert!(read.is_empty(), "one challenge a field: {field:?}");
            only
        })
        .collect()
}

/// All fields as a proxy may join them.
pub(crate) fn joined(response: &Response) -> Vec<Challenge> {
    let fields = response.headers().get_all(WWW_AUTHENTICATE).iter();
    let fields: Vec<_> = fields.map(|field| field.to_str().unwrap()).collect();
    if fields.is_empty() { Vec::new() } else { read(&fields.join(", ")) }
}

/// What the parser makes of a text.
pub(crate) fn read(text: &str) -> Vec<Challenge> {
    let read = http_auth::parse_challenges(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    read.into_iter()
        .map(|challenge| {
            let parameters = challenge.params.iter();
            let parameters = parameters.map(|(name, value)| ((*name).to_owned(), value.to_unescaped()));
            (challenge.scheme.to_owned(), parameters.collect())
        })
        .collect()
}
