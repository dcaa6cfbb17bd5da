//! Whether tokens can be judged: for readiness probes.

use std::fmt;
#[cfg(feature = "remote")]
use std::sync::Weak;

use serde::{Serialize, Serializer};
#[cfg(feature = "remote")]
use tokio::sync::watch;

#[cfg(feature = "remote")]
use super::verifier::{Parts, Verifier};
use crate::keys::KeyState;

/// Whether tokens can be judged, all issuers taken together.
///
/// Tenants count once a token of theirs was good: whoever names one must not be able to change what a probe is told. With
/// tenants it is never [`Down`](Self::Down), as there may be others to serve than those
/// that are here.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Health {
    /// The keys of every issuer are current.
    Ready,
    /// Some are overdue and still serve, or the tokens of some issuers, not of all, cannot be judged: look now.
    Degraded,
    /// No token can be judged: every request gets 503.
    Down,
}

impl Health {
    /// The health as a stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }

    /// Whether requests should be sent here: unless every one would get 503. One issuer that is down is no reason to
    /// take the service from the users of the others.
    #[must_use]
    pub const fn is_serving(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }

    /// Where there may be more issuers than these, and nobody knows how they are.
    #[cfg(feature = "remote")]
    pub(super) fn beside_others(states: impl IntoIterator<Item = KeyState>) -> Self {
        match Self::of(states) {
            Self::Down => Self::Degraded,
            health => health,
        }
    }

    pub(super) fn of(states: impl IntoIterator<Item = KeyState>) -> Self {
        let (mut any, mut all_current, mut some_serve) = (false, true, false);
        for state in states {
            any = true;
            all_current &= matches!(state, KeyState::Fixed | KeyState::Fresh);
            some_serve |= state.can_verify();
        }
        match (all_current, some_serve || !any) {
            (true, _) => Self::Ready,
            (false, true) => Self::Degraded,
            (false, false) => Self::Down,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The stable word.
impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Follows a verifier's health; from [`Verifier::watch_health`](crate::Verifier::watch_health).
///
/// It does not keep the verifier alive.
///
/// ```no_run
/// # async fn follow(verifier: portcullis::Verifier) {
/// let mut health = verifier.watch_health();
/// while let Some(health) = health.changed().await {
///     println!("tokens: {health}");
/// }
/// # }
/// ```
#[cfg(feature = "remote")]
#[derive(Clone)]
pub struct HealthWatch {
    verifier: Weak<Parts>,
    pulse: watch::Receiver<()>,
    last: Health,
}

#[cfg(feature = "remote")]
impl HealthWatch {
    pub(super) fn new(verifier: Weak<Parts>, pulse: watch::Receiver<()>, last: Health) -> Self {
        Self { verifier, pulse, last }
    }

    /// The health that was seen last; at first that of the moment when the watch was made.
    #[must_use]
    pub const fn last(&self) -> Health {
        self.last
    }

    /// Waits until the health is another than [`last`](Self::last), and gives it; `None` when the verifier is gone.
    ///
    /// Of changes that follow each other faster than this is called, only the last is seen. Dropping the future loses
    /// nothing.
    pub async fn changed(&mut self) -> Option<Health> {
        loop {
            // Marked as seen before it is looked at: a change that comes after the look is another beat.
            self.pulse.mark_unchanged();
            let health = Verifier::health_of(&*self.verifier.upgrade()?);
            if health != self.last {
                self.last = health;
                return Some(health);
            }
            self.pulse.changed().await.ok()?;
        }
    }
}

#[cfg(feature = "remote")]
impl fmt::Debug for HealthWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthWatch").field("last", &self.last).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_issuer_that_is_down_does_not_take_the_others_down() {
        use KeyState::{Expired, Fixed, Fresh, Grace, Loading};
        for (states, want) in [
            (&[][..], Health::Ready),
            (&[Fixed], Health::Ready),
            (&[Fresh, Fixed], Health::Ready),
            (&[Grace], Health::Degraded),
            (&[Fresh, Grace], Health::Degraded),
            (&[Fresh, Expired], Health::Degraded),
            (&[Fixed, Loading], Health::Degraded),
            (&[Grace, Expired], Health::Degraded),
            (&[Expired], Health::Down),
            (&[Loading], Health::Down),
            (&[Loading, Expired], Health::Down),
        ] {
            let health = Health::of(states.iter().copied());
            assert_eq!(health, want, "{states:?}");
            assert_eq!(health.is_serving(), want != Health::Down);
        }
    }
}
