//! The contract of the module's documentation, on a paused clock with a scripted source.

mod caching;
mod flow;
mod http;
mod model;
mod restart;
mod sources;
mod taking;
mod telling;
mod waiting;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::{advance, sleep};

use super::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse, Remote, RemoteKeys};
use crate::crypto::Backend;
use crate::jose::{Algorithm, AlgorithmSet};
use crate::keys::Means;
use crate::keys::source::{KeyWish, Refreshed};
use crate::keys::status::KeyState;
use crate::time::SystemClock;

pub(super) const ISSUER: &str = "https://id.example.com";
pub(super) const JWKS: &str = "https://id.example.com/jwks";

/// What the source does when it is asked.
#[derive(Clone)]
pub(super) enum Play {
    Answer(FetchResponse),
    /// As an HTTP server does: 304 to a request that is made on condition, the answer to any other.
    Stuck(FetchResponse),
    Fail(FetchError),
    Hang,
    Panic,
}

impl Play {
    pub(super) fn keys(names: &str) -> Self {
        Self::Answer(FetchResponse::new(200, jwks(names)).with_header("cache-control", "max-age=600"))
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self::Answer(FetchResponse::new(status, body))
    }
}

/// A source that answers by address, after some time, and counts.
#[derive(Default)]
pub(super) struct Scripted {
    plays: Mutex<HashMap<String, Play>>,
    /// Answers to give first, one after the other, whatever the address.
    queue: Mutex<VecDeque<Play>>,
    delay: Mutex<Duration>,
    asked: Mutex<Vec<String>>,
    /// The condition of each request.
    conditions: Mutex<Vec<Option<String>>>,
    in_flight: AtomicUsize,
    pub(super) most_in_flight: AtomicUsize,
}

impl Scripted {
    pub(super) fn with(names: &str) -> Arc<Self> {
        let source = Arc::new(Self::default());
        source.set(JWKS, Play::keys(names));
        source
    }

    pub(super) fn set(&self, url: &str, play: Play) {
        self.plays.lock().unwrap().insert(url.to_owned(), play);
    }

    pub(super) fn next(&self, plays: impl IntoIterator<Item = Play>) {
        self.queue.lock().unwrap().extend(plays);
    }

    pub(super) fn takes(&self, delay: Duration) {
        *self.delay.lock().unwrap() = delay;
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The condition of the last request.
    pub(super) fn condition(&self) -> Option<String> {
        self.conditions.lock().unwrap().last().cloned().flatten()
    }

    pub(super) fn fetches(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }
}

struct InFlight<'s>(&'s Scripted);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Fetch for Scripted {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(request.url().to_owned());
            let condition = request.headers().map(|(name, value)| format!("{name}: {value}")).next();
            self.conditions.lock().unwrap().push(condition.clone());
            let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_in_flight.fetch_max(now, Ordering::SeqCst);
            let _in_flight = InFlight(self);
            let queued = self.queue.lock().unwrap().pop_front();
            let play = queued.or_else(|| self.plays.lock().unwrap().get(request.url()).cloned());
            let delay = *self.delay.lock().unwrap();
            if !delay.is_zero() {
                sleep(delay).await;
            }
            match play {
                None => Ok(FetchResponse::new(404, "no such document")),
                Some(Play::Stuck(_)) if condition.is_some() => Ok(FetchResponse::new(304, "")),
                Some(Play::Answer(response) | Play::Stuck(response)) => Ok(response),
                Some(Play::Fail(error)) => Err(error),
                Some(Play::Hang) => std::future::pending().await,
                Some(Play::Panic) => panic!("scripted"),
            }
        })
    }
}

/// Public keys of RFC 8032, section 7.1, under the names `a` to `e`.
fn key(name: char) -> String {
    let hex = match name {
        'a' => "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        'b' => "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        'c' => "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        'd' => "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
        _ => "ec172b93ad5e563f4932c70e1245034c35467ef2efd4d64ebf819683467e2bf1",
    };
    let bytes: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(hex.get(2 * n..2 * n + 2).unwrap(), 16).unwrap()).collect();
    let x = URL_SAFE_NO_PAD.encode(bytes);
    format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{name}","x":"{x}"}}"#)
}

/// A key set with the keys of these names.
pub(super) fn jwks(names: &str) -> String {
    let keys: Vec<_> = names.chars().map(key).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

pub(super) fn build(remote: Remote) -> RemoteKeys {
    let backend = Backend::available()[0];
    remote
        .build(
            ISSUER,
            AlgorithmSet::from_iter([Algorithm::EdDSA]),
            &Means::new(backend, Arc::new(SystemClock)),
        )
        .unwrap()
}

pub(super) fn remote(source: &Arc<Scripted>) -> Remote {
    Remote::jwks_url_with(JWKS, Arc::clone(source)).unwrap()
}

pub(super) async fn loaded(source: &Arc<Scripted>) -> RemoteKeys {
    let keys = build(remote(source));
    keys.ready().await;
    keys
}

/// The names of the keys that serve, or why none do.
pub(super) fn serving(keys: &RemoteKeys) -> Result<String, &'static str> {
    let current = keys.current().map_err(|unavailable| unavailable.code())?;
    Ok(current.set().keys().iter().map(|key| key.id().unwrap_or("?")).collect())
}

/// The wish of a token whose key the present set lacks.
pub(super) fn unknown(keys: &RemoteKeys) -> KeyWish {
    KeyWish::OtherSet { than: keys.status(ISSUER).generation }
}

pub(super) fn state(keys: &RemoteKeys) -> KeyState {
    keys.status(ISSUER).state
}

/// The word in front of the last error.
pub(super) fn last_error(keys: &RemoteKeys) -> Option<String> {
    let error = keys.status(ISSUER).last_error?;
    Some(error.split(':').next().unwrap_or_default().to_owned())
}

/// Lets time pass in steps, so that the task runs as it would.
pub(super) async fn pass(time: Duration) {
    sleep(time).await;
    settle().await;
}

/// Lets the task do what is due now.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn the_script_itself_works() {
    let source = Scripted::with("ab");
    let keys = loaded(&source).await;
    assert_eq!(serving(&keys), Ok("ab".to_owned()));
    advance(secs(1)).await;
    assert_eq!(keys.refreshed(KeyWish::AnySet).await, Refreshed::LookAgain);
}
