//! Where events go.

use std::fmt;
use std::sync::Arc;

use super::event::AuditEvent;

/// Takes events. Any `Fn(&AuditEvent<'_>)` is one, and so are two in a pair, of which each gets all.
///
/// Called on the thread that serves the request, before the request is answered: a sink that is slow makes requests slow. One
/// that panics ends the request, without an answer.
///
/// ```
/// use portcullis::audit::{AuditEvent, AuditOutcome, AuditSink};
///
/// fn sink() -> impl AuditSink {
///     |event: &AuditEvent<'_>| {
///         if event.outcome == AuditOutcome::Refused {
///             println!("{}", event.to_json());
///         }
///     }
/// }
/// # let _ = sink();
/// ```
pub trait AuditSink: Send + Sync + 'static {
    /// Takes one event.
    fn record(&self, event: &AuditEvent<'_>);

    /// How many events were lost. Zero unless the sink says otherwise.
    fn lost(&self) -> u64 {
        0
    }
}

impl<F: Fn(&AuditEvent<'_>) + Send + Sync + 'static> AuditSink for F {
    fn record(&self, event: &AuditEvent<'_>) {
        self(event);
    }
}

/// For who keeps a handle, to flush it at the end.
impl<S: AuditSink + ?Sized> AuditSink for Arc<S> {
    fn record(&self, event: &AuditEvent<'_>) {
        (**self).record(event);
    }

    fn lost(&self) -> u64 {
        (**self).lost()
    }
}

impl<A: AuditSink, B: AuditSink> AuditSink for (A, B) {
    fn record(&self, event: &AuditEvent<'_>) {
        self.0.record(event);
        self.1.record(event);
    }

    fn lost(&self) -> u64 {
        self.0.lost().saturating_add(self.1.lost())
    }
}

/// Emits each event with [`tracing`](https://docs.rs/tracing), at level `INFO` under the target `portcullis::audit`, with the
/// members of its JSON object as fields.
///
/// What becomes of it is the subscriber's affair: filters that let `INFO` pass, a layer of its own for the target, no
/// sampling. Absent members are not recorded.
#[cfg(any(feature = "remote", feature = "tower"))]
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to set")]
pub struct TracingSink;

#[cfg(any(feature = "remote", feature = "tower"))]
impl AuditSink for TracingSink {
    fn record(&self, event: &AuditEvent<'_>) {
        use super::event::in_millis;
        use super::timestamp::Timestamp;

        tracing::info!(
            target: "portcullis::audit",
            schema_version = event.schema_version,
            sequence = event.sequence,
            time = %Timestamp(event.time),
            event = event.kind.name(),
            outcome = event.outcome.name(),
            reason = event.reason,
            verifier = event.verifier,
            issuer = event.issuer,
            subject = event.subject,
            subject_hash = event.subject_hash.map(tracing::field::display),
            client = event.client,
            token_id = event.token_id,
            credential = event.credential.map(|credential| credential.name()),
            scheme = event.scheme,
            token_fingerprint = event.token_fingerprint.map(tracing::field::display),
            algorithm = event.algorithm.map(|algorithm| algorithm.name()),
            key_id = event.key_id,
            key_age_ms = event.key_age.map(in_millis),
            cache = event.cache,
            method = event.method,
            route = event.route,
            requirement = event.requirement,
            request_id = event.request_id,
            peer = event.peer.map(tracing::field::display),
            peer_port = event.peer_port,
        );
    }
}

impl fmt::Debug for dyn AuditSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditSink")
    }
}
