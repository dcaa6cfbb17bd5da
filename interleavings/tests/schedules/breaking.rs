//! The end of the task: before its time, and with the last verifier.

use std::time::Duration;

use tokio::task::{spawn, yield_now};

use super::script::{Play, Source};
use super::{pass, under_all_schedules, verified};

#[test]
fn when_the_task_dies_all_are_answered_and_one_other_is_started() {
    under_all_schedules(|| async {
        let source = Source::with(Play::BreaksOff);
        let verifier = source.verifier();
        // Who waited is told at once, and asks again while the task is still on its way out.
        let users = [(); 3].map(|()| {
            let verifier = verifier.clone();
            spawn(async move {
                match verified(&verifier, 'a').await {
                    Err("keys_not_loaded") => verified(&verifier, 'a').await,
                    answer => answer,
                }
            })
        });
        // Enough for the next attempt, which is a second away at most, and too little for anyone's budget.
        for _ in 0..4 {
            pass(Duration::from_millis(400)).await;
        }
        for user in users {
            assert_eq!(user.await.unwrap(), Ok(()));
        }
        assert_eq!((source.fetches().await, tokio::runtime::started()), (2, 2));
    });
}

#[test]
fn the_last_verifier_takes_the_task_with_it() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let mut health = verifier.watch_health();
        let follower = spawn(async move { while health.changed().await.is_some() {} });
        let users = [(); 2].map(|()| {
            let verifier = verifier.clone();
            spawn(async move { verified(&verifier, 'a').await })
        });
        let hurried = verifier.clone();
        let hurried = spawn(async move { verified(&hurried, 'a').await });
        hurried.abort();
        drop(verifier);
        for user in users {
            assert_eq!(user.await.unwrap(), Ok(()), "a verifier that is asked is held");
        }
        drop(hurried.await);
        follower.await.unwrap();
        source.gone().await;
        tokio::runtime::quiet().await;
        assert_eq!(source.in_flight(), 0);
    });
}

#[test]
fn a_verifier_may_go_at_any_step_of_a_fetch() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let mut health = verifier.watch_health();
        let follower = spawn(async move { while health.changed().await.is_some() {} });
        source.close();
        let opener = std::sync::Arc::clone(&source);
        let opener = spawn(async move { opener.open() });
        yield_now().await;
        drop(verifier);
        follower.await.unwrap();
        source.gone().await;
        tokio::runtime::quiet().await;
        assert_eq!(source.in_flight(), 0);
        assert!(source.fetches().await <= 1);
        opener.await.unwrap();
    });
}
