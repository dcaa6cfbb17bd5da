//! What is counted of one issuer's keys.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::SharedString;

use super::series;
use super::sheet::Sheet;
use super::timings::Timings;
use crate::time::Stopwatch;

/// What is counted of one issuer's keys, or of all tenants' together.
#[derive(Clone, Default)]
pub(crate) struct KeyCounts(Arc<Counts>);

#[derive(Default)]
struct Counts {
    /// By result.
    refreshes: Mutex<BTreeMap<&'static str, u64>>,
    limiter_hits: AtomicU64,
    refreshed: AtomicU64,
    in_vain: AtomicU64,
    abandoned: AtomicU64,
    waits: Timings,
}

#[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "fixed keys are never renewed"))]
impl KeyCounts {
    /// An attempt has ended.
    pub(crate) fn refreshed(&self, result: &'static str) {
        let mut refreshes = self.0.refreshes.lock().unwrap_or_else(PoisonError::into_inner);
        *refreshes.entry(result).or_default() += 1;
    }

    /// A token with an unknown key was not made to wait.
    pub(crate) fn turned_away(&self) {
        self.0.limiter_hits.fetch_add(1, Ordering::Relaxed);
    }

    /// A request begins to wait.
    pub(crate) fn waits(&self) -> Waiting {
        Waiting { counts: self.clone(), since: Stopwatch::start(), outcome: Waited::Abandoned }
    }

    pub(super) fn publish(&self, issuer: &SharedString, sheet: &Sheet<'_>) {
        let Counts { refreshes, limiter_hits, refreshed, in_vain, abandoned, waits } = &*self.0;
        let refreshes = refreshes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (result, total) in refreshes {
            let labels = [("issuer", issuer.clone()), ("result", result.into())];
            sheet.counter(series::KEY_REFRESHES, labels, total);
        }
        for (result, total) in [("refreshed", refreshed), ("in_vain", in_vain), ("abandoned", abandoned)] {
            let labels = [("issuer", issuer.clone()), ("result", result.into())];
            sheet.counter(series::KEY_WAITS, labels, total.load(Ordering::Relaxed));
        }
        sheet.counter(
            series::KEY_LIMITER_HITS,
            [("issuer", issuer.clone())],
            limiter_hits.load(Ordering::Relaxed),
        );
        for (waited, count) in waits.taken() {
            sheet.timing(series::KEY_WAIT_TIME, [("issuer", issuer.clone())], waited, count);
        }
    }
}

/// A request that waits for keys; abandoned unless it is said how it ended.
pub(crate) struct Waiting {
    counts: KeyCounts,
    since: Stopwatch,
    outcome: Waited,
}

enum Waited {
    Refreshed,
    InVain,
    Abandoned,
}

#[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "fixed keys are never awaited"))]
impl Waiting {
    /// It waits no longer: there are other keys than before, or still there are not.
    pub(crate) fn ended(mut self, refreshed: bool) {
        self.outcome = if refreshed { Waited::Refreshed } else { Waited::InVain };
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Counts { refreshed, in_vain, abandoned, waits, .. } = &*self.counts.0;
        let count = match self.outcome {
            Waited::Refreshed => refreshed,
            Waited::InVain => in_vain,
            Waited::Abandoned => abandoned,
        };
        count.fetch_add(1, Ordering::Relaxed);
        waits.add(self.since.elapsed());
    }
}
