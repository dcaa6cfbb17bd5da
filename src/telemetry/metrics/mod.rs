//! What one verifier counts, and how it comes to the recorder.
//!
//! Requests count in memory of their thread's stripe, and nothing else: a recorder's counter is one for all threads, and
//! looking for it takes longer than judging a token that was seen before. What was counted is handed on every few seconds.

mod keys;
mod lane;
pub(crate) mod series;
mod sheet;
mod timings;

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;
#[cfg(feature = "remote")]
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(feature = "remote")]
use std::time::Duration;

use metrics::{Key, SharedString};

pub(crate) use keys::KeyCounts;
use lane::{Lane, Refusal};
pub(crate) use sheet::Sheet;

use super::decision::{Decision, Memory, Outcome, Scheme, Slot};
use crate::stripes;

/// Has a verifier tell its numbers to the process's recorder of the [`metrics`](https://docs.rs/metrics) facade. Given to
/// [`VerifierBuilder::metrics`](crate::VerifierBuilder::metrics).
///
/// Install the recorder before the verifier is built. What was counted is handed on every 5 s by a task of the tokio
/// runtime that the verifier was built in, or is used in first, and by
/// [`Verifier::publish_metrics`](crate::Verifier::publish_metrics) at any moment, such as before a scrape. Without feature
/// `remote` there is no such task.
///
/// No label is chosen by a client: issuers are those of the set-up, and all tenants together count as `tenant`. The series
/// stand in `docs/operations.md`.
#[derive(Clone, Debug)]
#[must_use = "it tells nothing until a verifier is given it"]
pub struct Metrics {
    verifier: SharedString,
}

impl Metrics {
    /// The numbers of the one verifier of a service.
    pub fn new() -> Self {
        Self { verifier: SharedString::const_str("default") }
    }

    /// The name in the label `verifier`, for services that have several. Default: `default`.
    pub fn verifier(self, name: impl Into<String>) -> Self {
        Self { verifier: SharedString::from(name.into()) }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// What one verifier has counted.
pub(crate) struct Meter {
    verifier: SharedString,
    /// By slot: the issuers of the set-up, all tenants, nobody.
    issuers: Vec<SharedString>,
    lanes: Box<[Lane]>,
    /// Of the issuers of the set-up, then of all tenants.
    keys: Vec<KeyCounts>,
    /// What the recorder was told already.
    told: Mutex<HashMap<Key, u64>>,
    /// There is a task that hands on.
    #[cfg(feature = "remote")]
    is_publishing: AtomicBool,
}

impl Meter {
    pub(crate) fn new<'i>(metrics: Metrics, issuers: impl Iterator<Item = &'i str>) -> Self {
        let mut issuers: Vec<_> = issuers.map(|issuer| SharedString::from(issuer.to_owned())).collect();
        let keys = std::iter::repeat_with(KeyCounts::default).take(issuers.len() + 1).collect();
        issuers.extend([SharedString::const_str("tenant"), SharedString::const_str("none")]);
        let cells = issuers.len() * Scheme::ALL.len();
        let lanes = std::iter::repeat_with(|| Lane::new(cells)).take(stripes::count()).collect();
        Self {
            verifier: metrics.verifier,
            issuers,
            lanes,
            keys,
            told: Mutex::default(),
            #[cfg(feature = "remote")]
            is_publishing: AtomicBool::new(false),
        }
    }

    /// Whether nobody hands on what was counted yet; from now on somebody does.
    #[cfg(feature = "remote")]
    pub(crate) fn begin_publishing(&self) -> bool {
        !self.is_publishing.swap(true, Ordering::Relaxed)
    }

    #[cfg(feature = "remote")]
    pub(crate) fn end_publishing(&self) {
        self.is_publishing.store(false, Ordering::Relaxed);
    }

    fn slot(&self, slot: Slot) -> usize {
        let fixed = self.issuers.len().saturating_sub(2);
        match slot {
            Slot::Fixed(number) => number.min(fixed),
            Slot::Tenant => fixed,
            Slot::Nobody => fixed + 1,
        }
    }

    /// Where the keys of this issuer are counted; all tenants' together.
    #[cfg(feature = "remote")]
    pub(crate) fn keys_of(&self, issuer: &str) -> KeyCounts {
        let tenants = self.keys.len().saturating_sub(1);
        let fixed = self.issuers.iter().take(tenants).position(|known| &**known == issuer);
        self.keys.get(fixed.unwrap_or(tenants)).cloned().unwrap_or_default()
    }

    fn lane(&self) -> Option<&Lane> {
        self.lanes.get(stripes::own(self.lanes.len()))
    }

    pub(crate) fn count(&self, decision: &Decision<'_>) {
        let Some(lane) = self.lane() else { return };
        let slot = self.slot(decision.slot);
        match decision.reason {
            None if decision.outcome == Outcome::Accepted => lane.accept(cell(slot, decision.scheme)),
            reason => {
                let Decision { outcome, scheme, .. } = *decision;
                lane.refuse(Refusal { outcome, reason: reason.unwrap_or(NO_REASON), slot, scheme });
            }
        }
        if let (Some(took), Some(memory)) = (decision.took, decision.memory) {
            lane.timings(memory).add(took);
        }
    }

    pub(crate) fn count_refused(
        &self,
        outcome: Outcome,
        reason: Option<&'static str>,
        slot: Slot,
        scheme: Scheme,
    ) {
        if let Some(lane) = self.lane() {
            let (reason, slot) = (reason.unwrap_or(NO_REASON), self.slot(slot));
            lane.refuse(Refusal { outcome, reason, slot, scheme });
        }
    }

    pub(crate) fn count_accepted(&self, slot: Slot, scheme: Scheme) {
        if let Some(lane) = self.lane() {
            lane.accept(cell(self.slot(slot), scheme));
        }
    }

    /// Counts what became of a token that is good by itself, where a route asks for more.
    pub(crate) fn count_requirement(&self, unmet: Option<&'static str>) {
        if let Some(lane) = self.lane() {
            lane.require(unmet);
        }
    }

    /// Hands on what was counted, and what `state` adds.
    pub(crate) fn publish(&self, state: impl FnOnce(&Sheet<'_>)) {
        let sheet = Sheet::new(&self.verifier, &self.told);
        series::describe();
        self.publish_decisions(&sheet);
        self.publish_keys(&sheet);
        state(&sheet);
    }

    fn publish_decisions(&self, sheet: &Sheet<'_>) {
        let (outcome, none) = (Outcome::Accepted.name(), NO_REASON);
        for (slot, issuer) in self.issuers.iter().enumerate() {
            for scheme in Scheme::ALL {
                let total = self.lanes.iter().map(|lane| lane.accepted(cell(slot, scheme))).sum();
                // Those of the set-up are there from the start, so that an increase from nothing is one.
                if total > 0 || (scheme == Scheme::Bearer && slot + 2 < self.issuers.len()) {
                    let labels = [
                        ("outcome", outcome.into()),
                        ("reason", none.into()),
                        ("issuer", issuer.clone()),
                        ("scheme", scheme.name().into()),
                    ];
                    sheet.counter(series::DECISIONS, labels, total);
                }
            }
        }
        let (mut refused, mut required) = (HashMap::new(), HashMap::new());
        for lane in &self.lanes {
            lane.add_refused(&mut refused);
            lane.add_required(&mut required);
        }
        for (refusal, total) in refused {
            let Refusal { outcome, reason, slot, scheme } = refusal;
            let issuer = self.issuers.get(slot).cloned().unwrap_or_else(|| none.into());
            let labels = [
                ("outcome", outcome.name().into()),
                ("reason", reason.into()),
                ("issuer", issuer),
                ("scheme", scheme.name().into()),
            ];
            sheet.counter(series::DECISIONS, labels, total);
        }
        for (unmet, total) in required {
            let outcome = if unmet.is_none() { Outcome::Accepted } else { Outcome::Refused };
            let labels = [("outcome", outcome.name().into()), ("reason", unmet.unwrap_or(none).into())];
            sheet.counter(series::REQUIREMENTS, labels, total);
        }
        for memory in [Memory::Hit, Memory::Miss, Memory::Off] {
            for (took, count) in self.lanes.iter().flat_map(|lane| lane.timings(memory).taken()) {
                sheet.timing(series::DECISION_TIME, [("cache", memory.name().into())], took, count);
            }
        }
    }

    fn publish_keys(&self, sheet: &Sheet<'_>) {
        for (issuer, keys) in self.issuers.iter().zip(&self.keys) {
            keys.publish(issuer, sheet);
        }
    }
}

/// Where acceptances of an issuer and a scheme are counted.
const fn cell(slot: usize, scheme: Scheme) -> usize {
    slot * Scheme::ALL.len() + scheme.index()
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// How often what was counted is handed on.
#[cfg(feature = "remote")]
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// The label of what has none.
const NO_REASON: &str = "none";
