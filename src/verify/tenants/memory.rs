//! What is remembered of names for a while, in bounded room, and how often they may be asked about.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Names and when they were noted, the oldest forgotten for the newest.
#[derive(Debug)]
pub(super) struct Memory<K> {
    noted: HashMap<K, Duration>,
    /// In the order of noting; what was noted again or forgotten stands here once too often until it comes up.
    order: VecDeque<(K, Duration)>,
    room: usize,
}

impl<K: Clone + Eq + Hash> Memory<K> {
    pub(super) fn of(room: usize) -> Self {
        Self { noted: HashMap::new(), order: VecDeque::new(), room }
    }

    pub(super) fn note(&mut self, key: K, now: Duration) {
        self.noted.insert(key.clone(), now);
        self.order.push_back((key, now));
        while self.order.len() > self.room {
            let Some((oldest, at)) = self.order.pop_front() else { return };
            if self.noted.get(&oldest) == Some(&at) {
                self.noted.remove(&oldest);
            }
        }
    }

    /// How long ago the name was noted.
    pub(super) fn age<Q>(&self, key: &Q, now: Duration) -> Option<Duration>
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.noted.get(key).map(|at| now.saturating_sub(*at))
    }

    pub(super) fn forget<Q>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.noted.remove(key);
    }
}

/// How many names may be asked about: a burst, then one an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lane {
    /// When all that was let through will have been paid for.
    paid: Duration,
}

impl Lane {
    /// Whether one more may pass, when `seats` are to be shared out; else how long to wait.
    ///
    /// In any [`STAY`], no lane lets more than a sixth of the seats through: half of that as a burst, half as time goes.
    pub(super) fn opens(&self, now: Duration, seats: usize) -> Result<(), Duration> {
        let wait = self.next(now, seats).saturating_sub(now).saturating_sub(STAY);
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    pub(super) fn pass(&mut self, now: Duration, seats: usize) {
        self.paid = self.next(now, seats);
    }

    fn next(&self, now: Duration, seats: usize) -> Duration {
        // A dozen at least, or no interval would be short enough to open.
        let seats = u32::try_from(seats).unwrap_or(u32::MAX).clamp(LANES * 4, MAX_SHARED);
        self.paid.max(now).saturating_add(STAY * LANES * 4 / seats)
    }
}

/// Lanes that a name may come by: never seen, turned away before, of a tenant that was proven once.
pub(super) const LANES: u32 = 3;

/// Seats that are shared out at most: each tenant that comes has the snapshot copied, which takes longer the more are here.
const MAX_SHARED: u32 = 2_048;

/// What a tenant that has just been resolved has to prove itself before others may take its seat: time for its keys to
/// come, which the first request waits for. The lanes together fill half of the seats in that time; the other half is for the calls
/// that had begun before.
pub(super) const STAY: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_memory_forgets_the_oldest_and_keeps_its_bound() {
        let mut memory = Memory::of(3);
        for (at, name) in [(0, "a"), (1, "b"), (2, "a"), (3, "c")] {
            memory.note(name, secs(at));
        }
        let age = |memory: &Memory<&str>, name| memory.age(name, secs(10));
        assert_eq!(
            ["a", "b", "c"].map(|name| age(&memory, name)),
            [Some(secs(8)), Some(secs(9)), Some(secs(7))]
        );
        memory.note("d", secs(4));
        assert_eq!(["a", "b", "d"].map(|name| age(&memory, name)), [Some(secs(8)), None, Some(secs(6))]);
        memory.forget("a");
        assert_eq!(age(&memory, "a"), None);
        for at in 0..10_000 {
            memory.note("a", secs(at));
            assert!(memory.order.len() <= 3 && memory.noted.len() <= 3);
        }
    }

    #[test]
    fn beyond_some_seats_a_lane_opens_no_wider() {
        let burst = |seats| {
            let mut lane = Lane::default();
            (0..)
                .take_while(|_| {
                    lane.opens(Duration::ZERO, seats).map(|()| lane.pass(Duration::ZERO, seats)).is_ok()
                })
                .count()
        };
        assert_eq!([0, 12, 24, 2_048, 2_072, 11_250].map(burst), [1, 1, 2, 170, 170, 170]);
    }

    #[test]
    fn a_lane_lets_no_more_than_its_share_through_in_any_stay() {
        for seats in [16, 100, 1_125, 2_048] {
            let mut lane = Lane::default();
            let mut passed = Vec::new();
            for tick in 0..600 {
                let now = Duration::from_millis(tick * 100);
                while lane.opens(now, seats).is_ok() {
                    lane.pass(now, seats);
                    passed.push(now);
                }
                assert!(lane.opens(now, seats).unwrap_err() <= STAY, "waiting is bounded");
            }
            let most = passed
                .iter()
                .map(|from| passed.iter().filter(|at| *at >= from && **at < *from + STAY).count());
            let most = most.max().unwrap();
            assert!(most <= seats / 6 && most * 4 >= seats / 6, "{most} of {seats}");
        }
    }
}
