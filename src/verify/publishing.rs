//! How a verifier's numbers come to the recorder.

use std::sync::Arc;

#[cfg(feature = "remote")]
use tokio::{runtime::Handle, time::sleep};

use super::verifier::{Parts, Verifier};
use crate::keys::{IssuerStatus, KeyState};
#[cfg(feature = "remote")]
use crate::telemetry::EVERY;
use crate::telemetry::{Meter, Sheet, series};

impl Verifier {
    /// Tells the recorder the numbers of this moment, such as before a scrape. Does nothing unless
    /// [`VerifierBuilder::metrics`](crate::VerifierBuilder::metrics) was called.
    ///
    /// The recorder is that of the process, or of the thread where one is set for that.
    pub fn publish_metrics(&self) {
        Self::publish(self.parts());
    }

    fn publish(parts: &Parts) {
        let Some(meter) = meter(parts) else { return };
        meter.publish(|sheet| parts.describe(sheet));
    }

    /// Starts the task that does so every now and then, if there is a runtime to run it and it was not started before.
    #[cfg(feature = "remote")]
    pub(super) fn ensure_publishing(&self) {
        let parts = self.parts();
        let Some(meter) = meter(parts) else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        if !meter.begin_publishing() {
            return;
        }
        let (source, end) = (Arc::downgrade(parts), TaskEnd(Arc::clone(meter)));
        runtime.spawn(async move {
            let _end = end;
            loop {
                sleep(EVERY).await;
                let Some(parts) = source.upgrade() else { return };
                Self::publish(&parts);
            }
        });
    }
}

fn meter(parts: &Parts) -> Option<&Arc<Meter>> {
    parts.rules.watch.as_ref().and_then(|watch| watch.meter.as_ref())
}

/// Says that the task has ended, with its runtime perhaps: another may start it again.
#[cfg(feature = "remote")]
struct TaskEnd(Arc<Meter>);

#[cfg(feature = "remote")]
impl Drop for TaskEnd {
    fn drop(&mut self) {
        self.0.end_publishing();
    }
}

impl Parts {
    /// What stands in no counter of requests.
    fn describe(&self, sheet: &Sheet<'_>) {
        if let Some(cache) = self.rules.cache.as_ref().map(super::cache::TokenCache::status) {
            sheet.counter(series::CACHE_HITS, [], cache.hits);
            sheet.counter(series::CACHE_MISSES, [], cache.misses);
            sheet.counter(series::CACHE_ADMISSIONS, [], cache.admissions);
            sheet.counter(series::CACHE_EVICTIONS, [], cache.evictions);
            sheet.gauge(series::CACHE_ENTRIES, [], number(cache.entries));
            sheet.gauge(series::CACHE_CAPACITY, [], number(cache.capacity));
            sheet.gauge(series::CACHE_BYTES, [], number(cache.bytes));
        }
        if let Some(audit) = self.rules.audit() {
            // Verifiers share an audit, at once or one after the other, and what it counts is told once.
            let [events, lost] = audit.untold();
            sheet.increase(series::AUDIT_EVENTS, [], events);
            sheet.increase(series::AUDIT_LOST, [], lost);
        }
        for anchor in self.rules.anchors.fixed() {
            describe_keys(&anchor.keys.status(&anchor.identifier), sheet);
        }
        #[cfg(feature = "remote")]
        if let Some(tenants) = self.rules.anchors.tenants() {
            sheet.gauge(series::TENANTS, [], number(tenants.states().len()));
        }
    }
}

/// What was counted last is not lost, and an issuer that nobody asks about any more is in no state: an alert on it would not end.
impl Drop for Parts {
    fn drop(&mut self) {
        let Some(meter) = meter(self) else { return };
        meter.publish(|sheet| {
            self.describe(sheet);
            for anchor in self.rules.anchors.fixed() {
                withdraw_keys(&anchor.keys.status(&anchor.identifier), sheet);
            }
        });
    }
}

fn withdraw_keys(status: &IssuerStatus, sheet: &Sheet<'_>) {
    let issuer = || ("issuer", status.issuer.clone().into());
    sheet.gauge(series::KEYS, [issuer()], 0.0);
    if status.age_limit.is_some() {
        // No age is near a limit of nothing.
        sheet.gauge(series::KEY_AGE_LIMIT, [issuer()], 0.0);
    }
    for state in STATES {
        sheet.gauge(series::KEY_STATE, [issuer(), ("state", state.name().into())], 0.0);
    }
}

fn describe_keys(status: &IssuerStatus, sheet: &Sheet<'_>) {
    let issuer = || ("issuer", status.issuer.clone().into());
    sheet.gauge(series::KEYS, [issuer()], number(status.keys.len()));
    if let (Some(age), Some(limit)) = (status.age, status.age_limit) {
        sheet.gauge(series::KEY_AGE, [issuer()], age.as_secs_f64());
        sheet.gauge(series::KEY_AGE_LIMIT, [issuer()], limit.as_secs_f64());
    }
    for state in STATES {
        let is_present = f64::from(u8::from(status.state == state));
        sheet.gauge(series::KEY_STATE, [issuer(), ("state", state.name().into())], is_present);
    }
}

/// Counts of things in memory, which are far from where doubles get coarse.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

const STATES: [KeyState; 5] =
    [KeyState::Fixed, KeyState::Loading, KeyState::Fresh, KeyState::Grace, KeyState::Expired];
