//! Discovery and files.

use std::path::PathBuf;

use super::*;
use crate::error::ConfigError;

const OPENID: &str = "https://id.example.com/.well-known/openid-configuration";
const OAUTH: &str = "https://id.example.com/.well-known/oauth-authorization-server";

fn metadata(issuer: &str, jwks_uri: &str) -> Play {
    Play::text(200, &format!(r#"{{"issuer":"{issuer}","jwks_uri":"{jwks_uri}"}}"#))
}

fn discovered(source: &Arc<Scripted>) -> RemoteKeys {
    build(Remote::discover_with(ISSUER, Arc::clone(source)).unwrap())
}

#[tokio::test(start_paused = true)]
async fn metadata_leads_to_the_keys_and_is_remembered_for_a_day() {
    let source = Scripted::with("a");
    source.set(OPENID, metadata(ISSUER, JWKS));
    let keys = discovered(&source);
    keys.ready().await;
    assert_eq!((serving(&keys), source.asked()), (Ok("a".to_owned()), vec![OPENID.into(), JWKS.into()]));
    pass(secs(23 * 60 * 60)).await;
    let asked = |url: &str| source.asked().iter().filter(|asked| *asked == url).count();
    assert!(asked(JWKS) > 100);
    assert_eq!(asked(OPENID), 1);
    pass(secs(2 * 60 * 60)).await;
    assert_eq!(asked(OPENID), 2);
}

#[tokio::test(start_paused = true)]
async fn oauth_metadata_is_asked_for_when_openid_metadata_is_denied() {
    for denial in [Play::text(404, ""), Play::text(401, ""), Play::text(200, "<!doctype html>")] {
        let source = Scripted::with("a");
        source.set(OPENID, denial);
        source.set(OAUTH, metadata(ISSUER, JWKS));
        let keys = discovered(&source);
        keys.ready().await;
        assert_eq!(source.asked(), [OPENID, OAUTH, JWKS]);
    }
    // A document that speaks of another issuer is an answer, and no other is looked for.
    let source = Scripted::with("a");
    source.set(OPENID, metadata("https://other.example", JWKS));
    source.set(OAUTH, metadata(ISSUER, JWKS));
    let keys = discovered(&source);
    pass(ms(50)).await;
    assert_eq!((last_error(&keys).as_deref(), source.fetches()), (Some("discovery_issuer_mismatch"), 1));
}

#[tokio::test(start_paused = true)]
async fn metadata_that_does_not_vouch_leads_nowhere() {
    let big = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{JWKS}","x":"{}"}}"#, "x".repeat(64 * 1024));
    for (play, want, requests) in [
        (metadata("https://id.example.com/", JWKS), "discovery_issuer_mismatch", 1),
        (metadata("https://evil.example", JWKS), "discovery_issuer_mismatch", 1),
        (metadata(ISSUER, "http://id.example.com/jwks"), "discovery_jwks_uri", 1),
        (metadata(ISSUER, "https://u:p@id.example.com/jwks"), "discovery_jwks_uri", 1),
        (metadata(ISSUER, "file:///etc/passwd"), "discovery_jwks_uri", 1),
        (Play::text(200, "<html>"), "discovery_not_json", 2),
        (Play::text(200, &big), "fetch_too_large", 1),
        (Play::text(503, ""), "discovery_status", 1),
        (Play::text(302, ""), "discovery_status", 1),
        (Play::text(404, ""), "discovery_status", 2),
        (Play::text(403, ""), "discovery_status", 2),
        (Play::text(408, ""), "discovery_status", 1),
        (Play::text(429, ""), "discovery_status", 1),
        (Play::Fail(FetchError::Connect), "fetch_connect", 1),
    ] {
        let source = Scripted::with("a");
        source.set(OPENID, play);
        let keys = discovered(&source);
        pass(ms(50)).await;
        assert_eq!(serving(&keys), Err("keys_not_loaded"), "{want}");
        assert_eq!((last_error(&keys).as_deref(), source.fetches()), (Some(want), requests));
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_moved_are_found_again() {
    let source = Scripted::with("a");
    let moved = "https://keys.example.net/jwks";
    source.set(OPENID, metadata(ISSUER, JWKS));
    let keys = discovered(&source);
    keys.ready().await;
    source.set(JWKS, Play::text(200, "gone"));
    source.set(moved, Play::keys("ab"));
    source.set(OPENID, metadata(ISSUER, moved));
    pass(secs(545)).await;
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn metadata_that_is_down_does_not_stop_keys_that_are_up() {
    let source = Scripted::with("a");
    source.set(OPENID, metadata(ISSUER, JWKS));
    let keys = discovered(&source);
    keys.ready().await;
    source.set(OPENID, Play::Fail(FetchError::Connect));
    source.set(JWKS, Play::Fail(FetchError::Connect));
    pass(secs(700)).await;
    assert_eq!(state(&keys), KeyState::Grace);
    source.set(JWKS, Play::keys("ab"));
    pass(secs(61)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Fresh, Ok("ab".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn addresses_that_are_not_safe_are_refused_in_the_set_up() {
    let source = Scripted::with("a");
    let refused = |result: Result<Remote, ConfigError>| matches!(result, Err(ConfigError::Address { .. }));
    assert!(refused(Remote::discover_with("http://id.example.com", Arc::clone(&source))));
    assert!(refused(Remote::discover_with("https://id.example.com?x", Arc::clone(&source))));
    assert!(refused(Remote::jwks_url_with("http://id.example.com/jwks", Arc::clone(&source))));
    assert!(refused(Remote::jwks_url_with("https://id.example.com/jwks#x", Arc::clone(&source))));
    assert!(!refused(Remote::jwks_url_with("http://localhost:1/jwks?x", Arc::clone(&source))));
    let other = Remote::discover_with("https://other.example", source).unwrap();
    let algorithms = AlgorithmSet::from_iter([Algorithm::EdDSA]);
    let built = other.build(ISSUER, algorithms, &Means::new(Backend::available()[0], Arc::new(SystemClock)));
    assert!(matches!(built, Err(ConfigError::Address { .. })), "metadata of another issuer");
}

/// A file of this test's own, gone at its end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str) -> Self {
        let name = format!("portcullis-{}-{name}.json", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        let _ = std::fs::remove_file(&file.0);
        file
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Waits for a thread of the blocking pool, which a paused clock does not know of.
pub(super) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if done() {
            return;
        }
        sleep(ms(100)).await;
        std::thread::yield_now();
    }
    panic!("never happened: {what}");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_again_and_a_broken_one_changes_nothing() {
    let file = TestFile::new("rotation");
    let keys = build(Remote::file(&file.0));
    until("a missing file is an error", || last_error(&keys).as_deref() == Some("fetch_file")).await;
    assert_eq!(serving(&keys), Err("keys_not_loaded"));
    file.write(&jwks("a"));
    until("the first load", || serving(&keys) == Ok("a".to_owned())).await;
    file.write(r#"{"keys":[]}"#);
    until("an empty set", || last_error(&keys).as_deref() == Some("key_set_no_usable_key")).await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    file.write(&"x".repeat(crate::jose::MAX_SET_BYTES + 1));
    until("a huge file", || last_error(&keys).as_deref() == Some("fetch_too_large")).await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    file.write(&jwks("a"));
    until("the same again", || last_error(&keys).is_none()).await;
    assert_eq!(keys.status(ISSUER).generation, 1);
    file.write(&jwks("ab"));
    until("a rotation", || serving(&keys) == Ok("ab".to_owned())).await;
    assert_eq!(keys.status(ISSUER).generation, 2);
}

#[tokio::test(start_paused = true)]
async fn a_directory_is_no_key_file() {
    let keys = build(Remote::file(std::env::temp_dir()));
    until("refused", || last_error(&keys).as_deref() == Some("fetch_file")).await;
}
