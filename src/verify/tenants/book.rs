//! Who is here, who is asked about, and who was refused: every decision about room, without clocks, tasks or sockets.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::memory::{Lane, Memory};
use super::resident::{Leave, Name, Resident, Roll};

/// How many and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Tenants that have proven themselves.
    pub(super) capacity: usize,
    /// Seats beside these, which no proven tenant can take.
    pub(super) probation: usize,
    /// After this without a good token a tenant is dropped.
    pub(super) idle: Duration,
    /// How long a no is remembered.
    pub(super) refusal: Duration,
    /// How long a tenant serves after it was confirmed last.
    pub(super) unconfirmed: Duration,
}

impl Limits {
    pub(super) const fn seats(&self) -> usize {
        self.capacity.saturating_add(self.probation)
    }
}

/// A call that is under way.
#[derive(Debug)]
pub(super) struct Call {
    id: u64,
    purpose: Purpose,
    task: Option<AbortHandle>,
    /// Dropped with the call, which is what waiters wait for.
    end: watch::Sender<()>,
}

/// Why somebody is asked about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// It is not here, or has lapsed.
    Admit,
    /// It is here and should be confirmed.
    Confirm,
}

/// Whether an unknown name may be asked about at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mode {
    Begin,
    /// Somebody wants to know what would happen, and that is counted as being turned away, too.
    Look,
}

/// What is known about a name.
#[derive(Debug)]
pub(super) enum Standing {
    Here,
    Refused,
    /// The last call brought no answer, just now.
    Failed {
        retry_after: Duration,
    },
    /// No call may begin: too many are under way, or have been lately.
    Busy {
        retry_after: Duration,
    },
    /// A call is under way: it ends when the sender is gone.
    Asked(watch::Receiver<()>),
    /// A call may begin.
    Free,
    /// A call has begun, by whoever is told so.
    Begun {
        id: u64,
        end: watch::Receiver<()>,
    },
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Yes {
        tenant: T,
        /// When it should be asked about again.
        due: Duration,
    },
    No,
    Nothing,
}

/// What left, to be dropped and told of without the lock: what a tenant holds is foreign code in part.
pub(super) type Left<T> = Vec<(Arc<Resident<T>>, Leave)>;

/// What a call or its end left behind. To be dropped without the lock, which wakes those who wait.
#[derive(Debug)]
pub(super) struct Ended<T> {
    pub(super) left: Left<T>,
    call: Option<Call>,
}

impl<T> Ended<T> {
    /// Stops whoever makes the call.
    pub(super) fn break_off(&self) {
        if let Some(task) = self.call.as_ref().and_then(|call| call.task.as_ref()) {
            task.abort();
        }
    }
}

/// The state of all names.
#[derive(Debug)]
pub(super) struct Book<T> {
    limits: Limits,
    residents: Roll<T>,
    proven: usize,
    calls: HashMap<Name, Call>,
    /// Of the calls, those for names that are not here.
    admitting: usize,
    /// Numbers calls and arrivals.
    next: u64,
    refused: Memory<Name>,
    failed: Memory<Name>,
    /// Once proven, and gone: their return does not compete with strangers.
    alumni: Memory<Name>,
    /// Turned away for want of room: a hash each, as a coincidence costs next to nothing.
    turned_away: Memory<u64>,
    hasher: RandomState,
    strangers: Lane,
    returning: Lane,
    known: Lane,
}

impl<T> Book<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            residents: Roll::new(),
            proven: 0,
            calls: HashMap::new(),
            admitting: 0,
            next: 0,
            refused: Memory::of(MAX_REMEMBERED),
            failed: Memory::of(MAX_REMEMBERED),
            alumni: Memory::of(limits.capacity),
            turned_away: Memory::of(MAX_REMEMBERED),
            hasher: RandomState::new(),
            strangers: Lane::default(),
            returning: Lane::default(),
            known: Lane::default(),
        }
    }

    pub(super) const fn residents(&self) -> &Roll<T> {
        &self.residents
    }

    /// What is known about a name, a call for it begun if that is asked for and one may begin.
    pub(super) fn standing(&mut self, name: &str, now: Duration, mode: Mode) -> Standing {
        let lapsed = match self.residents.get(name) {
            Some(resident) if !resident.is_lapsed(now) => return Standing::Here,
            resident => resident.is_some(),
        };
        if self.refused.age(name, now).is_some_and(|age| age < self.limits.refusal) {
            return Standing::Refused;
        }
        if let Some(call) = self.calls.get(name) {
            return Standing::Asked(call.end.subscribe());
        }
        if let Some(age) = self.failed.age(name, now).filter(|age| *age < AFTER_FAILURE) {
            return Standing::Failed { retry_after: AFTER_FAILURE.saturating_sub(age) };
        }
        let seats = self.limits.seats().saturating_sub(self.proven);
        let hash = self.hasher.hash_one(name);
        let noted = self.turned_away.age(&hash, now);
        let returns = noted.is_some_and(|age| age >= SECOND_SIGHT);
        let was_proven = lapsed || self.alumni.age(name, now).is_some();
        // No more than half of the seats, as all answers may come at once; and strangers leave some to the others.
        let calls = if was_proven { MAX_CALLS } else { MAX_CALLS - RESERVED_CALLS };
        let crowded = self.admitting >= calls.min(seats / 2);
        let (mut opened, mut least) = (false, if crowded { AFTER_FAILURE } else { Duration::MAX });
        let lanes =
            [(was_proven, &mut self.known), (returns, &mut self.returning), (true, &mut self.strangers)];
        for (_, lane) in lanes.into_iter().filter(|(fits, _)| *fits && !crowded) {
            match lane.opens(now, seats) {
                Err(wait) => least = least.min(wait),
                Ok(()) if mode == Mode::Look => return Standing::Free,
                Ok(()) => {
                    lane.pass(now, seats);
                    opened = true;
                    break;
                }
            }
        }
        if opened {
            let (id, end) = self.begin(Name::from(name), Purpose::Admit);
            return Standing::Begun { id, end };
        }
        if noted.is_none() {
            self.turned_away.note(hash, now);
        }
        Standing::Busy { retry_after: least }
    }

    /// Begins the call that confirms a tenant, unless one is under way or somebody else was faster.
    pub(super) fn confirm(&mut self, resident: &Arc<Resident<T>>, now: Duration) -> Option<u64> {
        let here = self.residents.get(&resident.name).is_some_and(|here| Arc::ptr_eq(here, resident));
        if !here || !resident.is_due(now) || self.calls.contains_key(&resident.name) {
            return None;
        }
        resident.put_off(now.saturating_add(AFTER_FAILED_CONFIRMATION));
        Some(self.begin(Arc::clone(&resident.name), Purpose::Confirm).0)
    }

    fn begin(&mut self, name: Name, purpose: Purpose) -> (u64, watch::Receiver<()>) {
        self.next = self.next.wrapping_add(1);
        let (end, receiver) = watch::channel(());
        self.admitting += usize::from(purpose == Purpose::Admit);
        self.calls.insert(name, Call { id: self.next, purpose, task: None, end });
        (self.next, receiver)
    }

    /// Remembers who makes the call, so that it can be broken off.
    pub(super) fn made_by(&mut self, name: &str, id: u64, task: AbortHandle) {
        if let Some(call) = self.calls.get_mut(name).filter(|call| call.id == id) {
            call.task = Some(task);
        }
    }

    /// Takes what a call brought, unless it was made void meanwhile: then nothing, and the answer is given back.
    pub(super) fn finish(
        &mut self,
        name: &Name,
        id: u64,
        answer: Answer<T>,
        now: Duration,
    ) -> Result<Ended<T>, Answer<T>> {
        if self.calls.get(name).is_none_or(|call| call.id != id) {
            return Err(answer);
        }
        let call = self.end_call(name);
        let mut left = Left::new();
        match answer {
            Answer::Yes { tenant, due } => {
                self.failed.forget(name);
                self.turned_away.forget(&self.hasher.hash_one(&**name));
                self.admit(Arc::clone(name), tenant, due, now, &mut left);
            }
            Answer::No => {
                self.refused.note(Arc::clone(name), now);
                self.alumni.forget(name);
                self.remove(name, Leave::Withdrawn, &mut left);
            }
            Answer::Nothing => self.failed.note(Arc::clone(name), now),
        }
        Ok(Ended { left, call })
    }

    fn end_call(&mut self, name: &str) -> Option<Call> {
        let call = self.calls.remove(name)?;
        self.admitting -= usize::from(call.purpose == Purpose::Admit);
        Some(call)
    }

    /// Gives a tenant a seat: that of its former self, a free one, or that of the unproven tenant that came first.
    fn admit(&mut self, name: Name, tenant: T, due: Duration, now: Duration, left: &mut Left<T>) {
        let lapses = now.saturating_add(self.limits.unconfirmed);
        self.next = self.next.wrapping_add(1);
        let resident = Resident::new(Arc::clone(&name), tenant, self.next, now).until(due, lapses);
        let former = self.residents.get(&name);
        let resident = match former {
            Some(former) => resident.after(former),
            None => resident,
        };
        if former.is_none() && self.residents.len() >= self.limits.seats() {
            let unproven = self.residents.values().filter(|resident| !resident.is_proven());
            if let Some(first) = unproven.min_by_key(|resident| resident.order) {
                let first = Arc::clone(&first.name);
                self.remove(&first, Leave::Room, left);
            }
        }
        self.residents.insert(name, Arc::new(resident));
    }

    /// A good token of the tenant was seen: from now on no stranger can take its seat.
    pub(super) fn prove(&mut self, resident: &Arc<Resident<T>>, now: Duration) -> Left<T> {
        let mut left = Left::new();
        let here = self.residents.get(&resident.name).is_some_and(|here| Arc::ptr_eq(here, resident));
        if !here || resident.is_proven() {
            return left;
        }
        if self.proven >= self.limits.capacity {
            let proven = self.residents.values().filter(|resident| resident.is_proven());
            if let Some(stalest) = proven.min_by_key(|resident| (resident.last_used(), resident.order)) {
                let stalest = Arc::clone(&stalest.name);
                self.remove(&stalest, Leave::Room, &mut left);
                self.alumni.note(stalest, now);
            }
        }
        resident.mark_proven();
        self.proven += 1;
        left
    }

    /// Drops those that nobody uses: the proven after the idle time, the others as soon as that or sooner.
    pub(super) fn sweep(&mut self, now: Duration) -> Left<T> {
        let mut left = Left::new();
        let patience = self.limits.idle.min(UNPROVEN_FOR);
        let idle = |resident: &&Arc<Resident<T>>| {
            if resident.is_proven() {
                now.saturating_sub(Duration::from_secs(resident.last_used())) >= self.limits.idle
            } else {
                now.saturating_sub(resident.admitted) >= patience
            }
        };
        let idle: Vec<_> = self.residents.values().filter(idle).cloned().collect();
        for resident in idle {
            self.remove(&resident.name, Leave::Idle, &mut left);
            if resident.is_proven() {
                self.alumni.note(Arc::clone(&resident.name), now);
            }
        }
        left
    }

    /// Knows nothing of a name any more, whatever is under way about it.
    pub(super) fn forget(&mut self, name: &str) -> Ended<T> {
        let mut left = Left::new();
        let call = self.end_call(name);
        self.refused.forget(name);
        self.failed.forget(name);
        self.alumni.forget(name);
        self.remove(name, Leave::Forgotten, &mut left);
        Ended { left, call }
    }

    fn remove(&mut self, name: &str, why: Leave, left: &mut Left<T>) {
        if let Some(resident) = self.residents.remove(name) {
            self.proven -= usize::from(resident.is_proven());
            left.push((resident, why));
        }
    }
}

/// How long a tenant without one good token keeps a seat that nobody else wants: its issuer is asked for keys all that
/// time.
const UNPROVEN_FOR: Duration = Duration::from_secs(5 * 60);

/// Names asked about at a time, those that wait for their turn included.
const MAX_CALLS: usize = 256;

/// Of these, those that only once proven tenants may take.
const RESERVED_CALLS: usize = 64;

/// Between a call without an answer and the next for the same name.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Between two attempts to confirm a tenant.
const AFTER_FAILED_CONFIRMATION: Duration = Duration::from_secs(60);

/// Who comes again after this, as `Retry-After` says, is no longer a stranger.
const SECOND_SIGHT: Duration = Duration::from_millis(900);

/// Names of each kind that are remembered: at 256 bytes at most, a megabyte.
const MAX_REMEMBERED: usize = 4_096;
