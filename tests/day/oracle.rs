//! What may be answered.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::requests::{Ask, Fault, Key};

pub(crate) type Keys = BTreeSet<usize>;

pub(crate) const MAX_STALE: Duration = Duration::from_secs(3_600);
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
/// Between attempts while there are no keys at all, at most.
pub(crate) const BACK_OFF: Duration = Duration::from_secs(60);

/// What the verifier was told, and so must hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) keys: Keys,
    pub(crate) since: Option<Instant>,
    pub(crate) max_age: Duration,
    candidates: Vec<Keys>,
}

impl Held {
    pub(crate) fn is_usable(&self, now: Instant) -> bool {
        self.since.is_some_and(|since| now.duration_since(since) < self.max_age + MAX_STALE)
    }

    /// An answer with these keys came at `now` to a question asked at `asked`.
    pub(crate) fn told(&mut self, keys: &Keys, max_age: Duration, asked: Instant, now: Instant) {
        let known = |seen: &Keys| seen.intersection(keys).next().is_some();
        if self.is_usable(now) && !known(&self.keys) && !self.candidates.iter().any(known) {
            self.candidates.insert(0, keys.clone());
            self.candidates.truncate(2);
            return;
        }
        *self = Self { keys: keys.clone(), since: Some(asked), max_age, candidates: Vec::new() };
    }

    /// The one right answer while this is held.
    pub(crate) fn answer(&self, ask: &Ask, all: &[Key], now: Instant) -> &'static str {
        if self.since.is_none() {
            return "keys_not_loaded";
        }
        if !self.is_usable(now) {
            return "keys_expired";
        }
        let Ask::Token { key, fault } = *ask else { return "key_unknown" };
        if !self.keys.iter().any(|held| all[*held].kid == all[key].kid) {
            return "key_unknown";
        }
        match fault {
            Fault::Forged => "signature_invalid",
            _ if !self.keys.contains(&key) => "signature_invalid",
            Fault::None => "ok",
            Fault::Expired => "token_expired",
            Fault::OtherAudience => "audience_mismatch",
        }
    }
}

/// What was true at the issuer over the day, whatever it told.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// The keys that were published from each moment on.
    pub(crate) published: Vec<(Instant, Keys)>,
    /// Whether it answered as it should, from each moment on.
    pub(crate) well: Vec<(Instant, bool)>,
}

impl Truth {
    /// Whether the key was published at any time in the last `window`.
    pub(crate) fn was_published(&self, key: usize, now: Instant, window: Duration) -> bool {
        self.published.iter().enumerate().any(|(at, (_, keys))| {
            let end = self.published.get(at + 1).map_or(now, |(next, _)| *next);
            keys.contains(&key) && end + window >= now
        })
    }

    /// Since when the key has been published without a break.
    fn published_since(&self, key: usize) -> Option<Instant> {
        let unbroken = self.published.iter().rev().take_while(|(_, keys)| keys.contains(&key));
        unbroken.last().map(|(since, _)| *since)
    }

    /// Whether a good token of the key must be served: the issuer was well for longer than `patience` while the key was
    /// published, and has not been unwell for longer than keys may be stale.
    pub(crate) fn must_serve(&self, key: usize, now: Instant, patience: Duration) -> bool {
        let Some(since) = self.published_since(key) else { return false };
        self.well.iter().enumerate().any(|(at, (from, well))| {
            let until = self.well.get(at + 1).map_or(now, |(next, _)| *next);
            *well
                && until.saturating_duration_since(since.max(*from)) > patience + SLACK
                && until + MAX_STALE > now
        })
    }
}

/// For answers under way and sets that must be seen twice.
pub(crate) const SLACK: Duration = Duration::from_secs(10);
