//! The issuer's metadata is wrong, moves, or is not there.

use portcullis::keys::KeyState;
use portcullis::keys::remote::FetchError;

use crate::source::Play;
use crate::stage::{
    DAY, HOUR, ISSUER, JWKS, NOT_LOADED, NOTICED, OAUTH, OPENID, RENEWED, SERVED, Stage, UNKNOWN, metadata,
    pass, secs,
};

const MOVED: &str = "https://keys.example.net/jwks?v=2";

/// With this metadata there are no keys for this reason, and no address is asked for but these; with good metadata there
/// are. And where keys are known already, they go on being renewed for as long as they can be had.
async fn leads_nowhere(play: Play, error: &str, asked: &[&str]) {
    let stage = Stage::discovering();
    stage.source.at(OPENID, play.clone());
    stage.source.at(MOVED, Play::Well);
    assert_eq!(stage.asks().await, NOT_LOADED, "{error}");
    pass(secs(5)).await;
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Loading, error));
    assert!(stage.source.asked().iter().all(|request| asked.contains(&&*request.url)), "{error}");
    stage.source.at(OPENID, metadata(ISSUER, JWKS));
    stage.recovers().await;

    let stage = Stage::discovering().opened().await;
    stage.source.at(OPENID, play);
    pass(2 * DAY).await;
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Fresh, ""), "{error}");
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

#[tokio::test(start_paused = true)]
async fn metadata_of_another_issuer() {
    for name in ["https://evil.example", "https://id.example.com/", "https://ID.example.com", ""] {
        leads_nowhere(metadata(name, MOVED), "discovery_issuer_mismatch", &[OPENID]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_on_another_host() {
    let stage = Stage::discovering();
    stage.source.at(OPENID, metadata(ISSUER, MOVED));
    stage.source.at(MOVED, Play::Well);
    let stage = stage.opened().await;
    assert_eq!((stage.source.asked_for(MOVED), stage.source.asked_for(JWKS)), (1, 0));
    // To which host is the issuer's choice; not without TLS, and not to this machine.
    for address in
        ["http://keys.example.net/jwks", "http://localhost:8080/", "http://169.254.169.254/", "/jwks"]
    {
        leads_nowhere(metadata(ISSUER, address), "discovery_jwks_uri", &[OPENID]).await;
    }
}

/// The new address is found when the old one fails, and within a day if it does not.
#[tokio::test(start_paused = true)]
async fn keys_that_move() {
    let stage = Stage::discovering().opened().await;
    stage.source.at(OPENID, metadata(ISSUER, MOVED));
    stage.source.at(MOVED, Play::Well);
    stage.plays(Play::text(404, ""));
    pass(RENEWED).await;
    assert!(stage.source.asked_for(MOVED) > 0);
    assert_eq!((stage.sees_at_once(&stage.token()), &*stage.last_error()), (SERVED, ""));

    let stage = Stage::discovering().opened().await;
    let left_behind = stage.mint.jwks_json();
    stage.plays(Play::text(200, left_behind));
    stage.mint.rotate_with_overlap();
    stage.source.at(OPENID, metadata(ISSUER, MOVED));
    stage.source.at(MOVED, Play::Well);
    let token = stage.token();
    pass(DAY - HOUR).await;
    assert_eq!(stage.sees(&token).await, UNKNOWN, "the old address answers as ever");
    pass(HOUR + RENEWED).await;
    assert_eq!(stage.sees_at_once(&token), SERVED);
}

/// Servers that answer every address with the same application: the other document is looked for.
#[tokio::test(start_paused = true)]
async fn a_page_in_place_of_the_metadata() {
    let page = || Play::text(200, " <!doctype html><title>Sign in</title>");
    leads_nowhere(page(), "discovery_not_json", &[OPENID, OAUTH]).await;
    let stage = Stage::discovering();
    stage.source.at(OPENID, page());
    stage.source.at(OAUTH, metadata(ISSUER, JWKS));
    let stage = stage.opened().await;
    assert_eq!((stage.source.asked_for(OPENID), stage.source.asked_for(OAUTH)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn metadata_that_is_spoilt() {
    leads_nowhere(Play::text(200, r#"{"issuer":"https://id.exam"#), "discovery_not_json", &[OPENID]).await;
    leads_nowhere(Play::text(200, "{}"), "discovery_member_missing", &[OPENID]).await;
    let big = Play::text(200, format!("{{}}{}", " ".repeat(64 * 1_024)));
    leads_nowhere(big, "fetch_too_large", &[OPENID]).await;
}

#[tokio::test(start_paused = true)]
async fn metadata_refused() {
    for status in [401, 403, 404] {
        leads_nowhere(Play::text(status, ""), "discovery_status", &[OPENID, OAUTH]).await;
    }
    for status in [302, 429, 500, 503] {
        leads_nowhere(Play::text(status, ""), "discovery_status", &[OPENID]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn metadata_down() {
    leads_nowhere(Play::Fail(FetchError::Connect), "fetch_connect", &[OPENID]).await;
    leads_nowhere(Play::Hang, "fetch_timeout", &[OPENID]).await;
    // Down together, and the keys come back alone.
    let stage = Stage::discovering().opened().await;
    stage.source.at(OPENID, Play::Fail(FetchError::Connect));
    stage.plays(Play::Fail(FetchError::Connect));
    pass(secs(700)).await;
    assert_eq!((stage.state(), stage.sees_at_once(&stage.token())), (KeyState::Grace, SERVED));
    stage.plays(Play::Well);
    pass(NOTICED).await;
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Fresh, ""));
}
