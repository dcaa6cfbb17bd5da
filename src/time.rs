//! Points in time and the only door to a clock.

use std::fmt;
use std::num::NonZeroU32;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A point in time as a NumericDate: seconds since 1970-01-01T00:00:00Z, leap seconds ignored
/// ([RFC 7519, section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
///
/// Whole seconds with nanoseconds beside them, so that a fraction in a token counts; it is read as a double, which today
/// is off by less than a microsecond. Values beyond what 64 bits hold saturate: a date too far away to write down is
/// still far away, and never wraps round.
///
/// ```
/// use std::time::Duration;
/// use portcullis::UnixTime;
///
/// let exp = UnixTime::from_seconds(1_700_000_000);
/// assert!(exp < exp.saturating_add(Duration::from_millis(1)));
/// assert_eq!(UnixTime::MAX.saturating_add(Duration::from_secs(60)), UnixTime::MAX);
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixTime {
    seconds: i64,
    /// One more than the nanoseconds, so that an optional time is no larger: verified tokens are kept by the thousand.
    fraction: NonZeroU32,
}

impl UnixTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self::new(0, 0);
    /// The latest point that can be named.
    pub const MAX: Self = Self::new(i64::MAX, NANOS_PER_SECOND - 1);
    /// The earliest point that can be named.
    pub const MIN: Self = Self::new(i64::MIN, 0);

    const fn new(seconds: i64, nanos: u32) -> Self {
        Self { seconds, fraction: NonZeroU32::MIN.saturating_add(nanos) }
    }

    const fn nanos(self) -> u32 {
        self.fraction.get() - 1
    }

    /// The start of the given second.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self::new(seconds, 0)
    }

    /// The second this point lies in, fraction dropped.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.seconds
    }

    /// This point moved `by` into the future; saturates at [`UnixTime::MAX`].
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        let Ok(seconds) = i64::try_from(by.as_secs()) else { return Self::MAX };
        let nanos = self.nanos() + by.subsec_nanos();
        let (carry, nanos) =
            if nanos >= NANOS_PER_SECOND { (1, nanos - NANOS_PER_SECOND) } else { (0, nanos) };
        match self.seconds.checked_add(seconds).and_then(|s| s.checked_add(carry)) {
            Some(seconds) => Self::new(seconds, nanos),
            None => Self::MAX,
        }
    }

    /// This point moved `by` into the past; saturates at [`UnixTime::MIN`].
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        let Ok(seconds) = i64::try_from(by.as_secs()) else { return Self::MIN };
        let (borrow, nanos) = match self.nanos().checked_sub(by.subsec_nanos()) {
            Some(nanos) => (0, nanos),
            None => (1, NANOS_PER_SECOND + self.nanos() - by.subsec_nanos()),
        };
        match self.seconds.checked_sub(seconds).and_then(|s| s.checked_sub(borrow)) {
            Some(seconds) => Self::new(seconds, nanos),
            None => Self::MIN,
        }
    }

    /// How far this point lies after `earlier`; zero when it does not.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Duration {
        if self <= earlier {
            return Duration::ZERO;
        }
        let seconds = self.seconds.abs_diff(earlier.seconds);
        match self.nanos().checked_sub(earlier.nanos()) {
            Some(nanos) => Duration::new(seconds, nanos),
            None => {
                Duration::new(seconds.saturating_sub(1), NANOS_PER_SECOND + self.nanos() - earlier.nanos())
            }
        }
    }

    /// The point that a JSON number with a fraction or an exponent names; `None` for what is not finite.
    ///
    /// Saturates outside the 64-bit range.
    #[must_use]
    pub fn from_fractional_seconds(seconds: f64) -> Option<Self> {
        if !seconds.is_finite() {
            return None;
        }
        let whole = seconds.floor();
        // `as` saturates, which is the behaviour promised above; `try_from` does not exist for floats.
        #[expect(clippy::as_conversions, reason = "float to integer saturates by definition")]
        let (whole, nanos) = (whole as i64, ((seconds - whole) * f64::from(NANOS_PER_SECOND)) as u32);
        Some(Self::new(whole, nanos.min(NANOS_PER_SECOND - 1)))
    }
}

impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self::EPOCH.saturating_add(since),
            // A clock before 1970 is a broken clock. The latest time makes every token expired: closed, and noticed.
            Err(_) => Self::MAX,
        }
    }
}

/// Seconds since the epoch, with the fraction where there is one.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.nanos() {
            0 => write!(f, "{}", self.seconds),
            nanos => write!(f, "{}+{:.3}s", self.seconds, f64::from(nanos) / f64::from(NANOS_PER_SECOND)),
        }
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a verifier reads the time of day from.
///
/// A token's `exp` and `nbf` are judged by it; the age of keys is not, as that must survive a clock that jumps. Any
/// `Fn() -> UnixTime` is a clock, so a test can hold one.
pub trait Clock: Send + Sync {
    /// The present time of day.
    fn now(&self) -> UnixTime;

    /// The time of day some milliseconds ago at most, if that is had for less. It is asked about tokens that were verified
    /// before, so as to end with them at most so much later.
    fn recent(&self) -> UnixTime {
        self.now()
    }
}

impl<F> Clock for F
where
    F: Fn() -> UnixTime + Send + Sync,
{
    fn now(&self) -> UnixTime {
        self()
    }
}

/// The operating system's clock: what a verifier uses unless it is told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the time of day")]
        SystemTime::now().into()
    }

    /// That of the last tick, 1 to 10 ms apart.
    #[cfg(target_os = "linux")]
    fn recent(&self) -> UnixTime {
        use nix::time::{ClockId, clock_gettime};

        let Ok(time) = clock_gettime(ClockId::CLOCK_REALTIME_COARSE) else { return self.now() };
        match (u64::try_from(time.tv_sec()), u32::try_from(time.tv_nsec())) {
            (Ok(seconds), Ok(nanos)) => UnixTime::EPOCH.saturating_add(Duration::new(seconds, nanos)),
            // As for a clock before 1970 above.
            _ => UnixTime::MAX,
        }
    }
}

/// Measures how long something takes. It judges nothing: nobody is let in or refused by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that measures; keys have their own clock"
        )]
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

const NANOS_PER_SECOND: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_fraction_keep_it_and_absurd_ones_saturate() {
        for (name, number, want) in [
            ("a half", 1.5, Some((1, 500_000_000))),
            ("before the epoch", -1.5, Some((-2, 500_000_000))),
            ("next to nothing before the epoch", -1e-300, Some((-1, 999_999_999))),
            ("beyond 64 bits", 1e30, Some((i64::MAX, 0))),
            ("far before the epoch", -1e30, Some((i64::MIN, 0))),
            ("infinite", f64::INFINITY, None),
            ("not a number", f64::NAN, None),
        ] {
            let got = UnixTime::from_fractional_seconds(number).map(|t| (t.seconds, t.nanos()));
            assert_eq!(got, want, "{name}");
        }
    }

    #[test]
    fn addition_carries_and_saturates() {
        let half = UnixTime::new(10, 600_000_000);
        assert_eq!(half.saturating_add(Duration::from_millis(500)), UnixTime::new(11, 100_000_000));
        assert_eq!(UnixTime::MAX.saturating_add(Duration::from_secs(1)), UnixTime::MAX);
        assert_eq!(UnixTime::EPOCH.saturating_add(Duration::MAX), UnixTime::MAX);
    }

    #[test]
    fn differences_borrow_and_never_go_below_zero() {
        let (early, late) = (UnixTime::new(1, 900_000_000), UnixTime::new(3, 100_000_000));
        assert_eq!(late.saturating_since(early), Duration::from_millis(1_200));
        assert_eq!(early.saturating_since(late), Duration::ZERO);
        assert_eq!(UnixTime::MAX.saturating_since(UnixTime::MIN).as_secs(), u64::MAX);
    }

    #[test]
    fn shown_in_seconds_and_with_a_fraction_where_there_is_one() {
        let half = UnixTime::new(-7, 500_000_000);
        assert_eq!((half.seconds(), half.to_string().as_str()), (-7, "-7+0.500s"));
        assert_eq!(format!("{:?} {half:?}", UnixTime::from_seconds(42)), "42 -7+0.500s");
    }

    #[test]
    fn a_recent_time_is_at_most_a_moment_old() {
        let (before, recent, now) = (SystemClock.now(), SystemClock.recent(), SystemClock.now());
        assert!(
            recent <= now && before.saturating_since(recent) < Duration::from_secs(1),
            "{before} {recent} {now}"
        );
        let stopped = || UnixTime::from_seconds(7);
        assert_eq!(stopped.recent(), stopped.now());
    }

    #[test]
    fn a_system_clock_before_the_epoch_lets_nothing_pass_as_current() {
        assert_eq!(UnixTime::from(UNIX_EPOCH - Duration::from_secs(1)), UnixTime::MAX);
        assert_eq!(UnixTime::from(UNIX_EPOCH + Duration::from_secs(7)), UnixTime::from_seconds(7));
    }
}
