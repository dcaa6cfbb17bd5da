//! A mint, a verifier that trusts it, a port and a client that calls it in all four ways.

use std::sync::LazyLock;

use portcullis::testkit::{Mint, TokenBuilder};
use portcullis::{Issuer, Verifier};
use tokio::net::TcpListener;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::{StreamExt, iter};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming, client::Grpc};
use tonic_types::StatusExt;

use crate::service::{TextCodec, silence};

pub(crate) static MINT: LazyLock<Mint> = LazyLock::new(|| Mint::new("https://id.example.com"));

/// One whose keys are at hand.
pub(crate) fn verifier() -> Verifier {
    let issuer = Issuer::new(MINT.identifier(), MINT.jwks()).audience(MINT.audience());
    Verifier::builder().issuer(issuer).clock(MINT.clock()).build().unwrap()
}

/// A good token of `alice`, to be changed.
pub(crate) fn of_alice(scopes: &str) -> TokenBuilder {
    MINT.token().subject("alice").scope(scopes).claim("email", "alice@example.com")
}

pub(crate) fn token(scopes: &str) -> String {
    of_alice(scopes).mint()
}

/// A port of this machine, for a server, and a client of it.
pub(crate) async fn loopback() -> (TcpIncoming, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    (TcpIncoming::from(listener), Client { channel, address: address.to_string() })
}

/// Starts a server of these layers and services, and gives a client of it.
macro_rules! serve {
    ([$($layer:expr),*], $first:expr $(, $service:expr)* $(,)?) => {{
        let (incoming, client) = $crate::stage::loopback().await;
        let server = tonic::transport::Server::builder()$(.layer($layer))*
            .add_service($first)$(.add_service($service))*;
        tokio::spawn(server.serve_with_incoming(incoming));
        client
    }};
}
pub(crate) use serve;

#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
    pub(crate) address: String,
}

impl Client {
    /// Calls a method of any kind with this token; the messages of the answer.
    pub(crate) async fn call(&self, method: &str, token: Option<&str>) -> Result<Vec<String>, Status> {
        let path = if method.starts_with('/') { method.to_owned() } else { format!("/shop.Orders/{method}") };
        let path = PathAndQuery::try_from(path).unwrap();
        let books = || ["books", "pens"].map(str::to_owned);
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let one = |answer: tonic::Response<String>| vec![answer.into_inner()];
        match method {
            "Watch" => {
                let request = with(Request::new("all".to_owned()), token);
                all(grpc.server_streaming(request, path, TextCodec).await?.into_inner()).await
            }
            "Upload" => {
                let request = with(Request::new(iter(books())), token);
                grpc.client_streaming(request, path, TextCodec).await.map(one)
            }
            "Chat" => {
                let request = with(Request::new(iter(books())), token);
                all(grpc.streaming(request, path, TextCodec).await?.into_inner()).await
            }
            _ => grpc.unary(with(Request::new("books".to_owned()), token), path, TextCodec).await.map(one),
        }
    }

    /// Opens a stream in both directions and says nothing.
    pub(crate) async fn open(&self, token: Option<&str>) -> Result<(), Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let request = with(Request::new(silence()), token);
        let path = PathAndQuery::from_static("/shop.Orders/Chat");
        grpc.streaming::<_, String, String, _>(request, path, TextCodec).await.map(drop)
    }

    /// What a call is refused for: code and reason, as its details tell.
    pub(crate) async fn refused(&self, method: &str, token: Option<&str>) -> (Code, String) {
        let status = self.call(method, token).await.unwrap_err();
        let reason = status.get_details_error_info().map(|info| info.reason);
        (status.code(), reason.unwrap_or_default())
    }
}

fn with<M>(mut request: Request<M>, token: Option<&str>) -> Request<M> {
    if let Some(token) = token {
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    request
}

async fn all(messages: Streaming<String>) -> Result<Vec<String>, Status> {
    let messages: Vec<_> = StreamExt::collect(messages).await;
    messages.into_iter().collect()
}

/// The methods of all four kinds.
pub(crate) const KINDS: [&str; 4] = ["Get", "Watch", "Upload", "Chat"];
