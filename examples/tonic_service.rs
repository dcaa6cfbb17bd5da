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

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::{Buf, BufMut};
use portcullis::jose::Jwk;
use portcullis::{Clock, Issuer, SystemClock, VerifiedToken, Verifier, require, scope};
use serde_json::json;
use tokio::net::TcpListener;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, body::Body, client};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A real service names its authorization server instead, and the keys keep themselves current.
    let issuer = Issuer::new(ISSUER, Jwk::parse(PUBLIC_KEY)?).audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build()?;

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
        ("good token", Some(mint("orders:read")?), Ok("orders of alice: books")),
        ("no token", None, Err(Code::Unauthenticated)),
        ("missing scope", Some(mint("profile")?), Err(Code::PermissionDenied)),
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

/// What the authorization server does: signs a token. The key is the one published in RFC 8037, appendix A.
fn mint(scope: &str) -> Result<String, Box<dyn Error>> {
    let now = SystemClock::default().now().seconds();
    let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "a"});
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "client_id": "shop", "jti": "1",
        "iat": now, "exp": now + 300, "scope": scope,
    });
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let input = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")?;
    let signature = Ed25519KeyPair::from_seed_unchecked(&seed)?.sign(input.as_bytes());
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

const PUBLIC_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
