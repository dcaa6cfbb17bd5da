//! The check where no layer can stand.

use std::task::Poll;
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::{Request, Status};

use super::status::worded;
use crate::error::{Error, Rejection, Unavailable};
use crate::http::{Anonymous, Detail, bearer_token};
use crate::telemetry::{DecisionSpan, Scheme};
use crate::verify::{Facts, Notes, Verdict, VerifiedToken, Verifier};

/// Judges the token of each call as a tonic [`Interceptor`]; made by [`Verifier::interceptor`].
#[derive(Clone, Debug)]
#[must_use = "an interceptor guards nothing until it is around a service"]
pub struct VerifierInterceptor {
    verifier: Verifier,
    absence: Absence,
    detail: Detail,
}

/// What becomes of a call without any credentials.
#[derive(Clone, Copy, Debug)]
enum Absence {
    Refused,
    Anonymous,
}

impl Verifier {
    /// An interceptor that lets calls pass whose token this verifier finds good:
    /// `OrdersServer::with_interceptor(service, verifier.interceptor())`.
    ///
    /// Prefer [`layer`](Self::layer). An interceptor cannot wait: where the layer holds a call until keys are loaded, or
    /// until a key or a tenant that nobody knows yet has been asked for, this answers 14 `UNAVAILABLE` and one second for
    /// trying again, while the answer is on its way. It does not know which method is called, so [`methods`](crate::http::methods())
    /// still has to stand in a layer behind it; and it reads bearer tokens of the `authorization` header alone.
    ///
    /// Call [`ready`](Self::ready) before the server starts, if there are keys to be loaded.
    pub fn interceptor(&self) -> VerifierInterceptor {
        VerifierInterceptor { verifier: self.clone(), absence: Absence::Refused, detail: Detail::Full }
    }
}

impl VerifierInterceptor {
    /// Lets calls without any credentials pass as anonymous, as [`AuthLayer::optional`](crate::http::AuthLayer::optional)
    /// does.
    pub fn optional(self) -> Self {
        Self { absence: Absence::Anonymous, ..self }
    }

    /// How much clients are told of why they were refused. Default: [`Detail::Full`].
    pub fn detail(self, detail: Detail) -> Self {
        Self { detail, ..self }
    }

    fn judge(&self, metadata: &MetadataMap) -> Result<VerifiedToken, Error> {
        if !self.verifier.is_watched() {
            return self.judge_noting(metadata, &mut ());
        }
        let (span, mut facts) = (DecisionSpan::begin(), Facts::default());
        let decision = span.within(|| self.judge_noting(metadata, &mut facts));
        let is_none = matches!(
            decision,
            Err(Error::Rejected(Rejection::CredentialsMissing | Rejection::SchemeUnsupported))
        );
        let scheme = if is_none { Scheme::None } else { Scheme::Bearer };
        let verdict = match (&decision, self.absence) {
            (Err(Error::Rejected(Rejection::CredentialsMissing)), Absence::Anonymous) => Verdict::Anonymous,
            _ => Verdict::of(&decision),
        };
        self.verifier.tell(verdict, &facts, scheme, &span);
        decision
    }

    fn judge_noting(&self, metadata: &MetadataMap, notes: &mut impl Notes) -> Result<VerifiedToken, Error> {
        let token = bearer_token(metadata.as_ref())?;
        match self.verifier.verify_or_send_for(token, notes) {
            Poll::Ready(decision) => decision,
            Poll::Pending => Err(Unavailable::KeysNotLoaded { retry_after: RETRY_AFTER }.into()),
        }
    }
}

impl Interceptor for VerifierInterceptor {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        // Whatever came along: only this one says who is asking.
        request.extensions_mut().remove::<VerifiedToken>();
        request.extensions_mut().remove::<Anonymous>();
        match (self.judge(request.metadata()), self.absence) {
            (Ok(token), _) => {
                request.extensions_mut().insert(token);
            }
            (Err(Error::Rejected(Rejection::CredentialsMissing)), Absence::Anonymous) => {
                request.extensions_mut().insert(Anonymous::new());
            }
            (Err(error), _) => return Err(worded(error, self.detail)),
        }
        Ok(request)
    }
}

/// One attempt to fetch keys takes no longer, where all is well.
const RETRY_AFTER: Duration = Duration::from_secs(1);
