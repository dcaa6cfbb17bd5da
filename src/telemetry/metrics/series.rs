//! The series, each with its name, unit and meaning. `docs/operations.md` lists them and is held to this list.

use metrics::{SharedString, Unit, with_recorder};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// What is said of one series.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    unit: Option<Unit>,
    /// Beside `verifier`, which all have.
    #[cfg_attr(not(test), allow(dead_code, reason = "what the documentation is held to"))]
    pub(crate) labels: &'static [&'static str],
    pub(crate) meaning: &'static str,
}

/// Tells the recorder what the series are.
pub(super) fn describe() {
    with_recorder(|recorder| {
        for Series { name, kind, unit, meaning, .. } in &ALL {
            let (name, unit, meaning) = ((*name).into(), *unit, SharedString::const_str(meaning));
            match kind {
                Kind::Counter => recorder.describe_counter(name, unit, meaning),
                Kind::Gauge => recorder.describe_gauge(name, unit, meaning),
                Kind::Histogram => recorder.describe_histogram(name, unit, meaning),
            }
        }
    });
}

pub(super) const DECISIONS: &str = "portcullis_decisions_total";
pub(super) const REQUIREMENTS: &str = "portcullis_requirements_total";
pub(super) const DECISION_TIME: &str = "portcullis_decision_seconds";
pub(crate) const CACHE_HITS: &str = "portcullis_token_cache_hits_total";
pub(crate) const CACHE_MISSES: &str = "portcullis_token_cache_misses_total";
pub(crate) const CACHE_ADMISSIONS: &str = "portcullis_token_cache_admissions_total";
pub(crate) const CACHE_EVICTIONS: &str = "portcullis_token_cache_evictions_total";
pub(crate) const CACHE_ENTRIES: &str = "portcullis_token_cache_entries";
pub(crate) const CACHE_CAPACITY: &str = "portcullis_token_cache_capacity";
pub(crate) const CACHE_BYTES: &str = "portcullis_token_cache_bytes";
pub(super) const KEY_REFRESHES: &str = "portcullis_key_refreshes_total";
pub(crate) const KEY_AGE: &str = "portcullis_key_age_seconds";
pub(crate) const KEY_AGE_LIMIT: &str = "portcullis_key_age_limit_seconds";
pub(crate) const KEY_STATE: &str = "portcullis_key_state";
pub(crate) const KEYS: &str = "portcullis_keys";
pub(super) const KEY_WAITS: &str = "portcullis_key_waits_total";
pub(super) const KEY_WAIT_TIME: &str = "portcullis_key_wait_seconds";
pub(super) const KEY_LIMITER_HITS: &str = "portcullis_key_limiter_hits_total";
pub(crate) const TENANTS: &str = "portcullis_tenants";
pub(crate) const AUDIT_EVENTS: &str = "portcullis_audit_events_total";
pub(crate) const AUDIT_LOST: &str = "portcullis_audit_lost_total";

const fn counter(name: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Series {
    Series { name, kind: Kind::Counter, unit: Some(Unit::Count), labels, meaning }
}

const fn gauge(
    name: &'static str,
    unit: Option<Unit>,
    labels: &'static [&'static str],
    meaning: &'static str,
) -> Series {
    Series { name, kind: Kind::Gauge, unit, labels, meaning }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], meaning: &'static str) -> Series {
    Series { name, kind: Kind::Histogram, unit: Some(Unit::Seconds), labels, meaning }
}

pub(crate) const ALL: [Series; 21] = [
    counter(DECISIONS, &["outcome", "reason", "issuer", "scheme"], "decisions about credentials"),
    counter(REQUIREMENTS, &["outcome", "reason"], "good tokens that a route asked more of"),
    histogram(
        DECISION_TIME,
        &["cache"],
        "time that decisions took, waiting for keys included; of hits one in 64",
    ),
    counter(CACHE_HITS, &[], "tokens that were not verified again"),
    counter(CACHE_MISSES, &[], "good tokens that were verified in full"),
    counter(CACHE_ADMISSIONS, &[], "tokens that are remembered from then on"),
    counter(CACHE_EVICTIONS, &[], "tokens that had to leave for others, or because their time was over"),
    gauge(CACHE_ENTRIES, Some(Unit::Count), &[], "tokens that are remembered"),
    gauge(CACHE_CAPACITY, Some(Unit::Count), &[], "the most tokens that are remembered"),
    gauge(CACHE_BYTES, Some(Unit::Bytes), &[], "memory of the verified-token cache"),
    counter(KEY_REFRESHES, &["issuer", "result"], "attempts to renew keys that have ended"),
    gauge(KEY_AGE, Some(Unit::Seconds), &["issuer"], "time since the keys were confirmed"),
    gauge(KEY_AGE_LIMIT, Some(Unit::Seconds), &["issuer"], "age from which on the keys do not serve"),
    gauge(KEY_STATE, None, &["issuer", "state"], "1 for the state that the keys are in"),
    gauge(KEYS, Some(Unit::Count), &["issuer"], "keys in use"),
    counter(KEY_WAITS, &["issuer", "result"], "requests that waited for keys"),
    histogram(KEY_WAIT_TIME, &["issuer"], "time that requests waited for keys"),
    counter(KEY_LIMITER_HITS, &["issuer"], "tokens with an unknown key that were answered without a fetch"),
    gauge(TENANTS, Some(Unit::Count), &[], "tenants that are here"),
    counter(AUDIT_EVENTS, &[], "events of the audit"),
    counter(AUDIT_LOST, &[], "events of the audit that its sink has lost"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_each_series_as_it_is() {
        let documented: Vec<_> = include_str!("../../../docs/operations.md")
            .lines()
            .filter(|line| line.starts_with("| `portcullis_"))
            .collect();
        let listed = ALL.each_ref().map(|Series { name, kind, labels, meaning, .. }| {
            let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            let kind = format!("{kind:?}").to_lowercase();
            let start = format!("| `{name}` | {kind} | {}", labels.join(", "));
            format!("{} | {meaning} |", start.trim_end())
        });
        for line in &listed {
            assert!(documented.contains(&&**line), "docs/operations.md lacks\n{line}");
        }
        assert_eq!(documented.len(), listed.len(), "docs/operations.md lists a series that is none");
    }
}
