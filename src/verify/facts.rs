//! What is noted of a decision, for those who are told of it.

use std::cell::Cell;
use std::time::Duration;

use super::anchors::Found;
use super::cache::Whose;
use super::token::VerifiedToken;
use super::witness::Witness;
use crate::audit::TokenFingerprint;
use crate::telemetry::Memory;
use crate::time::Stopwatch;

#[cfg(feature = "tower")]
/// What is noted beside the answer. `()` is for decisions that nobody is told of.
pub(crate) trait Notes: Witness + Default + Send + 'static {}

#[cfg(feature = "tower")]
impl Notes for () {}

#[cfg(feature = "tower")]
impl Notes for Facts {}

/// What the checks have met.
#[derive(Default)]
pub(crate) struct Facts {
    pub(super) whose: Option<Whose>,
    /// The identifier of a tenant: it may be gone when it is told of.
    pub(super) tenant: Option<Box<str>>,
    pub(super) key_id: Option<Box<str>>,
    pub(super) fingerprint: Option<TokenFingerprint>,
    recall: Option<Recall>,
    since: Option<Stopwatch>,
}

/// What a decision rests on.
#[derive(Clone, Copy, Debug)]
enum Recall {
    Hit,
    InFull,
}

impl Facts {
    /// Whether the token was known, where there was one.
    pub(super) fn memory(&self, remembers: bool) -> Option<Memory> {
        match self.recall {
            None => None,
            Some(Recall::Hit) => Some(Memory::Hit),
            Some(Recall::InFull) if remembers => Some(Memory::Miss),
            Some(Recall::InFull) => Some(Memory::Off),
        }
    }

    /// Since the checks began, of what was measured.
    pub(super) fn took(&self) -> Option<Duration> {
        self.since.map(Stopwatch::elapsed)
    }
}

impl Witness for Facts {
    #[inline]
    fn begin(&mut self) {
        // Looking at the clock twice takes half as long as judging a token that was seen before.
        if self.since.is_none() && is_sample() {
            self.since = Some(Stopwatch::start());
        }
    }

    #[inline]
    fn remembered(&mut self, whose: Whose) {
        self.whose = Some(whose);
        self.recall = Some(Recall::Hit);
    }

    fn known(&mut self, token: &VerifiedToken) {
        self.tenant = Some(token.issuer().into());
        self.key_id = token.key_id().map(Into::into);
    }

    fn in_full(&mut self) {
        self.since.get_or_insert_with(Stopwatch::start);
        self.whose = None;
        self.recall = Some(Recall::InFull);
    }

    fn issuer(&mut self, found: &Found<'_, '_>) {
        self.whose = Some(found.whose());
        if let Found::Tenant(_) = found {
            self.tenant = Some(found.anchor().identifier.as_str().into());
        }
    }

    fn key_id(&mut self, key_id: &str) {
        self.key_id = Some(key_id.into());
    }

    fn refused(&mut self, fingerprint: impl FnOnce() -> Option<TokenFingerprint>) {
        self.fingerprint = self.fingerprint.or_else(fingerprint);
    }
}

thread_local! {
    /// Decisions of this thread that are told of.
    static TICK: Cell<u32> = const { Cell::new(0) };
}

/// Counts a decision; whether it is one in [`SAMPLE`] of this thread's.
fn is_sample() -> bool {
    let is_next = next_is_sample();
    count_untimed();
    is_next
}

/// Whether the next decision of this thread is to be timed.
#[inline]
pub(super) fn next_is_sample() -> bool {
    TICK.get().is_multiple_of(SAMPLE)
}

/// Counts a decision that was not.
#[inline]
pub(super) fn count_untimed() {
    TICK.set(TICK.get().wrapping_add(1));
}

const SAMPLE: u32 = 64;
