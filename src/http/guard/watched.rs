//! Telling of decisions.

use super::{Admission, Denial, Guard, Way, Ways};
use crate::audit::Asked;
use crate::error::{Error, Rejection};
use crate::http::source::{Head, Place};
use crate::telemetry::{DecisionSpan, Scheme};
use crate::verify::{Facts, Verdict};

impl<W> Guard<W> {
    /// Whether anybody is to be told of decisions.
    #[inline]
    pub(super) fn is_watched(&self) -> bool {
        match &self.ways {
            Ways::One(way) => way.verifier.is_watched(),
            Ways::Several(ways) => ways.iter().any(|way| way.verifier.is_watched()),
        }
    }

    /// Decides, and tells the verifier whose word counts; the first where none was asked.
    #[inline(never)]
    pub(super) fn admit_watched(&self, head: Head<'_>) -> Admission {
        if let Ways::One(way) = &self.ways
            && let Ok(token) = way.source.sent(head)
            && let Some(decision) = way.verifier.counted_hit(token, way.place())
        {
            return match decision {
                Ok(token) => Admission::Verified(token, 0, ()),
                Err(error) => Admission::Refused(Denial { error, way: 0, notes: () }),
            };
        }
        let (span, asked) = (DecisionSpan::begin(), self.asked(head));
        match span.within(|| self.admit_noting::<Facts>(head)) {
            Admission::Verified(token, index, facts) => {
                self.ways.tell(index, Verdict::Accepted(&token), &facts, asked, &span);
                Admission::Verified(token, index, ())
            }
            Admission::Anonymous(marker) => {
                self.ways.tell(0, Verdict::Anonymous, &Facts::default(), asked, &span);
                Admission::Anonymous(marker)
            }
            Admission::Refused(denial) => Admission::Refused(denial.told(&self.ways, asked, &span)),
            Admission::Undecided(check) => {
                let ways = self.ways.clone();
                let check = span.around(check);
                let (method, context) = (head.method.clone(), asked.context.cloned());
                Admission::Undecided(Box::pin(async move {
                    let checked = check.await;
                    let asked = Asked { method: Some(method.as_str()), context: context.as_ref() };
                    match checked {
                        Ok((token, index, facts)) => {
                            ways.tell(index, Verdict::Accepted(&token), &facts, asked, &span);
                            Ok((token, index, ()))
                        }
                        Err(denial) => Err(denial.told(&ways, asked, &span)),
                    }
                }))
            }
        }
    }

    /// Tells of a request that could not even be read.
    #[cfg(feature = "actix")]
    pub(crate) fn tell_unread(&self, rejection: &Rejection, asked: Asked<'_>) {
        if self.is_watched() {
            let span = DecisionSpan::begin();
            self.ways.tell(0, Verdict::Denied(&rejection.clone().into()), &Facts::default(), asked, &span);
        }
    }

    /// Whether decisions are put on record by any of the verifiers.
    pub(crate) fn is_audited(&self) -> bool {
        self.ways.iter().any(|way| way.verifier.is_audited())
    }

    /// What the audit says of a request. Nobody else asks.
    fn asked<'r>(&self, head: Head<'r>) -> Asked<'r> {
        if self.is_audited() { Asked::of(head.method, head.planted) } else { Asked::default() }
    }
}

impl Denial<Facts> {
    fn told(self, ways: &Ways, asked: Asked<'_>, span: &DecisionSpan) -> Denial {
        let Self { error, way, notes } = self;
        ways.tell(way, Verdict::Denied(&error), &notes, asked, span);
        Denial { error, way, notes: () }
    }
}

impl Ways {
    fn tell(&self, index: usize, verdict: Verdict<'_>, facts: &Facts, asked: Asked<'_>, span: &DecisionSpan) {
        if let Some(way) = self.get(index) {
            way.verifier.tell(verdict, facts, way.scheme(verdict), asked, span);
        }
    }
}

impl Way {
    /// How the credential came, if there was one that is looked at here.
    const fn scheme(&self, verdict: Verdict<'_>) -> Scheme {
        match verdict {
            Verdict::Anonymous
            | Verdict::Denied(Error::Rejected(
                Rejection::CredentialsMissing | Rejection::SchemeUnsupported,
            )) => Scheme::None,
            Verdict::Accepted(_) | Verdict::Denied(_) => self.place(),
        }
    }

    /// How credentials come.
    const fn place(&self) -> Scheme {
        match &self.source.0 {
            Place::Bearer => Scheme::Bearer,
            Place::Authorization { .. } => Scheme::Authorization,
            Place::Cookie { .. } => Scheme::Cookie,
            Place::WebSocketProtocol { .. } => Scheme::WebSocket,
            Place::Query { .. } => Scheme::Query,
        }
    }
}
