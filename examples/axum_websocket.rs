//! WebSockets behind the layer: browsers bring their token among the protocols, as they cannot send `Authorization`,
//! services bring it in the header. The socket is closed when the token expires.
//!
//! ```text
//! cargo run --example axum_websocket
//! ```
//!
//! Starts an authorization server and the service on loopback ports, opens sockets in every way, prints a line for each,
//! and fails if any answer is not as it must be.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::get;
use futures_util::StreamExt;
use portcullis::http::TokenSource;
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::{Guarded, Issuer, Requirement, Requires, Verifier, scope};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

const AUDIENCE: &str = "https://chat.example.com";

struct Chat;

impl Requires for Chat {
    fn requirement() -> Requirement {
        scope("chat")
    }
}

/// The guard has seen the handshake and nothing after it, so what follows must not outlive the token.
async fn open(token: Guarded<Chat>, upgrade: WebSocketUpgrade) -> Response {
    let left = token.time_left();
    let name = token.subject().unwrap_or("nobody").to_owned();
    // Browsers hang up when none of their protocols is chosen. The token is not among them any more.
    upgrade.protocols(["chat"]).on_upgrade(move |mut socket| async move {
        if tokio::time::timeout(left, chat(&mut socket, &name)).await.is_err() {
            // 3000 is "unauthorized" in the registry of close codes: the client gets a new token and comes again.
            let close = CloseFrame { code: 3000, reason: "token_expired".into() };
            let _ = socket.send(Message::Close(Some(close))).await;
        }
    })
}

async fn chat(socket: &mut WebSocket, name: &str) {
    if socket.send(Message::text(format!("welcome {name}"))).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.recv().await {
        if let Message::Text(text) = message
            && socket.send(Message::text(format!("{name}: {text}"))).await.is_err()
        {
            return;
        }
    }
}

fn routes(verifier: &Verifier) -> Result<Router, Box<dyn Error>> {
    let sources = [TokenSource::bearer(), TokenSource::websocket_protocol("bearer.")?];
    let guard = verifier.layer().token_sources(sources);
    Ok(Router::new().route("/chat", get(open)).layer(guard))
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    // An authorization server to play with; a real service has one already.
    let server = TestIssuer::builder().audience(AUDIENCE).clock(TestClock::system()).start().await;
    let issuer = Issuer::discover(server.identifier())?.audience(AUDIENCE);
    let verifier = Verifier::builder().issuer(issuer).build()?;
    verifier.ready(Duration::from_secs(5)).await?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("ws://{}/chat", listener.local_addr()?);
    let routes = routes(&verifier)?;
    tokio::spawn(async move { axum::serve(listener, routes).await });

    let alice = || server.token().subject("alice").scope("chat");
    let (good, late) = (alice().mint(), alice().expired_for(Duration::from_secs(600)).mint());
    let (other, short) = (server.token().mint(), alice().expires_in(Duration::from_secs(1)).mint());
    let browser = |token: &str| ("sec-websocket-protocol", format!("chat, bearer.{token}"));
    let service = |token: &str| ("authorization", format!("Bearer {token}"));
    let mut wrong = 0;
    for (what, headers, want) in [
        ("a browser's token", vec![browser(&good)], "welcome alice; alice: hello"),
        ("a service's token", vec![service(&good)], "welcome alice; alice: hello"),
        ("no token", vec![("sec-websocket-protocol", "chat".to_owned())], "401"),
        ("an expired token", vec![browser(&late)], "401 token_expired"),
        ("a token without the scope", vec![browser(&other)], "403 scope_missing"),
        ("a token in both places", vec![browser(&good), service(&good)], "400 credentials_repeated"),
        (
            "a token that ends while it is open",
            vec![browser(&short)],
            "welcome alice; closed 3000 token_expired",
        ),
    ] {
        let hello = (!what.ends_with("open")).then_some("hello");
        let got = talk(&address, &headers, hello).await?;
        let verdict = if got == want { "ok" } else { "WRONG" };
        wrong += usize::from(got != want);
        println!("{what:36} -> {got:42} {verdict}");
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a client hears: two messages, a message and the end, or a refusal.
async fn talk(
    address: &str,
    headers: &[(&'static str, String)],
    say: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let mut request = address.into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::try_from(value)?);
    }
    let mut socket = match tokio_tungstenite::connect_async(request).await {
        Ok((socket, _)) => socket,
        Err(tungstenite::Error::Http(refused)) => {
            let challenge =
                refused.headers().get("www-authenticate").map_or(Ok(""), |value| value.to_str())?;
            let reason = challenge.split_once("reason=\"").and_then(|(_, rest)| rest.split_once('"'));
            let reason = reason.map_or(String::new(), |(reason, _)| format!(" {reason}"));
            return Ok(format!("{}{reason}", refused.status().as_u16()));
        }
        Err(other) => return Err(other.into()),
    };
    let mut heard = Vec::new();
    while let Some(message) = socket.next().await {
        match message? {
            tungstenite::Message::Text(text) => heard.push(text.to_string()),
            tungstenite::Message::Close(Some(close)) => {
                heard.push(format!("closed {} {}", u16::from(close.code), close.reason));
            }
            _ => {}
        }
        match (heard.len(), say) {
            (1, Some(text)) => {
                futures_util::SinkExt::send(&mut socket, tungstenite::Message::text(text)).await?;
            }
            (1, None) => {}
            _ => break,
        }
    }
    Ok(heard.join("; "))
}
