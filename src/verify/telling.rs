//! How decisions come to those who are told of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::anchors::Anchors;
use super::cache::Whose;
use super::facts::Facts;
#[cfg(feature = "metrics")]
use super::facts::{count_untimed, next_is_sample};
#[cfg(feature = "metrics")]
use super::order::Recalled;
use super::order::Rules;
use super::token::VerifiedToken;
use super::verifier::Verifier;
use crate::audit::{Asked, AuditKind, AuditOutcome, Bearer, CredentialKind, Record};
use crate::error::{Error, Rejection};
use crate::telemetry::{Decision, DecisionSpan, Memory, Outcome, Scheme, Slot, requirement_judged};

/// What became of a credential.
#[derive(Clone, Copy)]
pub(crate) enum Verdict<'a> {
    Accepted(&'a VerifiedToken),
    Denied(&'a Error),
    /// There was none, and none was needed.
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "the application always has a token"))]
    Anonymous,
}

impl<'a> Verdict<'a> {
    pub(crate) const fn of(decision: &'a Result<VerifiedToken, Error>) -> Self {
        match decision {
            Ok(token) => Self::Accepted(token),
            Err(error) => Self::Denied(error),
        }
    }

    const fn outcome(self) -> (Outcome, Option<&'static str>) {
        match self {
            Self::Accepted(_) => (Outcome::Accepted, None),
            Self::Denied(error @ Error::Rejected(_)) => (Outcome::Refused, Some(error.code())),
            Self::Denied(error @ Error::Unavailable(_)) => (Outcome::Unavailable, Some(error.code())),
            Self::Anonymous => (Outcome::Anonymous, None),
        }
    }
}

impl Verifier {
    /// Whether anybody may be to be told of what it decides.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.rules().watch.is_some() || DecisionSpan::may_be_wanted()
    }

    /// Decides, waiting if need be, and tells.
    pub(super) fn verify_telling<'v>(
        &'v self,
        token: &'v str,
    ) -> Pin<Box<dyn Future<Output = Result<VerifiedToken, Error>> + Send + 'v>> {
        Box::pin(async move {
            let (span, mut facts) = (DecisionSpan::begin(), Facts::default());
            let decision = span.around(self.verify_noting(token, &mut facts)).await;
            self.tell(Verdict::of(&decision), &facts, Scheme::Direct, Asked::default(), &span);
            decision
        })
    }

    /// Decides about a token that was seen before and counts it, where nothing but numbers is told. It is what most requests
    /// come to, so it stands apart; `None` for all others.
    #[cfg(feature = "metrics")]
    // A call of its own, and the moves that come with it, took 12 ns of 120.
    #[inline(always)]
    pub(crate) fn counted_hit(&self, token: &[u8], scheme: Scheme) -> Option<Result<VerifiedToken, Error>> {
        let rules = self.rules();
        let watch = rules.watch.as_ref()?;
        let meter = watch.meter.as_ref().filter(|_| watch.audit.is_none())?;
        if DecisionSpan::may_be_wanted() || next_is_sample() {
            return None;
        }
        let recalled = rules.decide_by_memory(token, self.clock()).ok()?;
        count_untimed();
        Some(match recalled {
            Recalled::Good(token, whose) => {
                meter.count_accepted(Anchors::slot_of(whose), scheme);
                Ok(token)
            }
            // Decided as well: it has left the memory, and asking once more might have another answer.
            Recalled::Refused(error, _, whose) => {
                let (outcome, reason) = Verdict::Denied(&error).outcome();
                meter.count_refused(outcome, reason, Anchors::slot_of(whose), scheme);
                Err(error)
            }
        })
    }

    #[cfg(not(feature = "metrics"))]
    pub(crate) const fn counted_hit(
        &self,
        _token: &[u8],
        _scheme: Scheme,
    ) -> Option<Result<VerifiedToken, Error>> {
        None
    }

    /// Decides, and tells, unless there is something to wait for: then it is told of when that has ended.
    #[inline(never)]
    pub(super) fn verify_cached_telling(&self, token: &str) -> Poll<Result<VerifiedToken, Error>> {
        if let Some(decision) = self.counted_hit(token.as_bytes(), Scheme::Direct) {
            return Poll::Ready(decision);
        }
        let (span, mut facts) = (DecisionSpan::begin(), Facts::default());
        let decision = span.within(|| self.verify_cached_noting(token, &mut facts));
        if let Poll::Ready(decision) = &decision {
            self.tell(Verdict::of(decision), &facts, Scheme::Direct, Asked::default(), &span);
        }
        decision
    }

    /// Tells of a decision.
    pub(crate) fn tell(
        &self,
        verdict: Verdict<'_>,
        facts: &Facts,
        scheme: Scheme,
        asked: Asked<'_>,
        span: &DecisionSpan,
    ) {
        let rules = self.rules();
        let (outcome, reason) = verdict.outcome();
        let token = match verdict {
            Verdict::Accepted(token) => Some(token),
            Verdict::Denied(_) | Verdict::Anonymous => None,
        };
        let wants_names = span.is_on() || rules.audit().is_some();
        let decision = Decision {
            outcome,
            reason,
            issuer: token.map(VerifiedToken::issuer).or_else(|| rules.anchors.name(facts)),
            slot: Anchors::slot(facts),
            key_id: token.map_or(facts.key_id.as_deref(), VerifiedToken::key_id),
            key_age: wants_names.then(|| rules.key_age(facts, token)).flatten(),
            memory: facts.memory(rules.cache.is_some()),
            scheme,
            took: facts.took(),
        };
        span.tell(&decision);
        if let Some(watch) = &rules.watch {
            watch.tell(&decision);
        }
        if let Some(audit) = rules.audit() {
            audit.record(&Record {
                time: self.clock().now(),
                kind: AuditKind::Authentication,
                outcome: outcome.audited(),
                reason,
                issuer: decision.issuer,
                bearer: token.map(VerifiedToken::bearer),
                credential: (scheme != Scheme::None).then_some(CredentialKind::BearerJwt),
                scheme: Some(scheme.name()),
                fingerprint: token.map_or(facts.fingerprint, VerifiedToken::fingerprint),
                key_id: decision.key_id,
                key_age: decision.key_age,
                cache: decision.memory.map(Memory::name),
                requirement: None,
                asked,
            });
        }
        // A verifier may have been built before there was a runtime.
        #[cfg(all(feature = "metrics", feature = "remote"))]
        if decision.memory != Some(Memory::Hit) {
            self.ensure_publishing();
        }
    }
}

impl Outcome {
    const fn audited(self) -> AuditOutcome {
        match self {
            Self::Accepted => AuditOutcome::Accepted,
            Self::Refused => AuditOutcome::Refused,
            Self::Unavailable => AuditOutcome::Unavailable,
            Self::Anonymous => AuditOutcome::Anonymous,
        }
    }
}

#[cfg(feature = "tower")]
impl Verifier {
    /// Puts on record that a request that was let through without credentials asked for more than that.
    pub(crate) fn tell_of_nobody(&self, requirement: &dyn fmt::Display, asked: Asked<'_>) {
        if let Some(audit) = self.rules().audit() {
            audit.record(&Record {
                time: self.clock().now(),
                kind: AuditKind::Authorization,
                outcome: AuditOutcome::Refused,
                reason: Some(Rejection::CredentialsMissing.code()),
                issuer: None,
                bearer: None,
                credential: None,
                scheme: None,
                fingerprint: None,
                key_id: None,
                key_age: None,
                cache: None,
                requirement: Some(&requirement.to_string()),
                asked,
            });
        }
    }
}

impl VerifiedToken {
    /// Tells what became of the token where more was asked for than that it is good.
    pub(crate) fn tell_of_requirement<'a>(
        &self,
        requirement: &dyn fmt::Display,
        unmet: Option<&Rejection>,
        asked: impl FnOnce() -> Asked<'a>,
    ) {
        let reason = unmet.map(Rejection::code);
        requirement_judged(reason);
        let Some(watch) = self.watch() else { return };
        watch.tell_of_requirement(reason);
        if let Some(audit) = &watch.audit {
            audit.record(&Record {
                time: self.now(),
                kind: AuditKind::Authorization,
                outcome: reason.map_or(AuditOutcome::Accepted, |_| AuditOutcome::Refused),
                reason,
                issuer: Some(self.issuer()),
                bearer: Some(self.bearer()),
                credential: Some(CredentialKind::BearerJwt),
                scheme: None,
                fingerprint: self.fingerprint(),
                key_id: self.key_id(),
                key_age: None,
                cache: None,
                requirement: Some(&requirement.to_string()),
                asked: asked(),
            });
        }
    }

    fn bearer(&self) -> Bearer<'_> {
        Bearer {
            issuer: self.issuer(),
            subject: self.subject(),
            client: self.client_id().or(self.authorized_party()),
            token_id: self.token_id(),
            algorithm: self.algorithm(),
        }
    }
}

impl Anchors {
    fn slot(facts: &Facts) -> Slot {
        facts.whose.map_or(Slot::Nobody, Self::slot_of)
    }

    const fn slot_of(whose: Whose) -> Slot {
        match whose {
            Whose::Fixed(number) => Slot::Fixed(number),
            #[cfg(feature = "remote")]
            Whose::Tenant(_) => Slot::Tenant,
        }
    }

    /// The issuer by whose rules a token was judged.
    fn name<'a>(&'a self, facts: &'a Facts) -> Option<&'a str> {
        match facts.whose? {
            Whose::Fixed(number) => self.fixed().get(number).map(|anchor| &*anchor.identifier),
            #[cfg(feature = "remote")]
            Whose::Tenant(_) => facts.tenant.as_deref(),
        }
    }
}

impl Rules {
    fn key_age(&self, facts: &Facts, token: Option<&VerifiedToken>) -> Option<Duration> {
        let snapshot = self.anchors.snapshot();
        let issuer = token.map(VerifiedToken::issuer).or_else(|| self.anchors.name(facts))?;
        snapshot.find_again(facts.whose?, issuer).and_then(|found| found.anchor().keys.age())
    }
}
