//! The keys in use, and for how long they serve.

use std::sync::Arc;
use std::time::Duration;

use super::schedule::{self, Freshness};
use crate::crypto::Backend;
use crate::jose::{AlgorithmSet, JwkSet};
use crate::keys::set::{KeySet, Origin};
use crate::keys::status::{KeyOrigin, KeyState};

/// The keys in use.
pub(super) struct Holding {
    pub(super) set: Arc<KeySet>,
    pub(super) generation: u64,
    /// `None` before there were any.
    pub(super) term: Option<Term>,
}

/// For how long keys serve.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) origin: KeyOrigin,
    /// When they were confirmed last, or taken over.
    pub(super) since: Duration,
    /// How old they were at that moment.
    pub(super) age_then: Duration,
    pub(super) max_age: Duration,
    pub(super) max_stale: Duration,
}

impl Term {
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since).saturating_add(self.age_then)
    }

    fn freshness(&self, now: Duration) -> Freshness {
        schedule::freshness(self.age(now), self.max_age, self.max_stale)
    }
}

impl Holding {
    pub(super) fn none(allowed: AlgorithmSet, backend: Backend) -> Self {
        let empty = KeySet::prepare(&JwkSet::default(), allowed, backend, Origin::Published);
        Self { set: Arc::new(empty), generation: 0, term: None }
    }

    /// How well the keys serve at `now`, and their age.
    pub(super) fn freshness(&self, now: Duration) -> Option<(Freshness, Duration)> {
        let term = self.term?;
        Some((term.freshness(now), term.age(now)))
    }

    pub(super) fn state(&self, now: Duration) -> KeyState {
        match self.term.map(|term| term.freshness(now)) {
            None => KeyState::Loading,
            Some(Freshness::Fresh) => KeyState::Fresh,
            Some(Freshness::Grace) => KeyState::Grace,
            Some(Freshness::Expired) => KeyState::Expired,
        }
    }

    /// The time until passing time alone makes the state another.
    pub(super) fn until_turn(&self, now: Duration) -> Option<Duration> {
        let Term { max_age, max_stale, .. } = self.term?;
        let (freshness, age) = self.freshness(now)?;
        match freshness {
            Freshness::Fresh => Some(max_age.saturating_sub(age)),
            Freshness::Grace => Some(max_age.saturating_add(max_stale).saturating_sub(age)),
            Freshness::Expired => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_lasts_exactly_until_its_turn() {
        let secs = Duration::from_secs;
        let term = Term {
            origin: KeyOrigin::Source,
            since: secs(100),
            age_then: secs(20),
            max_age: secs(600),
            max_stale: secs(60),
        };
        let none = Holding::none(AlgorithmSet::default(), Backend::available()[0]);
        let holding = Holding { term: Some(term), ..none };
        for (now, state, left) in [
            (100, KeyState::Fresh, Some(580)),
            (679, KeyState::Fresh, Some(1)),
            (680, KeyState::Grace, Some(60)),
            (739, KeyState::Grace, Some(1)),
            (740, KeyState::Expired, None),
        ] {
            assert_eq!(
                (holding.state(secs(now)), holding.until_turn(secs(now))),
                (state, left.map(secs)),
                "{now}"
            );
        }
        let none = Holding { term: None, ..holding };
        assert_eq!((none.state(secs(0)), none.until_turn(secs(0))), (KeyState::Loading, None));
    }
}
