//! Guards a tonic server; a real gRPC client sees gRPC's own statuses.
//!
//! ```text
//! cargo run --example tonic_service
//! ```
//!
//! Starts the server on a loopback port, calls it, prints the answers with their details and checks them. The service is
//! written by hand, with text for messages, so that nothing needs `protoc`; generated services are guarded alike.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::convert::Infallible;
use std::error::Error;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut};
use portcullis::http::methods;
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::tonic::RequestExt;
use portcullis::{Issuer, Verifier, scope};
use tokio::net::TcpListener;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::iter;
use tonic::codegen::{BoxFuture, BoxStream, Service, http};
use tonic::server::{Grpc, NamedService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, body::Body, client};
use tonic_types::StatusExt;
use tower::service_fn;

const AUDIENCE: &str = "https://api.example.com";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // An authorization server to play with; a real service has one already.
    let server = TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start().await;
    let mint = |scopes: &str| server.token().subject("alice").scope(scopes).mint();

    let issuer = Issuer::discover(server.identifier())?.audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build()?;
    verifier.ready(Duration::from_secs(5)).await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder()
        .layer(verifier.layer().grpc_details())
        .layer(
            methods().allow("/shop.Orders/List", scope("orders:read")).allow_any_token("/shop.Orders/Watch"),
        )
        .add_service(Orders)
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);

    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    for (name, method, token, want) in [
        ("good token", "List", Some(mint("orders:read")), Ok("orders of alice: books")),
        ("a stream", "Watch", Some(mint("orders:read")), Ok("order 1 of alice")),
        ("no token", "List", None, Err((Code::Unauthenticated, "CREDENTIALS_MISSING"))),
        ("missing scope", "List", Some(mint("profile")), Err((Code::PermissionDenied, "SCOPE_MISSING"))),
        ("asked for by hand", "Watch", Some(mint("profile")), Err((Code::PermissionDenied, "SCOPE_MISSING"))),
        (
            "not in the table",
            "Drop",
            Some(mint("*")),
            Err((Code::PermissionDenied, "REQUIREMENT_IMPOSSIBLE")),
        ),
    ] {
        let mut request = Request::new("books".to_owned());
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        let answer = call(&channel, method, request).await;
        let reason = |status: &Status| status.get_details_error_info().map(|info| info.reason);
        let told = answer.as_deref().map_err(|status| (status.code(), reason(status).unwrap_or_default()));
        match &answer {
            Ok(text) => println!("{name:17} -> OK {text}"),
            Err(status) => println!("{name:17} -> {told:?} {}", status.message()),
        }
        assert_eq!(told, want.map_err(|(code, reason)| (code, reason.to_owned())), "{name}");
    }
    Ok(())
}

/// The answer, or the first message of it.
async fn call(channel: &Channel, method: &str, request: Request<String>) -> Result<String, Status> {
    let mut orders = client::Grpc::new(channel.clone());
    orders.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::try_from(format!("/shop.Orders/{method}"));
    let path = path.map_err(|error| Status::internal(error.to_string()))?;
    if method != "Watch" {
        return orders.unary(request, path, TextCodec).await.map(Response::into_inner);
    }
    let mut messages = orders.server_streaming(request, path, TextCodec).await?.into_inner();
    Ok(messages.message().await?.unwrap_or_default())
}

/// `rpc List(text) returns (text)`.
async fn list(request: Request<String>) -> Result<Response<String>, Status> {
    let token = request.verified()?;
    Ok(Response::new(format!("orders of {}: {}", token.subject().unwrap_or("nobody"), request.get_ref())))
}

/// `rpc Watch(text) returns (stream text)`. Asks for its scope by itself, and is refused in the same words.
async fn watch(request: Request<String>) -> Result<Response<BoxStream<String>>, Status> {
    let token = request.verified()?;
    token.require(&scope("orders:read"))?;
    let messages =
        (1..=3).map(move |number| Ok(format!("order {number} of {}", token.subject().unwrap_or("nobody"))));
    Ok(Response::new(Box::pin(iter(messages))))
}

/// What `tonic-build` generates for `service Orders` of the package `shop`.
#[derive(Clone)]
struct Orders;

impl NamedService for Orders {
    const NAME: &'static str = "shop.Orders";
}

impl Service<http::Request<Body>> for Orders {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<http::Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            match request.uri().path() {
                "/shop.Orders/List" => Ok(Grpc::new(TextCodec).unary(service_fn(list), request).await),
                "/shop.Orders/Watch" => {
                    Ok(Grpc::new(TextCodec).server_streaming(service_fn(watch), request).await)
                }
                _ => Ok(Status::unimplemented("").into_http()),
            }
        })
    }
}

/// Messages of plain text, in place of protobuf.
#[derive(Clone, Copy, Default)]
struct TextCodec;

impl Codec for TextCodec {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for TextCodec {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for TextCodec {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        String::from_utf8(bytes.into()).map(Some).map_err(|_| Status::invalid_argument("not UTF-8"))
    }
}
