//! A STAND-IN for a collector: takes traces as OTLP over HTTP has them, keeps them, and shows them.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

/// What came, request by request, as it stood on the wire.
type Received = Arc<Mutex<Vec<Bytes>>>;

/// A collector on a free loopback port.
pub(crate) struct Collector {
    address: SocketAddr,
    received: Received,
}

impl Collector {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, received) = (listener.local_addr()?, Received::default());
        let routes = Router::new().route("/v1/traces", post(take)).with_state(received.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { address, received })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that came.
    ///
    /// # Errors
    /// If something of it is no export of traces.
    pub(crate) fn export(&self) -> Result<Export, prost::DecodeError> {
        let wire = self.received.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut spans = Vec::new();
        for request in &wire {
            let request = ExportTraceServiceRequest::decode(request.clone())?;
            let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            spans.extend(scopes.flat_map(|scope| scope.spans));
        }
        Ok(Export { wire, spans })
    }
}

/// The answer to an export that was taken whole is an empty message, in the encoding of the request.
async fn take(
    State(received): State<Received>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<[(axum::http::HeaderName, &'static str); 1], StatusCode> {
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    received.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    Ok([(CONTENT_TYPE, PROTOBUF)])
}

const PROTOBUF: &str = "application/x-protobuf";

/// What a collector has when the service has ended.
pub(crate) struct Export {
    wire: Vec<Bytes>,
    spans: Vec<Span>,
}

impl Export {
    pub(crate) fn spans(&self) -> &[Span] {
        &self.spans
    }

    pub(crate) fn children<'export>(
        &'export self,
        parent: &'export Span,
    ) -> impl Iterator<Item = &'export Span> {
        self.spans.iter().filter(|span| span.parent_span_id == parent.span_id)
    }

    /// Those of `texts` of which it has a piece, wherever it stands: names, attributes, events, the resource.
    pub(crate) fn pieces_of<'text>(&self, texts: impl IntoIterator<Item = &'text str>) -> Vec<&'text str> {
        let pieces: HashSet<_> = self.wire.iter().flat_map(|request| request.windows(PIECE)).collect();
        let known = |text: &&str| text.as_bytes().windows(PIECE).any(|piece| pieces.contains(piece));
        texts.into_iter().filter(known).collect()
    }
}

/// Shorter than each segment of a token, and longer than what two random ones have in common.
const PIECE: usize = 12;

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}
