//! The tenants of one verifier: the snapshot that readers see, and the tasks that ask.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use super::Settings;
use super::book::{Answer, Book, Left, Mode, Purpose, Standing};
use super::call::{Underway, run};
use super::events::{self, Busy};
use super::pattern::Admission;
use super::resident::{Name, Resident, Roll};
use super::resolve::{Failure, ResolveIssuer, Tenant};
use crate::error::{Error, Rejection, Unavailable};
use crate::keys::remote::QueuePlace;
use crate::keys::remote::sync::AtomicUsize;
use crate::keys::{IssuerStatus, KeyState, Means};
use crate::verify::issuer::TrustAnchor;

/// A tenant's rules and keys.
pub(in crate::verify) type Seat = Resident<TrustAnchor>;

/// Issuers that are found when a token names them. Dropping it ends the work.
pub(in crate::verify) struct Registry {
    admission: Admission,
    resolver: Arc<dyn ResolveIssuer>,
    settings: Settings,
    means: Arc<Means>,
    /// All moments are counted from here.
    epoch: Instant,
    /// What readers see, without a lock.
    roll: ArcSwap<Roll<TrustAnchor>>,
    /// What decides. Held for a few comparisons at a time, never across an await or foreign code.
    book: Mutex<Book<TrustAnchor>>,
    tasks: Mutex<Tasks>,
    busy: Busy,
    /// How many requests wait for the resolver.
    waiting: AtomicUsize,
    /// Turns of calls for names that are not here.
    asking: Arc<Semaphore>,
    /// Turns of calls that confirm: strangers do not delay them.
    confirming: Arc<Semaphore>,
}

/// What runs in the background. Dropped, all of it is broken off.
#[derive(Default)]
struct Tasks {
    calls: JoinSet<()>,
    sweeper: JoinSet<()>,
}

/// One snapshot of the tenants that are here.
pub(in crate::verify) struct Residents<'r> {
    registry: &'r Arc<Registry>,
    // A guard and not an `Arc`: readers on many cores must not meet at one reference count.
    roll: Guard<Arc<Roll<TrustAnchor>>>,
    now: Duration,
}

impl Residents<'_> {
    /// The tenant of this name, if it is here and was confirmed recently enough. If it should be confirmed, that begins.
    pub(in crate::verify) fn get(&self, issuer: &str) -> Option<&Arc<Seat>> {
        let resident = self.roll.get(issuer)?;
        if resident.is_due(self.now) {
            self.registry.confirm(resident, self.now);
        }
        (!resident.is_lapsed(self.now)).then_some(resident)
    }

    /// A token of the tenant is good.
    pub(in crate::verify) fn passed(&self, resident: &Arc<Seat>) {
        resident.touch(self.now);
        if !resident.is_proven() {
            self.registry.prove(resident, self.now);
        }
    }
}

impl Registry {
    pub(super) fn new(
        admission: Admission,
        resolver: Arc<dyn ResolveIssuer>,
        settings: Settings,
        means: Arc<Means>,
    ) -> Self {
        let turns = |turns| Arc::new(Semaphore::new(turns));
        Self {
            admission,
            resolver,
            settings,
            means,
            epoch: Instant::now(),
            roll: ArcSwap::default(),
            book: Mutex::new(Book::new(settings.limits)),
            tasks: Mutex::default(),
            busy: Busy::default(),
            waiting: AtomicUsize::new(0),
            asking: turns(ASKING),
            confirming: turns(CONFIRMING),
        }
    }

    /// The tenants that are here.
    pub(in crate::verify) fn residents(self: &Arc<Self>) -> Residents<'_> {
        Residents { registry: self, roll: self.roll.load(), now: self.now() }
    }

    /// The tenant of this name, if the pattern or the list lets it pass.
    pub(in crate::verify) fn tenant(&self, issuer: &str) -> Option<Tenant> {
        self.admission.tenant(issuer)
    }

    /// What to answer at once about a tenant that is not here: `None` if asking may bring it.
    pub(in crate::verify) fn answer(&self, tenant: &Tenant) -> Option<Error> {
        let standing = self.book().standing(tenant.issuer(), self.now(), Mode::Look);
        let nobody_asks = || Handle::try_current().is_err().then(|| unresolved(AGAIN));
        self.refusal(&standing).or_else(nobody_asks)
    }

    /// Asks for a tenant that is not here, once for all who want it, without waiting; what to answer meanwhile.
    #[cfg(feature = "tonic")]
    pub(in crate::verify) fn sent_for(self: &Arc<Self>, tenant: &Tenant) -> Error {
        let Ok(runtime) = Handle::try_current() else { return unresolved(AGAIN) };
        let standing = self.book().standing(tenant.issuer(), self.now(), Mode::Begin);
        if let Standing::Begun { id, .. } = &standing {
            self.call(&runtime, tenant, *id, Purpose::Admit);
        }
        self.refusal(&standing).unwrap_or_else(|| unresolved(AGAIN))
    }

    /// Asks for a tenant that is not here, once for all who want it, and waits up to the wait budget. Dropping the future
    /// cancels nothing.
    ///
    /// # Errors
    /// [`Rejection::IssuerUnknown`] or [`Unavailable`].
    pub(in crate::verify) async fn resolved(self: &Arc<Self>, tenant: &Tenant) -> Result<(), Error> {
        let Ok(runtime) = Handle::try_current() else {
            return self.answer(tenant).map_or(Ok(()), Err);
        };
        let deadline = Instant::now() + self.settings.wait_budget;
        let standing = self.book().standing(tenant.issuer(), self.now(), Mode::Begin);
        let mut end = match standing {
            Standing::Here => return Ok(()),
            Standing::Asked(end) => end,
            Standing::Begun { id, end } => {
                self.call(&runtime, tenant, id, Purpose::Admit);
                end
            }
            other => return Err(self.refusal(&other).unwrap_or_else(|| unresolved(AGAIN))),
        };
        // The call goes on: who comes again finds what it brought.
        let Some(_place) = QueuePlace::take(&self.waiting) else {
            return Err(self.turned_away(AGAIN));
        };
        // Nothing is ever sent: the end of the call is the end of the channel.
        let _ = timeout_at(deadline, end.changed()).await;
        let standing = self.book().standing(tenant.issuer(), self.now(), Mode::Look);
        match standing {
            Standing::Here => Ok(()),
            other => Err(self.refusal(&other).unwrap_or_else(|| unresolved(AGAIN))),
        }
    }

    /// What a standing means for a request, if it decides.
    fn refusal(&self, standing: &Standing) -> Option<Error> {
        match standing {
            Standing::Refused => Some(Rejection::IssuerUnknown.into()),
            Standing::Failed { retry_after } => Some(unresolved(*retry_after)),
            Standing::Busy { retry_after } => Some(self.turned_away(*retry_after)),
            Standing::Here | Standing::Asked(_) | Standing::Free | Standing::Begun { .. } => None,
        }
    }

    fn turned_away(&self, retry_after: Duration) -> Error {
        self.busy.tell(self.now());
        Unavailable::TenantsBusy { retry_after: whole(retry_after) }.into()
    }

    /// Makes a call that has begun.
    fn call(self: &Arc<Self>, runtime: &Handle, tenant: &Tenant, id: u64, purpose: Purpose) {
        let turns = match purpose {
            Purpose::Admit => Arc::clone(&self.asking),
            Purpose::Confirm => Arc::clone(&self.confirming),
        };
        // Made here, so that a runtime that drops the task before it runs leaves nobody waiting.
        let underway = Underway::new(Arc::downgrade(self), Name::from(tenant.issuer()), id);
        let task = run(underway, turns, Arc::clone(&self.resolver), tenant.clone());
        let mut tasks = self.tasks();
        while tasks.calls.try_join_next().is_some() {}
        let task = tasks.calls.spawn_on(task, runtime);
        drop(tasks);
        self.book().made_by(tenant.issuer(), id, task);
    }

    /// Begins to confirm a tenant that is due, if there is a runtime.
    fn confirm(self: &Arc<Self>, resident: &Arc<Seat>, now: Duration) {
        let Ok(runtime) = Handle::try_current() else { return };
        let Some(tenant) = self.tenant(&resident.name) else { return };
        let begun = self.book().confirm(resident, now);
        if let Some(id) = begun {
            self.call(&runtime, &tenant, id, Purpose::Confirm);
        }
    }

    fn prove(&self, resident: &Arc<Seat>, now: Duration) {
        let mut book = self.book();
        let left = book.prove(resident, now);
        if left.is_empty() {
            drop(book);
            // It counts from now on.
            self.means.pulse().send_replace(());
        } else {
            self.publish(book, left);
        }
    }

    /// What an issuer is made ready with.
    pub(super) fn means(&self) -> Arc<Means> {
        Arc::clone(&self.means)
    }

    /// Whether a tenant of this name judges tokens at this moment.
    pub(super) fn serves(self: &Arc<Self>, name: &str) -> bool {
        self.residents().get(name).is_some_and(|resident| resident.keys.current().is_ok())
    }

    /// Takes what a call brought.
    pub(super) fn finished(
        self: &Arc<Self>,
        name: &Name,
        id: u64,
        answer: Result<Option<TrustAnchor>, Failure>,
    ) {
        let now = self.now();
        let (answer, failure) = match answer {
            Ok(Some(tenant)) => {
                let early = self.settings.confirm_every * fastrand::u32(800..=1_000) / 1_000;
                (Answer::Yes { tenant, due: now.saturating_add(early) }, None)
            }
            Ok(None) => (Answer::No, None),
            Err(failure) => (Answer::Nothing, Some(failure)),
        };
        let yes = matches!(answer, Answer::Yes { .. });
        let mut book = self.book();
        let finished = book.finish(name, id, answer, now);
        match finished {
            Ok(mut ended) => {
                if yes || !ended.left.is_empty() {
                    self.publish(book, std::mem::take(&mut ended.left));
                } else {
                    drop(book);
                }
                match failure {
                    None if yes => events::resolved(name),
                    None => events::refused(name),
                    Some(failure) => events::unresolved(name, &failure),
                }
            }
            // The name was forgotten meanwhile; what was said of it before is not taken.
            Err(void) => {
                drop(book);
                drop(void);
            }
        }
        if yes {
            self.ensure_sweeper();
        }
    }

    /// Shows readers who is here, then lets go of those who left.
    fn publish(&self, book: MutexGuard<'_, Book<TrustAnchor>>, left: Left<TrustAnchor>) {
        let former = self.roll.swap(Arc::new(book.residents().clone()));
        drop(book);
        self.means.pulse().send_replace(());
        drop(former);
        for (resident, why) in left {
            events::dropped(&resident.name, why, resident.is_proven());
        }
    }

    /// Forgets all that is known of a name.
    pub(in crate::verify) fn forget(&self, issuer: &str) {
        let mut book = self.book();
        let mut ended = book.forget(issuer);
        self.publish(book, std::mem::take(&mut ended.left));
        ended.break_off();
    }

    /// What the keys of each tenant are like, by name.
    pub(in crate::verify) fn status(&self) -> Vec<IssuerStatus> {
        let roll = self.roll.load_full();
        let mut residents: Vec<_> = roll.values().collect();
        residents.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        residents.into_iter().map(|resident| resident.keys.status(&resident.name)).collect()
    }

    /// The state of the keys of each tenant that has proven itself: whom a stranger names is no news.
    pub(in crate::verify) fn states(&self) -> Vec<KeyState> {
        let roll = self.roll.load();
        let proven = roll.values().filter(|resident| resident.is_proven());
        proven.map(|resident| resident.keys.state()).collect()
    }

    /// Sees to it that idle tenants go, if there is a runtime.
    fn ensure_sweeper(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut tasks = self.tasks();
        while tasks.sweeper.try_join_next().is_some() {}
        if tasks.sweeper.is_empty() {
            let period = (self.settings.limits.idle / 4).clamp(LEAST_PERIOD, GREATEST_PERIOD);
            tasks.sweeper.spawn_on(sweep(Arc::downgrade(self), period), &runtime);
        }
    }

    fn sweep(&self) {
        let mut book = self.book();
        let left = book.sweep(self.now());
        if !left.is_empty() {
            self.publish(book, left);
        }
    }

    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.epoch)
    }

    fn book(&self) -> MutexGuard<'_, Book<TrustAnchor>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sweep(registry: Weak<Registry>, period: Duration) {
    loop {
        sleep(period).await;
        let Some(registry) = registry.upgrade() else { return };
        registry.sweep();
    }
}

fn unresolved(retry_after: Duration) -> Error {
    Unavailable::TenantUnresolved { retry_after: whole(retry_after) }.into()
}

/// Whole seconds, as `Retry-After` has them, and never none.
fn whole(wait: Duration) -> Duration {
    let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    Duration::from_secs(seconds.max(1))
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("admission", &self.admission)
            .field("settings", &self.settings)
            .field("residents", &self.roll.load().len())
            .finish_non_exhaustive()
    }
}

/// Calls that a resolver has at a time.
const ASKING: usize = 32;
const CONFIRMING: usize = 8;
const AGAIN: Duration = Duration::from_secs(1);
const LEAST_PERIOD: Duration = Duration::from_secs(1);
const GREATEST_PERIOD: Duration = Duration::from_secs(60);
