//! An issuer without sockets that does what a cell says.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::keys::remote::{Fetch, FetchError, FetchFuture, FetchRequest, FetchResponse};
use portcullis::testkit::Mint;
use tokio::time::{Instant, sleep};

/// What the source does when it is asked.
#[derive(Clone)]
pub(crate) enum Play {
    /// Gives the mint's set.
    Well,
    /// Gives the mint's set with these fields.
    With(Vec<(&'static str, String)>),
    /// Gives the mint's set under an entity tag of its own, or 304 to who knows that tag.
    Tagged,
    Answer(FetchResponse),
    Fail(FetchError),
    Hang,
    /// Gives the mint's set, one byte a second.
    Drip,
}

impl Play {
    pub(crate) fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer(FetchResponse::new(status, body))
    }

    /// The mint's set with these fields.
    pub(crate) fn with<const N: usize>(fields: [(&'static str, &str); N]) -> Self {
        Self::With(fields.map(|(name, value)| (name, value.to_owned())).to_vec())
    }
}

/// One request that the source got.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) at: Instant,
    pub(crate) url: String,
    pub(crate) condition: Option<String>,
}

/// A source that answers by address, after some time, and keeps book.
pub(crate) struct Source {
    mint: Mint,
    plays: Mutex<HashMap<String, Play>>,
    /// Answers to give first, one after the other, whatever the address.
    queue: Mutex<VecDeque<Play>>,
    takes: Mutex<Duration>,
    asked: Mutex<Vec<Asked>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Source {
    pub(crate) fn of(mint: &Mint) -> Arc<Self> {
        Arc::new(Self {
            mint: mint.clone(),
            plays: Mutex::default(),
            queue: Mutex::default(),
            takes: Mutex::default(),
            asked: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        })
    }

    /// Plays this at this address from now on; no other has anything.
    pub(crate) fn at(&self, url: &str, play: Play) {
        self.plays.lock().unwrap().insert(url.to_owned(), play);
    }

    /// Plays these first, one a request.
    pub(crate) fn first(&self, plays: impl IntoIterator<Item = Play>) {
        self.queue.lock().unwrap().extend(plays);
    }

    /// Lets every answer take this long from now on.
    pub(crate) fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How often this address was asked for.
    pub(crate) fn asked_for(&self, url: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.url == url).count()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// How many requests were ever under way at one time.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    /// Written when the request comes, as an answer that takes long is.
    fn answer(&self, play: Option<Play>, condition: Option<&str>) -> Result<FetchResponse, FetchError> {
        let set = self.mint.jwks_json();
        match play {
            None => Ok(FetchResponse::new(404, "no such document")),
            Some(Play::Answer(response)) => Ok(response),
            Some(Play::Fail(error)) => Err(error),
            Some(Play::With(fields)) => {
                let answer = FetchResponse::new(200, set);
                Ok(fields.iter().fold(answer, |answer, (name, value)| answer.with_header(name, value)))
            }
            Some(Play::Tagged) => {
                // Ids are never used again, so they tell sets apart.
                let tag = format!("\"{}\"", self.mint.published().join("+"));
                let known = condition == Some(&*format!("if-none-match: {tag}"));
                let answer = if known { FetchResponse::new(304, "") } else { FetchResponse::new(200, set) };
                Ok(answer.with_header("etag", &tag))
            }
            Some(Play::Well | Play::Hang | Play::Drip) => Ok(FetchResponse::new(200, set)),
        }
    }
}

/// Counts a request until its future is dropped, finished or not.
struct InFlight<'s>(&'s Source);

impl<'s> InFlight<'s> {
    fn new(source: &'s Source) -> Self {
        let now = source.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        source.most_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(source)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Fetch for Source {
    fn fetch<'f>(&'f self, request: &'f FetchRequest) -> FetchFuture<'f> {
        Box::pin(async move {
            let _in_flight = InFlight::new(self);
            let condition = request.headers().map(|(name, value)| format!("{name}: {value}")).next();
            let url = request.url().to_owned();
            let queued = self.queue.lock().unwrap().pop_front();
            let play = queued.or_else(|| self.plays.lock().unwrap().get(&url).cloned());
            self.asked.lock().unwrap().push(Asked { at: Instant::now(), url, condition: condition.clone() });
            let answer = self.answer(play.clone(), condition.as_deref());
            let takes = *self.takes.lock().unwrap();
            if !takes.is_zero() {
                sleep(takes).await;
            }
            match play {
                Some(Play::Hang) => std::future::pending().await,
                Some(Play::Drip) => {
                    for _ in answer.as_ref().unwrap().body() {
                        sleep(Duration::from_secs(1)).await;
                    }
                }
                _ => {}
            }
            answer
        })
    }
}
