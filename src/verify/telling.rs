//! How decisions come to those who are told of them.

use std::time::Duration;

use super::anchors::Anchors;
use super::cache::Whose;
use super::facts::Facts;
use super::order::Rules;
use super::token::VerifiedToken;
use super::verifier::Verifier;
use crate::error::{Error, Rejection};
#[cfg(all(feature = "metrics", feature = "remote"))]
use crate::telemetry::Memory;
use crate::telemetry::{Decision, DecisionSpan, Outcome, Scheme, Slot, requirement_judged};

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
    /// Whether anybody is to be told of what it decides.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.rules().watch.is_some() || DecisionSpan::is_wanted()
    }

    /// Tells of a decision.
    pub(crate) fn tell(&self, verdict: Verdict<'_>, facts: &Facts, scheme: Scheme, span: &DecisionSpan) {
        let rules = self.rules();
        let (outcome, reason) = verdict.outcome();
        let token = match verdict {
            Verdict::Accepted(token) => Some(token),
            Verdict::Denied(_) | Verdict::Anonymous => None,
        };
        let wants_names = span.is_on();
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
        // A verifier may have been built before there was a runtime.
        #[cfg(all(feature = "metrics", feature = "remote"))]
        if decision.memory != Memory::Hit {
            self.ensure_publishing();
        }
    }
}

impl VerifiedToken {
    /// Tells what became of the token where more was asked for than that it is good.
    pub(crate) fn tell_of_requirement(&self, unmet: Option<&Rejection>) {
        requirement_judged(unmet.map(Rejection::code));
        if let Some(watch) = self.watch() {
            watch.tell_of_requirement(unmet.map(Rejection::code));
        }
    }
}

impl Anchors {
    fn slot(facts: &Facts) -> Slot {
        match facts.whose {
            None => Slot::Nobody,
            Some(Whose::Fixed(number)) => Slot::Fixed(number),
            #[cfg(feature = "remote")]
            Some(Whose::Tenant(_)) => Slot::Tenant,
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
