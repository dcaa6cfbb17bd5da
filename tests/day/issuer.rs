//! The issuer, its day, and its book of what it told.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
use portcullis::{Error, VerifiedToken};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::oracle::{BACK_OFF, Held, INTERVAL, Keys, MAX_STALE, SLACK, Truth};
use super::requests::{Ask, Fault, KEY_COUNT, Key};

pub(crate) const KEYS: &str = "https://id.example.com/keys";
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_AGE: Duration = Duration::from_secs(600);

/// How it answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mood {
    Well,
    /// Well, and slow.
    Slow,
    Refuses,
    Hangs,
    Html,
    Empty,
    Truncated,
    Trouble,
    TooMany,
    /// Somebody else answers in its place, with keys, and once.
    Portal,
    /// Its own keys among broken and unknown ones.
    Odd,
}

/// What happens at a minute of the day.
enum Turn {
    Publishes(&'static [usize]),
    Signs(usize),
    Is(Mood),
    Flood(bool),
}

use Turn::{Flood, Is, Publishes, Signs};

/// The day.
const TURNS: &[(u64, Turn)] = &[
    (0, Publishes(&[0])),
    (0, Signs(0)),
    (0, Is(Mood::Well)),
    // Announced, used, and the old one withdrawn.
    (60, Publishes(&[0, 1])),
    (75, Signs(1)),
    (120, Publishes(&[1])),
    // Short outages of every kind.
    (180, Is(Mood::Refuses)),
    (200, Is(Mood::Well)),
    (240, Is(Mood::Hangs)),
    (250, Is(Mood::Well)),
    (270, Is(Mood::Trouble)),
    (290, Is(Mood::TooMany)),
    (295, Is(Mood::Well)),
    // Rotation without overlap.
    (300, Publishes(&[2])),
    (300, Signs(2)),
    (360, Is(Mood::Html)),
    (375, Is(Mood::Empty)),
    (390, Is(Mood::Truncated)),
    (405, Is(Mood::Well)),
    (430, Is(Mood::Portal)),
    (460, Publishes(&[3])),
    (460, Signs(3)),
    // Another key under the same name.
    (500, Publishes(&[4])),
    (500, Signs(4)),
    // Down for longer than keys may be stale, and rotated meanwhile.
    (540, Is(Mood::Refuses)),
    (600, Publishes(&[5])),
    (600, Signs(5)),
    (690, Is(Mood::Well)),
    // A flood, and rotations in it.
    (720, Flood(true)),
    (750, Publishes(&[5, 6])),
    (750, Signs(6)),
    (780, Publishes(&[6])),
    (800, Is(Mood::Refuses)),
    (810, Is(Mood::Well)),
    (840, Flood(false)),
    (900, Is(Mood::Odd)),
    (930, Publishes(&[6, 7])),
    (931, Signs(7)),
    (960, Publishes(&[7])),
    (1_000, Is(Mood::Slow)),
    (1_100, Is(Mood::Well)),
    // Up and down.
    (1_200, Is(Mood::Refuses)),
    (1_201, Is(Mood::Well)),
    (1_202, Is(Mood::Hangs)),
    (1_203, Is(Mood::Well)),
    (1_204, Is(Mood::Trouble)),
    (1_205, Is(Mood::Well)),
    // A flood while it is down, to the end of all patience.
    (1_300, Is(Mood::Trouble)),
    (1_300, Flood(true)),
    (1_390, Is(Mood::Well)),
    (1_400, Flood(false)),
];

/// The key of the captive portal.
const PORTAL: usize = KEY_COUNT - 1;

pub(crate) struct Issuer {
    morning: Instant,
    keys: Vec<Key>,
    book: Mutex<Book>,
}

struct Book {
    next_turn: usize,
    mood: Mood,
    signing: usize,
    flooded: bool,
    truth: Truth,
    /// What was held from each moment on.
    held: Vec<(Instant, Held)>,
    fetches: u64,
    in_flight: bool,
    answers: BTreeMap<&'static str, u64>,
}

impl Issuer {
    pub(crate) fn new(morning: Instant, keys: Vec<Key>) -> Self {
        let book = Book {
            next_turn: 0,
            mood: Mood::Well,
            signing: 0,
            flooded: false,
            truth: Truth::default(),
            held: vec![(morning, Held::default())],
            fetches: 0,
            in_flight: false,
            answers: BTreeMap::new(),
        };
        let issuer = Self { morning, keys, book: Mutex::new(book) };
        issuer.live_on();
        issuer
    }

    /// Lets happen what is due.
    pub(crate) fn live_on(&self) {
        let mut book = self.book.lock().unwrap();
        while let Some((minute, turn)) = TURNS.get(book.next_turn) {
            let at = self.morning + Duration::from_secs(minute * 60);
            if at > Instant::now() {
                return;
            }
            book.next_turn += 1;
            match turn {
                Publishes(keys) => {
                    let keys = keys.iter().copied().collect();
                    book.truth.published.push((at, keys));
                }
                Signs(key) => book.signing = *key,
                Is(mood) => {
                    book.mood = *mood;
                    let well = matches!(mood, Mood::Well | Mood::Odd);
                    book.truth.well.push((at, well));
                }
                Flood(flooded) => book.flooded = *flooded,
            }
        }
    }

    pub(crate) fn signing(&self) -> usize {
        self.book.lock().unwrap().signing
    }

    pub(crate) fn is_flooded(&self) -> bool {
        self.book.lock().unwrap().flooded
    }

    /// Compares an answer with what was told, and with what was true.
    pub(crate) fn judge(&self, ask: &Ask, answer: Result<VerifiedToken, Error>, asked: Instant) {
        let now = Instant::now();
        let mut book = self.book.lock().unwrap();
        let got = match &answer {
            Ok(_) => "ok",
            Err(Error::Rejected(rejection)) => rejection.code(),
            Err(Error::Unavailable(unavailable)) => unavailable.code(),
            Err(other) => panic!("{other}"),
        };
        *book.answers.entry(got).or_default() += 1;
        // What was held at any moment between question and answer.
        let before = book.held.iter().rposition(|(since, _)| *since < asked).unwrap_or(0);
        let permitted: Vec<_> = book.held[before..]
            .iter()
            .flat_map(|(_, held)| [held.answer(ask, &self.keys, asked), held.answer(ask, &self.keys, now)])
            .collect();
        let minute = now.duration_since(self.morning).as_secs_f64() / 60.0;
        assert!(permitted.contains(&got), "{got} to {ask:?} in minute {minute:.2}, right is {permitted:?}");
        let Ask::Token { key, fault } = *ask else { return };
        if got == "ok" {
            let window = MAX_AGE + MAX_STALE + SLACK;
            let was = book.truth.was_published(key, now, window);
            assert!(was && fault == Fault::None, "served {ask:?} in minute {minute:.2}");
        } else if fault == Fault::None {
            let patience = if got.starts_with("keys_") { BACK_OFF } else { INTERVAL };
            let must = book.truth.must_serve(key, asked, patience);
            assert!(!must, "{got} to a good token of key {key} in minute {minute:.2}");
        }
    }

    pub(crate) fn report(&self, requests: u64) {
        let book = self.book.lock().unwrap();
        println!("{requests} requests, {} fetches, answers: {:?}", book.fetches, book.answers);
        assert_eq!(book.answers.values().sum::<u64>(), requests);
        assert!(book.fetches <= DAY.as_secs() / INTERVAL.as_secs(), "one an interval at most");
        for code in
            ["ok", "key_unknown", "signature_invalid", "token_expired", "audience_mismatch", "keys_expired"]
        {
            assert!(book.answers.get(code).is_some_and(|count| *count > 0), "the day had no {code}");
        }
    }

    fn document(&self, keys: &Keys, odd: bool) -> String {
        let mut entries: Vec<_> = keys.iter().map(|key| self.keys[*key].jwk.clone()).collect();
        if odd {
            entries.insert(0, json!({"kty": "AKP", "alg": "ML-DSA-99", "kid": "new", "pub": "AAAA"}));
            entries.push(json!({"kty": "RSA", "kid": "broken", "n": "!", "e": 3}));
            entries.push(
                json!({"kty": "oct", "kid": "secret", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}),
            );
            entries.push(json!(7));
        }
        json!({ "keys": entries }).to_string()
    }
}

struct InFlight<'i>(&'i Issuer);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.book.lock().unwrap().in_flight = false;
    }
}

impl Fetch for Issuer {
    fn fetch<'f>(&'f self, _: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            let asked = Instant::now();
            self.live_on();
            let mood = {
                let mut book = self.book.lock().unwrap();
                assert!(!book.in_flight, "two in flight");
                book.in_flight = true;
                book.fetches += 1;
                book.mood
            };
            let _in_flight = InFlight(self);
            let text = |status, body: &str| Ok(FetchResponse::new(status, body));
            match mood {
                Mood::Refuses => Err(FetchError::Connect),
                Mood::Hangs => std::future::pending().await,
                Mood::Html => text(200, "<!doctype html><title>Sign in to the network</title>"),
                Mood::Empty => text(200, r#"{"keys":[]}"#),
                Mood::Truncated => text(200, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAY"#),
                Mood::Trouble => text(500, ""),
                Mood::TooMany => Ok(FetchResponse::new(429, "").with_header("retry-after", "30")),
                Mood::Well | Mood::Slow | Mood::Odd | Mood::Portal => {
                    if mood == Mood::Slow {
                        sleep(Duration::from_millis(1_500)).await;
                    }
                    let mut book = self.book.lock().unwrap();
                    let keys = match mood {
                        Mood::Portal => {
                            book.mood = Mood::Well;
                            Keys::from([PORTAL])
                        }
                        _ => book.truth.published.last().unwrap().1.clone(),
                    };
                    let now = Instant::now();
                    let mut held = book.held.last().unwrap().1.clone();
                    held.told(&keys, MAX_AGE, asked, now);
                    book.held.push((now, held));
                    let document = self.document(&keys, mood == Mood::Odd);
                    Ok(FetchResponse::new(200, document).with_header("cache-control", "public, max-age=600"))
                }
            }
        })
    }
}
