//! A clock that the test holds.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::time::{Clock, SystemClock, UnixTime};

/// A clock that stands still until the test moves it.
///
/// A handle: clones show the same time, so one is given to the verifier and one is kept.
///
/// ```
/// use std::time::Duration;
/// use portcullis::{Clock, testkit::TestClock};
///
/// let clock = TestClock::new();
/// let (given_away, start) = (clock.clone(), clock.now());
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(given_away.now().saturating_since(start), Duration::from_secs(90));
/// ```
#[derive(Clone)]
pub struct TestClock(Arc<Mutex<Hands>>);

#[derive(Clone, Copy)]
struct Hands {
    start: Start,
    ahead: Duration,
    behind: Duration,
}

#[derive(Clone, Copy)]
enum Start {
    Fixed(UnixTime),
    System,
}

impl TestClock {
    /// A clock at 2026-01-01T00:00:00Z, the same in every run.
    #[must_use]
    pub fn new() -> Self {
        Self::at(UnixTime::from_seconds(NEW_YEAR_2026))
    }

    /// A clock at the given time.
    #[must_use]
    pub fn at(time: UnixTime) -> Self {
        Self::starting(Start::Fixed(time))
    }

    /// A clock that goes with the operating system's, for demonstrations with tokens that other programs judge too.
    /// A test that can do without it should: its outcome may depend on the hour.
    #[must_use]
    pub fn system() -> Self {
        Self::starting(Start::System)
    }

    fn starting(start: Start) -> Self {
        Self(Arc::new(Mutex::new(Hands { start, ahead: Duration::ZERO, behind: Duration::ZERO })))
    }

    /// Moves the clock forward, for all who hold it.
    pub fn advance(&self, by: Duration) {
        self.turn(|hands| hands.ahead = hands.ahead.saturating_add(by));
    }

    /// Moves the clock back, as an operator or a time server may.
    pub fn rewind(&self, by: Duration) {
        self.turn(|hands| hands.behind = hands.behind.saturating_add(by));
    }

    /// Sets the clock to `time`, where it stands still from then on.
    pub fn set(&self, time: UnixTime) {
        self.turn(|hands| {
            *hands = Hands { start: Start::Fixed(time), ahead: Duration::ZERO, behind: Duration::ZERO };
        });
    }

    fn turn(&self, how: impl FnOnce(&mut Hands)) {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        let Hands { start, ahead, behind } = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = match start {
            Start::Fixed(time) => time,
            Start::System => SystemClock.now(),
        };
        earlier(start.saturating_add(ahead), behind)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TestClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestClock").field(&self.now()).finish()
    }
}

/// `time` moved `by` into the past; saturates at the earliest point that can be named.
pub(super) fn earlier(time: UnixTime, by: Duration) -> UnixTime {
    let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
    let Some(start) = time.seconds().checked_sub(seconds) else { return UnixTime::MIN };
    let fraction = time.saturating_since(UnixTime::from_seconds(time.seconds()));
    let by = Duration::from_nanos(by.subsec_nanos().into());
    match fraction.checked_sub(by) {
        Some(fraction) => UnixTime::from_seconds(start).saturating_add(fraction),
        None => UnixTime::from_seconds(start.saturating_sub(1))
            .saturating_add(Duration::from_secs(1) + fraction - by),
    }
}

const NEW_YEAR_2026: i64 = 1_767_225_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_the_time_and_moves_add_up() {
        let clock = TestClock::at(UnixTime::from_seconds(100));
        let other = clock.clone();
        clock.advance(Duration::from_millis(1_500));
        other.rewind(Duration::from_millis(700));
        assert_eq!(clock.now(), UnixTime::from_seconds(100).saturating_add(Duration::from_millis(800)));
        other.rewind(Duration::from_millis(900));
        assert_eq!(clock.now(), UnixTime::from_seconds(99).saturating_add(Duration::from_millis(900)));
        other.set(UnixTime::from_seconds(7));
        assert_eq!(clock.now(), UnixTime::from_seconds(7));
    }

    #[test]
    fn the_ends_of_time_hold() {
        let clock = TestClock::new();
        clock.rewind(Duration::MAX);
        assert!(clock.now() < UnixTime::EPOCH);
        clock.set(UnixTime::MAX);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), UnixTime::MAX);
    }

    #[test]
    fn a_system_clock_can_be_moved_too() {
        let clock = TestClock::system();
        let before = clock.now();
        clock.advance(Duration::from_secs(1_000_000));
        assert!(clock.now() >= before.saturating_add(Duration::from_secs(1_000_000)));
    }
}
