//! What the head of a request leads to.

mod several;
mod watched;

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
use crate::verify::{Notes, VerifiedToken, Verifier};

/// Everything that a layer was told. Holds no framework's types but the head of a request.
#[derive(Clone)]
pub(crate) struct Guard<W = NoBody> {
    pub(super) ways: Ways,
    pub(super) absence: Absence,
    pub(super) preflight: Preflight,
    pub(super) judged: Judged,
    pub(super) content: Content,
    pub(crate) manner: Manner,
    pub(super) body: W,
    pub(crate) finishing: Finishing,
}

/// How a request may get in.
#[derive(Clone, Debug)]
pub(super) enum Ways {
    /// Without a look at anything else: nearly always.
    One(Way),
    Several(Vec<Way>),
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

/// What becomes of credentials that were found good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Judged {
    Kept,
    Removed,
}

/// What becomes of what a request says of its body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Kept,
    /// It is another request's: nobody is to be answered in its way.
    Foreign,
}

/// Whether refusals from within are worded anew. Only where the layer has more to say than they have, as it costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Finishing {
    Needless,
    Needed,
}

/// What the head of a request leads to.
pub(crate) enum Admission<N = ()> {
    /// Good, by the way of this number.
    Verified(VerifiedToken, usize, N),
    Anonymous(Anonymous),
    Refused(Denial<N>),
    /// Open until the check has ended.
    Undecided(Check<N>),
}

/// Why not, and by which way the credential came.
#[derive(Clone, Debug)]
pub(crate) struct Denial<N = ()> {
    pub(crate) error: Error,
    way: usize,
    notes: N,
}

impl<N: Default> Denial<N> {
    fn by(way: usize, error: impl Into<Error>) -> Self {
        Self { error: error.into(), way, notes: N::default() }
    }

    #[cfg(any(test, feature = "actix"))]
    pub(crate) fn first(error: Error) -> Self {
        Self::by(0, error)
    }
}

/// A decision that waits for keys.
pub(crate) type Check<N = ()> = Pin<Box<dyn Future<Output = Checked<N>> + Send>>;

type Checked<N> = Result<(VerifiedToken, usize, N), Denial<N>>;

impl<W> Guard<W> {
    pub(super) fn of(verifier: &Verifier, realm: &str, body: W) -> Self {
        Self {
            ways: Ways::One(Way { verifier: verifier.clone(), source: TokenSource::bearer() }),
            absence: Absence::Refused,
            preflight: Preflight::Judged,
            judged: Judged::Kept,
            content: Content::Kept,
            manner: Manner::named(realm),
            body,
            finishing: Finishing::Needless,
        }
    }

    /// The same, but for the body of refusals.
    pub(super) fn with_body<V>(&self, body: V) -> Guard<V> {
        let (ways, manner) = (self.ways.clone(), self.manner.clone());
        let (absence, preflight) = (self.absence, self.preflight);
        let (judged, content) = (self.judged, self.content);
        Guard { ways, absence, preflight, judged, content, manner, body, finishing: Finishing::Needed }
    }

    pub(super) fn take_from(&mut self, sources: &[TokenSource]) {
        let mut verifiers: Vec<Verifier> = Vec::new();
        for way in self.ways.iter() {
            if !verifiers.iter().any(|known| known.is(&way.verifier)) {
                verifiers.push(way.verifier.clone());
            }
        }
        let each = |verifier: Verifier| {
            sources.iter().map(move |source| Way { verifier: verifier.clone(), source: source.clone() })
        };
        self.lead(verifiers.into_iter().flat_map(each).collect());
    }

    pub(super) fn take_ways_of<V>(&mut self, other: &Guard<V>) {
        self.lead(self.ways.iter().chain(other.ways.iter()).cloned().collect());
    }

    fn lead(&mut self, ways: Vec<Way>) {
        let mut schemes: Vec<Arc<str>> = Vec::new();
        for way in &ways {
            let name = way.source.challenged();
            if !schemes.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                schemes.push(Arc::from(name));
            }
        }
        self.manner.schemes = schemes;
        self.ways = match &*ways {
            [only] => Ways::One(only.clone()),
            _ => Ways::Several(ways),
        };
    }

    /// Whether the `Content-Type` of requests is to be taken out, before anybody looks at it.
    #[inline]
    pub(crate) fn has_foreign_content(&self) -> bool {
        self.content == Content::Foreign
    }

    #[inline]
    pub(crate) fn admit(&self, head: Head<'_>) -> Admission {
        if self.is_watched() { self.admit_watched(head) } else { self.admit_noting(head) }
    }

    #[inline]
    fn admit_noting<N: Notes>(&self, head: Head<'_>) -> Admission<N> {
        let way = match &self.ways {
            Ways::One(way) => way,
            Ways::Several(ways) => return self.admit_by_several(ways, head),
        };
        match way.source.sent(head) {
            Ok(token) => way.judge(0, token),
            Err(rejection) => self.without(rejection, 0, head),
        }
    }

    /// Nobody's token, or nobody can tell whose.
    #[cold]
    fn without<N: Notes>(&self, rejection: Rejection, way: usize, head: Head<'_>) -> Admission<N> {
        let allowed = self.absence == Absence::Anonymous
            || (self.preflight == Preflight::Anonymous && is_preflight(head));
        if rejection == Rejection::CredentialsMissing && allowed {
            return Admission::Anonymous(Anonymous::new());
        }
        Admission::Refused(Denial::by(way, rejection))
    }

    #[inline(never)]
    fn admit_by_several<N: Notes>(&self, ways: &[Way], head: Head<'_>) -> Admission<N> {
        match several::sent(ways, head) {
            Ok(sent) => several::judge(ways, &sent),
            Err(denial) => match denial.error {
                Error::Rejected(rejection) => self.without(rejection, denial.way, head),
                Error::Unavailable(_) => Admission::Refused(denial),
            },
        }
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

    /// Takes the token of a request away from where the service behind might repeat it, or from everywhere.
    #[inline]
    pub(crate) fn clear(&self, way: usize, headers: &mut HeaderMap) {
        if self.judged == Judged::Removed {
            return self.ways.iter().for_each(|way| way.source.remove(headers));
        }
        if let Some(way) = self.ways.get(way) {
            way.source.clear(headers);
        }
    }
}

impl Ways {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Way> {
        match self {
            Self::One(way) => std::slice::from_ref(way).iter(),
            Self::Several(ways) => ways.iter(),
        }
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&Way> {
        match self {
            Self::One(way) => Some(way),
            Self::Several(ways) => ways.get(index),
        }
    }
}

impl Way {
    #[inline]
    fn judge<N: Notes>(&self, index: usize, token: &[u8]) -> Admission<N> {
        let mut notes = N::default();
        let denied = |error: Error, notes: N| Admission::Refused(Denial { error, way: index, notes });
        match self.verifier.verify_bytes_noting(token, &mut notes) {
            Poll::Ready(Ok(token)) => Admission::Verified(token, index, notes),
            // No text of another form is a good token, so the form is looked at where there is something to say of it.
            Poll::Ready(Err(error)) => denied(check_form(token).map_or_else(Error::from, |_| error), notes),
            Poll::Pending => match check_form(token) {
                Err(rejection) => denied(rejection.into(), notes),
                Ok(token) => {
                    let (verifier, token) = (self.verifier.clone(), token.to_owned());
                    Admission::Undecided(Box::pin(async move {
                        match verifier.verify_noting(&token, &mut notes).await {
                            Ok(token) => Ok((token, index, notes)),
                            Err(error) => Err(Denial { error, way: index, notes }),
                        }
                    }))
                }
            },
        }
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
            .field("judged", &self.judged)
            .field("content", &self.content)
            .field("manner", &self.manner)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way").field("verifier", &self.verifier).field("source", &self.source).finish()
    }
}
