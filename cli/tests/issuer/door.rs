//! Whom the server turns away: pages of other origins, names that were made to point here, and too much of anything.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Program, within};

#[tokio::test]
async fn only_loopback_names_with_the_right_port_are_answered() {
    let program = Program::start(&[]).await;
    let port = program.origin().rsplit(':').next().unwrap().to_owned();
    for path in ["/", "/api/state", "/jwks", "/.well-known/openid-configuration"] {
        for (host, want) in [
            (format!("127.0.0.1:{port}"), 200),
            (format!("localhost:{port}"), 200),
            (format!("rebound.example:{port}"), 421),
            ("localhost".to_owned(), 421),
            ("127.0.0.1:1".to_owned(), 421),
        ] {
            let answer = program.get(path).header("host", &host).send().await.unwrap();
            assert_eq!(answer.status(), want, "{path} at {host}");
        }
    }
}

#[tokio::test]
async fn other_pages_get_nothing_from_the_page_or_the_token_endpoint() {
    let program = Program::start(&[]).await;
    let own = program.origin().to_owned();
    for (name, value, allowed) in [
        ("origin", own.as_str(), true),
        ("sec-fetch-site", "same-origin", true),
        ("origin", "http://127.0.0.1:1", false),
        ("origin", "https://evil.example", false),
        ("origin", "null", false),
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "same-site", false),
    ] {
        let mint = program.post("/api/mint", "{}").header(name, value).send().await.unwrap();
        assert_eq!(mint.status(), if allowed { 200 } else { 403 }, "mint, {name}: {value}");
        let state = program.get("/api/state").header(name, value).send().await.unwrap();
        assert_eq!(state.status(), if allowed { 200 } else { 403 }, "state, {name}: {value}");
        let form = program.post("/token", FORM).header(name, value).header("content-type", FORM_TYPE);
        // A second Content-Type would be refused for itself.
        let form = form.build().unwrap();
        let mut form = form;
        form.headers_mut().insert("content-type", FORM_TYPE.parse().unwrap());
        let token = program.client.execute(form).await.unwrap();
        assert_eq!(token.status(), if allowed { 200 } else { 403 }, "token, {name}: {value}");
        for answer in [mint, state, token] {
            assert!(answer.headers().get("access-control-allow-origin").is_none());
        }
    }
    // Public documents are for everybody, and the only ones.
    for path in ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = program.get(path).header("origin", "https://evil.example").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    }
    let preflight = program.client.request(reqwest::Method::OPTIONS, format!("{own}/api/mint"));
    let answer = preflight.header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(answer.status(), 405);
    assert!(answer.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn bodies_are_json_known_and_small() {
    let program = Program::start(&[]).await;
    let url = format!("{}/api/mint", program.origin());
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let request = program.client.post(&url).body("{}");
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        assert_eq!(request.send().await.unwrap().status(), 415, "{kind:?}");
    }
    for (path, body, want) in [
        ("/api/mint", "{}".to_owned(), 200),
        ("/api/mint", String::new(), 400),
        ("/api/mint", "[]]".to_owned(), 400),
        ("/api/mint", json!({ "sub": "x" }).to_string(), 400),
        ("/api/mint", json!({ "algorithm": "HS256" }).to_string(), 400),
        ("/api/mint", json!({ "algorithm": "RS512" }).to_string(), 400),
        ("/api/mint", json!({ "lifetime": "0s" }).to_string(), 400),
        ("/api/rotate", json!({ "all": true }).to_string(), 400),
        ("/api/withdraw", "null".to_owned(), 400),
        ("/api/sign", json!({ "header": "{}" }).to_string(), 400),
        ("/api/check", json!({ "token": "x".repeat(60 * 1024) }).to_string(), 200),
        ("/api/check", json!({ "token": "x".repeat(64 * 1024) }).to_string(), 413),
        ("/token", "{}".to_owned(), 415),
        ("/nowhere", "{}".to_owned(), 404),
        ("/jwks", "{}".to_owned(), 405),
    ] {
        let answer = program.post(path, body).send().await.unwrap();
        assert_eq!(answer.status(), want, "{path}");
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error.get("error").is_some(), want != 200, "{path}");
    }
    assert_eq!(program.get("/api/mint").send().await.unwrap().status(), 405);
    assert_eq!(program.get("/token").send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_body_without_end_and_a_head_without_end_are_cut_off() {
    let program = Program::start(&[]).await;
    let authority = program.origin().strip_prefix("http://").unwrap();
    let head = format!("POST /api/check HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n");
    let body = format!(
        "{head}transfer-encoding: chunked\r\n\r\n{}",
        "1000\r\n".to_owned() + &"x".repeat(4_096) + "\r\n"
    );
    let more = "1000\r\n".to_owned() + &"x".repeat(4_096) + "\r\n";
    assert!(poured(authority, &body, &more).await.starts_with("HTTP/1.1 413"));
    assert!(poured(authority, &head, "x-more: and more\r\n").await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn nobody_but_this_machine_reaches_the_port() {
    let program = Program::start(&[]).await;
    let port: u16 = program.origin().rsplit(':').next().unwrap().parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_ok());
    // The same machine by another of its addresses; all of 127.0.0.0/8 is loopback on Linux alone.
    #[cfg(target_os = "linux")]
    assert!(TcpStream::connect(("127.0.0.2", port)).await.is_err());
    assert!(TcpStream::connect(("::1", port)).await.is_err());
}

#[tokio::test]
async fn the_page_may_load_its_own_files_and_nothing_else() {
    let program = Program::start(&[]).await;
    for path in ["/", "/page.js", "/page.css", "/icon.svg"] {
        let answer = program.get(path).send().await.unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        let text = answer.text().await.unwrap();
        for inline in ["<style", " style=", " onclick=", "javascript:", "https://cdn", "innerHTML"] {
            assert!(!text.contains(inline), "{inline} in {path}");
        }
    }
}

/// What comes back while more and more is sent.
async fn poured(authority: &str, start: &str, more: &str) -> String {
    let stream = TcpStream::connect(authority).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let start = start.to_owned();
    let more = more.to_owned();
    let pouring = tokio::spawn(async move {
        let mut sent = writer.write_all(start.as_bytes()).await;
        while sent.is_ok() {
            sent = writer.write_all(more.as_bytes()).await;
        }
    });
    let mut answer = vec![0; 64];
    let read = within(reader.read(&mut answer)).await.unwrap();
    pouring.abort();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

const FORM: &str = "grant_type=client_credentials&client_id=x";
const FORM_TYPE: &str = "application/x-www-form-urlencoded";
