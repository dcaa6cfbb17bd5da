//! Clocks that jump. The time of day judges tokens; the ages of keys go by a clock that nobody sets.

use portcullis::keys::KeyState;
use tokio::time::advance;

use crate::stage::{DAY, HOUR, RENEWED, SERVED, Stage, pass, secs, settle};

#[tokio::test(start_paused = true)]
async fn the_clock_jumps_forward() {
    let stage = Stage::new().opened().await;
    let token = stage.token();
    stage.clock.advance(DAY);
    assert_eq!(stage.sees_at_once(&token), (401, "token_expired"), "by this clock it is");
    assert_eq!((stage.state(), stage.fetches()), (KeyState::Fresh, 1), "keys know nothing of it");
    pass(RENEWED).await;
    assert_eq!((stage.state(), stage.fetches()), (KeyState::Fresh, 2));
    stage.clock.rewind(DAY);
    assert_eq!(stage.sees_at_once(&token), SERVED);
}

#[tokio::test(start_paused = true)]
async fn the_clock_jumps_back() {
    let stage = Stage::new().opened().await;
    stage.clock.rewind(DAY);
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED, "a date of issue in the future is no fault");
    let dated = stage.mint.token().not_before_in(secs(0)).mint();
    assert_eq!(stage.sees_at_once(&dated), (401, "token_not_yet_valid"));
    assert_eq!((stage.state(), stage.fetches()), (KeyState::Fresh, 1));
    pass(RENEWED).await;
    assert_eq!((stage.state(), stage.fetches()), (KeyState::Fresh, 2));
    stage.clock.advance(DAY);
    assert_eq!(stage.sees_at_once(&dated), SERVED);
}

/// As on a machine that slept, where its monotonic clock goes on meanwhile: the first request finds keys that are too old, waits for the attempt, and is served.
#[tokio::test(start_paused = true)]
async fn a_day_passes_at_once() {
    for (slept, state) in [(HOUR, KeyState::Grace), (DAY, KeyState::Expired)] {
        let stage = Stage::new().opened().await;
        advance(slept).await;
        assert_eq!(stage.state(), state);
        assert_eq!(stage.asks().await, SERVED);
        settle().await;
        assert_eq!((stage.state(), stage.fetches()), (KeyState::Fresh, 2));
    }
}
