//! An issuer's metadata and keys on their way: who answers in its place, and where it may send us.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use portcullis::Algorithm::ES256;
use portcullis::crypto::Backend;
use portcullis::keys::remote::{Fetch, FetchFuture, FetchRequest, FetchResponse, Remote};
use portcullis::testkit::{Answer, TestIssuer};
use portcullis::{Issuer, Verifier};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::stage::{JWKS, Library};
use crate::support::fixture::{AUDIENCE, ISSUER, claims, verifier};
use crate::support::mint::MintKey;

const OPENID: &str = "https://id.example/.well-known/openid-configuration";
const OAUTH: &str = "https://id.example/.well-known/oauth-authorization-server";

/// Real sockets take real time, and a machine that others use has little of it: what is asked is how an attempt ends, not
/// whether it ends within the two seconds of a request.
const PATIENCE: Duration = Duration::from_secs(30);

fn trusting(backend: Backend, remote: Remote) -> Verifier {
    verifier(backend, [Issuer::new(ISSUER, remote).audience(AUDIENCE)])
}

async fn code_of(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).await.map_or_else(|error| error.code(), |_| "ok")
}

fn last_error(verifier: &Verifier) -> String {
    let error = verifier.status().remove(0).last_error.unwrap_or_default();
    error.split(':').next().unwrap_or_default().to_owned()
}

/// What comes of this metadata: the verdict on a good token, why the keys were not loaded, and where else was looked.
async fn led_by(backend: Backend, metadata: &str) -> (&'static str, String, Vec<String>) {
    let key = MintKey::new(ES256, "a");
    let set = json!({ "keys": [key.public_json()] }).to_string();
    // Whatever address is asked for has the keys, so that only our refusal to ask keeps them away.
    let library = Library::anywhere([(OPENID, metadata), (OAUTH, metadata)], &set);
    let ours = trusting(backend, Remote::discover_with(ISSUER, Arc::clone(&library)).unwrap());
    let code = code_of(&ours, &key.token(&claims())).await;
    let mut asked = library.asked();
    asked.retain(|url| url != OPENID && url != OAUTH);
    (code, last_error(&ours), asked)
}

fn metadata(issuer: &str, jwks_uri: &str) -> String {
    json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string()
}

#[tokio::test(start_paused = true)]
async fn metadata_in_the_name_of_another_issuer() {
    for backend in Backend::available() {
        let (code, _, asked) = led_by(*backend, &metadata(ISSUER, JWKS)).await;
        assert_eq!((code, asked), ("ok", vec![JWKS.to_owned()]));
        for name in [
            "https://attacker.example",
            "https://id.example/",
            "https://ID.example",
            "https://id.example/{tenantid}",
            "http://id.example",
            "",
        ] {
            let (code, error, asked) = led_by(*backend, &metadata(name, JWKS)).await;
            assert_eq!((code, &*error), ("keys_not_loaded", "discovery_issuer_mismatch"), "{name}");
            assert!(asked.is_empty(), "{asked:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_of_keys_that_leads_astray() {
    for backend in Backend::available() {
        let (code, _, asked) = led_by(*backend, &metadata(ISSUER, "https://keys.example:8443/set?v=1")).await;
        assert_eq!((code, asked.len()), ("ok", 1), "another host on https is the issuer's choice");
        for address in [
            "http://id.example/jwks",
            "http://169.254.169.254/latest/meta-data/",
            "http://localhost:8080/admin",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://0.0.0.0/",
            "http://localhost.attacker.example/",
            "https://user:pass@id.example/jwks",
            "https://id.example@attacker.example/jwks",
            "https://id.example\\@attacker.example/jwks",
            "https://id.example/jwks#fragment",
            "https:///jwks",
            "https:id.example",
            "//id.example/jwks",
            "/jwks",
            "jwks",
            "",
            " https://id.example/jwks",
            "https://id.example/jwks\r\nHost: attacker.example",
            "file:///etc/passwd",
            "ftp://id.example/jwks",
            "gopher://id.example:6379/_FLUSHALL",
            "data:application/json,{\"keys\":[]}",
            "unix:/var/run/docker.sock",
            "javascript:alert(1)",
        ] {
            let (code, error, asked) = led_by(*backend, &metadata(ISSUER, address)).await;
            assert_eq!((code, &*error), ("keys_not_loaded", "discovery_jwks_uri"), "{address}");
            assert!(asked.is_empty(), "{asked:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_that_says_two_things() {
    for backend in Backend::available() {
        let good = metadata(ISSUER, JWKS);
        assert_eq!(led_by(*backend, &good).await.0, "ok");
        for member in [
            r#""jwks_uri":"https://attacker.example/""#,
            r#""jwks_ur\u0069":"https://attacker.example/""#,
            r#""issuer":"https://attacker.example""#,
            r#""x":1,"x":2"#,
        ] {
            for text in [
                good.replacen('{', &format!("{{{member},"), 1),
                format!("{},{member}}}", good.strip_suffix('}').unwrap()),
            ] {
                let (code, error, asked) = led_by(*backend, &text).await;
                assert_eq!((code, &*error), ("keys_not_loaded", "discovery_repeated_member"), "{member}");
                assert!(asked.is_empty(), "{asked:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn oversized_metadata() {
    for backend in Backend::available() {
        let good = metadata(ISSUER, JWKS);
        let padded = |bytes: usize| format!("{good}{}", " ".repeat(bytes - good.len()));
        assert_eq!(led_by(*backend, &padded(64 * 1_024)).await.0, "ok");
        let (code, error, _) = led_by(*backend, &padded(64 * 1_024 + 1)).await;
        assert_eq!((code, &*error), ("keys_not_loaded", "fetch_too_large"));
    }
}

#[tokio::test]
async fn a_redirect_to_other_keys() {
    for backend in Backend::available() {
        let (issuer, attacker) = (TestIssuer::start().await, TestIssuer::start().await);
        let ours = || {
            let builder = Verifier::builder().backend(*backend).clock(issuer.clock());
            let remote = Remote::discover(issuer.identifier()).unwrap().wait_budget(PATIENCE);
            builder
                .issuer(Issuer::new(issuer.identifier(), remote).audience(issuer.audience()))
                .build()
                .unwrap()
        };
        let token = issuer.token().mint();
        assert_eq!(code_of(&ours(), &token).await, "ok");

        issuer.answer(Answer::Redirect(attacker.jwks_url()));
        let verifier = ours();
        assert_eq!(code_of(&verifier, &token).await, "keys_not_loaded");
        assert_eq!(last_error(&verifier), "fetch_status");
        issuer.answer(Answer::Normal);

        let elsewhere = format!("{}/.well-known/openid-configuration", attacker.identifier());
        issuer.answer_discovery(Answer::Redirect(elsewhere));
        let verifier = ours();
        assert_eq!(code_of(&verifier, &token).await, "keys_not_loaded");
        assert_eq!(last_error(&verifier), "discovery_status");
        assert_eq!((attacker.fetches(), attacker.discoveries()), (0, 0), "nobody went there");
    }
}

/// The keys of a set after a while, or never.
struct Slow {
    set: String,
    takes: Option<Duration>,
}

impl Fetch for Slow {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            match self.takes {
                Some(time) => sleep(time).await,
                None => pending().await,
            }
            Ok(FetchResponse::new(200, self.set.as_str()))
        })
    }
}

/// An issuer that takes its time, byte by byte or altogether, holds up one request for 2 s and one attempt for 5 s.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_finishes() {
    let key = MintKey::new(ES256, "a");
    let set = json!({ "keys": [key.public_json()] }).to_string();
    let token = key.token(&claims());
    for backend in Backend::available() {
        let slow = |takes| {
            let source = Slow { set: set.clone(), takes };
            trusting(*backend, Remote::jwks_url_with(JWKS, source).unwrap())
        };
        assert_eq!(code_of(&slow(Some(Duration::from_secs(1))), &token).await, "ok");
        let start = Instant::now();
        let hanging = slow(None);
        assert_eq!(code_of(&hanging, &token).await, "keys_not_loaded");
        assert_eq!(start.elapsed(), Duration::from_secs(2), "the budget of a request");
        sleep(Duration::from_millis(3_001)).await;
        assert_eq!(last_error(&hanging), "fetch_timeout");
    }
}

/// A small answer that is unpacked to a large one: nothing is unpacked, and a packed set is no set.
#[tokio::test]
async fn a_compressed_answer() {
    let key = MintKey::new(ES256, "a");
    let set = json!({ "keys": [key.public_json()] }).to_string();
    let token = key.token(&claims());
    for backend in Backend::available() {
        for (encoding, body, code, error) in [
            (None, set.clone().into_bytes(), "ok", ""),
            (Some("gzip"), gzip(set.as_bytes()), "keys_not_loaded", "key_set_not_json"),
        ] {
            let url = format!("http://{}/jwks", served_once(encoding, body).await);
            let ours = trusting(*backend, Remote::jwks_url(url).unwrap().wait_budget(PATIENCE));
            assert_eq!(code_of(&ours, &token).await, code, "{encoding:?} on {}", backend.name());
            assert_eq!(last_error(&ours), error, "{encoding:?} on {}", backend.name());
        }
    }
}

/// A server that answers one request with this body.
async fn served_once(encoding: Option<&str>, body: Vec<u8>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let encoding = encoding.map_or(String::new(), |name| format!("content-encoding: {name}\r\n"));
    let head = format!("HTTP/1.1 200 OK\r\n{encoding}content-length: {}\r\n\r\n", body.len());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = socket.read(&mut request).await;
        let _ = socket.write_all(&[head.as_bytes(), &body].concat()).await;
    });
    address
}

/// RFC 1952, with one block that is stored as it is (RFC 1951, section 3.2.4).
fn gzip(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let sum = !content.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    });
    [
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1][..],
        &length.to_le_bytes(),
        &(!length).to_le_bytes(),
        content,
        &sum.to_le_bytes(),
        &u32::from(length).to_le_bytes(),
    ]
    .concat()
}
