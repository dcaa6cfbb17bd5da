//! WebSockets: the token comes in the handshake, as an entry of `Sec-WebSocket-Protocol` from browsers.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use futures_util::StreamExt;
use portcullis::http::TokenSource;
use portcullis::{VerifiedToken, require, scope};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, handshake::client};

use crate::minting::{expired, of_alice, token, verifier};
use crate::stage::serve;

/// Says who it is, and which protocols the service sees.
async fn greet(token: VerifiedToken, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let seen: Vec<_> = headers.get_all("sec-websocket-protocol").iter().collect();
    let greeting = format!("{} {seen:?}", token.subject().unwrap_or_default());
    upgrade.protocols(["chat"]).on_upgrade(|mut socket| async move {
        socket.send(Message::text(greeting)).await.unwrap();
    })
}

async fn served() -> String {
    let sources = [TokenSource::bearer(), TokenSource::websocket_protocol("bearer.").unwrap()];
    let app = Router::new()
        .route("/", get(greet))
        .route("/admin", get(greet).route_layer(require(scope("admin"))))
        .layer(verifier().layer().token_sources(sources));
    serve(app).await.replace("http://", "ws://")
}

fn handshake(at: &str, headers: &[(&'static str, &str)]) -> client::Request {
    let mut request = at.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

const PROTOCOL: &str = "sec-websocket-protocol";

/// The greeting and the protocol that was chosen, or the status and the challenge.
async fn greeted(at: &str, headers: &[(&'static str, &str)]) -> Result<(String, String), (u16, String)> {
    match connect_async(handshake(at, headers)).await {
        Ok((mut socket, response)) => {
            let chosen = response.headers().get(PROTOCOL).map_or("", |value| value.to_str().unwrap());
            let Some(Ok(tungstenite::Message::Text(text))) = socket.next().await else {
                panic!("no greeting")
            };
            Ok((text.to_string(), chosen.to_owned()))
        }
        Err(tungstenite::Error::Http(response)) => {
            let challenge = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
            Err((response.status().as_u16(), challenge))
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_browser_brings_its_token_among_the_protocols_and_the_service_does_not_see_it() {
    let at = served().await;
    let with_token = format!("chat, bearer.{}", token("a"));
    let (greeting, chosen) = greeted(&at, &[(PROTOCOL, &with_token)]).await.unwrap();
    assert_eq!((greeting.as_str(), chosen.as_str()), (r#"alice ["chat"]"#, "chat"));
    let entry = format!("bearer.{}", token("a"));
    let (greeting, _) = greeted(&at, &[(PROTOCOL, "v2, chat"), (PROTOCOL, &entry)]).await.unwrap();
    assert_eq!(greeting, r#"alice ["v2, chat"]"#);
}

#[tokio::test]
async fn a_service_brings_it_in_the_header() {
    let at = served().await;
    let header = format!("Bearer {}", token("a"));
    let (greeting, chosen) = greeted(&at, &[("authorization", &header)]).await.unwrap();
    assert_eq!((greeting.as_str(), chosen.as_str()), ("alice []", ""));
}

#[tokio::test]
async fn without_a_good_token_there_is_no_socket() {
    let at = served().await;
    let header = format!("Bearer {}", token("a"));
    let entry = format!("bearer.{}", token("a"));
    let twice = format!("{entry}, {entry}");
    let stale = format!("chat, bearer.{}", expired());
    let admin = format!("{at}/admin");
    for (at, headers, status, want) in [
        (&at, &[(PROTOCOL, "chat")][..], 401, "Bearer realm=\"https://api.example.com\""),
        (&at, &[(PROTOCOL, &*stale)], 401, "token_expired"),
        (&at, &[(PROTOCOL, "chat, bearer.garbage")], 401, "token_malformed"),
        (&at, &[(PROTOCOL, &*twice)], 400, "credentials_repeated"),
        (&at, &[("authorization", &*header), (PROTOCOL, &*entry)], 400, "credentials_repeated"),
        (&admin, &[(PROTOCOL, &*entry)], 403, "scope_missing"),
    ] {
        let (got, challenge) = greeted(at, headers).await.unwrap_err();
        assert_eq!(got, status, "{challenge}");
        assert!(challenge.contains(want), "{challenge}");
    }
}

/// The guard sees the handshake alone; by the token the handler knows how long the socket may live.
#[tokio::test]
async fn the_handler_knows_when_the_socket_has_to_end() {
    async fn left(token: VerifiedToken, upgrade: WebSocketUpgrade) -> Response {
        let left = token.time_left();
        upgrade.protocols(["chat"]).on_upgrade(move |mut socket| async move {
            socket.send(Message::text(left.as_secs().to_string())).await.unwrap();
        })
    }
    let sources = [TokenSource::websocket_protocol("bearer.").unwrap()];
    let app = Router::new().route("/", get(left)).layer(verifier().layer().token_sources(sources));
    let at = serve(app).await.replace("http://", "ws://");
    for (lifetime, want) in [(300, "300"), (1, "1"), (0, "0")] {
        // Within the skew a token whose second has come is still let in, and has no time left.
        let token = of_alice("a").expires_in(Duration::from_secs(lifetime)).mint();
        let (said, _) = greeted(&at, &[(PROTOCOL, &format!("chat, bearer.{token}"))]).await.unwrap();
        assert_eq!(said, want);
    }
}

/// Elsewhere the header has no meaning, and is not a place to look for tokens.
#[tokio::test]
async fn a_request_for_anything_else_has_no_token_there() {
    let at = served().await.replace("ws://", "http://");
    let entry = format!("bearer.{}", token("a"));
    let request = crate::stage::client().get(at).header(PROTOCOL, entry);
    assert_eq!(crate::stage::told(request).await.status, 401);
}
