//! The state that readers, waiters and the refresh task share.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Place, RefreshError};
use super::fetch::Fetch;
use super::schedule::{self, Freshness, Schedule, Timing};
use super::task;
use crate::crypto::Backend;
use crate::error::Unavailable;
use crate::jose::{AlgorithmSet, JwkSet};
use crate::keys::set::{KeySet, Origin};
use crate::keys::source::{KeyWish, Refreshed, key_infos};
use crate::keys::status::{IssuerStatus, KeyState};

/// The keys of one issuer that are kept current. Dropping it ends the work.
pub(crate) struct RemoteKeys(Arc<Shared>);

/// What one source is to do; never changes.
pub(super) struct Plan {
    pub(super) issuer: String,
    pub(super) fetch: Box<dyn Fetch>,
    pub(super) place: Place,
    pub(super) timing: Timing,
    pub(super) wait_budget: Duration,
    pub(super) allowed: AlgorithmSet,
    pub(super) backend: Backend,
}

/// Where readers, waiters and the task meet.
pub(super) struct Shared {
    pub(super) plan: Arc<Plan>,
    /// All moments are counted from here.
    epoch: Instant,
    /// What readers see, without a lock.
    pub(super) holding: ArcSwap<Holding>,
    /// What only waiters and the task see.
    ledger: Mutex<Ledger>,
    task: ArcSwapOption<AbortHandle>,
    /// Wakes the task when a wish has hastened an attempt.
    pub(super) nudge: Arc<Notify>,
    /// The number of attempts that have ended, published after the ledger says so.
    ended: watch::Sender<u64>,
}

/// The keys in use.
pub(super) struct Holding {
    pub(super) set: Arc<KeySet>,
    pub(super) generation: u64,
    /// When they were confirmed last, and how long that holds; `None` before the first load.
    pub(super) confirmed: Option<Confirmed>,
}

#[derive(Clone, Copy)]
pub(super) struct Confirmed {
    pub(super) at: Duration,
    pub(super) max_age: Duration,
}

/// The slow path's book.
pub(super) struct Ledger {
    pub(super) schedule: Schedule,
    pub(super) ended: u64,
    pub(super) last_error: Option<RefreshError>,
}

/// One snapshot.
pub(crate) struct Current {
    // A guard and not an `Arc`: readers on many cores must not meet at one reference count.
    holding: Guard<Arc<Holding>>,
    stale_age: Option<Duration>,
}

impl Current {
    pub(crate) fn set(&self) -> &KeySet {
        &self.holding.set
    }

    pub(crate) const fn stale_age(&self) -> Option<Duration> {
        self.stale_age
    }

    pub(crate) fn generation(&self) -> u64 {
        self.holding.generation
    }
}

impl RemoteKeys {
    /// Starts the task if there is a runtime to run it; the first call that needs it tries again.
    pub(super) fn start(plan: Plan) -> Self {
        let empty = KeySet::prepare(&JwkSet::default(), plan.allowed, plan.backend, Origin::Published);
        let holding = Holding { set: Arc::new(empty), generation: 0, confirmed: None };
        let ledger = Ledger { schedule: Schedule::new(plan.timing), ended: 0, last_error: None };
        let shared = Arc::new(Shared {
            plan: Arc::new(plan),
            epoch: Instant::now(),
            holding: ArcSwap::from_pointee(holding),
            ledger: Mutex::new(ledger),
            task: ArcSwapOption::empty(),
            nudge: Arc::new(Notify::new()),
            ended: watch::Sender::new(0),
        });
        shared.ensure_task();
        Self(shared)
    }

    /// The present keys, without waiting.
    ///
    /// # Errors
    /// [`Unavailable`] when there are none, or none young enough to be trusted.
    pub(crate) fn current(&self) -> Result<Current, Unavailable> {
        self.0.current()
    }

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
        // The number decides, not the moment of subscription: an attempt that ended before this line is seen too.
        let mut ended = shared.ended.subscribe();
        loop {
            let attempt = async { ended.wait_for(|number| *number > seen).await.map(drop) };
            if timeout_at(deadline, attempt).await.is_err() {
                return Refreshed::NotNow;
            }
            match shared.confirmation(wish, deadline) {
                Some(number) => seen = number,
                None => return Refreshed::LookAgain,
            }
        }
    }

    /// Waits until there are keys to be used, however long that takes; returns at once where nothing can be awaited.
    pub(crate) async fn ready(&self) {
        let mut ended = self.0.ended.subscribe();
        while self.0.current().is_err() {
            if !self.0.ensure_task() || ended.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn status(&self, issuer: &str) -> IssuerStatus {
        let shared = &self.0;
        let ledger = shared.ledger();
        let holding = shared.holding.load();
        let now = shared.now();
        let freshness = holding.freshness(now, &shared.plan.timing);
        IssuerStatus {
            issuer: issuer.to_owned(),
            state: match freshness {
                None => KeyState::Loading,
                Some((Freshness::Fresh, _)) => KeyState::Fresh,
                Some((Freshness::Grace, _)) => KeyState::Grace,
                Some((Freshness::Expired, _)) => KeyState::Expired,
            },
            age: freshness.map(|(_, age)| age),
            generation: holding.generation,
            keys: key_infos(&holding.set),
            skipped: holding.set.skipped().to_vec(),
            last_error: ledger.last_error.as_ref().map(|error| format!("{}: {error}", error.code())),
            next_attempt: (!ledger.schedule.is_running())
                .then(|| ledger.schedule.next_start().saturating_sub(now)),
        }
    }
}

impl Drop for RemoteKeys {
    fn drop(&mut self) {
        if let Some(task) = self.0.task.swap(None) {
            task.abort();
        }
    }
}

impl fmt::Debug for RemoteKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteKeys").field("issuer", &self.0.plan.issuer).finish_non_exhaustive()
    }
}

/// What a token without a key may hope for.
enum Prospect {
    /// There are newer keys already than those the token was compared with.
    Newer,
    /// An attempt that has not ended when this many have.
    Attempt { ended: u64 },
    /// No attempt within the budget, or no way to wait for it.
    Nothing,
}

impl Shared {
    pub(super) fn now(&self) -> Duration {
        self.moment(Instant::now())
    }

    fn moment(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.epoch)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.plan.wait_budget
    }

    /// Held for a few comparisons at a time, never across an await or foreign code.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for the end of attempt `number`. Called without the ledger: wakers are foreign code.
    pub(super) fn publish_end(&self, number: u64) {
        self.ended.send_replace(number);
    }

    fn current(self: &Arc<Self>) -> Result<Current, Unavailable> {
        let holding = self.holding.load();
        match holding.freshness(self.now(), &self.plan.timing) {
            Some((Freshness::Fresh, _)) => Ok(Current { holding, stale_age: None }),
            Some((Freshness::Grace, age)) => {
                self.ensure_task();
                Ok(Current { holding, stale_age: Some(age) })
            }
            Some((Freshness::Expired, _)) => {
                Err(Unavailable::KeysExpired { retry_after: self.retry_after() })
            }
            None => Err(Unavailable::KeysNotLoaded { retry_after: self.retry_after() }),
        }
    }

    fn retry_after(self: &Arc<Self>) -> Duration {
        self.ensure_task();
        let ledger = self.ledger();
        let next = if ledger.schedule.is_running() { Duration::ZERO } else { ledger.schedule.next_start() };
        drop(ledger);
        schedule::retry_after(next.saturating_sub(self.now()))
    }

    /// Notes the wish and says what may come of it.
    fn prospect(self: &Arc<Self>, wish: KeyWish, deadline: Instant) -> Prospect {
        let task = self.ensure_task();
        let (now, by) = (self.now(), self.moment(deadline));
        let mut ledger = self.ledger();
        // Looked at under the lock under which keys are taken: whoever was too slow to see the new ones learns of them
        // here, instead of waiting for an attempt that is not due.
        if self.is_newer(wish, now) {
            return Prospect::Newer;
        }
        let schedule = &mut ledger.schedule;
        let before = schedule.next_start();
        let waits = match wish {
            KeyWish::AnySet => schedule.attempts_by(by),
            KeyWish::OtherSet { .. } => schedule.wish(now, by),
        };
        let hastened = schedule.next_start() < before;
        let ended = ledger.ended;
        drop(ledger);
        if hastened {
            self.nudge.notify_one();
        }
        let can_wait = task && !self.plan.wait_budget.is_zero() && Handle::try_current().is_ok();
        if waits && can_wait { Prospect::Attempt { ended } } else { Prospect::Nothing }
    }

    /// After an attempt: whether keys were seen once, and their confirmation is worth waiting for.
    fn confirmation(&self, wish: KeyWish, deadline: Instant) -> Option<u64> {
        let (now, by) = (self.now(), self.moment(deadline));
        let ledger = self.ledger();
        (!self.is_newer(wish, now) && ledger.schedule.confirms_by(by)).then_some(ledger.ended)
    }

    fn is_newer(&self, wish: KeyWish, now: Duration) -> bool {
        let holding = self.holding.load();
        match wish {
            KeyWish::OtherSet { than } => holding.generation != than,
            KeyWish::AnySet => matches!(
                holding.freshness(now, &self.plan.timing),
                Some((Freshness::Fresh | Freshness::Grace, _))
            ),
        }
    }

    /// Whether the task is running, started now if it is not and there is a runtime.
    ///
    /// A task ends before its source only with its runtime, or when a [`Fetch`] panics. Asked on slow paths only, and
    /// costs an atomic load there.
    fn ensure_task(self: &Arc<Self>) -> bool {
        if self.task_is_alive() {
            return true;
        }
        let Ok(runtime) = Handle::try_current() else { return false };
        let _ledger = self.ledger();
        if !self.task_is_alive() {
            let task = runtime.spawn(task::run(Arc::downgrade(self)));
            self.task.store(Some(Arc::new(task.abort_handle())));
        }
        true
    }

    fn task_is_alive(&self) -> bool {
        self.task.load().as_ref().is_some_and(|task| !task.is_finished())
    }

    /// The task is about to end. Called by it with the ledger held, so not before it was stored.
    pub(super) fn forget_task(&self) {
        self.task.store(None);
    }
}

impl Holding {
    /// How well the keys serve at `now`, and their age.
    pub(super) fn freshness(&self, now: Duration, timing: &Timing) -> Option<(Freshness, Duration)> {
        let Confirmed { at, max_age } = self.confirmed?;
        let age = now.saturating_sub(at);
        Some((schedule::freshness(age, max_age, timing.max_stale), age))
    }
}
