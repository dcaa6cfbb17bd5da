//! Guards a plain hyper server: no framework, only a tower service.
//!
//! ```text
//! cargo run --example hyper_service
//! ```
//!
//! Starts the server on a loopback port, sends it three requests, prints the answers and checks them.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::{Issuer, VerifiedToken, Verifier, require, scope};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

const AUDIENCE: &str = "https://api.example.com";

async fn orders(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // The layer planted it; nobody else can.
    let subject = request.extensions().get::<VerifiedToken>().and_then(VerifiedToken::subject);
    Ok(Response::new(Full::from(format!("orders of {}", subject.unwrap_or("nobody")))))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // An authorization server to play with; a real service has one already.
    let server = TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start().await;
    let mint = |scopes: &str| server.token().subject("alice").scope(scopes).mint();

    let issuer = Issuer::discover(server.identifier())?.audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build()?;
    verifier.ready(Duration::from_secs(5)).await?;
    let service = ServiceBuilder::new()
        .layer(verifier.layer())
        .layer(require(scope("orders:read")))
        .service(service_fn(orders));

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Too many open files, say: some will be closed soon, and the server must be there then.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone()));
            tokio::spawn(connection);
        }
    });

    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    for (name, token, status, challenge) in [
        ("good token", Some(mint("orders:read")), 200, ""),
        ("no token", None, 401, "Bearer realm=\"https://api.example.com\""),
        ("missing scope", Some(mint("profile")), 403, "Bearer error=\"insufficient_scope\""),
    ] {
        let mut request = Request::get(format!("http://{address}/orders"));
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = client.request(request.body(Empty::new())?).await?;
        let (parts, body) = response.into_parts();
        let sent = parts.headers.get(WWW_AUTHENTICATE).map_or(Ok(""), |value| value.to_str())?;
        println!("{name:13} -> {} {sent}", parts.status);
        assert_eq!(parts.status, status, "{name}");
        assert!(sent.starts_with(challenge), "{name}");
        let body = body.collect().await?.to_bytes();
        assert_eq!(body, if status == 200 { "orders of alice" } else { "" }, "{name}");
    }
    Ok(())
}
