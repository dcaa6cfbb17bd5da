//! The state that readers, waiters and the refresh task share.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::attempt::{Place, RefreshError};
use super::events;
use super::fetch::Fetch;
use super::holding::Holding;
use super::schedule::{self, Freshness, Schedule, Timing};
use super::serving::Serving;
use super::snapshot::{Owner, Restored, Snapshot};
use super::sync::{AtomicUsize, Mutex, MutexGuard};
use super::task;
use crate::error::Unavailable;
use crate::keys::set::KeySet;
use crate::keys::source::key_infos;
use crate::keys::status::{IssuerStatus, KeyState};
use crate::telemetry::KeyCounts;
use crate::time::Clock;

/// The keys of one issuer that are kept current. Dropping it ends the work.
pub(crate) struct RemoteKeys(pub(super) Arc<Shared>);

/// What one source is to do; never changes.
pub(super) struct Plan {
    pub(super) owner: Owner,
    pub(super) fetch: Box<dyn Fetch>,
    pub(super) place: Place,
    pub(super) timing: Timing,
    pub(super) wait_budget: Duration,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) clock: Arc<dyn Clock>,
    /// Beats when the state of the keys changes.
    pub(super) pulse: watch::Sender<()>,
    pub(super) counts: KeyCounts,
}

impl Plan {
    pub(super) fn issuer(&self) -> &str {
        &self.owner.issuer
    }
}

/// Where readers, waiters and the task meet.
pub(super) struct Shared {
    pub(super) plan: Arc<Plan>,
    /// All moments are counted from here.
    epoch: Instant,
    /// What readers see, without a lock.
    holding: ArcSwap<Holding>,
    serving: Serving,
    /// What only waiters and the task see.
    ledger: Mutex<Ledger>,
    task: ArcSwapOption<AbortHandle>,
    /// How many requests wait for an attempt.
    pub(super) waiting: AtomicUsize,
    /// Wakes the task when a wish has hastened an attempt.
    pub(super) nudge: Arc<Notify>,
    /// The number of attempts that have ended, published after the ledger says so.
    pub(super) ended: watch::Sender<u64>,
}

/// The slow path's book.
pub(super) struct Ledger {
    pub(super) schedule: Schedule,
    pub(super) ended: u64,
    pub(super) last_error: Option<RefreshError>,
    /// When the last attempt that brought or confirmed keys had ended.
    pub(super) last_success: Option<Duration>,
    /// Attempts since then.
    pub(super) failures: u32,
    /// The state that was told last.
    pub(super) told: KeyState,
    /// How many tokens with an unknown key were not made to wait since the last attempt began.
    pub(super) turned_away: u64,
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
    ///
    /// Until the source answers, keys serve that are there already.
    pub(super) fn start(plan: Plan, restored: Option<Restored>) -> Self {
        let holding = restored.map_or_else(
            || Holding::none(plan.owner.allowed, plan.owner.backend),
            |Restored { set, term }| Holding { set: Arc::new(set), generation: 1, term: Some(term) },
        );
        let ledger = Ledger {
            schedule: Schedule::new(plan.timing),
            ended: 0,
            last_error: None,
            last_success: None,
            failures: 0,
            told: holding.state(Duration::ZERO),
            turned_away: 0,
        };
        let shared = Arc::new(Shared {
            plan: Arc::new(plan),
            epoch: Instant::now(),
            serving: Serving::of(&holding),
            holding: ArcSwap::from_pointee(holding),
            ledger: Mutex::new(ledger),
            task: ArcSwapOption::empty(),
            waiting: AtomicUsize::new(0),
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

    /// The generation of the keys that serve at this moment, and their age if they are overdue; `None` if none serve.
    pub(crate) fn serving(&self) -> Option<(u64, Option<Duration>)> {
        let shared = &self.0;
        match shared.serving.fresh_generation(shared.now()) {
            Some(generation) => Some((generation, None)),
            None => self.current().ok().map(|current| (current.generation(), current.stale_age())),
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

    pub(crate) fn age(&self) -> Option<Duration> {
        let now = self.0.now();
        self.0.holding.load().term.map(|term| term.age(now))
    }

    pub(crate) fn state(&self) -> KeyState {
        self.0.holding.load().state(self.0.now())
    }

    pub(crate) fn status(&self, issuer: &str) -> IssuerStatus {
        let shared = &self.0;
        let ledger = shared.ledger();
        let holding = shared.holding.load();
        let now = shared.now();
        IssuerStatus {
            issuer: issuer.to_owned(),
            state: holding.state(now),
            origin: holding.term.map(|term| term.origin),
            age: holding.term.map(|term| term.age(now)),
            age_limit: holding.term.map(|term| term.max_age.saturating_add(term.max_stale)),
            generation: holding.generation,
            keys: key_infos(&holding.set),
            skipped: holding.set.skipped().to_vec(),
            last_success: ledger.last_success.map(|at| now.saturating_sub(at)),
            failed_attempts: ledger.failures,
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
        f.debug_struct("RemoteKeys").field("issuer", &self.0.plan.issuer()).finish_non_exhaustive()
    }
}

impl Shared {
    /// The keys in use.
    pub(super) fn holding(&self) -> Guard<Arc<Holding>> {
        self.holding.load()
    }

    /// Changes the keys in use.
    pub(super) fn hold(&self, holding: Arc<Holding>) {
        self.serving.change(&Arc::clone(&holding), || self.holding.store(holding));
    }

    pub(super) fn now(&self) -> Duration {
        self.moment(Instant::now())
    }

    pub(super) fn moment(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.epoch)
    }

    pub(super) fn deadline(&self) -> Instant {
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

    /// Tells of a state that is another than the last that was told; how long this one lasts, if time alone ends it.
    pub(super) fn tell_state(&self) -> Option<Duration> {
        let now = self.now();
        let holding = self.holding.load();
        let state = holding.state(now);
        let told = std::mem::replace(&mut self.ledger().told, state);
        if state != told {
            let age = holding.term.map(|term| term.age(now));
            events::state_changed(self.plan.issuer(), state, age);
            self.plan.pulse.send_replace(());
        }
        holding.until_turn(now)
    }

    fn current(self: &Arc<Self>) -> Result<Current, Unavailable> {
        let holding = self.holding.load();
        match holding.freshness(self.now()) {
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

    /// Whether the task is running, started now if it is not and there is a runtime.
    ///
    /// A task ends before its source only with its runtime, or when a [`Fetch`] panics. Asked on slow paths only, and
    /// costs an atomic load there.
    pub(super) fn ensure_task(self: &Arc<Self>) -> bool {
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
