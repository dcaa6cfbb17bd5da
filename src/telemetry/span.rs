//! The span of a decision.

use std::future::Future;

#[cfg(any(feature = "remote", feature = "tower"))]
use tracing::level_filters::LevelFilter;

use super::decision::Decision;
#[cfg(any(feature = "remote", feature = "tower"))]
use super::decision::Memory;
#[cfg(any(feature = "remote", feature = "tower"))]
use crate::shown::of_sender;

/// What `tracing` is told of a decision; `docs/operations.md` lists the fields.
#[derive(Clone, Debug)]
pub(crate) struct DecisionSpan {
    #[cfg(any(feature = "remote", feature = "tower"))]
    span: tracing::Span,
}

#[cfg(any(feature = "remote", feature = "tower"))]
impl DecisionSpan {
    /// Whether anybody looks at spans of this level at all, which is known at once.
    #[inline]
    pub(crate) fn may_be_wanted() -> bool {
        LevelFilter::current() >= LevelFilter::DEBUG
    }

    pub(crate) fn begin() -> Self {
        use tracing::field::Empty;
        let span = tracing::debug_span!(
            target: TARGET, "decision",
            outcome = Empty, reason = Empty, issuer = Empty, kid = Empty, key_age_ms = Empty, cache = Empty, scheme = Empty,
        );
        Self { span }
    }

    /// Whether somebody looks at this one.
    pub(crate) fn is_on(&self) -> bool {
        !self.span.is_disabled()
    }

    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    pub(crate) fn around<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        tracing::Instrument::instrument(work, self.span.clone())
    }

    pub(crate) fn tell(&self, decision: &Decision<'_>) {
        if !self.is_on() {
            return;
        }
        let Decision { outcome, reason, issuer, key_id, key_age, memory, scheme, .. } = decision;
        let key_age = key_age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
        self.span.record("outcome", outcome.name());
        self.span.record("reason", *reason);
        self.span.record("issuer", *issuer);
        self.span.record("kid", key_id.map(|kid| of_sender(kid, KEY_ID)).as_deref());
        self.span.record("key_age_ms", key_age);
        self.span.record("cache", memory.map(Memory::name));
        self.span.record("scheme", scheme.name());
    }
}

/// Tells of a good token that a route asked more of.
#[cfg(any(feature = "remote", feature = "tower"))]
pub(crate) fn requirement_judged(unmet: Option<&'static str>) {
    let outcome = if unmet.is_none() { "accepted" } else { "refused" };
    tracing::debug!(target: "portcullis::requirement", event = "requirement_judged", outcome, reason = unmet, "a route asked more of a token");
}

#[cfg(not(any(feature = "remote", feature = "tower")))]
pub(crate) const fn requirement_judged(unmet: Option<&'static str>) {
    let _ = unmet;
}

/// Nobody is told where nothing could tell them.
#[cfg(not(any(feature = "remote", feature = "tower")))]
impl DecisionSpan {
    pub(crate) const fn may_be_wanted() -> bool {
        false
    }

    pub(crate) const fn begin() -> Self {
        Self {}
    }

    pub(crate) const fn is_on(&self) -> bool {
        false
    }

    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        work()
    }

    pub(crate) fn around<F: Future>(&self, work: F) -> F {
        work
    }

    pub(crate) const fn tell(&self, decision: &Decision<'_>) {
        let _ = decision;
    }
}

#[cfg(any(feature = "remote", feature = "tower"))]
const TARGET: &str = "portcullis::decision";
/// In characters. No key that is published has a longer name.
#[cfg(any(feature = "remote", feature = "tower"))]
const KEY_ID: usize = 64;

#[cfg(test)]
#[cfg(any(feature = "remote", feature = "tower"))]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_the_fields_of_the_span() {
        let section = include_str!("../../docs/operations.md").split_once("### The span of a decision\n");
        let section =
            section.and_then(|(_, rest)| rest.split_once("\n### ")).map(|(section, _)| section).unwrap();
        let documented: Vec<_> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
            .collect();
        // A span that nobody looks at has no metadata; this one is looked at.
        let _looking = tracing::subscriber::set_default(tracing_subscriber::registry());
        let span = DecisionSpan::begin();
        let metadata = span.span.metadata().unwrap();
        assert_eq!((metadata.target(), metadata.name()), (TARGET, "decision"));
        let fields: Vec<_> = metadata.fields().iter().map(|field| field.name()).collect();
        assert_eq!(documented, fields);
    }
}
