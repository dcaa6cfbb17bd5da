//! Who waits, for what, and how long; and what strangers can make it cost.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_first_users_cost_one_fetch() {
    let source = Scripted::with("a");
    source.takes(ms(300));
    let keys = Arc::new(build(remote(&source)));
    let waiters: Vec<_> = (0..1_000)
        .map(|_| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move {
                assert_eq!(serving(&keys), Err("keys_not_loaded"));
                assert!(keys.would_wait(KeyWish::AnySet));
                keys.refreshed(KeyWish::AnySet).await
            })
        })
        .collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Refreshed::LookAgain);
    }
    assert_eq!((serving(&keys), source.fetches()), (Ok("a".to_owned()), 1));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_kids_costs_one_fetch_an_interval() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    let start = Instant::now();
    for n in 0..100_000_u32 {
        let _ = keys.would_wait(unknown(&keys));
        if n % 100 == 0 {
            pass(ms(100)).await;
        }
    }
    let intervals = usize::try_from(start.elapsed().as_secs() / 10).unwrap();
    assert!(intervals >= 10);
    assert!(source.fetches() <= 2 + intervals, "{} fetches in {intervals} intervals", source.fetches());
    assert_eq!(source.most_in_flight.load(Ordering::SeqCst), 1);
    assert_eq!(keys.status(ISSUER).generation, 1);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_unknown_kids_at_once_share_one_fetch() {
    let source = Scripted::with("a");
    let keys = Arc::new(loaded(&source).await);
    advance(secs(10)).await;
    let waiters: Vec<_> = (0..1_000)
        .map(|_| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { keys.refreshed(unknown(&keys)).await })
        })
        .collect();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap(), Refreshed::LookAgain);
    }
    assert_eq!(source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_request_that_finds_a_rotated_key_is_served() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.takes(ms(200));
    source.set(JWKS, Play::keys("ab"));
    pass(secs(10)).await;
    let start = Instant::now();
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    assert_eq!((serving(&keys), start.elapsed()), (Ok("ab".to_owned()), ms(200)));
}

#[tokio::test(start_paused = true)]
async fn a_rotation_without_overlap_is_served_within_the_budget() {
    for _ in 0..50 {
        let source = Scripted::with("a");
        let keys = loaded(&source).await;
        source.takes(ms(300));
        source.set(JWKS, Play::keys("b"));
        pass(secs(10)).await;
        let start = Instant::now();
        assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
        assert_eq!((serving(&keys), source.fetches()), (Ok("b".to_owned()), 3));
        assert!(start.elapsed() >= ms(700) && start.elapsed() <= ms(1_700), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_dies_between_two_sightings_is_replaced() {
    let source = Scripted::with("a");
    let keys = build(remote(&source).wait_budget(secs(30)));
    keys.ready().await;
    source.set(JWKS, Play::keys("b"));
    source.next([Play::keys("b"), Play::Panic]);
    pass(secs(10)).await;
    let start = Instant::now();
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    assert_eq!((serving(&keys), source.fetches()), (Ok("b".to_owned()), 5));
    assert!(start.elapsed() < secs(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_between_two_sightings_is_served_too() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.set(JWKS, Play::keys("b"));
    pass(secs(10)).await;
    assert!(keys.would_wait(unknown(&keys)));
    pass(ms(50)).await;
    assert_eq!(source.fetches(), 2);
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    assert_eq!(serving(&keys), Ok("b".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_wish_that_comes_too_early_is_kept() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.set(JWKS, Play::keys("ab"));
    pass(secs(5)).await;
    assert!(!keys.would_wait(unknown(&keys)));
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::NotNow, "at once");
    pass(ms(4_900)).await;
    assert_eq!(source.fetches(), 1);
    pass(ms(200)).await;
    assert_eq!((source.fetches(), serving(&keys)), (2, Ok("ab".to_owned())), "nobody asked again");
    pass(secs(60)).await;
    assert_eq!(source.fetches(), 2, "and the wish is fulfilled");
}

#[tokio::test(start_paused = true)]
async fn every_attempt_counts_also_one_that_failed() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.set(JWKS, Play::Fail(FetchError::Connect));
    pass(secs(10)).await;
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain, "the attempt has failed");
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::NotNow);
}

#[tokio::test(start_paused = true)]
async fn who_was_overtaken_by_new_keys_looks_again() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    let wish = unknown(&keys);
    source.set(JWKS, Play::keys("ab"));
    pass(secs(545)).await;
    let fetches = source.fetches();
    assert!(keys.would_wait(wish));
    assert_eq!(keys.refreshed(wish).await, Refreshed::LookAgain);
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
    pass(secs(15)).await;
    assert_eq!(source.fetches(), fetches, "and it was no wish");
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_kept_exactly() {
    for budget in [0, 1, 2_000, 4_500] {
        let source = Scripted::with("a");
        source.set(JWKS, Play::Hang);
        let keys = build(remote(&source).wait_budget(ms(budget)));
        settle().await;
        let start = Instant::now();
        assert_eq!(keys.would_wait(KeyWish::AnySet), budget > 0);
        assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::NotNow);
        assert_eq!(start.elapsed(), ms(budget));
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_outside_the_budget_is_not_waited_for() {
    let source = Scripted::with("a");
    source.set(JWKS, Play::Fail(FetchError::Connect));
    let keys = build(remote(&source));
    loop {
        pass(ms(10)).await;
        match keys.status(ISSUER).next_attempt.unwrap() {
            next if next > secs(2) => break,
            _ => {}
        }
    }
    let (start, fetches) = (Instant::now(), source.fetches());
    assert!(!keys.would_wait(KeyWish::AnySet));
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::NotNow);
    assert_eq!((start.elapsed(), source.fetches()), (ms(0), fetches));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_waiter_cancels_nothing() {
    let source = Scripted::with("a");
    source.takes(secs(1));
    let keys = build(remote(&source));
    assert!(timeout(ms(100), keys.refreshed(KeyWish::AnySet)).await.is_err());
    assert_eq!(source.in_flight(), 1);
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
    assert_eq!((serving(&keys), source.fetches()), (Ok("a".to_owned()), 1));
}

#[tokio::test(start_paused = true)]
async fn so_many_wait_and_no_more() {
    let source = Scripted::with("a");
    source.takes(secs(1));
    let keys = build(remote(&source));
    let mut context = Context::from_waker(Waker::noop());
    let mut places: Vec<_> = (0..4_096).map(|_| Box::pin(keys.refreshed(KeyWish::AnySet))).collect();
    assert!(places.iter_mut().all(|place| place.as_mut().poll(&mut context).is_pending()));
    let mut late = pin!(keys.refreshed(KeyWish::AnySet));
    assert_eq!(late.as_mut().poll(&mut context), Poll::Ready(Refreshed::NotNow));
    places.pop();
    let mut next = pin!(keys.refreshed(KeyWish::AnySet));
    assert!(next.as_mut().poll(&mut context).is_pending());
    assert_eq!(next.await, Refreshed::LookAgain);
}

#[tokio::test(start_paused = true)]
async fn with_the_issuer_down_known_kids_never_wait() {
    let source = Scripted::with("a");
    let keys = loaded(&source).await;
    source.set(JWKS, Play::Hang);
    pass(secs(700)).await;
    let start = Instant::now();
    for _ in 0..10_000 {
        assert_eq!(serving(&keys), Ok("a".to_owned()));
    }
    assert_eq!(start.elapsed(), ms(0));
}
