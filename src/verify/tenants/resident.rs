//! A tenant that is here, as readers and the book see it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// An issuer's identifier.
pub(super) type Name = Arc<str>;

/// What readers see: all tenants that are here.
pub(super) type Roll<T> = HashMap<Name, Arc<Resident<T>>>;

/// A tenant that is here.
#[derive(Debug)]
pub(crate) struct Resident<T> {
    pub(super) name: Name,
    tenant: T,
    /// When it came, and in which order: the unproven leave in this order.
    pub(super) admitted: Duration,
    pub(super) order: u64,
    /// Until when it serves unless it is confirmed.
    lapses: Duration,
    /// A good token of it was seen. Changed by the book alone.
    proven: AtomicBool,
    /// The second of the last good token. Stored only when it changes: readers must not fight over it.
    used: AtomicU64,
    /// The second from which on it should be asked about again.
    due: AtomicU64,
}

impl<T> Deref for Resident<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.tenant
    }
}

impl<T> Resident<T> {
    /// A tenant that comes now, in this order.
    pub(super) fn new(name: Name, tenant: T, order: u64, now: Duration) -> Self {
        Self {
            name,
            tenant,
            admitted: now,
            order,
            lapses: Duration::MAX,
            proven: AtomicBool::new(false),
            used: AtomicU64::new(now.as_secs()),
            due: AtomicU64::new(u64::MAX),
        }
    }

    /// With the past of its former self.
    pub(super) fn after(self, former: &Self) -> Self {
        Self {
            admitted: former.admitted,
            order: former.order,
            proven: AtomicBool::new(former.is_proven()),
            used: AtomicU64::new(former.last_used()),
            ..self
        }
    }

    /// To be confirmed from one moment on, and gone at the other.
    pub(super) fn until(self, due: Duration, lapses: Duration) -> Self {
        self.put_off(due);
        Self { lapses, ..self }
    }

    /// Not to be asked about before this moment.
    pub(super) fn put_off(&self, due: Duration) {
        self.due.store(due.as_secs(), Ordering::Relaxed);
    }

    pub(super) fn mark_proven(&self) {
        self.proven.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_lapsed(&self, now: Duration) -> bool {
        now >= self.lapses
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        now.as_secs() >= self.due.load(Ordering::Relaxed)
    }

    pub(super) fn is_proven(&self) -> bool {
        self.proven.load(Ordering::Relaxed)
    }

    /// Notes a good token.
    pub(super) fn touch(&self, now: Duration) {
        let now = now.as_secs();
        if self.used.load(Ordering::Relaxed) < now {
            self.used.store(now, Ordering::Relaxed);
        }
    }

    /// The second of the last good token, or that in which it came.
    pub(super) fn last_used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// Why a tenant left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Leave {
    /// Its seat went to another.
    Room,
    Idle,
    /// The answer is no by now.
    Withdrawn,
    Forgotten,
}

impl Leave {
    /// The reason as a stable word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Idle => "idle",
            Self::Withdrawn => "withdrawn",
            Self::Forgotten => "forgotten",
        }
    }
}
