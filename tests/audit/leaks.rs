//! What is in no line: tokens, what bad tokens say, secrets, and anything that ends a line before its time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use portcullis::audit::{Audit, JsonLines, RequestContext, TracingSink};
use portcullis::testkit::{Flaw, Mint};
use portcullis::{require, scope};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::stage::{ID, builder};

/// Bytes that several can write to and read.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

const SECRETS: [&str; 4] = ["Zq8vWk3XpL0tYd5R", "b7NfTs1JxUe9QaKz", "yR4hDm6PwCl2gXqE", "kS0nLv8FjYi5ZrMd"];
const KEY: &[u8; 32] = b"a fingerprint key of 32 bytes...";

/// More than fifty tokens, none of them good, with a secret in each claim that a sender can choose.
fn bad(mint: &Mint) -> Vec<String> {
    let [a, b, c, d] = SECRETS;
    let token = || mint.token().subject(a).client_id(b).claim("jti", c).claim("email", d).claim(d, a);
    let mut tokens: Vec<_> = Flaw::ALL.iter().map(|flaw| token().flawed(*flaw)).collect();
    let elsewhere = Mint::new(format!("https://{a}.example"));
    tokens.extend([
        elsewhere.token().subject(b).mint(),
        elsewhere.token().header("typ", "JWT").subject(b).mint(),
        token().claim("iss", [a]).mint(),
        token().claim("iss", json!({ a: b })).mint(),
        token().claim("aud", [a, b]).mint(),
        token().claim("aud", json!({ a: b })).mint(),
        token().claim("exp", d).mint(),
        token().claim("nbf", c).mint(),
        token().claim("iat", b).mint(),
        token().claim("sub", [d]).mint(),
        token().claim("scope", json!({ d: d })).mint(),
        token().claim("cnf", json!({ "jkt": a })).mint(),
        token().header("crit", [a]).mint(),
        token().header("typ", b).mint(),
        token().header("jku", format!("https://{c}.example")).expired_for(Duration::from_secs(3_600)).mint(),
        token().header("b64", false).header("crit", ["b64"]).mint(),
        format!("{}.{}.{}", a, b, c),
        format!("{}.{}", token().mint(), d),
        token().mint().replace('.', ".."),
        token().mint().to_lowercase(),
        token().mint().chars().rev().collect(),
        format!("{} {}", token().mint(), a),
    ]);
    tokens
}

/// Every run of 16 characters of the parts of a token, and the secrets.
fn leaked(line: &str, token: &str) -> Option<String> {
    let windows = token.split(['.', ' ', '=']).flat_map(|part| {
        let part: Vec<_> = part.chars().collect();
        part.windows(16).map(|window| window.iter().collect::<String>()).collect::<Vec<_>>()
    });
    let secrets = SECRETS.iter().map(|secret| (*secret).to_owned());
    let key = [str::from_utf8(KEY).unwrap().to_owned()];
    windows.chain(secrets).chain(key).find(|part| line.contains(part.as_str()))
}

#[tokio::test]
async fn no_line_has_any_part_of_a_token_or_a_secret() {
    let (mint, paper, log) = (Mint::new(ID), Paper::default(), Paper::default());
    let lines = Arc::new(JsonLines::new(paper.clone()).unwrap());
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let audit = Audit::new((Arc::clone(&lines), TracingSink), KEY.to_vec()).unwrap();
    let verifier = builder(&mint).audit(audit.clone()).build().unwrap();
    let app = Router::new().route("/", get(|| async {}).route_layer(require(scope("admin"))));
    let app = app.layer(verifier.layer().optional());
    let (tokens, good) = (bad(&mint), mint.token().subject("alice").mint());
    assert!(tokens.len() > 50, "{}", tokens.len());
    for token in tokens.iter().chain([&good]) {
        let request = Request::get("/").header("authorization", format!("Bearer {token}"));
        let status = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status();
        assert_eq!(status == 403, *token == good, "{token}: {status}");
    }
    lines.flush(Duration::from_secs(60)).unwrap();
    let (json, text) = (paper.text(), log.text());
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (events.len(), lines.lost()),
        (tokens.len() + 2, 0),
        "one for each, and one for the requirement"
    );
    assert_eq!(text.matches("portcullis::audit").count(), tokens.len() + 2);
    for token in tokens.iter().chain([&good]) {
        assert_eq!(leaked(&json, token), None);
        assert_eq!(leaked(&text, token), None);
    }
    let [refused, ..] = &events[..] else { panic!("no events") };
    assert!(refused.get("subject").is_none());
    assert!(!format!("{audit:?} {lines:?}").contains("fingerprint key"));
    assert_eq!(audit.events(), u64::try_from(tokens.len() + 2).unwrap());
}

#[tokio::test]
async fn nothing_that_a_sender_chooses_ends_a_line_or_moves_a_cursor() {
    let hostile = [
        "a\nb",
        "a\r\n{\"event\":\"authentication\",\"outcome\":\"accepted\"}",
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\",\"outcome\":\"accepted\",\"x\":\"",
        "\\\",\\n",
        "a\u{2028}b\u{85}c\u{202e}d",
        "\u{0}\u{7f}\u{9b}31m",
        "\u{1f600}\u{e9}",
        &"x".repeat(5_000),
    ];
    let (mint, paper, log) = (Mint::new(ID), Paper::default(), Paper::default());
    let lines = Arc::new(JsonLines::new(paper.clone()).unwrap());
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let audit = Audit::new((Arc::clone(&lines), TracingSink), KEY.to_vec()).unwrap();
    let verifier = builder(&mint).audit(audit).build().unwrap();
    let app = Router::new().route("/", get(|| async {})).layer(verifier.layer());
    for text in hostile {
        // Refused with a `kid` of the sender's; accepted with a subject that somebody chose for himself.
        for token in [mint.token().header("kid", text).mint(), mint.token().subject(text).mint()] {
            let mut request = Request::get("/").header("authorization", format!("Bearer {token}"));
            let context = RequestContext::default().route(text).request_id(text);
            request.extensions_mut().unwrap().insert(context);
            app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        }
    }
    lines.flush(Duration::from_secs(60)).unwrap();
    let json = paper.text();
    assert!(json.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "ASCII alone");
    let events: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 2 * hostile.len());
    for (index, event) in events.iter().enumerate() {
        let outcome = if index % 2 == 0 { "refused" } else { "accepted" };
        assert_eq!(event["outcome"], outcome, "{event}");
        assert!(json.lines().nth(index).unwrap().len() < 4_096);
        for (member, most) in [("key_id", 64), ("request_id", 128), ("route", 256), ("subject", 256)] {
            let text = event[member].as_str().unwrap_or_default();
            assert!(
                text.chars().count() <= most && !text.chars().any(char::is_control),
                "{member}: {text:?}"
            );
        }
    }
    let text = log.text();
    assert_eq!(text.lines().count(), 2 * hostile.len(), "{text}");
    assert!(!text.chars().any(|character| character != '\n' && character.is_control()));
}
