//! Issuers that are not known when the verifier is built: the tenants of a service, found when a token names them.
//!
//! A token's `iss` is compared with the issuers of the set-up first, and then with the tenants that are here. Only if it
//! is none of them, and matches the pattern or stands in the list, the resolver is asked. There is no default.
//!
//! | the tenant is | a request |
//! |---|---|
//! | here | served by its own rules and keys, as those of an issuer of the set-up; reads one snapshot and takes no lock |
//! | matching, and not here | waits for the one call to the resolver, within the wait budget, and then for the keys |
//! | one that the resolver does not know | 401 `issuer_unknown`; not asked about again for a minute |
//! | one that the resolver cannot tell of | 503 `tenant_unresolved`; not asked about again for a second |
//! | not here, and too many are asked about | 503 `tenants_busy` |
//! | neither here nor matching | 401 `issuer_unknown`; nobody is asked |
//!
//! 1. *One call for a name at a time*, in a task of its own: 1,000 first requests of a tenant cost one, and a client that
//!    goes away cancels nothing. It is cut off after 5 s; 32 are made at a time, and 192 wait at most. No more
//!    than 4,096 requests wait for all of them; the others are answered at once.
//! 2. *Strangers take no seat of a proven tenant.* A tenant is proven once a token of it is good; before, it sits among
//!    the unproven, who evict each other and nobody else, the first to come the first to go. They have an eighth of the
//!    capacity, 64 seats at least, and what the proven leave free. A proven tenant is evicted only by another that is proven, the least
//!    recently used first.
//! 3. *Strangers cannot raise the rate.* Names that were never seen share so many calls that all who have been let in
//!    have 2 s to prove themselves, whoever else comes: a twelfth of the free seats in a burst, and as many in each 2 s.
//!    Names that come a second time, and those of tenants that were proven once, have as much for themselves. With 1,000
//!    tenants here and room for 1,000, that is 5 calls a second for each of the three kinds; in an empty house it is 46.
//! 4. *What is remembered of names is bounded*: 4,096 that were refused, 4,096 without an answer, 4,096 that were turned
//!    away, and as many that were proven once as there is capacity. Names are at most 256 bytes.
//! 5. *A tenant that is here is confirmed* by another call, an hour after the last, while it serves: the answer no ends
//!    it; no answer leaves it for a day after it was confirmed last, and no longer. New settings replace the old ones when
//!    their keys are there. Nobody confirms a tenant that is not used.
//! 6. *A tenant that is not used goes*: after an hour without a good token, the unproven after five minutes. Its task
//!    ends, so it costs its authorization server nothing.
//! 7. *Dropping the last verifier ends all tasks*, also in the middle of a call. Without a tokio runtime, with time enabled, the tenants that
//!    are here are served, and nobody is asked.

mod book;
mod call;
mod events;
mod memory;
#[cfg(test)]
mod model;
mod pattern;
mod registry;
mod resident;
mod resolve;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use pattern::IssuerPattern;
pub(super) use registry::{Registry, Residents, Seat};
pub use resolve::{ResolveError, ResolveFuture, ResolveIssuer, Tenant};

use crate::error::ConfigError;
use crate::keys::Means;
use crate::keys::remote::within;
use book::Limits;
use pattern::Admission;

/// Issuers that a verifier trusts as soon as a resolver says so. The contract stands in the
/// [module's documentation](self).
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn main() -> Result<(), portcullis::ConfigError> {
/// use portcullis::tenants::{IssuerPattern, ResolveError, Tenant, Tenants};
/// use portcullis::{Issuer, Verifier};
///
/// async fn resolve(tenant: Tenant) -> Result<Option<Issuer>, ResolveError> {
///     Err(ResolveError::no_answer("the database is not connected yet"))
/// }
///
/// let pattern = IssuerPattern::new("https://login.example.com/{tenant}/v2.0")?;
/// let verifier = Verifier::builder().tenants(Tenants::matching(pattern, resolve).capacity(10_000)).build()?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc"))] fn main() {}
/// ```
#[must_use]
pub struct Tenants {
    admission: Admission,
    resolver: Arc<dyn ResolveIssuer>,
    settings: Settings,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    limits: Limits,
    wait_budget: Duration,
    confirm_every: Duration,
}

impl Tenants {
    /// The identifiers that match the pattern, if the resolver knows them.
    pub fn matching(pattern: IssuerPattern, resolver: impl ResolveIssuer) -> Self {
        Self::admitting(Admission { patterns: vec![pattern], ..Admission::default() }, resolver)
    }

    /// These identifiers and no others, if the resolver knows them: issuers whose keys and rules are found when they are
    /// needed.
    pub fn listed(
        identifiers: impl IntoIterator<Item = impl Into<String>>,
        resolver: impl ResolveIssuer,
    ) -> Self {
        let listed = identifiers.into_iter().map(Into::into).collect();
        Self::admitting(Admission { listed, ..Admission::default() }, resolver)
    }

    /// The identifiers that match this pattern, too: where an authorization server has two names for each tenant.
    pub fn also_matching(mut self, pattern: IssuerPattern) -> Self {
        self.admission.patterns.push(pattern);
        self
    }

    fn admitting(admission: Admission, resolver: impl ResolveIssuer) -> Self {
        let limits = Limits {
            capacity: DEFAULT_CAPACITY,
            probation: probation(DEFAULT_CAPACITY),
            idle: DEFAULT_IDLE,
            refusal: DEFAULT_REFUSAL,
            unconfirmed: DEFAULT_UNCONFIRMED,
        };
        let settings =
            Settings { limits, wait_budget: DEFAULT_WAIT_BUDGET, confirm_every: DEFAULT_CONFIRM_EVERY };
        Self { admission, resolver: Arc::new(resolver), settings }
    }

    /// Tenants that are kept once they have proven themselves. Default: 1,000; from 1 to 10,000.
    ///
    /// An eighth of it, and 64 at least, is kept beside them for those that have not.
    pub fn capacity(mut self, tenants: usize) -> Self {
        self.settings.limits.capacity = tenants;
        self.settings.limits.probation = probation(tenants);
        self
    }

    /// How long a request waits for the resolver; its keys have a budget of their own. Default: 2 s; from 10 ms to 30 s.
    pub fn wait_budget(mut self, wait_budget: Duration) -> Self {
        self.settings.wait_budget = wait_budget;
        self
    }

    /// How long it is remembered that a name is no tenant. Default: 1 min; from 1 s to 1 h.
    ///
    /// That is how long a new tenant may have to wait that was asked about too early;
    /// [`Verifier::forget_tenant`](crate::Verifier::forget_tenant) ends it.
    pub fn refusal_memory(mut self, time: Duration) -> Self {
        self.settings.limits.refusal = time;
        self
    }

    /// After what time the resolver is asked about a tenant again, at random up to a fifth earlier. Default: 1 h; from
    /// 1 min to 24 h.
    ///
    /// That is how long a withdrawn tenant serves; [`Verifier::forget_tenant`](crate::Verifier::forget_tenant) ends it at
    /// once.
    pub fn confirm_every(mut self, time: Duration) -> Self {
        self.settings.confirm_every = time;
        self
    }

    /// For how long after the last answer a tenant serves when the resolver gives none. Default: 24 h; from 1 min to 7 d,
    /// and no less than [`confirm_every`](Self::confirm_every).
    ///
    /// It is also how long a withdrawn tenant serves while the resolver is down.
    pub fn max_unconfirmed(mut self, time: Duration) -> Self {
        self.settings.limits.unconfirmed = time;
        self
    }

    /// After what time without a good token a tenant is dropped, and its keys with it. Default: 1 h; from 1 min to 24 h.
    pub fn idle(mut self, time: Duration) -> Self {
        self.settings.limits.idle = time;
        self
    }

    /// Whether the list names this issuer.
    pub(super) fn list(&self, identifier: &str) -> bool {
        self.admission.lists(identifier)
    }

    pub(super) fn build(self, means: Arc<Means>) -> Result<Arc<Registry>, ConfigError> {
        let Self { admission, resolver, settings } = self;
        let Settings { limits, wait_budget, confirm_every } = settings;
        let Limits { capacity, probation: _, idle, refusal, unconfirmed } = limits;
        if !(1..=MAX_CAPACITY).contains(&capacity) {
            return Err(ConfigError::SizeOutOfBounds { setting: "capacity", min: 1, max: MAX_CAPACITY });
        }
        within("wait_budget", wait_budget, Duration::from_millis(10), Duration::from_secs(30))?;
        within("refusal_memory", refusal, Duration::from_secs(1), HOUR)?;
        within("confirm_every", confirm_every, MINUTE, HOUR * 24)?;
        within("max_unconfirmed", unconfirmed, confirm_every, HOUR * 24 * 7)?;
        within("idle", idle, MINUTE, HOUR * 24)?;
        admission.check()?;
        Ok(Arc::new(Registry::new(admission, resolver, settings, means)))
    }
}

/// Shows neither the resolver nor anything that it holds.
impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenants")
            .field("admission", &self.admission)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Seats for those that have not proven themselves: a few tenants that come at once do not wait, whatever the capacity.
fn probation(capacity: usize) -> usize {
    (capacity / 8).max(64)
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DEFAULT_CAPACITY: usize = 1_000;
/// The snapshot is copied when a tenant comes or goes: beyond this that would be felt.
const MAX_CAPACITY: usize = 10_000;
const DEFAULT_WAIT_BUDGET: Duration = Duration::from_secs(2);
const DEFAULT_REFUSAL: Duration = MINUTE;
const DEFAULT_CONFIRM_EVERY: Duration = HOUR;
/// A night and the morning in which someone notices.
const DEFAULT_UNCONFIRMED: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_IDLE: Duration = HOUR;
