//! Keys change: in good order, without warning, by mistake, and by theft.

use std::task::Poll;

use portcullis::keys::KeyState;
use portcullis::keys::remote::FetchError;
use portcullis::testkit::Mint;
use tokio::time::Instant;

use crate::source::Play;
use crate::stage::{INTERVAL, ISSUER, RENEWED, SERVED, Stage, UNKNOWN, ms, pass, secs};

/// Another set altogether. Its first key has the same name as the mint's.
fn foreign() -> (Mint, Play) {
    let other = Mint::new(ISSUER);
    let set = Play::text(200, other.jwks_json());
    (other, set)
}

#[tokio::test(start_paused = true)]
async fn rotation_with_overlap() {
    let stage = Stage::new().opened().await;
    stage.source.takes(ms(300));
    pass(INTERVAL).await;
    let old = stage.token();
    stage.mint.rotate_with_overlap();
    let start = Instant::now();
    assert_eq!(stage.asks().await, SERVED, "the very request that finds the new key");
    assert_eq!((start.elapsed(), stage.fetches(), stage.generation()), (ms(300), 2, 2));
    assert_eq!(stage.sees_at_once(&old), SERVED);
    // One that was published before it is used costs not even that.
    stage.mint.publish_next();
    pass(RENEWED).await;
    stage.mint.rotate_with_overlap();
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

/// Within an interval of the last attempt nobody is waited for, and the new key is there when the interval ends.
#[tokio::test(start_paused = true)]
async fn rotation_right_after_an_attempt() {
    let stage = Stage::new().opened().await;
    stage.mint.rotate_with_overlap();
    assert_eq!(stage.sees_at_once(&stage.token()), UNKNOWN);
    pass(INTERVAL).await;
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED, "though nobody has asked again");
    assert_eq!(stage.fetches(), 2);
}

/// The first request of all waited for any keys, and hers were not among them: a cache in front was behind.
#[tokio::test(start_paused = true)]
async fn rotation_while_the_first_keys_are_fetched() {
    let stage = Stage::new();
    stage.source.first([Play::text(200, stage.mint.jwks_json())]);
    stage.source.takes(ms(300));
    stage.mint.rotate_with_overlap();
    let start = Instant::now();
    assert_eq!(stage.asks().await, UNKNOWN);
    assert_eq!((start.elapsed(), stage.fetches()), (ms(300), 1));
    pass(INTERVAL + ms(300)).await;
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED, "though nobody has asked again");
    assert_eq!(stage.fetches(), 2);
    // Whose key was among them has nothing to ask for.
    let calm = Stage::new();
    assert_eq!(calm.asks().await, SERVED);
    pass(INTERVAL + INTERVAL).await;
    assert_eq!(calm.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn rotation_without_overlap() {
    for _ in 0..50 {
        let stage = Stage::new().opened().await;
        stage.source.takes(ms(200));
        pass(INTERVAL).await;
        let old = stage.token();
        stage.mint.rotate();
        let start = Instant::now();
        assert_eq!(stage.asks().await, SERVED);
        assert!(start.elapsed() < secs(2), "within the budget of a request: {:?}", start.elapsed());
        assert_eq!(stage.fetches(), 3, "seen twice");
        assert_eq!(stage.sees_at_once(&old), UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn rotation_under_the_same_kid() {
    let stage = Stage::new().opened().await;
    let old = stage.token();
    pass(6 * INTERVAL).await;
    let (other, set) = foreign();
    assert_eq!(stage.mint.key_id(), other.key_id());
    stage.plays(set);
    assert_eq!(stage.sees(&other.token().mint()).await, SERVED);
    assert_eq!((stage.fetches(), stage.generation()), (3, 2));
    pass(INTERVAL).await;
    assert_eq!(stage.sees(&old).await, (401, "signature_invalid"));
    assert_eq!(stage.sees_at_once(&other.token().mint()), SERVED);
    // Sooner after an attempt it takes until six intervals have passed since, and nobody need ask again.
    let (third, set) = foreign();
    stage.plays(set);
    assert_eq!(stage.sees_at_once(&third.token().mint()), (401, "signature_invalid"));
    pass(4 * INTERVAL).await;
    assert_eq!((stage.fetches(), stage.generation()), (3, 2));
    pass(INTERVAL + INTERVAL).await;
    assert_eq!(stage.sees_at_once(&third.token().mint()), SERVED);
}

/// A forgery, or a token that was changed on its way, does not spend what the first token of a new key needs.
#[tokio::test(start_paused = true)]
async fn rotation_after_a_forgery() {
    let stage = Stage::new().opened().await;
    let forged = Mint::new(ISSUER).token().mint();
    pass(INTERVAL).await;
    for _ in 0..100 {
        assert_eq!(stage.sees_at_once(&forged), (401, "signature_invalid"));
    }
    assert_eq!(stage.fetches(), 1);
    stage.mint.rotate_with_overlap();
    assert_eq!(stage.asks().await, SERVED);
    assert_eq!(stage.fetches(), 2);
}

/// A wrong tenant, or a test server behind the right name, for a moment.
#[tokio::test(start_paused = true)]
async fn no_key_in_common_seen_once() {
    let stage = Stage::new().opened().await;
    pass(INTERVAL).await;
    let (other, set) = foreign();
    stage.source.first([set]);
    assert_eq!(stage.sees(&stage.invented(0)).await, UNKNOWN);
    assert_eq!((stage.fetches(), &*stage.last_error()), (3, ""), "the second look saw the old keys");
    assert_eq!((stage.sees_at_once(&stage.token()), stage.generation()), (SERVED, 1));
    let seen = stage.sees(&other.token().mint()).await;
    assert_eq!(seen, (401, "signature_invalid"), "those keys were never used");
    // While it is undecided the status says so, and nobody suffers.
    pass(2 * INTERVAL).await;
    stage.source.first([foreign().1]);
    let waiting = stage.invented(1);
    let (seen, ()) = tokio::join!(stage.sees(&waiting), async {
        pass(ms(50)).await;
        assert_eq!((stage.state(), &*stage.last_error()), (KeyState::Fresh, "key_set_unconfirmed"));
        assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
    });
    assert_eq!(seen, UNKNOWN);
    stage.recovers().await;
}

#[tokio::test(start_paused = true)]
async fn no_key_in_common_seen_twice() {
    let stage = Stage::new().opened().await;
    let (other, set) = foreign();
    stage.plays(set);
    pass(RENEWED).await;
    assert_eq!(stage.fetches(), 3, "the second look follows within a second or so");
    assert_eq!((stage.generation(), stage.state(), &*stage.last_error()), (2, KeyState::Fresh, ""));
    assert_eq!(stage.sees_at_once(&other.token().mint()), SERVED);
    assert_eq!(stage.sees(&stage.token()).await, (401, "signature_invalid"));
}

/// What a cache of verified tokens must keep to: a token that was served is refused as soon as its key has left the set.
#[tokio::test(start_paused = true)]
async fn a_key_withdrawn_while_its_tokens_are_in_use() {
    let stage = Stage::new().opened().await;
    let (stolen, token) = (stage.mint.key_id(), stage.token());
    stage.mint.rotate_with_overlap();
    pass(RENEWED).await;
    assert_eq!(stage.sees_at_once(&token), SERVED);
    stage.mint.withdraw(&stolen);
    let start = Instant::now();
    while stage.generation() == 2 {
        assert_eq!(stage.sees_at_once(&token), SERVED);
        pass(ms(100)).await;
    }
    assert!(start.elapsed() <= secs(541), "{:?}", start.elapsed());
    assert_eq!(stage.sees(&token).await, UNKNOWN);
    assert!(matches!(stage.verifier.verify_cached(&token), Poll::Ready(Err(_))));
    assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
}

/// An outage is the longest that a withdrawn key can serve: its age, and `max_stale`.
#[tokio::test(start_paused = true)]
async fn a_key_withdrawn_in_an_outage() {
    let stage = Stage::tuned(|remote| remote.max_stale(secs(300))).opened().await;
    let token = stage.token();
    stage.mint.rotate();
    stage.plays(Play::Fail(FetchError::Connect));
    pass(secs(899)).await;
    assert_eq!(stage.sees_at_once(&token), SERVED);
    pass(secs(1)).await;
    assert_eq!(stage.sees(&token).await, (503, "keys_expired"));
    stage.recovers().await;
    assert_eq!(stage.sees(&token).await, UNKNOWN);
}
