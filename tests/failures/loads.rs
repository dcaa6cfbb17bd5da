//! Many at once: honest crowds, strangers with invented `kid`s, and clients that go away.

use std::sync::Arc;

use portcullis::keys::KeyState;
use portcullis::keys::remote::FetchError;
use portcullis::testkit::Mint;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::source::Play;
use crate::stage::{
    INTERVAL, ISSUER, NOT_LOADED, RENEWED, SERVED, Seen, Stage, UNKNOWN, ms, pass, secs, sent, settle,
};

/// Users with these tokens, all at once.
fn crowd(stage: &Stage, tokens: impl IntoIterator<Item = String>) -> JoinSet<Seen> {
    tokens.into_iter().map(|token| sent(stage.verifier.layer(), token)).collect()
}

/// How many of the crowd have their answer by now, which is this one.
async fn answered(crowd: &mut JoinSet<Seen>, want: Seen) -> usize {
    // The runtime runs some sixty tasks between two turns of this one.
    for _ in 0..10 {
        settle().await;
    }
    let mut count = 0;
    while let Some(seen) = crowd.try_join_next() {
        assert_eq!(seen.unwrap(), want);
        count += 1;
    }
    count
}

async fn all_see(crowd: JoinSet<Seen>, want: Seen) {
    assert!(crowd.join_all().await.iter().all(|seen| *seen == want), "{want:?}");
}

#[tokio::test(start_paused = true)]
async fn first_use_by_a_thousand() {
    let stage = Stage::new();
    stage.source.takes(ms(300));
    let start = Instant::now();
    all_see(crowd(&stage, (0..1_000).map(|_| stage.token())), SERVED).await;
    assert_eq!((start.elapsed(), stage.fetches()), (ms(300), 1));
}

#[tokio::test(start_paused = true)]
async fn first_use_by_a_thousand_of_an_issuer_that_is_down() {
    let stage = Stage::new();
    stage.plays(Play::Fail(FetchError::Connect));
    all_see(crowd(&stage, (0..1_000).map(|_| stage.token())), NOT_LOADED).await;
    assert!(stage.fetches() <= 10, "{}", stage.fetches());
    stage.recovers().await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_with_the_new_kid_at_the_moment_of_rotation() {
    for overlap in [true, false] {
        let stage = Stage::new().opened().await;
        stage.source.takes(ms(200));
        pass(INTERVAL).await;
        let _ = if overlap { stage.mint.rotate_with_overlap() } else { stage.mint.rotate() };
        let start = Instant::now();
        all_see(crowd(&stage, (0..1_000).map(|_| stage.token())), SERVED).await;
        assert!(start.elapsed() < secs(2), "{:?}", start.elapsed());
        assert_eq!(stage.fetches(), if overlap { 2 } else { 3 }, "a set of other keys is looked at twice");
        assert_eq!(stage.source.most_in_flight(), 1);
    }
}

/// Strangers wear the interval out and nothing else: the new key is there when it ends, whoever asked before.
#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_kids_before_during_and_after_a_rotation() {
    for (phase, overlap) in [0, 3, 6, 9].into_iter().flat_map(|phase| [(phase, true), (phase, false)]) {
        let stage = Stage::new().opened().await;
        stage.source.takes(ms(50));
        let invented: Vec<_> = (0..10).map(|number| stage.invented(number)).collect();
        let start = Instant::now();
        let flood = async || {
            let mut waiting = crowd(&stage, invented.iter().cloned());
            pass(ms(200)).await;
            while let Some(seen) = waiting.try_join_next() {
                assert_eq!(seen.unwrap(), UNKNOWN);
            }
            waiting
        };
        let mut floods = Vec::new();
        while start.elapsed() < secs(20 + phase) {
            floods.push(flood().await);
            assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
        }
        let new = if overlap { stage.mint.rotate_with_overlap() } else { stage.mint.rotate() };
        let (token, rotated) = (stage.mint.token().key(&new).mint(), Instant::now());
        while stage.generation() == 1 {
            floods.push(flood().await);
        }
        // An interval, an attempt, a step of this loop; without overlap a second look within a second or so.
        let patience = INTERVAL + ms(300) + if overlap { ms(0) } else { ms(1_300) };
        assert!(rotated.elapsed() <= patience, "phase {phase}, {overlap}: {:?}", rotated.elapsed());
        while rotated.elapsed() < secs(40) {
            assert_eq!(stage.sees_at_once(&token), SERVED);
            floods.push(flood().await);
        }
        let intervals = usize::try_from(start.elapsed().as_secs() / 10).unwrap();
        let looks = if overlap { 1 } else { 2 };
        assert!(stage.fetches() <= 1 + intervals + looks, "{} in {intervals}", stage.fetches());
        assert!(!overlap || stage.least_gap() >= INTERVAL, "{:?}", stage.least_gap());
        for waiting in floods {
            all_see(waiting, UNKNOWN).await;
        }
    }
}

/// The one who comes when all places are taken is told at once, and served as soon as the attempt has ended.
#[tokio::test(start_paused = true)]
async fn more_than_4096_waiters() {
    let stage = Stage::new().opened().await;
    pass(INTERVAL).await;
    stage.source.takes(secs(1));
    stage.mint.rotate_with_overlap();
    let invented: Vec<_> = (0..100).map(|number| stage.invented(number)).collect();
    let mut waiting = crowd(&stage, (0..6_000).map(|number| invented[number % 100].clone()));
    assert_eq!(answered(&mut waiting, UNKNOWN).await, 6_000 - 4_096);
    let token = stage.token();
    assert_eq!(stage.sees_at_once(&token), UNKNOWN, "there is no place left");
    assert_eq!(stage.sees_at_once(&stage.mint.token().key("key-1").mint()), SERVED);
    pass(secs(1)).await;
    assert_eq!(answered(&mut waiting, UNKNOWN).await, 4_096);
    assert_eq!((stage.sees_at_once(&token), stage.fetches()), (SERVED, 2));
    // Every place was given back. Who wished while the attempt was under way has another one made.
    pass(2 * INTERVAL).await;
    let mut again = crowd(&stage, (0..4_096).map(|number| invented[number % 100].clone()));
    assert_eq!(answered(&mut again, UNKNOWN).await, 0);
    assert_eq!(stage.sees_at_once(&invented[0]), UNKNOWN);
    all_see(again, UNKNOWN).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_disconnects_while_it_waits() {
    // The first of all, and the only one: its attempt goes on.
    let stage = Stage::new();
    stage.source.takes(secs(1));
    let mut only = crowd(&stage, [stage.token()]);
    assert_eq!(answered(&mut only, SERVED).await, 0);
    only.shutdown().await;
    assert_eq!(stage.source.in_flight(), 1);
    assert_eq!((stage.asks().await, stage.fetches()), (SERVED, 1));

    // One of many: the others are served by the same attempt, which counts once.
    pass(INTERVAL).await;
    stage.mint.rotate_with_overlap();
    let mut leaving = crowd(&stage, (0..4_096).map(|_| stage.token()));
    assert_eq!(answered(&mut leaving, SERVED).await, 0);
    assert_eq!(stage.sees_at_once(&stage.token()), UNKNOWN, "there is no place left");
    leaving.shutdown().await;
    let staying = crowd(&stage, (0..1_000).map(|_| stage.token()));
    all_see(staying, SERVED).await;
    assert_eq!((stage.fetches(), stage.source.most_in_flight()), (2, 1));

    // And the wish of one who left is fulfilled all the same.
    stage.mint.rotate_with_overlap();
    let mut gone = crowd(&stage, [stage.token()]);
    assert_eq!(answered(&mut gone, UNKNOWN).await, 1, "within an interval nobody waits");
    pass(INTERVAL + secs(1)).await;
    assert_eq!((stage.sees_at_once(&stage.token()), stage.fetches()), (SERVED, 3));
}

#[tokio::test(start_paused = true)]
async fn the_last_verifier_dropped_in_the_middle_of_a_fetch() {
    let stage = Stage::new();
    stage.plays(Play::Hang);
    settle().await;
    let (source, verifier) = (Arc::clone(&stage.source), stage.verifier.clone());
    let layer = verifier.layer();
    assert_eq!((source.fetches(), source.in_flight()), (1, 1));
    drop(stage);
    drop(verifier);
    settle().await;
    assert_eq!(source.in_flight(), 1, "the layer holds the keys too");
    drop(layer);
    settle().await;
    assert_eq!((source.in_flight(), Arc::strong_count(&source)), (0, 1), "nothing is left but this handle");
    pass(secs(600)).await;
    assert_eq!(source.fetches(), 1);

    // Between two fetches likewise; and the twin that is held is renewed.
    let (stage, twin) = (Stage::new().opened().await, Stage::new().opened().await);
    let source = Arc::clone(&stage.source);
    drop(stage);
    pass(RENEWED).await;
    assert_eq!((source.fetches(), Arc::strong_count(&source)), (1, 1));
    assert_eq!((twin.fetches(), twin.state()), (2, KeyState::Fresh));
}

/// While the issuer is gone and strangers knock, good tokens are served at once.
#[tokio::test(start_paused = true)]
async fn a_flood_of_invented_kids_while_the_issuer_is_down() {
    for play in [Play::Hang, Play::Fail(FetchError::Connect)] {
        let stage = Stage::new().opened().await;
        let (token, invented) = (stage.token(), stage.invented(0));
        stage.plays(play);
        pass(INTERVAL).await;
        let (start, before) = (Instant::now(), stage.fetches());
        let mut waiting = JoinSet::new();
        while start.elapsed() < secs(60) {
            for _ in 0..20 {
                waiting.spawn(sent(stage.verifier.layer(), invented.clone()));
            }
            pass(ms(100)).await;
            assert_eq!(stage.sees_at_once(&token), SERVED);
            // Each waits two seconds at most, so there are never more than came in that time.
            answered(&mut waiting, UNKNOWN).await;
            assert!(waiting.len() <= 20 * 21, "{} wait", waiting.len());
        }
        // Those that strangers cause, and those by which a failure is made good.
        let fetches = stage.fetches() - before;
        assert!(fetches <= 7 + 20, "{fetches} in a minute");
        assert_eq!(stage.source.most_in_flight(), 1);
        all_see(waiting, UNKNOWN).await;
        stage.recovers().await;
    }
}

/// A stranger needs no invented `kid`: under one that he has seen, any signature asks for other keys, and no oftener.
#[tokio::test(start_paused = true)]
async fn a_flood_of_forged_signatures_under_a_known_kid() {
    const FORGED: Seen = (401, "signature_invalid");
    let (stage, forger) = (Stage::new().opened().await, Mint::new(ISSUER));
    assert_eq!(stage.mint.key_id(), forger.key_id());
    let (start, forged) = (Instant::now(), forger.token().mint());
    while start.elapsed() < secs(300) {
        let waiting = crowd(&stage, vec![forged.clone(); 10]);
        assert_eq!(stage.sees_at_once(&stage.token()), SERVED);
        all_see(waiting, FORGED).await;
        pass(secs(1)).await;
    }
    assert!(stage.fetches() <= 1 + 5, "{} in 300 s", stage.fetches());
    assert!(stage.least_gap() >= 6 * INTERVAL, "{:?}", stage.least_gap());
    stage.mint.rotate_with_overlap();
    pass(INTERVAL).await;
    assert_eq!(stage.asks().await, SERVED);
}
