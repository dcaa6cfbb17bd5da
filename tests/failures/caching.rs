//! What the answer says of its own age, and requests on condition.

use portcullis::keys::KeyState;
use portcullis::keys::remote::FetchResponse;

use crate::source::Play;
use crate::stage::{DAY, HOUR, INTERVAL, RENEWED, SERVED, Stage, UNKNOWN, is_no_good, pass, secs};

/// How many requests there are in this time, of an issuer whose answers carry these fields; nobody notices any of them.
async fn fetches_in<const N: usize>(time: std::time::Duration, fields: [(&'static str, &str); N]) -> usize {
    let stage = Stage::new();
    stage.plays(Play::with(fields));
    let stage = stage.opened().await;
    let token = stage.token();
    for _ in 0..100 {
        pass(time / 100).await;
        assert_eq!(stage.sees_at_once(&token), SERVED, "{fields:?}");
    }
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Fresh, ""), "{fields:?}");
    stage.fetches() - 1
}

#[tokio::test(start_paused = true)]
async fn cache_control_absent() {
    let fetches = fetches_in(DAY, []).await;
    assert!((159..=206).contains(&fetches), "{fetches} a day: every 7 to 9 minutes");
}

#[tokio::test(start_paused = true)]
async fn cache_control_no_store() {
    for value in ["no-store", "no-cache", "max-age=86400, no-store"] {
        let fetches = fetches_in(HOUR, [("cache-control", value)]).await;
        assert!((66..=86).contains(&fetches), "{value}: {fetches} an hour, a minute at least");
    }
}

#[tokio::test(start_paused = true)]
async fn cache_control_absurd() {
    for value in
        ["max-age=31536000", "max-age=18446744073709551616", "immutable, max-age=99999999999999999999"]
    {
        let fetches = fetches_in(10 * DAY, [("cache-control", value)]).await;
        assert!((11..=15).contains(&fetches), "{value}: {fetches} in ten days, a day at most");
    }
}

/// Whatever it says, it is between a minute and a day.
#[tokio::test(start_paused = true)]
async fn cache_control_hostile() {
    let many = "max-age=1,".repeat(400);
    let long = format!("max-age={}", "9".repeat(5_000));
    for fields in [
        [("cache-control", "max-age=0"), ("x", "")],
        [("cache-control", "max-age=-1"), ("x", "")],
        [("cache-control", "max-age=1e9"), ("x", "")],
        [("cache-control", "max-age"), ("x", "")],
        [("cache-control", &many), ("x", "")],
        [("cache-control", &long), ("expires", "0")],
        [("cache-control", "max-age=600"), ("age", "99999999999999999999")],
        [("expires", "Thu, 01 Jan 1970 00:00:00 GMT"), ("date", "Fri, 31 Dec 9999 23:59:59 GMT")],
    ] {
        let fetches = fetches_in(HOUR, fields).await;
        assert!((66..=86).contains(&fetches), "{fields:?}: {fetches} an hour");
    }
}

#[tokio::test(start_paused = true)]
async fn expires_in_place_of_cache_control() {
    let dated = [("date", "Sun, 06 Nov 1994 12:00:00 GMT"), ("expires", "Sun, 06 Nov 1994 12:02:00 GMT")];
    let fetches = fetches_in(HOUR, dated).await;
    assert!((33..=43).contains(&fetches), "{fetches} an hour, of two minutes each");
}

#[tokio::test(start_paused = true)]
async fn an_entity_tag_and_304() {
    let stage = Stage::new();
    stage.plays(Play::Tagged);
    let stage = stage.opened().await;
    let token = stage.token();
    pass(HOUR).await;
    let conditions: Vec<_> = stage.source.asked().into_iter().map(|asked| asked.condition).collect();
    assert!(conditions.len() > 5 && conditions[0].is_none());
    assert!(conditions[1..].iter().all(|sent| sent.as_deref() == Some("if-none-match: \"key-1\"")));
    assert_eq!((stage.state(), stage.generation(), &*stage.last_error()), (KeyState::Fresh, 1, ""));
    assert_eq!(stage.sees_at_once(&token), SERVED);
    // A token's unknown key is asked for without condition; a change is seen either way.
    stage.mint.rotate_with_overlap();
    pass(INTERVAL).await;
    assert_eq!(stage.asks().await, SERVED);
    assert_eq!(stage.source.asked().last().unwrap().condition, None);
    stage.mint.withdraw("key-1");
    pass(RENEWED).await;
    assert_eq!(stage.sees(&token).await, UNKNOWN);
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

#[tokio::test(start_paused = true)]
async fn a_304_that_nobody_asked_for() {
    let unasked = FetchResponse::new(304, "").with_header("cache-control", "max-age=86400");
    is_no_good(Play::Answer(unasked), "fetch_status").await;
}

/// A proxy in front that goes on serving an old set: a `kid` is found as soon as the proxy has it, and not before.
#[tokio::test(start_paused = true)]
async fn a_cache_in_front_that_is_behind() {
    let stage = Stage::new().opened().await;
    pass(INTERVAL).await;
    let behind = stage.mint.jwks_json();
    stage.plays(Play::text(200, behind));
    stage.mint.rotate_with_overlap();
    let token = stage.token();
    for _ in 0..30 {
        assert_eq!(stage.sees(&token).await, UNKNOWN);
        pass(secs(1)).await;
    }
    assert!(stage.fetches() <= 5, "{}", stage.fetches());
    stage.plays(Play::Well);
    pass(INTERVAL).await;
    assert_eq!(stage.sees(&token).await, SERVED);
}
