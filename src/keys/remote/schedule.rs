//! When keys are fetched, and for how long they serve: pure functions of times that are handed in.
//!
//! A moment is the time since some fixed start, so neither a clock nor a runtime is needed to reason or to test.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// The bounds of one source's timing; `Remote::build` has checked them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// How long keys serve beyond their maximum age.
    pub(super) max_stale: Duration,
    /// Between attempts that are made because a token's key is unknown.
    pub(super) unknown_key_interval: Duration,
    /// The maximum age of an answer that grants none.
    pub(super) default_max_age: Duration,
    /// After a success: a fixed time for a source that is cheap to ask, else ahead of the maximum age.
    pub(super) renewal: Renewal,
}

/// When the next attempt follows a success.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Renewal {
    /// At 70 % to 90 % of the maximum age.
    Ahead,
    /// After this time, and after failures no later either.
    Every(Duration),
}

/// Whether, and how well, keys of some age serve.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Freshness {
    Fresh,
    Grace,
    Expired,
}

/// How well keys of this age serve that were granted `max_age`.
pub(super) fn freshness(age: Duration, max_age: Duration, max_stale: Duration) -> Freshness {
    if age < max_age {
        Freshness::Fresh
    } else if age < max_age.saturating_add(max_stale) {
        Freshness::Grace
    } else {
        Freshness::Expired
    }
}

/// When a client that met no usable keys may try again: whole seconds, as `Retry-After` has them, and never none.
pub(super) fn retry_after(until_attempt: Duration) -> Duration {
    let seconds = until_attempt.as_secs().saturating_add(u64::from(until_attempt.subsec_nanos() > 0));
    Duration::from_secs(seconds.max(1))
}

/// A random share of a time, in thousandths, so that many processes do not ask in step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jitter(u32);

impl Jitter {
    /// How many thousandths there are to draw from.
    pub(super) const STEPS: u32 = 1_000;

    pub(super) fn new(thousandths: u32) -> Self {
        Self(thousandths.min(Self::STEPS - 1))
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// With keys that are in use now.
    Renewed { max_age: Duration },
    /// With keys that must be seen again before they are used, for the first time in a row or not.
    Held { again: bool },
    /// With nothing of use; the source may have said when to come again.
    Failed { retry_after: Option<Duration> },
}

/// Why an attempt is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// The first of all.
    First,
    /// The keys are to be renewed.
    Renewal,
    /// The attempt before brought nothing of use.
    Retry,
    /// A token's key is unknown, or may have been replaced under its name.
    UnknownKey,
}

impl Cause {
    /// The cause as a stable word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Renewal => "renewal",
            Self::Retry => "retry",
            Self::UnknownKey => "unknown_key",
        }
    }
}

/// When the next attempt of one source is made, and who may wait for it.
#[derive(Debug)]
pub(super) struct Schedule {
    timing: Timing,
    last_start: Option<Duration>,
    running: bool,
    /// The next attempt, if no wish hastens it.
    planned: Duration,
    /// The source asked not to be asked before, and neither plan nor wish goes against that.
    held_off: Duration,
    failures: u32,
    /// A key was asked for that no attempt started since could have brought. One flag for all such keys: what a
    /// stranger can invent must not take memory.
    wished: bool,
    /// The same for keys that may have been replaced under their names. They are suspected by every forgery, so they are
    /// looked after more rarely: forgeries must not spend what unknown keys need.
    suspected: bool,
    confirming: bool,
}

impl Schedule {
    /// A source that has not been asked yet: it is due at once.
    pub(super) const fn new(timing: Timing) -> Self {
        Self {
            timing,
            last_start: None,
            running: false,
            planned: Duration::ZERO,
            held_off: Duration::ZERO,
            failures: 0,
            wished: false,
            suspected: false,
            confirming: false,
        }
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running
    }

    /// When the next attempt starts, unless one is under way.
    pub(super) fn next_start(&self) -> Duration {
        let interval = self.timing.unknown_key_interval;
        let mut wanted = self.planned;
        if self.wished {
            wanted = wanted.min(self.early_from(interval));
        }
        if self.suspected {
            wanted = wanted.min(self.early_from(interval.saturating_mul(SUSPICION_INTERVALS)));
        }
        wanted.max(self.held_off)
    }

    /// From when on a token may cause an attempt: an interval after the last start, whatever came of it.
    fn early_from(&self, interval: Duration) -> Duration {
        self.last_start.map_or(Duration::ZERO, |start| start.saturating_add(interval))
    }

    /// Whether a key was asked for that the next attempt is to bring.
    pub(super) const fn is_wished(&self) -> bool {
        self.wished || self.suspected
    }

    /// The same of a key that is unknown, which a forgery under a known one's name is not.
    pub(super) const fn is_unknown_wished(&self) -> bool {
        self.wished
    }

    /// Notes that a token's key is unknown. True when the token should wait: an attempt is under way, starts now, or is
    /// about to confirm, before `deadline`, keys that were seen once.
    ///
    /// A wish that comes too early is not lost: the attempt is made when the interval ends.
    pub(super) fn wish(&mut self, now: Duration, deadline: Duration) -> bool {
        self.wished = true;
        self.running || self.next_start() <= now || self.confirms_by(deadline)
    }

    /// Notes that a key may have been replaced under its name; the rest as with [`wish`](Self::wish).
    pub(super) fn suspect(&mut self, now: Duration, deadline: Duration) -> bool {
        self.suspected = true;
        self.running || self.next_start() <= now || self.confirms_by(deadline)
    }

    /// Whether an attempt is under way or starts before `deadline`. Hastens nothing: who has no keys at all must not
    /// defeat the back-off.
    pub(super) fn attempts_by(&self, deadline: Duration) -> bool {
        self.running || self.next_start() <= deadline
    }

    /// Whether keys that were seen once may be confirmed by an attempt that starts before `deadline`.
    pub(super) fn confirms_by(&self, deadline: Duration) -> bool {
        self.confirming && self.attempts_by(deadline)
    }

    /// An attempt starts. It covers every wish made so far, and none that is made while it runs: the answer may have
    /// been written before.
    pub(super) fn begin(&mut self, now: Duration) -> Cause {
        let cause = match self.last_start {
            None => Cause::First,
            Some(_) if self.is_wished() => Cause::UnknownKey,
            Some(_) if self.failures > 0 => Cause::Retry,
            Some(_) => Cause::Renewal,
        };
        self.last_start = Some(now);
        self.running = true;
        self.wished = false;
        self.suspected = false;
        cause
    }

    /// The attempt has ended.
    pub(super) fn end(&mut self, now: Duration, ended: Ended, jitter: Jitter) {
        self.running = false;
        match ended {
            Ended::Renewed { max_age } => {
                self.failures = 0;
                self.held_off = Duration::ZERO;
                self.confirming = false;
                // From the start, as ages are: an answer that took long leaves no less time for the next.
                let start = self.last_start.unwrap_or(now);
                self.planned = start.saturating_add(renewal_wait(self.timing.renewal, max_age, jitter));
                return;
            }
            // The first sight of foreign keys is to be confirmed soon, however long the failures before it lasted. A
            // source that shows others each time is backed off from like one that fails.
            Ended::Held { again: false } => {
                self.failures = 1;
                self.confirming = true;
            }
            Ended::Held { again: true } => {
                self.failures = self.failures.saturating_add(1);
                self.confirming = true;
            }
            Ended::Failed { retry_after } => {
                self.failures = self.failures.saturating_add(1);
                // No header can make us slower than our own slowest back-off.
                self.held_off = now.saturating_add(retry_after.unwrap_or_default().min(MAX_BACKOFF));
            }
        }
        let wait = failure_wait(self.timing.renewal, self.failures, jitter);
        self.planned = now.saturating_add(wait);
    }
}

/// After a success: 80 % ± 10 % of the maximum age, so that a failure leaves time for more attempts.
fn renewal_wait(renewal: Renewal, max_age: Duration, Jitter(thousandths): Jitter) -> Duration {
    match renewal {
        Renewal::Ahead => (max_age / Jitter::STEPS).saturating_mul(700 + thousandths / 5),
        Renewal::Every(interval) => interval,
    }
}

/// After failures: a random time below a ceiling that starts at 1 s and doubles to 60 s ("full jitter").
fn failure_wait(renewal: Renewal, failures: u32, Jitter(thousandths): Jitter) -> Duration {
    let doublings = failures.saturating_sub(1).min(MAX_DOUBLINGS);
    let ceiling = FIRST_BACKOFF.saturating_mul(1 << doublings).min(match renewal {
        Renewal::Ahead => MAX_BACKOFF,
        Renewal::Every(interval) => interval.min(MAX_BACKOFF),
    });
    (ceiling / Jitter::STEPS).saturating_mul(thousandths).max(MIN_BACKOFF)
}

const FIRST_BACKOFF: Duration = Duration::from_secs(1);
const MAX_BACKOFF: Duration = Duration::from_secs(60);
/// Full jitter may draw zero; even then a source is not asked in a tight loop.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// 2⁶ s is past the greatest back-off.
const MAX_DOUBLINGS: u32 = 6;
/// How many intervals lie between attempts that only a suspicion causes.
const SUSPICION_INTERVALS: u32 = 6;
