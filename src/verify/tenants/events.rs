//! What an operator is told of tenants. `docs/multi-tenant.md` lists the events and their fields.
//!
//! An identifier is logged only if it matches the pattern or stands in the list, so it is at most 256 plain characters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::resident::Leave;
use super::resolve::Failure;

pub(super) fn resolved(issuer: &str) {
    tracing::debug!(target: TARGET, event = "tenant_resolved", issuer, "the resolver knows a tenant");
}

pub(super) fn refused(issuer: &str) {
    tracing::debug!(target: TARGET, event = "tenant_refused", issuer, "the resolver knows no such tenant");
}

pub(super) fn unresolved(issuer: &str, failure: &Failure) {
    let code = failure.code();
    tracing::warn!(
        target: TARGET, event = "tenant_unresolved", issuer, code, reason = %failure,
        "the resolver could not tell"
    );
}

/// Strangers come and go; that a tenant does is news.
pub(super) fn dropped(issuer: &str, why: Leave, proven: bool) {
    let reason = why.name();
    if proven {
        tracing::info!(target: TARGET, event = "tenant_dropped", issuer, reason, "a tenant was dropped");
    } else {
        tracing::debug!(target: TARGET, event = "tenant_dropped", issuer, reason, "an unproven tenant was dropped");
    }
}

/// Tells that tokens are turned away because too many tenants are asked about: strangers cause that, so not at each.
#[derive(Debug, Default)]
pub(super) struct Busy {
    /// Seconds from the start on, up to which it was told, and once more.
    told: AtomicU64,
}

impl Busy {
    pub(super) fn tell(&self, now: Duration) {
        let (now, told) = (now.as_secs(), self.told.load(Ordering::Relaxed));
        let next = now.saturating_add(BUSY_INTERVAL_SECONDS);
        // Of many at once, one tells.
        if now >= told && self.told.compare_exchange(told, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            tracing::warn!(target: TARGET, event = "tenants_busy", "too many unknown tenants are asked about");
        }
    }
}

const BUSY_INTERVAL_SECONDS: u64 = 10;
const TARGET: &str = "portcullis::tenants";
