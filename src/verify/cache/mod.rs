//! The verified-token cache: a token that was verified before is not verified again, as long as that would change nothing.
//!
//! It is transparent. A hit answers what a full verification would answer at that moment:
//!
//! 1. The whole token is compared, every byte of it. Where to look is told by a hash that is keyed anew for each cache.
//! 2. An entry holds for one verifier, one issuer or tenant of it, and one generation of that issuer's keys. With other
//!    keys, keys that have expired, or a tenant that left, the token is verified in full again. So a withdrawn key ends
//!    its entries at the very moment at which it ends.
//! 3. `exp`, `nbf`, the greatest age and the revocation check are judged anew for each hit; proof of possession will be. The
//!    time is that of the clock's last tick ([`Clock::recent`]); what it would refuse is verified in full.
//! 4. Only what passed every check enters. What is refused on a hit leaves.
//! 5. Memory is bounded, in entries. A token enters when it is verified a second time; of the first time 32 bits of its
//!    hash are kept. So tokens that come once, however many, evict nothing. An entry that was hit since the hand of the
//!    clock passed is passed over; where it finds no other, the newcomer has to come again.
//! 6. Readers take no lock and write nothing that another thread reads, but for the mark that an entry was hit, which is
//!    written when it is not there yet. What is handed out is counted apart for each stripe of threads.
//! 7. Nobody waits: a newcomer that meets another at the lock is let in at its next sight.
//! 8. Tokens and claims are wiped when their entry goes and the last request that holds them ends.

mod entry;
// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(feature = "testkit")]
mod model;
mod sightings;
mod status;
mod table;
#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

pub use status::TokenCacheStatus;

use foldhash::quality::RandomState;

use super::token::VerifiedToken;
use crate::time::Clock;
pub(super) use entry::{Basis, Entry, Whose};
use sightings::Sightings;
use status::Counters;
use table::{Found, Table};

/// The verified tokens of one verifier.
pub(super) struct TokenCache {
    hasher: RandomState,
    table: Table,
    sightings: Sightings,
    counters: Counters,
    longest: Duration,
}

/// A token on its way through the cache.
pub(super) struct Sight<'c> {
    cache: &'c TokenCache,
    hash: u64,
    found: Option<Found>,
}

impl TokenCache {
    /// Room for so many tokens, each of them for at most so long.
    pub(super) fn new(capacity: usize, longest: Duration) -> Self {
        Self {
            hasher: RandomState::default(),
            table: Table::new(capacity),
            sightings: Sightings::new(capacity),
            counters: Counters::default(),
            longest,
        }
    }

    /// Looks for a token; `None` for what is too short to be one.
    pub(super) fn look(&self, token: &[u8]) -> Option<Sight<'_>> {
        let hash = self.hash(token)?;
        Some(Sight { cache: self, hash, found: self.table.find(hash, token) })
    }

    /// Taken from the end and the middle of the token alone. What distinguishes tokens is the signature, which stands
    /// at the end; the end of an ML-DSA signature tells little (FIPS 204, section 7.2: hints), but there the middle of the
    /// token is of the signature, too.
    fn hash(&self, text: &[u8]) -> Option<u64> {
        let end = text.last_chunk::<END>()?;
        let middle = text.get(text.len() / 2..)?.first_chunk::<MIDDLE>()?;
        let mut hasher = self.hasher.build_hasher();
        hasher.write(end);
        hasher.write(middle);
        Some(hasher.finish())
    }

    pub(super) fn status(&self) -> TokenCacheStatus {
        let mut status = self.table.status();
        status.bytes += self.sightings.bytes();
        self.counters.tell(&mut status);
        status
    }
}

impl Sight<'_> {
    /// What the cache has under this token, whole.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.found.as_ref().and_then(Found::entry)
    }

    /// Counts a token that the cache has answered for.
    pub(super) fn hit(&self) {
        self.cache.counters.hit();
    }

    /// Lets go of what the cache has under a token that is not good any more.
    pub(super) fn refused(self) {
        let Self { cache, hash, found } = self;
        if found.is_some() {
            // Before the entry goes, so that it goes at once.
            drop(found);
            cache.table.remove(hash);
        }
    }

    /// Notes that the token has been verified, and keeps it if that was not the first time.
    pub(super) fn verified(self, text: &str, token: &VerifiedToken, basis: Basis, clock: &dyn Clock) {
        let Self { cache, hash, found } = self;
        cache.counters.miss();
        // An entry that did not serve is replaced. A token that the cache knew is no newcomer.
        if found.is_some() || cache.sightings.again(hash) {
            drop(found);
            let now = clock.recent();
            if let Some(entry) = Entry::new(hash, text, token, basis, now..now.saturating_add(cache.longest))
            {
                cache.table.admit(entry, now);
            }
        }
    }
}

/// Shows no token.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").field("status", &self.status()).finish_non_exhaustive()
    }
}

/// How many bytes of the token are hashed, at its end and from its middle on.
const END: usize = 32;
const MIDDLE: usize = 16;
