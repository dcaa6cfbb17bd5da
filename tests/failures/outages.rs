//! The issuer does not answer, or not to the end.

use portcullis::keys::KeyState;
use portcullis::keys::remote::FetchError;
use tokio::time::Instant;

use crate::source::Play;
use crate::stage::{EXPIRED, NOT_LOADED, NOTICED, SERVED, Stage, UNKNOWN, is_no_good, ms, pass, secs};

const DOWN: Play = Play::Fail(FetchError::Connect);

#[tokio::test(start_paused = true)]
async fn down_at_the_start() {
    let stage = Stage::new();
    stage.plays(DOWN);
    assert_eq!(stage.verifier.ready(secs(30)).await.unwrap_err().code(), "keys_not_loaded");
    assert_eq!(stage.asks().await, NOT_LOADED);
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Loading, "fetch_connect"));
    // A crowd at the door does not hasten the attempts.
    let (start, before) = (Instant::now(), stage.fetches());
    while start.elapsed() < secs(600) {
        assert_eq!(stage.asks().await, NOT_LOADED);
        pass(ms(200)).await;
    }
    assert!(stage.fetches() - before < 60, "{} in 600 s", stage.fetches() - before);
    stage.recovers().await;
}

#[tokio::test(start_paused = true)]
async fn down_for_a_minute() {
    for minute in 0..10 {
        let stage = Stage::new().opened().await;
        pass(secs(60 * minute)).await;
        stage.plays(DOWN);
        for _ in 0..60 {
            pass(secs(1)).await;
            assert_eq!(stage.sees_at_once(&stage.token()), SERVED, "minute {minute}");
        }
        stage.recovers().await;
    }
}

#[tokio::test(start_paused = true)]
async fn down_for_an_hour() {
    let stage = Stage::new().opened().await;
    let token = stage.token();
    stage.plays(DOWN);
    for minute in 1..=60 {
        pass(secs(60)).await;
        assert_eq!(stage.sees_at_once(&token), SERVED);
        assert_eq!(stage.state(), if minute < 10 { KeyState::Fresh } else { KeyState::Grace });
    }
    let marked = stage.verifier.verify(&token).await.unwrap().stale_key_age();
    assert_eq!(marked.map(|age| age.as_secs()), Some(3_600));
    assert_eq!(stage.sees(&stage.invented(0)).await, UNKNOWN);
    stage.recovers().await;
    assert_eq!(stage.verifier.verify(&token).await.unwrap().stale_key_age(), None);
    assert_eq!(stage.generation(), 1);
}

#[tokio::test(start_paused = true)]
async fn down_beyond_max_stale() {
    let week = 7 * 24 * 60 * 60;
    for (max_stale, serves) in [(None, 4_200), (Some(0), 600), (Some(week), 600 + week)] {
        let stage = match max_stale {
            None => Stage::new(),
            Some(seconds) => Stage::tuned(|remote| remote.max_stale(secs(seconds))),
        };
        let stage = stage.opened().await;
        let token = stage.token();
        stage.plays(DOWN);
        pass(secs(serves - 1)).await;
        assert_eq!(stage.sees_at_once(&token), SERVED);
        pass(secs(1)).await;
        assert_eq!(stage.state(), KeyState::Expired);
        // Known and unknown keys alike: nothing is known of either.
        assert_eq!(stage.sees(&token).await, EXPIRED);
        assert_eq!(stage.sees(&stage.invented(0)).await, EXPIRED);
        stage.recovers().await;
    }
}

#[tokio::test(start_paused = true)]
async fn refuses_connections() {
    is_no_good(DOWN, "fetch_connect").await;
}

/// To [`HttpFetch`](portcullis::keys::remote::HttpFetch) a name without an address is a connection that cannot be made.
#[tokio::test(start_paused = true)]
async fn a_name_without_an_address() {
    is_no_good(Play::Fail(FetchError::Connect), "fetch_connect").await;
}

#[tokio::test(start_paused = true)]
async fn breaks_off() {
    is_no_good(Play::Fail(FetchError::Broken), "fetch_broken").await;
}

#[tokio::test(start_paused = true)]
async fn tls_fails() {
    is_no_good(Play::Fail(FetchError::Tls), "fetch_tls").await;
}

#[tokio::test(start_paused = true)]
async fn accepts_and_hangs() {
    is_no_good(Play::Hang, "fetch_timeout").await;
    // Nobody waits longer than the budget, and an attempt no longer than 5 s.
    let stage = Stage::new();
    stage.plays(Play::Hang);
    let start = Instant::now();
    assert_eq!(stage.asks().await, NOT_LOADED);
    assert_eq!(start.elapsed(), secs(2));
    pass(ms(2_990)).await;
    assert_eq!((stage.source.in_flight(), &*stage.last_error()), (1, ""));
    pass(ms(11)).await;
    assert_eq!((stage.source.in_flight(), &*stage.last_error()), (0, "fetch_timeout"));
    stage.recovers().await;
}

#[tokio::test(start_paused = true)]
async fn drips_one_byte_a_second() {
    is_no_good(Play::Drip, "fetch_timeout").await;
}

/// As long as it takes less than the 5 s of an attempt, it is good: the request waits, then and never again.
#[tokio::test(start_paused = true)]
async fn slow_and_whole() {
    let stage = Stage::new();
    stage.source.takes(ms(4_900));
    assert_eq!(stage.asks().await, NOT_LOADED, "the budget of a request is shorter");
    pass(ms(2_901)).await;
    for _ in 0..100 {
        assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
        pass(secs(60)).await;
    }
    assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Fresh, ""));
    stage.source.takes(ms(5_100));
    pass(secs(660)).await;
    assert_eq!((stage.sees_at_once(&stage.token()), &*stage.last_error()), (SERVED, "fetch_timeout"));
    stage.source.takes(ms(0));
    pass(NOTICED).await;
    assert_eq!(stage.last_error(), "");
}
