//! Who waits for an attempt, and for how long.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::events;
use super::refresh::{RemoteKeys, Shared};
use super::sync::AtomicUsize;
use crate::keys::source::{KeyWish, Refreshed};

/// What a token without a key may hope for.
enum Prospect {
    /// There are newer keys already than those the token was compared with.
    Newer,
    /// An attempt that has not ended when this many have.
    Attempt { ended: u64 },
    /// No attempt within the budget, or no way to wait for it.
    Nothing,
}

impl RemoteKeys {
    /// Whether [`refreshed`](Self::refreshed) would wait, or has something newer at once. The wish is noted all the same.
    pub(crate) fn would_wait(&self, wish: KeyWish) -> bool {
        !matches!(self.0.prospect(wish, self.0.deadline()), Prospect::Nothing)
    }

    /// Waits for the one attempt that may fulfil the wish, up to the wait budget.
    ///
    /// All waiters share that attempt; dropping this future cancels nothing.
    pub(crate) async fn refreshed(&self, wish: KeyWish) -> Refreshed {
        let shared = &self.0;
        let deadline = shared.deadline();
        let mut seen = match shared.prospect(wish, deadline) {
            Prospect::Nothing => return Refreshed::NotNow,
            Prospect::Newer => return Refreshed::LookAgain,
            Prospect::Attempt { ended } => ended,
        };
        let Some(_place) = QueuePlace::take(&shared.waiting) else {
            shared.turn_away(wish);
            return Refreshed::NotNow;
        };
        let waiting = shared.plan.counts.waits();
        // The number decides, not the moment of subscription: an attempt that ended before this line is seen too.
        let mut ended = shared.ended.subscribe();
        loop {
            let attempt = async { ended.wait_for(|number| *number > seen).await.map(drop) };
            if timeout_at(deadline, attempt).await.is_err() {
                waiting.ended(false);
                return Refreshed::NotNow;
            }
            match shared.confirmation(wish, deadline) {
                Some(number) => seen = number,
                None => {
                    waiting.ended(shared.is_newer(wish, shared.now()));
                    return Refreshed::LookAgain;
                }
            }
        }
    }
}

impl Shared {
    /// Notes the wish and says what may come of it.
    fn prospect(self: &Arc<Self>, wish: KeyWish, deadline: Instant) -> Prospect {
        let (now, by) = (self.now(), self.moment(deadline));
        let mut ledger = self.ledger();
        // Looked at under the lock under which keys are taken: whoever was too slow to see the new ones learns of them
        // here, instead of waiting for an attempt that is not due.
        if self.is_newer(wish, now) {
            return Prospect::Newer;
        }
        let schedule = &mut ledger.schedule;
        let before = schedule.next_start();
        // A forgery under a known key's name asks for no key that is not here, and must not hide the first token that does.
        let is_first = matches!(wish, KeyWish::OtherSet { .. }) && !schedule.is_unknown_wished();
        let waits = match wish {
            KeyWish::AnySet => schedule.attempts_by(by),
            KeyWish::OtherSet { .. } => schedule.wish(now, by),
            KeyWish::Replacement { .. } => schedule.suspect(now, by),
        };
        let next = schedule.next_start();
        let ended = ledger.ended;
        drop(ledger);
        if next < before {
            self.nudge.notify_one();
        }
        if is_first {
            events::key_unknown(self.plan.issuer(), next.saturating_sub(now));
        }
        if !waits {
            self.turn_away(wish);
        }
        // Asked after the number was read: a task that had ended before makes no attempt, and one that ends from now on
        // changes the number.
        let task = self.ensure_task();
        let can_wait = task && !self.plan.wait_budget.is_zero() && Handle::try_current().is_ok();
        if waits && can_wait { Prospect::Attempt { ended } } else { Prospect::Nothing }
    }

    /// Counts a token that does not wait for its unknown key; the log hears of the first.
    fn turn_away(&self, wish: KeyWish) {
        if !matches!(wish, KeyWish::OtherSet { .. }) {
            return;
        }
        self.plan.counts.turned_away();
        let mut ledger = self.ledger();
        ledger.turned_away = ledger.turned_away.saturating_add(1);
        let is_first = ledger.turned_away == 1;
        let next = ledger.schedule.next_start();
        drop(ledger);
        if is_first {
            events::limiter_hit(self.plan.issuer(), next.saturating_sub(self.now()));
        }
    }

    /// After an attempt: whether keys were seen once, and their confirmation is worth waiting for.
    fn confirmation(self: &Arc<Self>, wish: KeyWish, deadline: Instant) -> Option<u64> {
        let (now, by) = (self.now(), self.moment(deadline));
        let ledger = self.ledger();
        let waits = !self.is_newer(wish, now) && ledger.schedule.confirms_by(by);
        let ended = ledger.ended;
        drop(ledger);
        // It may have been the task that ended, and no attempt.
        (waits && self.ensure_task()).then_some(ended)
    }

    fn is_newer(&self, wish: KeyWish, now: Duration) -> bool {
        let holding = self.holding();
        match wish {
            KeyWish::OtherSet { than } | KeyWish::Replacement { than } => holding.generation != than,
            KeyWish::AnySet => holding.state(now).can_verify(),
        }
    }
}

/// A place among those who wait; given back when dropped.
pub(crate) struct QueuePlace<'s>(&'s AtomicUsize);

impl<'s> QueuePlace<'s> {
    /// A place, if there is one left.
    pub(crate) fn take(waiting: &'s AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(place)
    }
}

impl Drop for QueuePlace<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The most requests that wait for one source, or for one resolver, at a time. Whoever comes then is answered at once, as one who comes too
/// early is: a stranger must not be able to fill our memory with requests that wait.
const MAX_WAITING: usize = 4_096;
