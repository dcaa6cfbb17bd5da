//! What operators are told of decisions: a span for each, and numbers.
//!
//! It knows decisions by what they say, and none of those who make them.

mod decision;
#[cfg(all(feature = "remote", not(feature = "metrics")))]
mod keys;
#[cfg(feature = "metrics")]
mod metrics;
mod span;

pub(crate) use decision::{Decision, Memory, Outcome, Scheme, Slot};
#[cfg(all(feature = "remote", not(feature = "metrics")))]
pub(crate) use keys::KeyCounts;
#[cfg(all(feature = "metrics", feature = "remote"))]
pub(crate) use metrics::EVERY;
#[cfg(all(feature = "metrics", feature = "remote"))]
pub(crate) use metrics::KeyCounts;
#[cfg(feature = "metrics")]
pub use metrics::Metrics;
#[cfg(feature = "metrics")]
pub(crate) use metrics::{Meter, Sheet, series};
pub(crate) use span::{DecisionSpan, requirement_judged};

use crate::audit::Audit;

/// Who is told what one verifier decides. There is none where nobody asked for it.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) audit: Option<Audit>,
    #[cfg(feature = "metrics")]
    pub(crate) meter: Option<std::sync::Arc<Meter>>,
}

impl Watch {
    /// Tells of a decision about a credential.
    pub(crate) fn tell(&self, decision: &Decision<'_>) {
        #[cfg(feature = "metrics")]
        if let Some(meter) = &self.meter {
            meter.count(decision);
        }
        #[cfg(not(feature = "metrics"))]
        let _ = decision;
    }

    /// Tells what became of a good token where a route asks for more.
    pub(crate) fn tell_of_requirement(&self, unmet: Option<&'static str>) {
        #[cfg(feature = "metrics")]
        if let Some(meter) = &self.meter {
            meter.count_requirement(unmet);
        }
        #[cfg(not(feature = "metrics"))]
        let _ = unmet;
    }
}
