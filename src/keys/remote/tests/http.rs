//! The HTTP client over real sockets.

#![cfg(all(feature = "reqwest", any(feature = "aws-lc", feature = "ring")))]

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::keys::remote::HttpFetch;

/// Answers every connection with these bytes; then closes it, or keeps it open for ever.
async fn server(answer: Vec<u8>, close: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                let _ = socket.read(&mut request).await;
                let _ = socket.write_all(&answer).await;
                if !close {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (address, requests)
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn get(address: SocketAddr, max_bytes: usize) -> Result<FetchResponse, FetchError> {
    let client = HttpFetch::with_timeouts(secs(2), secs(5)).unwrap();
    client.fetch(&FetchRequest::new(format!("http://{address}/jwks"), max_bytes)).await
}

#[tokio::test]
async fn an_answer_comes_with_its_advice() {
    let head = "200 OK\r\ncache-control: public\r\nage: 7\r\ncache-control: max-age=300";
    let (address, _) = server(answer(head, "hello"), true).await;
    let response = get(address, 5).await.unwrap();
    assert_eq!((response.status(), response.body()), (200, &b"hello"[..]));
    let fields = (response.header("cache-control"), response.header("age"));
    assert_eq!(fields, (Some("public,max-age=300"), Some("7")));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (target, reached) = server(answer("200 OK", "keys"), true).await;
    let head = format!("302 Found\r\nlocation: http://{target}/jwks");
    let (address, _) = server(answer(&head, ""), true).await;
    assert_eq!(get(address, 100).await.unwrap().status(), 302);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn another_status_is_given_without_its_body() {
    let (address, requests) = server(answer("503 Service Unavailable", "sorry"), true).await;
    let response = get(address, 100).await.unwrap();
    assert_eq!((response.status(), response.body()), (503, &b""[..]));
    assert_eq!(requests.load(Ordering::SeqCst), 1, "and is not retried");
}

#[tokio::test]
async fn a_body_over_the_limit_is_cut_off() {
    let declared = answer("200 OK", "123456");
    let undeclared = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n123456".to_vec();
    let chunked =
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n123\r\n3\r\n456\r\n0\r\n\r\n".to_vec();
    for (name, bytes) in [("declared", declared), ("undeclared", undeclared), ("chunked", chunked)] {
        let (address, _) = server(bytes, true).await;
        assert_eq!(get(address, 6).await.unwrap().body(), b"123456", "{name}");
        assert_eq!(get(address, 5).await.unwrap_err(), FetchError::TooLarge { limit: 5 }, "{name}");
    }
    // Without end: the connection stays open, and what came is already too much.
    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    endless.extend(b"8\r\n12345678\r\n".repeat(1_000));
    let (address, _) = server(endless, false).await;
    assert_eq!(get(address, 100).await.unwrap_err(), FetchError::TooLarge { limit: 100 });
    let (address, _) =
        server(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec(), false).await;
    assert_eq!(get(address, 100).await.unwrap_err(), FetchError::TooLarge { limit: 100 }, "before the body");
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up() {
    let client = HttpFetch::with_timeouts(ms(50), ms(50)).unwrap();
    for bytes in [Vec::new(), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()] {
        let (address, _) = server(bytes, false).await;
        let request = FetchRequest::new(format!("http://{address}/jwks"), 100);
        assert_eq!(client.fetch(&request).await.unwrap_err(), FetchError::Timeout);
    }
}

#[tokio::test]
async fn broken_answers_and_missing_servers_are_told_apart() {
    let (address, _) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec(), true).await;
    assert_eq!(get(address, 100).await.unwrap_err(), FetchError::Broken);
    let (address, _) = server(b"SSH-2.0-not-http\r\n".to_vec(), true).await;
    assert_eq!(get(address, 100).await.unwrap_err(), FetchError::Broken);
    // Bound and not listening: no other test can be given the port meanwhile.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(get(closed.local_addr().unwrap(), 100).await.unwrap_err(), FetchError::Connect);
}

#[tokio::test]
async fn no_tls_is_told_from_no_connection() {
    let (address, _) = server(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), true).await;
    let client = HttpFetch::new().unwrap();
    let request = FetchRequest::new(format!("https://localhost:{}/jwks", address.port()), 100);
    assert_eq!(client.fetch(&request).await.unwrap_err(), FetchError::Tls);
}

#[tokio::test]
async fn a_client_for_the_loopback_host_alone_asks_no_other() {
    let client = HttpFetch::loopback_only().unwrap();
    let (address, _) = server(answer("200 OK", "hello"), true).await;
    let asked = |url: String| FetchRequest::new(url, 5);
    let response = client.fetch(&asked(format!("http://{address}/jwks"))).await.unwrap();
    assert_eq!(response.body(), b"hello");
    let elsewhere = client.fetch(&asked("https://id.example.com/jwks".to_owned())).await;
    assert_eq!(elsewhere.unwrap_err(), FetchError::Tls);
}

#[tokio::test]
async fn an_address_that_is_not_safe_is_refused_before_anything_is_sent() {
    let client = HttpFetch::new().unwrap();
    for url in
        ["http://id.example.com/jwks", "http://0.0.0.0/", "https://u@id.example.com/", "ftp://localhost/"]
    {
        let error = client.fetch(&FetchRequest::new(url, 100)).await.unwrap_err();
        assert_eq!(error.code(), "fetch_address", "{url}");
    }
}

#[tokio::test]
async fn keys_come_from_a_real_server() {
    let head = "200 OK\r\ncontent-type: application/json";
    let (address, _) = server(answer(head, &jwks("ab")), true).await;
    let keys = build(Remote::jwks_url(format!("http://localhost:{}/jwks", address.port())).unwrap());
    keys.ready().await;
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
}
