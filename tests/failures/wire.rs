//! The cells about the wire, over real sockets of the loopback interface. Intervals are skipped, not waited for.

use std::time::Duration;

use portcullis::jose::MAX_SET_BYTES;
use portcullis::keys::KeyState;
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Answer, Mint, TestIssuer};
use portcullis::{Issuer, Verifier};
use tokio::time::{advance, pause, resume};

use crate::raw::{RawServer, gzip_bomb, response};
use crate::stage::{ISSUER, NOT_LOADED, NOTICED, RENEWED, SERVED, last_error, secs, sent};

/// Trusts the mint's tokens, with keys from this address; requests do not wait.
fn trusting(mint: &Mint, url: &str) -> Verifier {
    let remote = Remote::jwks_url(url).unwrap().wait_budget(Duration::ZERO);
    let issuer = Issuer::new(mint.identifier(), remote).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

/// Lets this much time pass for timers, without waiting for it.
async fn skip(time: Duration) {
    pause();
    advance(time).await;
    resume();
}

/// Lets everything else run until it is so, and time pass whenever nothing seems to come of that.
async fn until(step: Duration, mut so: impl FnMut() -> bool) {
    for _ in 0..100 {
        for _ in 0..5_000 {
            if so() {
                return;
            }
            tokio::task::yield_now().await;
        }
        skip(step).await;
    }
    panic!("it never comes to that");
}

async fn becomes_fresh(verifier: &Verifier) {
    let fresh = || verifier.status()[0].state == KeyState::Fresh && last_error(verifier).is_empty();
    until(NOTICED, fresh).await;
}

/// Plays bad answers over the wire: without keys there are none, keys that serve go on serving, and once the issuer is well
/// everything is as it should be.
async fn is_no_good(mint: &Mint, url: &str, error: &str, spoil: impl AsyncFn(), mend: impl AsyncFn()) {
    let token = mint.token().mint();
    spoil().await;
    let verifier = trusting(mint, url);
    assert_eq!(sent(verifier.layer(), token.clone()).await, NOT_LOADED);
    until(secs(1), || last_error(&verifier) == error).await;
    assert_eq!(sent(verifier.layer(), token.clone()).await, NOT_LOADED, "{error}");
    mend().await;
    becomes_fresh(&verifier).await;
    assert_eq!(sent(verifier.layer(), token.clone()).await, SERVED, "{error}");

    spoil().await;
    skip(RENEWED).await;
    until(secs(1), || last_error(&verifier) == error).await;
    assert_eq!(sent(verifier.layer(), token.clone()).await, SERVED, "{error}");
    assert_eq!(verifier.status()[0].generation, 1);
    mend().await;
    becomes_fresh(&verifier).await;
    assert_eq!(sent(verifier.layer(), token).await, SERVED, "{error}");
}

async fn is_no_good_answer(answer: Answer, error: &str) {
    let issuer = TestIssuer::start().await;
    let spoil = async || issuer.answer(answer.clone());
    is_no_good(&issuer, &issuer.jwks_url(), error, spoil, async || issuer.answer(Answer::Normal)).await;
}

/// These bytes in place of an answer.
async fn are_no_good(bytes: Vec<u8>, error: &str) -> RawServer {
    let (mint, server) = (Mint::new(ISSUER), RawServer::start().await);
    let good = response("200 OK", mint.jwks_json().as_bytes());
    let (spoil, mend) = (async || server.answers(bytes.clone()), async || server.answers(good.clone()));
    is_no_good(&mint, &server.url(), error, spoil, mend).await;
    server
}

#[tokio::test]
async fn wire_refuses_connections() {
    let issuer = TestIssuer::start().await;
    let spoil = async || issuer.go_down().await;
    is_no_good(&issuer, &issuer.jwks_url(), "fetch_connect", spoil, async || issuer.come_back().await).await;
}

#[tokio::test]
async fn wire_accepts_and_hangs() {
    is_no_good_answer(Answer::Hang, "fetch_timeout").await;
}

#[tokio::test]
async fn wire_stalls_in_the_middle() {
    is_no_good_answer(Answer::Stall, "fetch_timeout").await;
}

#[tokio::test]
async fn wire_drips_one_byte_a_second() {
    is_no_good_answer(Answer::Drip, "fetch_timeout").await;
}

#[tokio::test]
async fn wire_breaks_off() {
    is_no_good_answer(Answer::CutOff, "fetch_broken").await;
    is_no_good_answer(Answer::Down, "fetch_broken").await;
    are_no_good(b"SSH-2.0-no-web-server\r\n".to_vec(), "fetch_broken").await;
}

#[tokio::test]
async fn wire_status() {
    for status in [500, 404, 403, 204] {
        is_no_good_answer(Answer::Status(status), "fetch_status").await;
    }
    is_no_good_answer(Answer::TooManyRequests(secs(5)), "fetch_status").await;
}

#[tokio::test]
async fn wire_no_key_set() {
    is_no_good_answer(Answer::Html, "key_set_not_json").await;
    is_no_good_answer(Answer::Garbage, "key_set_not_json").await;
    is_no_good_answer(Answer::Truncated, "key_set_not_json").await;
    is_no_good_answer(Answer::EmptySet, "key_set_no_usable_key").await;
    is_no_good_answer(Answer::Body("{}".to_owned()), "key_set_keys_missing").await;
}

#[tokio::test]
async fn wire_a_body_of_300_kib() {
    is_no_good_answer(Answer::Huge, "fetch_too_large").await;
    is_no_good_answer(Answer::Endless, "fetch_too_large").await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", MAX_SET_BYTES + 1);
    are_no_good(head.into_bytes(), "fetch_too_large").await;
}

/// 250 KiB that would be 40 MiB: nothing is unpacked, and nothing packed is asked for.
#[tokio::test]
async fn wire_gzip_bomb() {
    let packed = gzip_bomb(MAX_SET_BYTES - 6 * 1_024);
    let server = are_no_good(response("200 OK\r\ncontent-encoding: gzip", &packed), "key_set_not_json").await;
    let asked = server.heads();
    assert!(!asked.is_empty() && asked.iter().all(|head| !head.contains("accept-encoding")), "{asked:?}");
}

/// Nobody comes to where a redirect leads.
async fn is_not_followed(location: impl Fn(u16) -> String) {
    let (mint, trap) = (Mint::new(ISSUER), RawServer::start().await);
    trap.answers(response("200 OK", mint.jwks_json().as_bytes()));
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let head = format!("{status}\r\nlocation: {}", location(trap.port()));
        are_no_good(response(&head, b""), "fetch_status").await;
        assert!(trap.heads().is_empty(), "{head}");
    }
}

#[tokio::test]
async fn redirect_to_another_host() {
    is_not_followed(|port| format!("http://localhost:{port}/jwks")).await;
}

#[tokio::test]
async fn redirect_to_http() {
    is_not_followed(|port| format!("http://127.0.0.1:{port}/jwks")).await;
}

#[tokio::test]
async fn redirect_to_a_private_address() {
    is_not_followed(|port| format!("http://[::ffff:127.0.0.1]:{port}/latest/meta-data")).await;
}

#[tokio::test]
async fn wire_redirect_of_metadata() {
    let (issuer, elsewhere) = (TestIssuer::start().await, TestIssuer::start().await);
    let remote = Remote::discover(issuer.identifier()).unwrap().wait_budget(Duration::ZERO);
    let anchor = Issuer::new(issuer.identifier(), remote).audience(issuer.audience());
    issuer.answer_discovery(Answer::Redirect(format!(
        "{}/.well-known/openid-configuration",
        elsewhere.identifier()
    )));
    let verifier = Verifier::builder().issuer(anchor).clock(issuer.clock()).build().unwrap();
    until(secs(1), || last_error(&verifier) == "discovery_status").await;
    assert_eq!(sent(verifier.layer(), issuer.token().mint()).await, NOT_LOADED);
    assert_eq!((elsewhere.fetches(), elsewhere.discoveries()), (0, 0));
    issuer.answer_discovery(Answer::Normal);
    becomes_fresh(&verifier).await;
    assert_eq!(sent(verifier.layer(), issuer.token().mint()).await, SERVED);
}

/// A server that speaks no TLS where TLS is expected. Its twin is the same server, asked without.
#[tokio::test]
async fn wire_tls_to_a_plain_port() {
    let (mint, server) = (Mint::new(ISSUER), RawServer::start().await);
    server.answers(response("200 OK", mint.jwks_json().as_bytes()));
    let secure = format!("https://localhost:{}/jwks", server.port());
    let verifier = trusting(&mint, &secure);
    until(secs(1), || last_error(&verifier) == "fetch_tls").await;
    assert_eq!(sent(verifier.layer(), mint.token().mint()).await, NOT_LOADED);
    let verifier = trusting(&mint, &server.url());
    becomes_fresh(&verifier).await;
    assert_eq!(sent(verifier.layer(), mint.token().mint()).await, SERVED);
}

#[tokio::test]
async fn wire_an_entity_tag_and_304() {
    let (mint, server) = (Mint::new(ISSUER), RawServer::start().await);
    server.answers(response(
        "200 OK\r\netag: W/\"1\"\r\ncache-control: max-age=600",
        mint.jwks_json().as_bytes(),
    ));
    let verifier = trusting(&mint, &server.url());
    becomes_fresh(&verifier).await;
    server.answers(response("304 Not Modified\r\ncache-control: max-age=600", b""));
    skip(RENEWED).await;
    until(secs(1), || verifier.status()[0].age.unwrap() < secs(60)).await;
    assert_eq!((verifier.status()[0].generation, &*last_error(&verifier)), (1, ""), "confirmed");
    let heads = server.heads();
    assert!(!heads[0].contains("if-none-match") && heads[1].contains("if-none-match: w/\"1\""), "{heads:?}");
    assert_eq!(sent(verifier.layer(), mint.token().mint()).await, SERVED);
}
