//! Where entries are kept: places in sets, found by hash without a lock, given away under one.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use arc_swap::{ArcSwapOption, Guard};

use super::entry::Entry;
use super::status::TokenCacheStatus;
use crate::time::UnixTime;

/// Entries, each in one of the two sets that its hash names.
pub(super) struct Table {
    sets: Box<[Set]>,
    capacity: usize,
    keeper: Mutex<Keeper>,
}

/// A line of hashes and a line of entries.
#[derive(Default)]
#[repr(align(64))]
struct Set {
    /// The hash of the entry in the same place, or [`NOBODY`]. Only a hint: the entry has the last word.
    hashes: [AtomicU64; PLACES],
    entries: [ArcSwapOption<Entry>; PLACES],
}

/// What changes only under the lock.
#[derive(Default)]
struct Keeper {
    entries: usize,
    bytes: usize,
    /// The set that is looked at next for somebody who may go.
    hand: usize,
    admissions: u64,
    evictions: u64,
    /// Entries that left, to be dropped without the lock: what an application has read of their claims is foreign code.
    left: Vec<Arc<Entry>>,
}

/// An entry that a reader holds.
pub(super) struct Found(Guard<Option<Arc<Entry>>>);

impl Found {
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.0.as_deref()
    }
}

/// Where an entry stands.
#[derive(Clone, Copy)]
struct Place<'t> {
    hash: &'t AtomicU64,
    entry: &'t ArcSwapOption<Entry>,
}

impl Table {
    pub(super) fn new(capacity: usize) -> Self {
        // With a quarter more places than entries, two sets that are both full are rare.
        let sets = (capacity.saturating_add(capacity / 4)).div_ceil(PLACES).next_power_of_two();
        Self {
            sets: std::iter::repeat_with(Set::default).take(sets).collect(),
            capacity,
            keeper: Mutex::default(),
        }
    }

    /// The entry of this token.
    pub(super) fn find(&self, hash: u64, token: &[u8]) -> Option<Found> {
        let hash = named(hash);
        for place in self.places(hash) {
            if place.hash.load(Ordering::Acquire) == hash {
                let found = Found(place.entry.load());
                if found.entry().is_some_and(|entry| named(entry.hash) == hash && entry.is_of(token)) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Keeps a token, unless there is no room that another could spare, or another thread is at it.
    pub(super) fn admit(&self, entry: Entry, now: UnixTime) {
        let Some(mut keeper) = self.try_keeper() else { return };
        let hash = named(entry.hash);
        if let Some(place) = self.place_of(hash) {
            keeper.empty(place);
            keeper.fill(place, entry);
        } else {
            self.make_room(&mut keeper, now);
            if keeper.entries < self.capacity
                && let Some(place) = self.free_place(&mut keeper, hash, now)
            {
                keeper.admissions += 1;
                keeper.fill(place, entry);
            }
        }
        Keeper::leave(keeper);
    }

    /// Lets go of the entry with this hash. If another thread is at it, that is left to the next who looks.
    pub(super) fn remove(&self, hash: u64) {
        let Some(mut keeper) = self.try_keeper() else { return };
        if let Some(place) = self.place_of(named(hash)) {
            keeper.evictions += 1;
            keeper.empty(place);
        }
        Keeper::leave(keeper);
    }

    pub(super) fn status(&self) -> TokenCacheStatus {
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        TokenCacheStatus {
            capacity: self.capacity,
            entries: keeper.entries,
            bytes: keeper.bytes + self.sets.len() * size_of::<Set>(),
            admissions: keeper.admissions,
            evictions: keeper.evictions,
            ..TokenCacheStatus::default()
        }
    }

    /// Moves the hand on: past a set in any case, so that those whose time is over go by and by, and past some more as
    /// long as there is no room.
    fn make_room(&self, keeper: &mut Keeper, now: UnixTime) {
        for _ in 0..MOST_SETS {
            let full = keeper.entries >= self.capacity;
            if let Some(set) = self.sets.get(keeper.hand) {
                keeper.hand = (keeper.hand + 1) & (self.sets.len() - 1);
                for place in set.places() {
                    let may_go = place.entry.load().as_ref().is_some_and(|entry| {
                        let spare = full && keeper.entries >= self.capacity;
                        !entry.is_current(now) || (spare && !entry.was_visited())
                    });
                    if may_go {
                        keeper.evictions += 1;
                        keeper.empty(place);
                    }
                }
            }
            if keeper.entries < self.capacity {
                return;
            }
        }
    }

    /// A place that is free in the two sets of a hash, or is made free: in the emptier of the two, so that both fill up
    /// evenly.
    fn free_place(&self, keeper: &mut Keeper, hash: u64, now: UnixTime) -> Option<Place<'_>> {
        let free = |set: &&Set| set.places().filter(Place::is_free).count();
        let emptier = self.sets_of(hash).max_by_key(free)?;
        if let Some(place) = emptier.places().find(Place::is_free) {
            return Some(place);
        }
        let may_go = |place: &Place<'_>| {
            place.entry.load().as_ref().is_none_or(|entry| !entry.is_current(now) || !entry.was_visited())
        };
        let place = self.places(hash).find(may_go)?;
        keeper.evictions += 1;
        keeper.empty(place);
        Some(place)
    }

    /// Where the entry with this hash stands. To be asked under the lock.
    fn place_of(&self, hash: u64) -> Option<Place<'_>> {
        self.places(hash).find(|place| place.hash.load(Ordering::Relaxed) == hash)
    }

    fn places(&self, hash: u64) -> impl Iterator<Item = Place<'_>> {
        self.sets_of(hash).flat_map(Set::places)
    }

    /// The two sets that a hash names; they may be one.
    fn sets_of(&self, hash: u64) -> impl Iterator<Item = &Set> {
        let mask = self.sets.len().saturating_sub(1);
        let numbered = move |part: u64| self.sets.get(usize::try_from(part).unwrap_or_default() & mask);
        [hash & LOW_HALF, hash >> 32].into_iter().filter_map(numbered)
    }

    fn try_keeper(&self) -> Option<MutexGuard<'_, Keeper>> {
        match self.keeper.try_lock() {
            Ok(keeper) => Some(keeper),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Set {
    fn places(&self) -> impl Iterator<Item = Place<'_>> {
        self.hashes.iter().zip(&self.entries).map(|(hash, entry)| Place { hash, entry })
    }
}

impl Place<'_> {
    fn is_free(&self) -> bool {
        self.hash.load(Ordering::Relaxed) == NOBODY
    }
}

impl Keeper {
    /// Puts an entry into a place that is free.
    fn fill(&mut self, place: Place<'_>, entry: Entry) {
        self.entries += 1;
        self.bytes += entry.bytes();
        let hash = named(entry.hash);
        place.entry.store(Some(Arc::new(entry)));
        // After the entry, so that whoever sees the one sees the other.
        place.hash.store(hash, Ordering::Release);
    }

    fn empty(&mut self, place: Place<'_>) {
        place.hash.store(NOBODY, Ordering::Release);
        if let Some(entry) = place.entry.swap(None) {
            self.entries -= 1;
            self.bytes -= entry.bytes();
            self.left.push(entry);
        }
    }

    /// Gives the lock back, and then drops what left.
    fn leave(mut keeper: MutexGuard<'_, Self>) {
        let left = mem::take(&mut keeper.left);
        drop(keeper);
        drop(left);
    }
}

/// A hash that is not taken for a free place.
const fn named(hash: u64) -> u64 {
    if hash == NOBODY { 1 } else { hash }
}

const NOBODY: u64 = 0;
/// As many as a cache line holds hashes.
const PLACES: usize = 8;
/// How far one newcomer moves the hand: a bound on what a request does for others.
const MOST_SETS: usize = 8;
const LOW_HALF: u64 = 0xffff_ffff;
