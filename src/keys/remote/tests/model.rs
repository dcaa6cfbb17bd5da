//! The schedule, the intake and the waiters together against a simple reference, over arbitrary scripts of answers,
//! requests and time.
//!
//! The reference knows what was answered and when, and by that alone what must be served now, whether an attempt may
//! start now, and whether it is overdue. It shares no code with what it judges.

mod reference;

use proptest::prelude::*;
use tokio::time::{Instant, timeout};

use super::*;
use crate::testing::cases;
use reference::judged;

const MAX_STALE: Duration = secs(3_600);
const INTERVAL: Duration = secs(10);
const BUDGET: Duration = secs(2);
const TIMEOUT: Duration = secs(5);

/// What the source answers, until it is told otherwise.
#[derive(Clone, Debug)]
enum Mood {
    /// These keys, by the bits of their letters, for so many seconds.
    Keys {
        letters: u8,
        max_age: u64,
    },
    /// The same, and 304 to whoever asks on condition, whatever was asked for on condition.
    Stuck {
        letters: u8,
        max_age: u64,
    },
    /// Nothing of use, after which it wants to be left alone for so many seconds.
    Bad {
        kind: u8,
        retry_after: Option<u64>,
    },
    Hangs,
}

#[derive(Clone, Debug)]
enum Step {
    Mood {
        mood: Mood,
        delay_ms: u64,
    },
    Pass {
        ms: u64,
    },
    /// Requests with an unknown key; each waits so long at most before its client goes away.
    Unknown {
        requests: u8,
        patience_ms: u64,
    },
    /// A request that takes any keys.
    Any,
}

fn mood() -> impl Strategy<Value = Mood> {
    let letters = || 1..32_u8;
    let max_age = || prop_oneof![Just(0_u64), Just(60), Just(600), Just(100_000)];
    prop_oneof![
        6 => (letters(), max_age()).prop_map(|(letters, max_age)| Mood::Keys { letters, max_age }),
        2 => (letters(), max_age()).prop_map(|(letters, max_age)| Mood::Stuck { letters, max_age }),
        3 => (0..5_u8, prop::option::of(prop_oneof![0..100_u64, Just(u64::MAX)]))
            .prop_map(|(kind, retry_after)| Mood::Bad { kind, retry_after }),
        1 => Just(Mood::Hangs),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let time = prop_oneof![0..50_u64, 0..3_000_u64, 0..20_000_u64, 0..1_000_000_u64, 0..10_000_000_u64];
    let delay = prop_oneof![4 => Just(0_u64), 2 => 0..3_000_u64, 1 => 0..6_000_u64];
    prop_oneof![
        3 => (mood(), delay).prop_map(|(mood, delay_ms)| Step::Mood { mood, delay_ms }),
        4 => time.prop_map(|ms| Step::Pass { ms }),
        3 => (1..4_u8, prop_oneof![Just(u64::MAX), 0..3_000_u64])
            .prop_map(|(requests, patience_ms)| Step::Unknown { requests, patience_ms }),
        1 => Just(Step::Any),
    ]
}

/// One attempt as the source saw it.
#[derive(Clone, Debug)]
struct Attempt {
    start: Instant,
    end: Option<(Instant, Seen)>,
}

/// What an attempt brought.
#[derive(Clone, Debug)]
enum Seen {
    Letters { letters: u8, max_age: u64 },
    Unchanged { max_age: u64 },
    Bad { retry_after: Option<u64> },
}

#[derive(Default)]
struct Book {
    mood: Option<(Mood, Duration)>,
    attempts: Vec<Attempt>,
    wishes: Vec<Instant>,
}

#[derive(Clone, Default)]
struct Source(Arc<Mutex<Book>>);

impl Fetch for Source {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            let (mood, delay) = {
                let mut book = self.0.lock().unwrap();
                let start = Instant::now();
                assert!(book.attempts.iter().all(|attempt| attempt.end.is_some()), "two in flight");
                book.attempts.push(Attempt { start, end: None });
                book.mood.clone().unwrap()
            };
            let end = |seen| {
                let mut book = self.0.lock().unwrap();
                book.attempts.last_mut().unwrap().end = Some((Instant::now(), seen));
            };
            if matches!(mood, Mood::Hangs) || delay >= TIMEOUT {
                sleep(TIMEOUT).await;
                end(Seen::Bad { retry_after: None });
                return std::future::pending().await;
            }
            sleep(delay).await;
            Ok(match mood {
                Mood::Stuck { max_age, .. } if request.headers().next().is_some() => {
                    end(Seen::Unchanged { max_age });
                    advised(FetchResponse::new(304, ""), max_age)
                }
                Mood::Keys { letters, max_age } | Mood::Stuck { letters, max_age } => {
                    end(Seen::Letters { letters, max_age });
                    let answer =
                        FetchResponse::new(200, jwks(&names(letters))).with_header("etag", "\"a tag\"");
                    advised(answer, max_age)
                }
                Mood::Bad { kind, retry_after } => {
                    let answer = match kind {
                        0 => FetchResponse::new(503, ""),
                        1 => FetchResponse::new(200, r#"{"keys":[]}"#),
                        2 => FetchResponse::new(200, "<html>"),
                        3 => FetchResponse::new(302, ""),
                        _ => {
                            end(Seen::Bad { retry_after: None });
                            return Err(FetchError::Connect);
                        }
                    };
                    let heeded = retry_after.filter(|_| answer.status() != 200);
                    end(Seen::Bad { retry_after: heeded });
                    match retry_after {
                        Some(seconds) => answer.with_header("retry-after", &seconds.to_string()),
                        None => answer,
                    }
                }
                Mood::Hangs => unreachable!("dealt with above"),
            })
        })
    }
}

fn advised(answer: FetchResponse, max_age: u64) -> FetchResponse {
    answer.with_header("cache-control", &format!("max-age={max_age}"))
}

fn names(letters: u8) -> String {
    ('a'..='e').enumerate().filter(|(bit, _)| letters & (1 << bit) != 0).map(|(_, name)| name).collect()
}

struct World {
    source: Source,
    keys: Arc<RemoteKeys>,
    waiters: Vec<tokio::task::JoinHandle<()>>,
}

impl World {
    fn new() -> Self {
        let source = Source::default();
        source.0.lock().unwrap().mood = Some((Mood::Bad { kind: 0, retry_after: None }, Duration::ZERO));
        let remote = Remote::jwks_url_with(JWKS, source.clone()).unwrap().max_stale(MAX_STALE);
        let keys = Arc::new(build(remote.unknown_key_interval(INTERVAL).wait_budget(BUDGET)));
        Self { source, keys, waiters: Vec::new() }
    }

    fn check(&self) {
        let now = Instant::now();
        let reference = judged(&self.source.0.lock().unwrap(), now);
        let (served, state) = (serving(&self.keys), state(&self.keys));
        match (&reference.held, reference.usable(now)) {
            (None, _) => assert_eq!((state, served), (KeyState::Loading, Err("keys_not_loaded"))),
            (Some(_), None) => assert_eq!((state, served), (KeyState::Expired, Err("keys_expired"))),
            (Some((_, at, max_age)), Some(letters)) => {
                let fresh = now.duration_since(*at) < *max_age;
                let want = if fresh { KeyState::Fresh } else { KeyState::Grace };
                assert_eq!((state, served), (want, Ok(names(letters))), "{reference:?}");
            }
        }
    }

    /// A request that waits, and must be answered within the budget.
    fn wait(&mut self, wish: KeyWish, patience: Duration) {
        let keys = Arc::clone(&self.keys);
        self.waiters.push(tokio::spawn(async move {
            let start = Instant::now();
            if let Ok(refreshed) = timeout(patience, keys.refreshed(wish)).await {
                assert!(start.elapsed() <= BUDGET, "waited {:?}", start.elapsed());
                let newer = match wish {
                    KeyWish::AnySet => keys.current().is_ok(),
                    KeyWish::OtherSet { than } | KeyWish::Replacement { than } => {
                        keys.current().is_ok_and(|current| current.generation() != than)
                    }
                };
                assert!(refreshed == Refreshed::LookAgain || !newer || start.elapsed() == BUDGET, "missed");
            }
        }));
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Mood { mood, delay_ms } => {
                self.source.0.lock().unwrap().mood = Some((mood, ms(delay_ms)));
            }
            Step::Pass { ms: time } => pass(ms(time)).await,
            Step::Unknown { requests, patience_ms } => {
                let wish = unknown(&self.keys);
                // What asks for other keys than none asks for any.
                if self.keys.current().is_err() {
                    self.wait(KeyWish::AnySet, ms(patience_ms));
                } else if patience_ms > 0 {
                    self.source.0.lock().unwrap().wishes.push(Instant::now());
                    for _ in 0..requests {
                        self.wait(wish, ms(patience_ms));
                    }
                }
                settle().await;
            }
            Step::Any => {
                self.wait(KeyWish::AnySet, Duration::MAX);
                settle().await;
            }
        }
    }

    /// At the end a key is published beside the others, and a token asks for it: it is found within an interval, or as
    /// soon as the source that hangs is given up and one that wants to be left alone has been.
    async fn publish(&mut self) {
        let now = Instant::now();
        let held = judged(&self.source.0.lock().unwrap(), now).usable(now);
        let letters = held.map_or(1, |held| held | (held + 1).next_power_of_two().min(16) | 1);
        self.take(Step::Mood { mood: Mood::Keys { letters, max_age: 600 }, delay_ms: 0 }).await;
        self.source.0.lock().unwrap().wishes.push(now);
        let wish = unknown(&self.keys);
        let _ = self.keys.would_wait(wish);
        let (left_alone, hangs) = (secs(60), TIMEOUT);
        let last = self.source.0.lock().unwrap().attempts.last().cloned();
        let polite = matches!(
            &last,
            Some(
                Attempt { end: Some((_, Seen::Bad { retry_after: Some(_) })), .. }
                    | Attempt { end: None, .. }
            )
        );
        let most = match held {
            Some(_) if polite => left_alone + hangs,
            Some(_) => INTERVAL,
            None => left_alone + hangs,
        };
        pass(most + ms(1)).await;
        assert_eq!(serving(&self.keys), Ok(names(letters)));
        self.check();
    }

    async fn end(mut self) {
        for waiter in std::mem::take(&mut self.waiters) {
            waiter.await.unwrap();
        }
        assert_eq!(self.keys.0.waiting.load(Ordering::SeqCst), 0, "a place was not given back");
        let handles = Arc::downgrade(&self.source.0);
        drop(self);
        settle().await;
        assert_eq!(handles.strong_count(), 0, "the task went on");
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
}

proptest! {
    // Each step of shrinking plays hours.
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..cases(400) })]

    #[test]
    fn every_script_ends_as_the_reference_says(script in prop::collection::vec(step(), 1..25)) {
        RUNTIME.with(|runtime| runtime.block_on(async {
            let mut world = World::new();
            for step in script {
                world.take(step).await;
                world.check();
            }
            world.publish().await;
            world.end().await;
        }));
    }
}
