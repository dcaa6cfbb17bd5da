//! What an operator follows.

use portcullis::Health;
use tokio::sync::watch;
use tokio::task::spawn;

use super::script::{Play, Source};
use super::{pass, secs, under_all_schedules};

#[test]
fn a_follower_hears_of_every_state_that_lasts() {
    under_all_schedules(|| async {
        let source = Source::with(Play::Keys("a"));
        let verifier = source.verifier();
        let mut health = verifier.watch_health();
        let seen = watch::Sender::new(health.last());
        let mut follower = seen.subscribe();
        let following = spawn(async move {
            while let Some(health) = health.changed().await {
                seen.send_replace(health);
            }
        });
        follower.wait_for(|seen| *seen == Health::Ready).await.unwrap();
        source.set(Play::Fails);
        pass(MAX_AGE).await;
        follower.wait_for(|seen| *seen == Health::Degraded).await.unwrap();
        pass(MAX_STALE).await;
        follower.wait_for(|seen| *seen == Health::Down).await.unwrap();
        source.set(Play::Keys("a"));
        pass(MAX_BACKOFF).await;
        follower.wait_for(|seen| *seen == Health::Ready).await.unwrap();
        drop(verifier);
        following.await.unwrap();
    });
}

const MAX_AGE: std::time::Duration = secs(600);
const MAX_STALE: std::time::Duration = secs(60 * 60);
/// No attempt is further away, whatever failed before.
const MAX_BACKOFF: std::time::Duration = secs(60);
