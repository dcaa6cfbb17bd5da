//! What is asked for a token that was verified before: which keys serve, and whether they are fresh. Two numbers, so that
//! nothing shared is touched but to be read.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::holding::Holding;
use super::sync::AtomicU64;

/// The generation of the keys in use, and until when they are fresh.
pub(super) struct Serving {
    generation: AtomicU64,
    /// In nanoseconds. 0: look at the keys themselves.
    fresh_until: AtomicU64,
}

impl Serving {
    pub(super) fn of(holding: &Holding) -> Self {
        Self {
            generation: AtomicU64::new(holding.generation),
            fresh_until: AtomicU64::new(fresh_until(holding)),
        }
    }

    /// The generation of the keys, if they are fresh at `now`.
    pub(super) fn fresh_generation(&self, now: Duration) -> Option<u64> {
        // In this order: whoever reads for how long the new keys are fresh reads their generation, too.
        let until = self.fresh_until.load(Ordering::Acquire);
        let generation = self.generation.load(Ordering::Acquire);
        (nanos(now) < until).then_some(generation)
    }

    /// Has `publish` change the keys to these; meanwhile readers look at the keys themselves.
    pub(super) fn change(&self, holding: &Holding, publish: impl FnOnce()) {
        self.fresh_until.store(0, Ordering::Release);
        publish();
        self.generation.store(holding.generation, Ordering::Release);
        self.fresh_until.store(fresh_until(holding), Ordering::Release);
    }
}

fn fresh_until(holding: &Holding) -> u64 {
    let Some(term) = holding.term else { return 0 };
    nanos(term.since.saturating_add(term.max_age).saturating_sub(term.age_then))
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod tests {
    use std::sync::Arc;

    use super::super::holding::Term;
    use super::*;
    use crate::crypto::Backend;
    use crate::jose::AlgorithmSet;
    use crate::keys::status::{KeyOrigin, KeyState};

    fn holding(generation: u64, term: Option<Term>) -> Holding {
        let none = Holding::none(AlgorithmSet::default(), Backend::available()[0]);
        Holding { set: Arc::clone(&none.set), generation, term }
    }

    #[test]
    fn it_says_what_the_keys_themselves_say() {
        let secs = Duration::from_secs;
        let term = |since, age_then, max_age| Term {
            origin: KeyOrigin::Source,
            since: secs(since),
            age_then: secs(age_then),
            max_age: secs(max_age),
            max_stale: secs(60),
        };
        let serving = Serving::of(&holding(0, None));
        assert_eq!(serving.fresh_generation(secs(0)), None, "there are none");
        for (generation, term) in [(1, term(100, 20, 600)), (2, term(100, 0, 0)), (3, term(10, 50, 20))] {
            let holding = holding(generation, Some(term));
            serving.change(&holding, || {
                assert_eq!(serving.fresh_generation(secs(100)), None, "they are being changed");
            });
            for now in (0..900).map(secs).filter(|now| *now >= term.since) {
                let fresh = (holding.state(now) == KeyState::Fresh).then_some(generation);
                assert_eq!(serving.fresh_generation(now), fresh, "{now:?}");
            }
        }
    }
}
