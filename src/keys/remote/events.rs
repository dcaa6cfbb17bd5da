//! What an operator is told of an issuer's keys. `docs/keys.md` lists the events and their fields.
//!
//! A stranger causes two of them, `key_unknown` and `limiter_hit`, and each at most once between two attempts.

use std::time::Duration;

use super::attempt::RefreshError;
use super::schedule::Cause;
use super::snapshot::SnapshotError;
use crate::keys::set::{Key, KeySet};
use crate::keys::status::KeyState;

pub(super) fn refresh_started(issuer: &str, cause: Cause, turned_away: u64) {
    let cause = cause.name();
    tracing::debug!(target: TARGET, event = "refresh_started", issuer, cause, turned_away, "asking for the keys");
}

pub(super) fn refresh_succeeded(issuer: &str, generation: u64, set: &KeySet, next: Duration) {
    let (keys, skipped) = (set.keys().len(), set.skipped().len());
    let next_attempt_ms = millis(next);
    tracing::debug!(
        target: TARGET, event = "refresh_succeeded", issuer, generation, keys, skipped, next_attempt_ms,
        "the keys are current"
    );
}

pub(super) fn refresh_failed(issuer: &str, error: &RefreshError, failures: u32, next: Duration) {
    let (code, next_attempt_ms) = (error.code(), millis(next));
    tracing::warn!(
        target: TARGET, event = "refresh_failed", issuer, code, failures, next_attempt_ms, "keys not renewed"
    );
}

/// Tells of each key that came and each that went.
pub(super) fn keys_changed(issuer: &str, generation: u64, before: &KeySet, after: &KeySet) {
    for key in only_in(after, before) {
        let (kid, thumbprint) = (key.id(), key.shown_thumbprint().map(tracing::field::display));
        tracing::info!(target: TARGET, event = "key_added", issuer, generation, kid = ?kid, thumbprint, "key added");
    }
    for key in only_in(before, after) {
        let (kid, thumbprint) = (key.id(), key.shown_thumbprint().map(tracing::field::display));
        tracing::info!(target: TARGET, event = "key_removed", issuer, generation, kid = ?kid, thumbprint, "key removed");
    }
}

fn only_in<'s>(these: &'s KeySet, those: &'s KeySet) -> impl Iterator<Item = &'s Key> {
    these.keys().iter().filter(|key| !those.keys().iter().any(|other| key.is_same_as(other)))
}

pub(super) fn state_changed(issuer: &str, state: KeyState, age: Option<Duration>) {
    let age_ms = age.map(millis);
    match state {
        KeyState::Grace => {
            tracing::warn!(target: TARGET, event = "keys_in_grace", issuer, age_ms, "keys are overdue and still serve");
        }
        KeyState::Expired => {
            tracing::error!(target: TARGET, event = "keys_expired", issuer, age_ms, "keys are too old to serve");
        }
        KeyState::Fixed | KeyState::Loading | KeyState::Fresh => {
            tracing::info!(target: TARGET, event = "keys_fresh", issuer, age_ms, "keys are current");
        }
    }
}

pub(super) fn key_unknown(issuer: &str, next: Duration) {
    let next_attempt_ms = millis(next);
    tracing::info!(
        target: TARGET, event = "key_unknown", issuer, next_attempt_ms, "a token asks for keys that are not here"
    );
}

pub(super) fn limiter_hit(issuer: &str, next: Duration) {
    let next_attempt_ms = millis(next);
    tracing::info!(
        target: TARGET, event = "limiter_hit", issuer, next_attempt_ms, "unknown keys are refused until the next attempt"
    );
}

pub(super) fn snapshot_used(issuer: &str, age: Duration) {
    let age_ms = millis(age);
    tracing::info!(target: TARGET, event = "snapshot_used", issuer, age_ms, "keys of an earlier run serve");
}

/// A first start has no file, which is nothing to warn of.
pub(super) fn snapshot_refused(issuer: &str, error: SnapshotError) {
    let code = error.code();
    if error == SnapshotError::Missing {
        tracing::info!(target: TARGET, event = "snapshot_refused", issuer, code, "no keys of an earlier run");
    } else {
        tracing::warn!(target: TARGET, event = "snapshot_refused", issuer, code, "keys of an earlier run are not used");
    }
}

pub(super) fn snapshot_failed(issuer: &str, error: SnapshotError) {
    let code = error.code();
    tracing::warn!(target: TARGET, event = "snapshot_failed", issuer, code, "keys are not kept for the next run");
}

pub(super) fn embedded_outdated(issuer: &str) {
    tracing::warn!(target: TARGET, event = "embedded_outdated", issuer, "the embedded keys' time is over");
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

const TARGET: &str = "portcullis::keys";
