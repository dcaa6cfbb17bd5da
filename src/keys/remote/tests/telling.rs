//! What the log hears of unknown keys: the first of each kind, not each.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;

/// Keeps the words of the events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn count(&self, word: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|event| *event == word).count()
    }
}

impl Visit for Log {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => self.0.lock().unwrap().push(value.to_owned()),
            "issuer" => assert_eq!(value, ISSUER),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn the_log_hears_of_the_first_unknown_key_and_of_the_first_turned_away() {
    let log = Log::default();
    // With a single subscriber `tracing` asks that of the thread that meets an event first, which may be another test's,
    // and takes its answer for everybody's.
    let _second = tracing::Dispatch::new(Log::default());
    let _guard = tracing::subscriber::set_default(log.clone());
    let heard = || ["key_unknown", "limiter_hit", "key_added"].map(|word| log.count(word));
    let source = Scripted::with("a");
    let keys = build(remote(&source));
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
    settle().await;
    assert_eq!(heard(), [0, 0, 1], "who has no keys at all asks for none that is unknown");
    for _ in 0..3 {
        assert!(!keys.would_wait(unknown(&keys)));
        assert_eq!(heard(), [1, 1, 1]);
    }
    pass(secs(10)).await;
    assert_eq!(source.fetches(), 2);
    source.takes(ms(100));
    pass(secs(10)).await;
    assert_eq!(keys.refreshed(unknown(&keys)).await, Refreshed::LookAgain);
    assert_eq!(heard(), [2, 1, 1], "one that waits is not turned away");
    assert!(!keys.would_wait(unknown(&keys)));
    assert_eq!(heard(), [3, 2, 1], "after an attempt they count anew");
}

#[tokio::test(start_paused = true)]
async fn a_forgery_under_a_known_name_is_no_unknown_key_to_the_log_and_hides_none() {
    let log = Log::default();
    let _second = tracing::Dispatch::new(Log::default());
    let _guard = tracing::subscriber::set_default(log.clone());
    let heard = || ["key_unknown", "limiter_hit"].map(|word| log.count(word));
    let keys = build(remote(&Scripted::with("a")));
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
    let forged = KeyWish::Replacement { than: keys.status(ISSUER).generation };
    for _ in 0..3 {
        assert!(!keys.would_wait(forged));
        assert_eq!(heard(), [0, 0]);
    }
    assert!(!keys.would_wait(unknown(&keys)));
    assert_eq!(heard(), [1, 1], "the first that is unknown, also behind forgeries");
    assert!(!keys.would_wait(forged));
    assert_eq!(heard(), [1, 1]);
}
