//! Keys over TLS with a private certificate authority, and a token file sent along, over real sockets.
#![cfg(feature = "reqwest")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod support;
#[path = "support/tls.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
mod tls;

use std::path::PathBuf;
use std::time::Duration;

use portcullis::keys::remote::{Fetch, FetchRequest, HttpFetch, Remote};
use portcullis::{Algorithm, ConfigError, Issuer, Verifier};
use serde_json::json;
use support::fixture::{AUDIENCE, ISSUER, NOW, claims};
use support::mint::MintKey;
use support::standing_at;
use tls::{Authority, EXPIRED, GOOD, Identity, NOT_YET, Server};

/// A server with this identity that has the key, and what a verifier with this client makes of it.
async fn outcome(key: &MintKey, identity: Identity, fetch: HttpFetch) -> String {
    let server = Server::start(identity, jwks(key)).await;
    verdict(key, &verifier(&server, fetch)).await
}

fn jwks(key: &MintKey) -> String {
    json!({"keys": [key.public_json()]}).to_string()
}

fn verifier(server: &Server, fetch: HttpFetch) -> Verifier {
    let keys =
        Remote::jwks_url_with(server.url("/jwks"), fetch).unwrap().wait_budget(Duration::from_secs(30));
    let issuer = Issuer::new(ISSUER, keys).audience(AUDIENCE);
    Verifier::builder().issuer(issuer).clock(standing_at(NOW)).build().unwrap()
}

/// `ok` for a good token that is accepted, else why the keys could not be had.
async fn verdict(key: &MintKey, verifier: &Verifier) -> String {
    // Waits for the first attempt and no longer.
    match verifier.verify(&key.token(&claims())).await {
        Ok(_) => "ok".to_owned(),
        Err(error) => {
            assert_eq!(error.code(), "keys_not_loaded");
            let error = verifier.status().remove(0).last_error.unwrap();
            error.split(':').next().unwrap_or_default().to_owned()
        }
    }
}

fn key() -> MintKey {
    MintKey::new(Algorithm::ES256, "a")
}

fn trusting(authority: &Authority) -> HttpFetch {
    HttpFetch::with_root_certificates(authority.root().as_bytes()).unwrap()
}

/// A folder of its own for each test, as the test runner may be killed and started again.
fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn tls_with_the_right_name_of_a_private_authority() {
    let (authority, key) = (Authority::new("ours"), key());
    assert_eq!(outcome(&key, authority.identity("localhost", GOOD), trusting(&authority)).await, "ok");
    let both = format!("{}{}", Authority::new("other").root(), authority.root());
    let fetch = HttpFetch::with_root_certificates(both.as_bytes()).unwrap();
    assert_eq!(outcome(&key, authority.identity("localhost", GOOD), fetch).await, "ok", "one of two");
}

#[tokio::test]
async fn tls_with_a_wrong_name() {
    let (authority, key) = (Authority::new("ours"), key());
    for host in ["other.example", "localhost.example", "*.localhost"] {
        let identity = authority.identity(host, GOOD);
        assert_eq!(outcome(&key, identity, trusting(&authority)).await, "fetch_tls", "{host}");
    }
}

#[tokio::test]
async fn tls_with_an_expired_certificate() {
    let (authority, key) = (Authority::new("ours"), key());
    let identity = authority.identity("localhost", EXPIRED);
    assert_eq!(outcome(&key, identity, trusting(&authority)).await, "fetch_tls");
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_not_valid_yet() {
    let (authority, key) = (Authority::new("ours"), key());
    let identity = authority.identity("localhost", NOT_YET);
    assert_eq!(outcome(&key, identity, trusting(&authority)).await, "fetch_tls");
}

/// Also an authority of the same name: what counts is its key.
#[tokio::test]
async fn tls_with_another_authority() {
    let (authority, key) = (Authority::new("ours"), key());
    for other in [Authority::new("other"), Authority::new("ours")] {
        let identity = other.identity("localhost", GOOD);
        assert_eq!(outcome(&key, identity, trusting(&authority)).await, "fetch_tls");
    }
}

/// The operating system's roots do not know it; and where ours are given, those do not count.
#[tokio::test]
async fn tls_with_a_private_authority_that_nobody_named() {
    let (authority, key) = (Authority::new("ours"), key());
    let Ok(fetch) = HttpFetch::new() else { return };
    assert_eq!(outcome(&key, authority.identity("localhost", GOOD), fetch).await, "fetch_tls");
}

#[test]
fn root_certificates_that_cannot_be_used_are_refused_in_the_set_up() {
    let root = Authority::new("ours").root();
    let nothing_inside = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut_off = root.replace("-----END CERTIFICATE-----", "");
    let private = root.replace("CERTIFICATE", "PRIVATE KEY");
    for (name, pem, want) in [
        ("one", root.as_str(), None),
        ("none", "", Some("there is none")),
        ("no PEM", "a page", Some("there is none")),
        ("another thing", &private, Some("there is none")),
        ("cut off", &cut_off, Some("the PEM is malformed")),
        ("no certificate", nothing_inside, Some("one of them is no certificate of an authority")),
        (
            "one and no certificate",
            &format!("{root}{nothing_inside}"),
            Some("one of them is no certificate of an authority"),
        ),
    ] {
        match (HttpFetch::with_root_certificates(pem.as_bytes()), want) {
            (Ok(_), None) => {}
            (Err(ConfigError::RootCertificates { reason }), Some(want)) => assert_eq!(reason, want, "{name}"),
            (got, want) => panic!("{name}: {got:?} and not {want:?}"),
        }
    }
}

/// A server that demands a token, and a client that finds it in a file.
struct Guarded {
    server: Server,
    fetch: HttpFetch,
    token: PathBuf,
}

impl Guarded {
    async fn start(test: &str, key: &MintKey) -> Self {
        let authority = Authority::new("ours");
        let server = Server::start(authority.identity("localhost", GOOD), jwks(key)).await;
        server.demand("first");
        let token = folder(test).join("token");
        std::fs::write(&token, "first\n").unwrap();
        let fetch = trusting(&authority).bearer_token_file(server.url(""), &token).unwrap();
        Self { server, fetch, token }
    }

    async fn get(&self, url: String) -> Result<u16, &'static str> {
        let answer = self.fetch.fetch(&FetchRequest::new(url, 10_000)).await;
        answer.map(|answer| answer.status()).map_err(|error| error.code())
    }
}

#[tokio::test]
async fn a_token_file_that_rotates_between_fetches() {
    let key = key();
    let guarded = Guarded::start("rotating", &key).await;
    assert_eq!(verdict(&key, &verifier(&guarded.server, guarded.fetch.clone())).await, "ok");
    guarded.server.demand("second");
    assert_eq!(guarded.get(guarded.server.url("/jwks")).await, Ok(401), "the old one is of no use");
    std::fs::write(&guarded.token, "second").unwrap();
    assert_eq!(guarded.get(guarded.server.url("/jwks")).await, Ok(200));
    let sent: Vec<_> = guarded.server.authorizations().into_iter().flatten().collect();
    assert_eq!(sent, ["Bearer first", "Bearer first", "Bearer second"]);
}

#[tokio::test]
async fn a_token_that_the_server_does_not_know() {
    let key = key();
    let guarded = Guarded::start("unknown", &key).await;
    guarded.server.demand("another");
    assert_eq!(verdict(&key, &verifier(&guarded.server, guarded.fetch)).await, "fetch_status");
}

#[tokio::test]
async fn a_token_file_that_is_missing_or_holds_no_token() {
    let key = key();
    let guarded = Guarded::start("missing", &key).await;
    let url = || guarded.server.url("/jwks");
    for (content, want) in
        [("", "fetch_file"), ("two words", "fetch_file"), (&*"x".repeat(16 * 1024 + 1), "fetch_too_large")]
    {
        std::fs::write(&guarded.token, content).unwrap();
        assert_eq!(guarded.get(url()).await, Err(want), "{content:.20}");
    }
    std::fs::remove_file(&guarded.token).unwrap();
    assert_eq!(guarded.get(url()).await, Err("fetch_file"));
    assert_eq!(verdict(&key, &verifier(&guarded.server, guarded.fetch.clone())).await, "fetch_file");
    assert!(guarded.server.authorizations().is_empty(), "nothing was sent without it");
    std::fs::write(&guarded.token, "first").unwrap();
    assert_eq!(guarded.get(url()).await, Ok(200), "it is back");
}

#[tokio::test]
async fn a_token_goes_to_the_server_that_it_is_for_and_to_no_other() {
    let key = key();
    let authority = Authority::new("ours");
    let ours = Server::start(authority.identity("localhost", GOOD), jwks(&key)).await;
    let other = Server::start(authority.identity("localhost", GOOD), jwks(&key)).await;
    let token = folder("one-server").join("token");
    std::fs::write(&token, "secret").unwrap();
    let fetch = trusting(&authority).bearer_token_file(ours.url("/any/path"), &token).unwrap();
    for server in [&ours, &other] {
        let request = FetchRequest::new(server.url("/jwks"), 10_000);
        assert_eq!(fetch.fetch(&request).await.unwrap().status(), 200);
    }
    assert_eq!(ours.authorizations(), [Some("Bearer secret".to_owned())]);
    assert_eq!(other.authorizations(), [None]);
    assert!(!format!("{fetch:?}").contains("secret"));
}

#[tokio::test]
async fn a_token_is_not_for_servers_without_tls() {
    let fetch = trusting(&Authority::new("ours"));
    for server in ["http://localhost:8001", "http://10.0.0.1", "kubernetes.default.svc", "https://user@host"]
    {
        let error = fetch.clone().bearer_token_file(server, "token").unwrap_err();
        assert!(matches!(error, ConfigError::Address { .. }), "{server}: {error}");
    }
}
