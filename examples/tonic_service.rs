//! Guards a tonic server; a real gRPC client sees gRPC's own statuses.
//!
//! ```text
//! cargo run --example tonic_service
//! ```
//!
//! Starts the server on a loopback port, calls it three times, prints the answers and checks them. The service is
//! written by hand, with text for messages, so that nothing needs `protoc`; generated services are guarded alike.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::convert::Infallible;
use std::error::Error;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut};
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::{Issuer, VerifiedToken, Verifier, require, scope};
use tokio::net::TcpListener;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, body::Body, client};

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
        .layer(verifier.layer())
        .layer(require(scope("orders:read")))
        .add_service(Orders)
        .serve_with_incoming(TcpIncoming::from(listener));
    tokio::spawn(server);

    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    for (name, token, want) in [
        ("good token", Some(mint("orders:read")), Ok("orders of alice: books")),
        ("no token", None, Err(Code::Unauthenticated)),
        ("missing scope", Some(mint("profile")), Err(Code::PermissionDenied)),
    ] {
        let mut request = Request::new("books".to_owned());
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        let mut orders = client::Grpc::new(channel.clone());
        orders.ready().await?;
        let path = PathAndQuery::from_static("/shop.Orders/List");
        let answer = orders.unary(request, path, TextCodec).await.map(Response::into_inner);
        match &answer {
            Ok(text) => println!("{name:13} -> OK {text}"),
            Err(status) => println!("{name:13} -> {:?} {}", status.code(), status.message()),
        }
        assert_eq!(answer.as_deref().map_err(Status::code), want, "{name}");
    }
    Ok(())
}

/// `rpc List(text) returns (text)`.
#[derive(Clone)]
struct List;

impl UnaryService<String> for List {
    type Response = String;
    type Future = std::future::Ready<Result<Response<String>, Status>>;

    fn call(&mut self, request: Request<String>) -> Self::Future {
        // The layer planted it; nobody else can.
        let subject = request.extensions().get::<VerifiedToken>().and_then(VerifiedToken::subject);
        let text = format!("orders of {}: {}", subject.unwrap_or("nobody"), request.get_ref());
        std::future::ready(Ok(Response::new(text)))
    }
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
                "/shop.Orders/List" => Ok(Grpc::new(TextCodec).unary(List, request).await),
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
