//! What stands between the requests and the thread that writes.
//!
//! The lines that wait stand one after the other in one buffer. The thread takes all of it and leaves an empty one, so the lock
//! is held for a copy of a line, and nothing is allocated once the two have grown.

use std::fmt;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{FlushError, WhenFull};

pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to do for the thread.
    work: Condvar,
    /// The thread has taken what there was, or has written it.
    progress: Condvar,
}

struct State {
    capacity: usize,
    when_full: WhenFull,
    closing_time: Duration,
    /// Whole lines, with their ends.
    lines: Vec<u8>,
    /// The buffer of the batch before, with its room.
    spare: Vec<u8>,
    events: usize,
    /// Events that the thread has taken, and not said yet what became of.
    in_hand: usize,
    /// Requests that wait for room.
    waiting: usize,
    lost: u64,
    /// Lost for want of room since the thread came last: after the lines that are there, before those to come.
    missing: u64,
    /// Calls of `flush`, and how many of them are answered.
    asked: u64,
    answered: u64,
    failures: u64,
    is_failing: bool,
    is_closing: bool,
    has_ended: bool,
}

/// What the thread has to write.
#[derive(Default)]
pub(super) struct Work {
    pub(super) lines: Vec<u8>,
    /// How many more were lost, after these.
    pub(super) missing: u64,
}

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Report {
    /// Of the lines, how many were not written.
    pub(super) lost: u64,
    pub(super) has_failed: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize, closing_time: Duration) -> Self {
        let state = State {
            capacity,
            when_full: WhenFull::default(),
            closing_time,
            lines: Vec::new(),
            spare: Vec::new(),
            events: 0,
            in_hand: 0,
            waiting: 0,
            lost: 0,
            missing: 0,
            asked: 0,
            answered: 0,
            failures: 0,
            is_failing: false,
            is_closing: false,
            has_ended: false,
        };
        Self { state: Mutex::new(state), work: Condvar::new(), progress: Condvar::new() }
    }

    /// Nobody panics while holding it, and what is in it holds together after each step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_capacity(&self, events: usize) {
        self.state().capacity = events;
    }

    pub(super) fn set_when_full(&self, choice: WhenFull) {
        self.state().when_full = choice;
    }

    pub(super) fn set_closing_time(&self, time: Duration) {
        self.state().closing_time = time;
    }

    pub(super) fn lost(&self) -> u64 {
        self.state().lost
    }

    /// Adds a line, waits for room, or loses it.
    pub(super) fn push(&self, line: &[u8]) {
        let full = |state: &mut State| !state.has_room(line) && !state.has_ended;
        let mut state = self.state();
        if full(&mut state) && state.when_full == WhenFull::Wait {
            state.waiting += 1;
            state = self.progress.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        if state.has_room(line) && !state.has_ended {
            state.lines.extend_from_slice(line);
            state.events += 1;
        } else {
            state.lost = state.lost.saturating_add(1);
            state.missing = state.missing.saturating_add(1);
        }
        drop(state);
        self.work.notify_one();
    }

    /// Waits for work, has it done, and says whether there may be more.
    pub(super) fn work(&self, write: impl FnOnce(&mut Work) -> Report) -> bool {
        let idle = |state: &mut State| state.is_idle();
        let mut state = self.work.wait_while(self.state(), idle).unwrap_or_else(PoisonError::into_inner);
        let (asked, is_last) = (state.asked, state.is_closing);
        let mut work = Work { lines: mem::take(&mut state.lines), missing: mem::take(&mut state.missing) };
        state.lines = mem::take(&mut state.spare);
        state.in_hand = mem::take(&mut state.events);
        self.progress.notify_all();
        drop(state);
        let report = write(&mut work);
        work.lines.clear();
        let mut state = self.state();
        state.spare = work.lines;
        state.in_hand = 0;
        state.lost = state.lost.saturating_add(report.lost);
        state.failures += u64::from(report.has_failed);
        state.is_failing = report.has_failed;
        state.answered = asked;
        self.progress.notify_all();
        !is_last
    }

    /// The thread is gone. Unless it was asked to, what it has not written is lost, and nobody waits for it any more.
    fn end(&self) {
        let mut state = self.state();
        let left = mem::take(&mut state.events).saturating_add(mem::take(&mut state.in_hand));
        state.lost = state.lost.saturating_add(u64::try_from(left).unwrap_or(u64::MAX));
        state.lines = Vec::new();
        state.is_failing |= !state.is_closing;
        state.has_ended = true;
        self.progress.notify_all();
    }

    pub(super) fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        let mut state = self.state();
        state.asked += 1;
        let (mine, failures) = (state.asked, state.failures);
        self.work.notify_one();
        let open = |state: &mut State| state.answered < mine && !state.has_ended;
        let (state, waited) =
            self.progress.wait_timeout_while(state, timeout, open).unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(FlushError::TimedOut);
        }
        if state.is_failing || state.failures != failures { Err(FlushError::Failed) } else { Ok(()) }
    }

    /// Asks the thread to end, and says whether it did in time.
    pub(super) fn close(&self) -> bool {
        let mut state = self.state();
        state.is_closing = true;
        let time = state.closing_time;
        self.work.notify_one();
        let open = |state: &mut State| !state.has_ended;
        let waited = self.progress.wait_timeout_while(state, time, open);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.has_ended
    }
}

/// Held by the thread for as long as it is there, whatever ends it.
pub(super) struct Presence(pub(super) Arc<Queue>);

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl State {
    /// An empty queue has room for any line, so that none is too long for ever.
    fn has_room(&self, line: &[u8]) -> bool {
        let most = self.capacity.saturating_mul(BYTES_AN_EVENT);
        self.events == 0 || self.events < self.capacity && self.lines.len() + line.len() <= most
    }

    fn is_idle(&self) -> bool {
        self.events == 0 && self.missing == 0 && self.asked == self.answered && !self.is_closing
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Queue")
            .field("capacity", &state.capacity)
            .field("when_full", &state.when_full)
            .field("events", &state.events)
            .field("waiting", &state.waiting)
            .field("lost", &state.lost)
            .finish_non_exhaustive()
    }
}

/// Half of it is what an event of a request takes, if nothing in it is of an unusual length.
const BYTES_AN_EVENT: usize = 1024;
