//! The first use of keys that have not come yet.

use tokio::task::spawn;

use super::script::{Play, Source};
use super::{under_all_schedules, verified};

#[test]
fn first_users_share_one_fetch_and_are_all_served() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let users: Vec<_> = (0..4)
            .map(|_| {
                let verifier = verifier.clone();
                spawn(async move { verified(&verifier, 'a').await })
            })
            .collect();
        for user in users {
            assert_eq!(user.await.unwrap(), Ok(()));
        }
        assert_eq!((source.fetches().await, tokio::runtime::started()), (1, 1));
    });
}

#[test]
fn who_waits_for_readiness_is_told_of_the_first_keys() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let probes: Vec<_> = (0..3)
            .map(|_| {
                let verifier = verifier.clone();
                spawn(async move {
                    verifier.ready(super::secs(60)).await.is_ok() && verified(&verifier, 'a').await.is_ok()
                })
            })
            .collect();
        for probe in probes {
            assert!(probe.await.unwrap());
        }
        assert_eq!((source.fetches().await, tokio::runtime::started()), (1, 1));
    });
}
