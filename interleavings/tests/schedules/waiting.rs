//! Those who wait: given up, too many, out of time.

use std::pin::pin;
use std::task::{Context, Waker};

use tokio::task::{spawn, yield_now};

use super::script::{Play, Source, token};
use super::{secs, under_all_schedules, under_schedules, verified};

#[test]
fn waiters_that_are_dropped_cancel_and_double_nothing() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let ask = || {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'a').await })
        };
        let (patient, impatient) = ([ask(), ask()], [ask(), ask(), ask()]);
        for user in &impatient {
            user.abort();
        }
        for user in impatient {
            if let Ok(answer) = user.await {
                assert_eq!(answer, Ok(()), "too late to give up");
            }
        }
        for user in patient {
            assert_eq!(user.await.unwrap(), Ok(()));
        }
        assert_eq!((source.fetches().await, tokio::runtime::started()), (1, 1));
    });
}

#[test]
fn an_attempt_goes_on_when_all_who_wait_give_up() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        source.close();
        let verifier = source.verifier();
        let users = [(); 3].map(|()| {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'a').await })
        });
        source.begun(1).await;
        for user in &users {
            user.abort();
        }
        for user in users {
            assert!(user.await.is_err());
        }
        assert_eq!(source.in_flight(), 1);
        source.open();
        assert_eq!(verified(&verifier, 'a').await, Ok(()));
        assert_eq!((source.fetches().await, tokio::runtime::started()), (1, 1));
    });
}

#[test]
fn who_gives_up_gives_back_a_place() {
    // Each schedule has thousands of waiters; what they leave behind adds up under any.
    under_schedules(4, || async {
        let source = Source::with(Play::Keys("a"));
        source.close();
        let verifier = source.verifier();
        source.begun(1).await;
        let crowds = [(); 2].map(|()| {
            let verifier = verifier.clone();
            spawn(async move {
                for _ in 0..=PLACES / 2 {
                    let mut waiting = pin!(verifier.verify(token('a')));
                    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                    yield_now().await;
                }
            })
        });
        for crowd in crowds {
            crowd.await.unwrap();
        }
        let mut waiting = pin!(verifier.verify(token('a')));
        assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        source.open();
        assert!(waiting.await.is_ok());
    });
}

#[test]
fn a_budget_that_ends_with_the_attempt_leaves_nobody_waiting() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        source.close();
        let verifier = source.verifier();
        let users = [(); 3].map(|()| {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'a').await })
        });
        source.begun(1).await;
        source.open();
        tokio::time::advance(BUDGET);
        for user in users {
            assert!(matches!(user.await.unwrap(), Ok(()) | Err("keys_not_loaded")));
        }
        tokio::runtime::quiet().await;
        assert_eq!(verified(&verifier, 'a').await, Ok(()));
        assert_eq!((source.fetches().await, tokio::runtime::started()), (1, 1));
    });
}

/// As many as may wait for one source at a time.
const PLACES: usize = 4_096;
/// As long as one request waits.
const BUDGET: std::time::Duration = secs(2);
