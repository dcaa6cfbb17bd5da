//! Keys that change while requests come.

use tokio::task::spawn;

use super::script::{Play, Source};
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
