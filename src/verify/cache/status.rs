//! What is told of a cache.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::stripes;

/// What the verified-token cache holds and has done; from [`Verifier::token_cache`](crate::Verifier::token_cache).
///
/// The numbers are read one after the other while requests go on, so they may be off by a few against each other.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TokenCacheStatus {
    /// The most tokens that it keeps.
    pub capacity: usize,
    /// Tokens that it keeps at present.
    pub entries: usize,
    /// The memory that it takes, in bytes: its tables, and each entry with all that hangs on it. What the application has
    /// read of a token by [`claims`](crate::VerifiedToken::claims) is kept too, and is not in it.
    pub bytes: usize,
    /// Requests that it answered.
    pub hits: u64,
    /// Good tokens that were verified in full.
    pub misses: u64,
    /// Tokens that were let in.
    pub admissions: u64,
    /// Tokens that had to leave for others, or because their time was over.
    pub evictions: u64,
}

/// What each request counts, apart for each stripe.
pub(super) struct Counters(Box<[Counter]>);

/// Alone in its cache lines: processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Counter {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        Self(std::iter::repeat_with(Counter::default).take(stripes::count()).collect())
    }
}

impl Counters {
    pub(super) fn hit(&self) {
        if let Some(counter) = self.own() {
            counter.hits.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn miss(&self) {
        if let Some(counter) = self.own() {
            counter.misses.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn own(&self) -> Option<&Counter> {
        self.0.get(stripes::own(self.0.len()))
    }

    pub(super) fn tell(&self, status: &mut TokenCacheStatus) {
        let sum = |of: fn(&Counter) -> &AtomicU64| {
            self.0.iter().map(|counter| of(counter).load(Ordering::Relaxed)).sum()
        };
        status.hits = sum(|counter| &counter.hits);
        status.misses = sum(|counter| &counter.misses);
    }
}

impl fmt::Display for TokenCacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, entries, bytes, hits, misses, .. } = self;
        write!(f, "{entries} of {capacity} tokens in {bytes} B, {hits} hits, {misses} misses")
    }
}
