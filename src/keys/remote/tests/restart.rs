//! Keys that are there before the source has answered: kept on disk by an earlier run, or compiled in.

use std::path::Path;

use tokio::time::Instant;

use super::*;
use crate::error::ConfigError;
use crate::jose::{JwkSet, Secret};
use crate::keys::remote::Snapshot;
use crate::keys::status::KeyOrigin;
use crate::time::UnixTime;

const NOON: UnixTime = UnixTime::from_seconds(1_700_000_000);

/// A process that starts when the clock shows so many seconds past noon.
fn start(remote: Remote, past_noon: u64) -> RemoteKeys {
    try_start(remote, past_noon).unwrap()
}

fn try_start(remote: Remote, past_noon: u64) -> Result<RemoteKeys, ConfigError> {
    let start = Instant::now();
    let clock = move || NOON.saturating_add(secs(past_noon)).saturating_add(start.elapsed());
    let means = Means::new(Backend::available()[0], Arc::new(clock));
    remote.build(ISSUER, AlgorithmSet::from_iter([Algorithm::EdDSA]), &means)
}

fn origin(keys: &RemoteKeys) -> Option<KeyOrigin> {
    keys.status(ISSUER).origin
}

fn down(source: &Scripted) {
    source.set(JWKS, Play::Fail(FetchError::Connect));
}

/// A run that got these keys and kept them.
async fn run(source: &Arc<Scripted>, path: &Path, names: &str) {
    source.set(JWKS, Play::keys(names));
    let before = std::fs::read(path).ok();
    let keys = start(remote(source).snapshot(path), 0);
    keys.ready().await;
    written_anew(path, before.as_deref()).await;
}

/// Waits for the thread that writes.
async fn written_anew(path: &Path, before: Option<&[u8]>) {
    sources::until("a file is written", || std::fs::read(path).ok().as_deref() != before).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_during_an_outage_serves_as_long_as_the_process_before_would_have() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Scripted::with("a");
    run(&source, &path, "a").await;
    down(&source);
    for (past_noon, want) in [
        (300, (KeyState::Fresh, Ok("a".to_owned()), Some(KeyOrigin::Snapshot))),
        (700, (KeyState::Grace, Ok("a".to_owned()), Some(KeyOrigin::Snapshot))),
        (4_300, (KeyState::Loading, Err("keys_not_loaded"), None)),
    ] {
        let keys = start(remote(&source).snapshot(&path), past_noon);
        assert_eq!((state(&keys), serving(&keys), origin(&keys)), want, "{past_noon} s after noon");
        pass(ms(50)).await;
        assert_eq!(last_error(&keys).as_deref(), Some("fetch_connect"), "the source is asked at once");
    }
    let keys = start(remote(&source).snapshot(&path), 300);
    let age = keys.status(ISSUER).age.unwrap();
    assert!(age >= secs(300) && age <= secs(302), "{age:?}");
    pass(secs(302)).await;
    assert_eq!(state(&keys), KeyState::Grace);
    pass(secs(3_600)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Expired, Err("keys_expired")));
    source.set(JWKS, Play::keys("a"));
    pass(secs(61)).await;
    assert_eq!((state(&keys), origin(&keys)), (KeyState::Fresh, Some(KeyOrigin::Source)));
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_earlier_run_give_way_to_those_of_the_source() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Scripted::with("a");
    run(&source, &path, "ab").await;
    // One key was withdrawn while nothing ran.
    source.set(JWKS, Play::keys("b"));
    let before = std::fs::read(&path).unwrap();
    let keys = start(remote(&source).snapshot(&path), 60);
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
    pass(ms(50)).await;
    let status = keys.status(ISSUER);
    assert_eq!(
        (serving(&keys), status.origin, status.generation),
        (Ok("b".to_owned()), Some(KeyOrigin::Source), 2)
    );
    assert!(status.age.unwrap() < secs(1));
    written_anew(&path, Some(&before)).await;
    drop(keys);
    down(&source);
    let keys = start(remote(&source).snapshot(&path), 120);
    assert_eq!(serving(&keys), Ok("b".to_owned()), "and the withdrawn one does not come back");
}

#[tokio::test(start_paused = true)]
async fn keys_of_an_earlier_run_vouch_for_themselves_against_a_foreign_set() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Scripted::with("a");
    run(&source, &path, "a").await;
    source.next([Play::keys("b")]);
    let keys = start(remote(&source).snapshot(&path), 60);
    pass(ms(50)).await;
    assert_eq!(
        (serving(&keys), last_error(&keys).as_deref()),
        (Ok("a".to_owned()), Some("key_set_unconfirmed"))
    );
    pass(secs(1)).await;
    assert_eq!((serving(&keys), last_error(&keys)), (Ok("a".to_owned()), None));
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_set_is_written_again_once_a_minute_at_most() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Scripted::with("a");
    let keys = start(remote(&source).snapshot(&path), 0);
    keys.ready().await;
    written_anew(&path, None).await;
    let first = std::fs::read(&path).unwrap();
    // An unknown key makes us ask again and again; the keys stay the same.
    for _ in 0..5 {
        pass(secs(10)).await;
        assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
        settle().await;
    }
    assert_eq!(std::fs::read(&path).unwrap(), first);
    pass(secs(15)).await;
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    written_anew(&path, Some(&first)).await;
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let source = Scripted::with("a");
    for path in [directory.path().to_owned(), directory.path().join("absent").join("keys")] {
        let keys = start(remote(&source).snapshot(path), 0);
        keys.ready().await;
        pass(secs(3_000)).await;
        assert_eq!((state(&keys), last_error(&keys)), (KeyState::Fresh, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_seal_has_enough_bytes_and_not_too_many() {
    let source = Scripted::with("a");
    for (bytes, want) in [(0, false), (31, false), (32, true), (1_024, true), (1_025, false)] {
        let sealed = Snapshot::new("/nowhere/keys").sealed_with(Secret::from(vec![7; bytes]));
        match try_start(remote(&source).snapshot(sealed), 0) {
            Ok(_) => assert!(want, "{bytes}"),
            Err(ConfigError::SizeOutOfBounds { setting, min: 32, max: 1_024 }) => {
                assert_eq!((setting, want), ("snapshot seal", false), "{bytes}");
            }
            Err(other) => panic!("{other}"),
        }
    }
}

fn embedded(names: &str) -> JwkSet {
    JwkSet::parse(jwks(names).as_bytes()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn embedded_keys_serve_until_the_source_answers_or_their_time_is_over() {
    let source = Scripted::with("a");
    down(&source);
    let until = NOON.saturating_add(secs(1_000));
    let keys = start(remote(&source).embedded(embedded("ab"), until), 400);
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Grace, Ok("ab".to_owned())));
    assert_eq!(origin(&keys), Some(KeyOrigin::Embedded));
    assert!(keys.current().unwrap().stale_age().is_some());
    pass(secs(599)).await;
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
    pass(secs(1)).await;
    assert_eq!((state(&keys), serving(&keys)), (KeyState::Expired, Err("keys_expired")));

    let keys = start(remote(&source).embedded(embedded("ab"), until), 0);
    source.set(JWKS, Play::keys("b"));
    pass(secs(61)).await;
    assert_eq!(
        (state(&keys), serving(&keys), origin(&keys)),
        (KeyState::Fresh, Ok("b".to_owned()), Some(KeyOrigin::Source))
    );
    // They vouch for nothing: the first answer of the source counts, whatever it has in common with them.
    let old = start(remote(&source).embedded(embedded("cd"), until), 0);
    pass(ms(50)).await;
    assert_eq!((serving(&old), origin(&old)), (Ok("b".to_owned()), Some(KeyOrigin::Source)));
    // Withdrawn is withdrawn: no outage brings the embedded ones back.
    down(&source);
    pass(secs(10_000)).await;
    assert_eq!(serving(&keys), Err("keys_expired"));
}

#[tokio::test(start_paused = true)]
async fn embedded_keys_whose_time_is_over_do_not_serve_and_do_not_stop_the_start() {
    let source = Scripted::with("a");
    down(&source);
    for (past_noon, want) in
        [(999, Ok("a".to_owned())), (1_000, Err("keys_not_loaded")), (5_000, Err("keys_not_loaded"))]
    {
        let keys =
            start(remote(&source).embedded(embedded("a"), NOON.saturating_add(secs(1_000))), past_noon);
        assert_eq!(serving(&keys), want, "{past_noon}");
    }
    let none = try_start(remote(&source).embedded(JwkSet::default(), UnixTime::MAX), 0);
    assert!(matches!(none, Err(ConfigError::KeySet { .. })), "a mistake in the program");
}

#[tokio::test(start_paused = true)]
async fn keys_on_disk_come_before_embedded_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let source = Scripted::with("a");
    run(&source, &path, "b").await;
    down(&source);
    let both = || remote(&source).snapshot(&path).embedded(embedded("ab"), UnixTime::MAX);
    assert_eq!(serving(&start(both(), 60)), Ok("b".to_owned()));
    assert_eq!(serving(&start(both(), 100_000)), Ok("ab".to_owned()), "the file is too old");
}
