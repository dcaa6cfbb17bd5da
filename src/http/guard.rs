//! What the head of a request leads to.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method};

use super::body::{NoBody, RefusalBody};
use super::credentials::check_form;
use super::dialect::Dialect;
use super::layer::Anonymous;
use super::manner::Manner;
use super::refusal::{Refusal, finish};
use super::source::{Head, TokenSource};
use crate::error::{Error, Rejection};
use crate::verify::{VerifiedToken, Verifier};

/// Everything that a layer was told. Holds no framework's types but the head of a request.
#[derive(Clone)]
pub(crate) struct Guard<W = NoBody> {
    ways: Vec<Way>,
    pub(super) absence: Absence,
    pub(super) preflight: Preflight,
    pub(super) manner: Manner,
    pub(super) body: W,
    pub(crate) finishing: Finishing,
}

/// One verifier, and where its tokens stand.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) verifier: Verifier,
    pub(super) source: TokenSource,
}

/// What becomes of a request without any credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Absence {
    Refused,
    Anonymous,
}

/// What becomes of a CORS preflight, which never has credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Preflight {
    Judged,
    Anonymous,
}

/// Whether refusals from within are worded anew. Only where the layer has more to say than they have, as it costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Finishing {
    Needless,
    Needed,
}

/// What the head of a request leads to.
pub(crate) enum Admission {
    /// Good, by the way of this number.
    Verified(VerifiedToken, usize),
    Anonymous(Anonymous),
    Refused(Denial),
    /// Open until the check has ended.
    Undecided(Check),
}

/// Why not, and by which way the credential came.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    pub(crate) error: Error,
    way: usize,
}

impl Denial {
    #[cfg(any(test, feature = "actix"))]
    pub(crate) const fn first(error: Error) -> Self {
        Self { error, way: 0 }
    }
}

/// A decision that waits for keys.
pub(crate) type Check = Pin<Box<dyn Future<Output = Result<(VerifiedToken, usize), Denial>> + Send>>;

impl<W> Guard<W> {
    pub(super) fn of(verifier: &Verifier, realm: &str, body: W) -> Self {
        Self {
            ways: vec![Way { verifier: verifier.clone(), source: TokenSource::bearer() }],
            absence: Absence::Refused,
            preflight: Preflight::Judged,
            manner: Manner::named(realm),
            body,
            finishing: Finishing::Needless,
        }
    }

    /// The same, but for the body of refusals.
    pub(super) fn with_body<V>(&self, body: V) -> Guard<V> {
        let (ways, manner) = (self.ways.clone(), self.manner.clone());
        let (absence, preflight) = (self.absence, self.preflight);
        Guard { ways, absence, preflight, manner, body, finishing: Finishing::Needed }
    }

    pub(super) fn take_from(&mut self, sources: &[TokenSource]) {
        let ways = std::mem::take(&mut self.ways);
        let mut verifiers: Vec<Verifier> = Vec::new();
        for way in ways {
            if !verifiers.iter().any(|known| known.is(&way.verifier)) {
                verifiers.push(way.verifier);
            }
        }
        let each = |verifier: Verifier| {
            sources.iter().map(move |source| Way { verifier: verifier.clone(), source: source.clone() })
        };
        self.lead(verifiers.into_iter().flat_map(each).collect());
    }

    pub(super) fn take_ways_of<V>(&mut self, other: &Guard<V>) {
        let mut ways = std::mem::take(&mut self.ways);
        ways.extend(other.ways.iter().cloned());
        self.lead(ways);
    }

    fn lead(&mut self, ways: Vec<Way>) {
        let mut schemes: Vec<Arc<str>> = Vec::new();
        for way in &ways {
            let name = way.source.challenged();
            if !schemes.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                schemes.push(Arc::from(name));
            }
        }
        (self.ways, self.manner.schemes) = (ways, schemes);
    }

    #[inline]
    pub(crate) fn admit(&self, head: Head<'_>) -> Admission {
        let [way] = &*self.ways else { return self.admit_by_several(head) };
        match way.source.sent(head) {
            Ok(token) => way.judge(0, token),
            Err(rejection) => self.without(rejection, head),
        }
    }

    /// Nobody's token, or nobody can tell whose.
    #[cold]
    fn without(&self, rejection: Rejection, head: Head<'_>) -> Admission {
        let allowed = self.absence == Absence::Anonymous
            || (self.preflight == Preflight::Anonymous && is_preflight(head));
        if rejection == Rejection::CredentialsMissing && allowed {
            return Admission::Anonymous(Anonymous::new());
        }
        Admission::Refused(Denial { error: rejection.into(), way: 0 })
    }

    fn admit_by_several(&self, head: Head<'_>) -> Admission {
        let mut absent = Rejection::CredentialsMissing;
        let mut deliberate: Option<&TokenSource> = None;
        let mut sent = Vec::new();
        for (index, way) in self.ways.iter().enumerate().filter(|(_, way)| !way.source.is_ambient()) {
            match way.source.sent(head) {
                Ok(_) if deliberate.is_some_and(|known| *known != way.source) => {
                    let error = Rejection::CredentialsRepeated.into();
                    return Admission::Refused(Denial { error, way: index });
                }
                Ok(token) => {
                    deliberate = Some(&way.source);
                    sent.push((index, token));
                }
                Err(Rejection::CredentialsMissing) => {}
                Err(Rejection::SchemeUnsupported) => absent = Rejection::SchemeUnsupported,
                Err(rejection) => {
                    return Admission::Refused(Denial { error: rejection.into(), way: index });
                }
            }
        }
        if deliberate.is_none() {
            let mut ambient: Option<&TokenSource> = None;
            for (index, way) in self.ways.iter().enumerate().filter(|(_, way)| way.source.is_ambient()) {
                if ambient.is_some_and(|known| *known != way.source) {
                    continue;
                }
                match way.source.sent(head) {
                    Ok(token) => {
                        ambient = Some(&way.source);
                        sent.push((index, token));
                    }
                    Err(Rejection::CredentialsMissing) => {}
                    Err(rejection) => {
                        return Admission::Refused(Denial { error: rejection.into(), way: index });
                    }
                }
            }
        }
        if sent.is_empty() { self.without(absent, head) } else { self.judge_by_several(&sent) }
    }

    /// Good if it is by any way. Otherwise the answer is that nothing can be said, if one says so, then the reason of the
    /// first that knows the token's issuer, then that of the first.
    fn judge_by_several(&self, sent: &[(usize, &[u8])]) -> Admission {
        let mut denied: Option<Denial> = None;
        for (place, (index, token)) in sent.iter().enumerate() {
            let Some(way) = self.ways.get(*index) else { continue };
            match way.judge(*index, token) {
                Admission::Refused(denial) => denied = Some(worse(denied, denial)),
                Admission::Undecided(check) => {
                    let rest = sent.get(place + 1..).unwrap_or_default();
                    let rest: Vec<_> = rest
                        .iter()
                        .filter_map(|(index, token)| {
                            Some((*index, self.ways.get(*index)?.clone(), token.to_vec()))
                        })
                        .collect();
                    return Admission::Undecided(Box::pin(judge_in_turn(denied, check, rest)));
                }
                decided => return decided,
            }
        }
        let none = || Denial { error: Rejection::CredentialsMissing.into(), way: 0 };
        Admission::Refused(denied.unwrap_or_else(none))
    }

    pub(crate) fn refusal(&self, denial: Denial, dialect: Dialect) -> Refusal {
        let way = self.ways.get(denial.way).map(|way| way.source.challenged());
        let named = |scheme: &str| way.is_some_and(|way| way.eq_ignore_ascii_case(scheme));
        Refusal::of(denial.error, dialect).under(self.manner.schemes().position(named).unwrap_or(0))
    }

    pub(crate) fn refuse<R: Default>(&self, denial: Denial, dialect: Dialect) -> http::Response<R>
    where
        W: RefusalBody<R>,
    {
        self.refusal(denial, dialect).written(&self.manner, &self.body)
    }

    /// Whether a token may stand in the query of a request.
    #[cfg(feature = "actix")]
    pub(crate) fn reads_query(&self) -> bool {
        self.ways.iter().any(|way| way.source.is_query())
    }

    /// A refusal from behind, in the words of this layer.
    #[cfg(feature = "actix")]
    pub(crate) fn word<R: Default>(&self, error: Error, dialect: Dialect) -> http::Response<R>
    where
        W: RefusalBody<R>,
    {
        Refusal::of(error, dialect).written(&self.manner, &self.body)
    }

    pub(crate) fn finish<R: Default>(&self, response: &mut http::Response<R>, dialect: Dialect)
    where
        W: RefusalBody<R>,
    {
        finish(response, dialect, &self.manner, &self.body);
    }

    /// Takes the token of a request away from where the service behind might repeat it.
    #[inline]
    pub(crate) fn clear(&self, way: usize, headers: &mut HeaderMap) {
        if let Some(way) = self.ways.get(way) {
            way.source.clear(headers);
        }
    }
}

impl Way {
    #[inline]
    fn judge(&self, index: usize, token: &[u8]) -> Admission {
        let denied = |error: Error| Admission::Refused(Denial { error, way: index });
        match self.verifier.verify_bytes_cached(token) {
            Poll::Ready(Ok(token)) => Admission::Verified(token, index),
            // No text of another form is a good token, so the form is looked at where there is something to say of it.
            Poll::Ready(Err(error)) => denied(check_form(token).map_or_else(Error::from, |_| error)),
            Poll::Pending => match check_form(token) {
                Err(rejection) => denied(rejection.into()),
                Ok(token) => {
                    let (verifier, token) = (self.verifier.clone(), token.to_owned());
                    Admission::Undecided(Box::pin(async move {
                        let decision = verifier.verify(&token).await;
                        decision.map(|token| (token, index)).map_err(|error| Denial { error, way: index })
                    }))
                }
            },
        }
    }
}

async fn judge_in_turn(
    mut denied: Option<Denial>,
    first: Check,
    rest: Vec<(usize, Way, Vec<u8>)>,
) -> Result<(VerifiedToken, usize), Denial> {
    let mut denial = match first.await {
        Ok(good) => return Ok(good),
        Err(denial) => worse(denied.take(), denial),
    };
    for (index, way, token) in rest {
        let decision = match way.judge(index, &token) {
            Admission::Verified(token, index) => return Ok((token, index)),
            Admission::Undecided(check) => check.await,
            Admission::Refused(denial) => Err(denial),
            Admission::Anonymous(_) => continue,
        };
        match decision {
            Ok(good) => return Ok(good),
            Err(next) => denial = worse(Some(denial), next),
        }
    }
    Err(denial)
}

/// Which of two to answer with.
fn worse(known: Option<Denial>, next: Denial) -> Denial {
    let weight = |denial: &Denial| match &denial.error {
        Error::Unavailable(_) => 2,
        Error::Rejected(Rejection::IssuerUnknown) => 0,
        Error::Rejected(_) => 1,
    };
    match known {
        Some(known) if weight(&known) >= weight(&next) => known,
        _ => next,
    }
}

/// What browsers ask before a request of another origin (the Fetch standard, CORS-preflight fetch).
fn is_preflight(head: Head<'_>) -> bool {
    *head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl<W> fmt::Debug for Guard<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("ways", &self.ways)
            .field("absence", &self.absence)
            .field("preflight", &self.preflight)
            .field("manner", &self.manner)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("verifier", &self.verifier).field("source", &self.source).finish()
    }
}
