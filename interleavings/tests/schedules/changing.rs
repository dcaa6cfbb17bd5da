//! Keys that change while requests come.

use std::task::Poll;

use tokio::task::{spawn, yield_now};

use super::script::{Play, Source, token, token_for_another};
use super::{INTERVAL, pass, secs, under_all_schedules, verified};

#[test]
fn a_rotated_key_costs_one_fetch_and_all_are_served() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        verifier.ready(secs(60)).await.unwrap();
        source.set(Play::Keys("ab"));
        // Not `pass`: the task may still be at the end of its first attempt, or about to sleep.
        tokio::time::advance(INTERVAL);
        // Who compared the token with the old keys and came too late to wait for the new ones is served, too.
        let users = ['b', 'b', 'a', 'b'].map(|key| {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, key).await })
        });
        for user in users {
            assert_eq!(user.await.unwrap(), Ok(()));
        }
        assert_eq!((source.fetches().await, tokio::runtime::started()), (2, 1));
    });
}

#[test]
fn a_wish_made_during_an_attempt_is_fulfilled_by_the_next() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        verifier.ready(secs(60)).await.unwrap();
        tokio::time::advance(INTERVAL);
        source.close();
        let ask = || {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'b').await })
        };
        let first = ask();
        source.begun(2).await;
        // Too late for the answer that is on its way. Of those who ask now, some join it and some come when it has ended.
        source.set(Play::Keys("ab"));
        let users = [ask(), ask()];
        source.open();
        assert_eq!(first.await.unwrap(), Err("key_unknown"));
        for user in users {
            assert_eq!(user.await.unwrap(), Err("key_unknown"));
        }
        pass(INTERVAL).await;
        source.begun(3).await;
        assert_eq!(verified(&verifier, 'b').await, Ok(()), "and nobody had to ask again");
        assert_eq!((source.fetches().await, tokio::runtime::started()), (3, 1));
    });
}

#[test]
fn a_wish_that_comes_too_early_is_kept() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        verifier.ready(secs(60)).await.unwrap();
        source.set(Play::Keys("ab"));
        // The task may be about to sleep until the renewal: it must hear of the wish all the same.
        let users = [(); 2].map(|()| {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'b').await })
        });
        for user in users {
            assert_eq!(user.await.unwrap(), Err("key_unknown"));
        }
        pass(INTERVAL).await;
        source.begun(2).await;
        tokio::runtime::quiet().await;
        assert_eq!(verified(&verifier, 'b').await, Ok(()));
        pass(INTERVAL).await;
        tokio::runtime::quiet().await;
        assert_eq!((source.fetches().await, tokio::runtime::started()), (2, 1), "and is fulfilled");
    });
}

#[test]
fn a_withdrawn_key_ends_at_once_what_is_remembered_of_its_tokens() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("ab"));
        let verifier = source.verifier();
        verifier.ready(secs(60)).await.unwrap();
        for _ in 0..3 {
            assert_eq!(verified(&verifier, 'b').await, Ok(()));
        }
        assert_eq!(verifier.token_cache().unwrap().hits, 1);
        // Too many that fit: whoever looks at these keys tells without a lock, which would have it wait for the others.
        source.set(Play::Keys("aaaaa"));
        // The renewal is due, and the keys are fresh until the next second.
        pass(secs(599)).await;
        let users = [(); 2].map(|()| {
            let verifier = verifier.clone();
            spawn(async move {
                // A token that is never remembered is judged by the keys themselves.
                let serves = || {
                    let judged = verifier.verify_cached(token_for_another('a'));
                    matches!(judged, Poll::Ready(Err(error)) if error.code() == "audience_mismatch")
                };
                while serves() {
                    yield_now().await;
                }
                let passes = matches!(verifier.verify_cached(token('b')), Poll::Ready(Ok(_)));
                assert!(!passes, "others were seen to serve");
            })
        });
        for user in users {
            user.await.unwrap();
        }
        source.begun(2).await;
        tokio::runtime::quiet().await;
        assert_eq!(verified(&verifier, 'b').await, Err("key_unknown"));
        assert_eq!(verified(&verifier, 'a').await, Err("key_ambiguous"));
    });
}
