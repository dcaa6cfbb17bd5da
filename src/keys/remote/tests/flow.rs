//! The states of the keys, the task, and its end.

use tokio::runtime::Builder;

use super::*;
use crate::error::{ConfigError, Unavailable};

#[tokio::test(start_paused = true)]
async fn keys_are_renewed_ahead_of_their_age() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    pass(secs(419)).await;
    assert_eq!(source.fetches(), 1);
    pass(secs(122)).await;
    assert_eq!(source.fetches(), 2);
    let status = keys.status(ISSUER);
    assert!(status.age.unwrap() <= secs(122), "young again");
    assert_eq!(status.generation, 1, "the same keys are no new generation");
    for _ in 0..20 {
        pass(secs(600)).await;
        assert_eq!(state(&keys), KeyState::Fresh);
    }
    assert_eq!(source.most_in_flight.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_source_is_shown_by_its_issuer_alone() {
    let source = Scripted::with("a");
    let keys = build(Remote::jwks_url_with(format!("{JWKS}?hidden"), Arc::clone(&source)).unwrap());
    assert_eq!(format!("{keys:?}"), format!("RemoteKeys {{ issuer: {ISSUER:?}, .. }}"));
}

#[tokio::test(start_paused = true)]
async fn an_outage_leads_through_grace_to_expiry_and_back() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.set(JWKS, Play::Fail(FetchError::Connect));
    pass(ms(599_990)).await;
    assert_eq!((state(&keys), keys.current().unwrap().stale_age()), (KeyState::Fresh, None));
    assert_eq!(last_error(&keys).as_deref(), Some("fetch_connect"));
    advance(ms(10)).await;
    assert_eq!((state(&keys), keys.current().unwrap().stale_age()), (KeyState::Grace, Some(secs(600))));
    pass(secs(3_599)).await;
    assert_eq!(state(&keys), KeyState::Grace);
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    advance(secs(1)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Expired, Err("keys_expired")));
    let Err(Unavailable::KeysExpired { retry_after }) = keys.current() else { panic!() };
    assert!(retry_after >= secs(1) && retry_after <= secs(60) && retry_after.subsec_nanos() == 0);
    // Expired keys vouch for nothing, so others need not be seen twice.
    source.set(JWKS, Play::keys("b"));
    pass(secs(61)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Fresh, Ok("b".to_owned())));
    assert_eq!((keys.status(ISSUER).generation, last_error(&keys)), (2, None));
}

#[tokio::test(start_paused = true)]
async fn down_at_the_start_then_up() {
    let source = Scripted::with("a");
    source.set(JWKS, Play::Fail(FetchError::Connect));
    let keys = build(remote(&source));
    settle().await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Loading, Err("keys_not_loaded")));
    // Requests without end hasten nothing: the back-off alone decides.
    for _ in 0..3_000 {
        assert_eq!(serving(&keys), Err("keys_not_loaded"));
        let _ = keys.would_wait(KeyWish::AnySet);
        pass(ms(100)).await;
    }
    assert!(source.fetches() < 60, "{} attempts in 300 s", source.fetches());
    source.set(JWKS, Play::keys("a"));
    keys.ready().await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_task_between_fetches() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    assert_eq!(Arc::strong_count(&source), 2);
    drop(keys);
    settle().await;
    assert_eq!(Arc::strong_count(&source), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_task_in_the_middle_of_a_fetch() {
    let source = Scripted::with("a");
    source.set(JWKS, Play::Hang);
    let keys = build(remote(&source));
    settle().await;
    assert_eq!(source.in_flight(), 1);
    drop(keys);
    settle().await;
    assert_eq!((source.in_flight(), Arc::strong_count(&source)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_never_ends_is_given_up() {
    let source = Scripted::with("a");
    source.next([Play::Hang]);
    let keys = build(remote(&source));
    pass(ms(4_999)).await;
    assert_eq!(source.in_flight(), 1);
    pass(ms(2)).await;
    assert_eq!(last_error(&keys).as_deref(), Some("fetch_timeout"));
    pass(secs(1)).await;
    assert_eq!(serving(&keys), Ok("a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_panics_is_a_failure_and_the_next_caller_mends_it() {
    let source = Scripted::with("a");
    source.next([Play::Panic]);
    let keys = build(remote(&source));
    settle().await;
    assert_eq!(last_error(&keys).as_deref(), Some("fetch_broken_off"));
    keys.ready().await;
    assert_eq!((serving(&keys), source.fetches()), (Ok("a".to_owned()), 2));
}

#[test]
fn without_a_runtime_nothing_panics_and_nothing_waits() {
    let source = Scripted::with("a");
    let keys = build(remote(&source));
    assert_eq!(serving(&keys), Err("keys_not_loaded"));
    assert!(!keys.would_wait(KeyWish::AnySet));
    assert!(!keys.would_wait(KeyWish::OtherSet { than: 0 }));
    assert_eq!(state(&keys), KeyState::Loading);
    let mut future = std::pin::pin!(keys.refreshed(KeyWish::AnySet));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(future.as_mut().poll(&mut context), std::task::Poll::Ready(Refreshed::NotNow));
    let mut ready = std::pin::pin!(keys.ready());
    assert!(ready.as_mut().poll(&mut context).is_ready());
    assert_eq!(source.fetches(), 0);
}

fn runtime() -> tokio::runtime::Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[test]
fn the_first_call_on_a_runtime_starts_the_task() {
    let source = Scripted::with("a");
    let keys = build(remote(&source));
    runtime().block_on(async {
        assert_eq!(serving(&keys), Err("keys_not_loaded"));
        assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
        assert_eq!(serving(&keys), Ok("a".to_owned()));
    });
}

#[test]
fn when_the_runtime_has_died_a_slow_call_on_another_starts_a_new_task() {
    let source = Scripted::with("a");
    source.set(JWKS, Play::Hang);
    let first = runtime();
    let keys = first.block_on(async {
        let keys = build(remote(&source));
        settle().await;
        keys
    });
    drop(first);
    assert_eq!((source.in_flight(), last_error(&keys).as_deref()), (0, Some("fetch_broken_off")));
    source.set(JWKS, Play::keys("a"));
    runtime().block_on(keys.ready());
    assert_eq!(serving(&keys), Ok("a".to_owned()));
    // In grace, too, a mere reader is enough.
    source.set(JWKS, Play::keys("ab"));
    runtime().block_on(async {
        advance(secs(700)).await;
        assert!(keys.current().unwrap().stale_age().is_some());
        pass(secs(1)).await;
        assert_eq!(serving(&keys), Ok("ab".to_owned()));
    });
}

#[tokio::test(start_paused = true)]
async fn settings_out_of_bounds_are_refused() {
    let source = Scripted::with("a");
    let remote = || remote(&source);
    let day = 24 * 60 * 60;
    for (setting, remote, want) in [
        ("max_stale", remote().max_stale(secs(0)), true),
        ("max_stale", remote().max_stale(secs(7 * day)), true),
        ("max_stale", remote().max_stale(secs(7 * day + 1)), false),
        ("unknown_key_interval", remote().unknown_key_interval(secs(1)), true),
        ("unknown_key_interval", remote().unknown_key_interval(ms(999)), false),
        ("unknown_key_interval", remote().unknown_key_interval(secs(600)), true),
        ("unknown_key_interval", remote().unknown_key_interval(secs(601)), false),
        ("wait_budget", remote().wait_budget(secs(0)), true),
        ("wait_budget", remote().wait_budget(secs(30)), true),
        ("wait_budget", remote().wait_budget(ms(30_001)), false),
        ("default_max_age", remote().default_max_age(secs(60)), true),
        ("default_max_age", remote().default_max_age(secs(59)), false),
        ("default_max_age", remote().default_max_age(secs(day)), true),
        ("default_max_age", remote().default_max_age(secs(day + 1)), false),
    ] {
        let algorithms = AlgorithmSet::from_iter([Algorithm::EdDSA]);
        match remote.build(ISSUER, algorithms, &Means::new(Backend::available()[0], Arc::new(SystemClock))) {
            Ok(_) => assert!(want, "{setting}"),
            Err(ConfigError::OutOfBounds { setting: named, .. }) => {
                assert_eq!((named, false), (setting, want));
            }
            Err(other) => panic!("{other}"),
        }
    }
}
