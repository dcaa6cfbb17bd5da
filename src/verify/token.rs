//! The evidence.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::claims::{ClaimsSet, Scope, Span, TimeClaims, is_recent};
use crate::error::Rejection;
use crate::jose::Algorithm;
use crate::telemetry::Watch;
use crate::time::{Clock, UnixTime};

/// A token that passed every check of its verifier.
///
/// Holding one is the evidence: only a [`Verifier`](crate::Verifier) makes them, so there is no `Default`, no
/// `Deserialize` and no public constructor. Cheap to clone; `Debug` shows no claim.
///
/// ```compile_fail
/// let forged: portcullis::VerifiedToken = Default::default();
/// ```
/// ```compile_fail
/// let forged: portcullis::VerifiedToken = serde_json::from_str("{}").unwrap();
/// ```
#[doc(alias = "Jwt")]
#[doc(alias = "Principal")]
#[derive(Clone)]
pub struct VerifiedToken(Holder);

#[derive(Clone)]
enum Holder {
    First(Arc<First>),
    Copy(TokenCopy),
}

/// The token as it was verified.
struct First {
    evidence: Evidence,
    aspect: Aspect,
}

/// The same token with a reference count of its own: counting is what costs for a token that many threads use at once.
#[derive(Clone)]
pub(super) struct TokenCopy(Arc<Copied>);

struct Copied {
    first: Arc<First>,
    aspect: Aspect,
}

struct Evidence {
    claims: ClaimsSet,
    key: KeyEvidence,
    timepiece: Timepiece,
    /// Who is told what becomes of the token.
    watch: Option<Arc<Watch>>,
    /// The token is kept for others, and so longer than a request lasts.
    wipe: AtomicBool,
}

/// What is of one copy of a token.
struct Aspect {
    stale_age: Option<Duration>,
    /// The claims in the first shape that the application asked for; others are read again.
    remembered: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// Which key vouches for the token.
#[derive(Debug)]
pub(super) struct KeyEvidence {
    pub(super) algorithm: Algorithm,
    /// Attached to the claims.
    pub(super) key_id: Option<Span>,
}

/// The clock by which the token was judged. What a route asks of time is judged when it is asked: a connection may live
/// long, and the token is kept for others.
pub(super) struct Timepiece {
    pub(super) clock: Arc<dyn Clock>,
    /// By how much the issuer's clock may differ.
    pub(super) skew: Duration,
}

impl VerifiedToken {
    /// Evidence of keys that are overdue by so much.
    pub(super) fn new(
        claims: ClaimsSet,
        key: KeyEvidence,
        timepiece: Timepiece,
        watch: Option<Arc<Watch>>,
        stale_age: Option<Duration>,
    ) -> Self {
        let evidence = Evidence { claims, key, timepiece, watch, wipe: AtomicBool::new(false) };
        Self(Holder::First(Arc::new(First { evidence, aspect: Aspect::new(stale_age) })))
    }

    /// The same token, counted apart.
    pub(super) fn copy(&self, stale_age: Option<Duration>) -> TokenCopy {
        let first = match &self.0 {
            Holder::First(first) => first,
            Holder::Copy(TokenCopy(copied)) => &copied.first,
        };
        TokenCopy(Arc::new(Copied { first: Arc::clone(first), aspect: Aspect::new(stale_age) }))
    }

    /// Who is told what becomes of the token.
    pub(super) fn watch(&self) -> Option<&Watch> {
        self.evidence().watch.as_deref()
    }

    pub(super) fn time(&self) -> TimeClaims {
        self.evidence().claims.time()
    }

    /// Has the claims wiped when nobody holds the token any more.
    pub(super) fn wipe_when_dropped(&self) {
        self.evidence().wipe.store(true, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn is_wiped_when_dropped(&self) -> bool {
        self.evidence().wipe.load(Ordering::Relaxed)
    }

    /// How many hold the token itself, and how many this copy of it.
    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        match &self.0 {
            Holder::First(first) => (Arc::strong_count(first), 0),
            Holder::Copy(TokenCopy(copied)) => (Arc::strong_count(&copied.first), Arc::strong_count(copied)),
        }
    }

    /// What the token takes, but for its copies.
    pub(super) fn bytes(&self) -> usize {
        size_of::<First>() + COUNTS + self.evidence().claims.heap_bytes()
    }

    fn evidence(&self) -> &Evidence {
        match &self.0 {
            Holder::First(first) => &first.evidence,
            Holder::Copy(TokenCopy(copied)) => &copied.first.evidence,
        }
    }

    fn aspect(&self) -> &Aspect {
        match &self.0 {
            Holder::First(first) => &first.aspect,
            Holder::Copy(TokenCopy(copied)) => &copied.aspect,
        }
    }

    /// `iss`: the authorization server that issued the token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.evidence().claims.issuer().unwrap_or_default()
    }

    /// `sub`: whom the token speaks of, unique within its issuer.
    ///
    /// Always there under [`Profile::Rfc9068`](crate::Profile::Rfc9068).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.evidence().claims.subject()
    }

    /// `aud`: everyone the token is meant for; one of them is this verifier's audience.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.evidence().claims.audiences()
    }

    /// `exp`: when the token expires, skew not included.
    #[must_use]
    pub fn expires_at(&self) -> UnixTime {
        self.evidence().claims.time().exp.unwrap_or(UnixTime::MIN)
    }

    /// How long until the token expires, by the clock of its verifier and skew not included; zero once it has.
    ///
    /// For what outlives the request that it came with, such as a WebSocket or a stream: that should end with it.
    #[doc(alias = "remaining")]
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.expires_at().saturating_since(self.evidence().timepiece.clock.now())
    }

    /// `nbf`: from when on the token is valid.
    #[must_use]
    pub fn not_before(&self) -> Option<UnixTime> {
        self.evidence().claims.time().nbf
    }

    /// `iat`: when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.evidence().claims.time().iat
    }

    /// `jti`: the token's own name.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.evidence().claims.token_id()
    }

    /// `client_id`: the client that the token was issued to.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.evidence().claims.client_id()
    }

    /// `azp`: the client that the token was issued to, as providers without RFC 9068 write it.
    #[must_use]
    pub fn authorized_party(&self) -> Option<&str> {
        self.evidence().claims.authorized_party()
    }

    /// What was granted: `scope` and `scp`, from a string or an array.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.evidence().claims.scopes()
    }

    /// Whether `scope` was granted.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.scopes().any(|granted| granted == scope.as_str())
    }

    /// `auth_time`: when the user authenticated. Absent too where the issuer wrote no NumericDate, as AD FS does.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<UnixTime> {
        self.evidence().claims.authenticated_at()
    }

    /// Whether the user authenticated at most so long before this moment, skew allowed in either direction; not if that is
    /// not known.
    pub(crate) fn is_authenticated_within(&self, max_age: Duration) -> bool {
        let Timepiece { clock, skew } = &self.evidence().timepiece;
        self.authenticated_at().is_some_and(|since| is_recent(since, clock.now(), max_age, *skew))
    }

    /// `acr`: the authentication context class.
    #[must_use]
    pub fn authentication_context(&self) -> Option<&str> {
        self.evidence().claims.authentication_context()
    }

    /// `amr`: the authentication methods. None where the issuer wrote anything but strings, as Supabase does:
    /// [`claims`](VerifiedToken::claims) reads that in a shape of yours.
    pub fn authentication_methods(&self) -> impl Iterator<Item = &str> {
        self.evidence().claims.authentication_methods()
    }

    /// The algorithm that the signature was verified with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.evidence().key.algorithm
    }

    /// The id of the issuer's key that vouches for the token.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.evidence().key.key_id.map(|span| self.evidence().claims.attached(span))
    }

    /// The age of the issuer's keys, when they should have been renewed by then and could not be.
    #[must_use]
    pub fn stale_key_age(&self) -> Option<Duration> {
        self.aspect().stale_age
    }

    /// The claims set as it was signed: one JSON object.
    #[must_use]
    pub fn claims_json(&self) -> &str {
        self.evidence().claims.payload()
    }

    /// All claims in the application's own shape; for a single one, a shape with that member alone.
    ///
    /// The first shape that is asked for is remembered, for this token and its clones: asking again costs nothing. Later
    /// requests with the same token are given what earlier ones have read, as long as the verified-token cache keeps it, so
    /// a shape should say nothing but what stands in the claims.
    ///
    /// # Errors
    /// [`Rejection::ClaimsMismatch`] when the claims do not have that shape.
    ///
    /// ```no_run
    /// # fn handler(token: portcullis::VerifiedToken) -> Result<(), portcullis::Rejection> {
    /// #[derive(serde::Deserialize)]
    /// struct User { email: String, tenant: u32 }
    ///
    /// let user = token.claims::<User>()?;
    /// println!("{} of {}", user.email, user.tenant);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "claim")]
    #[doc(alias = "get")]
    pub fn claims<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<Arc<T>, Rejection> {
        if let Some(known) = self.aspect().remembered.get().filter(|known| (***known).is::<T>())
            && let Ok(known) = Arc::clone(known).downcast()
        {
            return Ok(known);
        }
        let claims: T = serde_json::from_str(self.claims_json()).map_err(|_| Rejection::ClaimsMismatch)?;
        let claims = Arc::new(claims);
        // Lost when another shape, or another thread, was first; then the claims are simply read again next time.
        let _ = self.aspect().remembered.set(Arc::<T>::clone(&claims));
        Ok(claims)
    }
}

impl TokenCopy {
    pub(super) const BYTES: usize = size_of::<Copied>() + COUNTS;

    pub(super) fn token(&self) -> VerifiedToken {
        VerifiedToken(Holder::Copy(self.clone()))
    }
}

/// The two counts of an `Arc`.
pub(super) const COUNTS: usize = 2 * size_of::<usize>();

impl Aspect {
    const fn new(stale_age: Option<Duration>) -> Self {
        Self { stale_age, remembered: OnceLock::new() }
    }
}

impl Drop for Evidence {
    fn drop(&mut self) {
        if *self.wipe.get_mut() {
            self.claims.wipe();
        }
    }
}

/// Shows what vouches for the token, and none of its claims.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("algorithm", &self.algorithm())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
