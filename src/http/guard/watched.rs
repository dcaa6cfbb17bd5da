//! Telling of decisions.

use super::{Admission, Denial, Guard, Way, Ways};
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
        let span = DecisionSpan::begin();
        match span.within(|| self.admit_noting::<Facts>(head)) {
            Admission::Verified(token, index, facts) => {
                self.ways.tell(index, Verdict::Accepted(&token), &facts, &span);
                Admission::Verified(token, index, ())
            }
            Admission::Anonymous(marker) => {
                self.ways.tell(0, Verdict::Anonymous, &Facts::default(), &span);
                Admission::Anonymous(marker)
            }
            Admission::Refused(denial) => Admission::Refused(denial.told(&self.ways, &span)),
            Admission::Undecided(check) => {
                let ways = self.ways.clone();
                let check = span.around(check);
                Admission::Undecided(Box::pin(async move {
                    match check.await {
                        Ok((token, index, facts)) => {
                            ways.tell(index, Verdict::Accepted(&token), &facts, &span);
                            Ok((token, index, ()))
                        }
                        Err(denial) => Err(denial.told(&ways, &span)),
                    }
                }))
            }
        }
    }

    /// Tells of a request that could not even be read.
    #[cfg(feature = "actix")]
    pub(crate) fn tell_unread(&self, rejection: &Rejection) {
        if self.is_watched() {
            let span = DecisionSpan::begin();
            self.ways.tell(0, Verdict::Denied(&rejection.clone().into()), &Facts::default(), &span);
        }
    }
}

impl Denial<Facts> {
    fn told(self, ways: &Ways, span: &DecisionSpan) -> Denial {
        let Self { error, way, notes } = self;
        ways.tell(way, Verdict::Denied(&error), &notes, span);
        Denial { error, way, notes: () }
    }
}

impl Ways {
    fn tell(&self, index: usize, verdict: Verdict<'_>, facts: &Facts, span: &DecisionSpan) {
        if let Some(way) = self.get(index) {
            way.verifier.tell(verdict, facts, way.scheme(verdict), span);
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
            Verdict::Accepted(_) | Verdict::Denied(_) => match &self.source.0 {
                Place::Bearer => Scheme::Bearer,
                Place::Authorization { .. } => Scheme::Authorization,
                Place::Cookie { .. } => Scheme::Cookie,
                Place::WebSocketProtocol { .. } => Scheme::WebSocket,
                Place::Query { .. } => Scheme::Query,
            },
        }
    }
}
