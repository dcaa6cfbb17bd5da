//! The value that decides.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
#[cfg(feature = "remote")]
use std::time::Duration;

#[cfg(feature = "remote")]
use tokio::{runtime::Handle, time::timeout};

use super::builder::VerifierBuilder;
use super::cache::{TokenCache, TokenCacheStatus};
use super::health::Health;
#[cfg(feature = "remote")]
use super::health::HealthWatch;
use super::order::{Outcome, Rules};
use super::token::VerifiedToken;
use super::witness::Witness;
use crate::error::Error;
#[cfg(feature = "remote")]
use crate::error::Unavailable;
use crate::keys::{IssuerStatus, KeyWish, Means, Refreshed};
use crate::telemetry::Scheme;
use crate::time::Clock;

/// Decides whether a token is good.
///
/// A handle: clones share keys and settings, and the last one dropped ends the background work.
///
/// ```
/// # #[cfg(feature = "aws-lc")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::task::Poll;
/// use portcullis::{Issuer, Verifier, jose::Jwk};
///
/// let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let verifier = Verifier::builder()
///     .issuer(Issuer::new("https://id.example.com", key).audience("https://api.example.com"))
///     .build()?;
///
/// let Poll::Ready(decision) = verifier.verify_cached("not.a.token") else { panic!("fixed keys never wait") };
/// assert_eq!(decision.unwrap_err().code(), "token_malformed");
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "aws-lc"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Verifier(Arc<Parts>);

pub(super) struct Parts {
    pub(super) rules: Rules,
    means: Arc<Means>,
}

impl Verifier {
    /// Starts a verifier's settings. At least one [`Issuer`](crate::Issuer) must be named, or tenants.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::new()
    }

    #[cfg(feature = "metrics")]
    pub(super) const fn parts(&self) -> &Arc<Parts> {
        &self.0
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(super) fn from_parts(rules: Rules, means: Arc<Means>) -> Self {
        Self(Arc::new(Parts { rules, means }))
    }

    /// Decides about `token`.
    ///
    /// Answers at once, unless the issuer's keys are not loaded or have no key for the token: then it waits for the one
    /// attempt to fetch them that is under way or due, up to the wait budget (2 s), and looks again once. A tenant that is
    /// not here is waited for before that, up to a budget of its own. Dropping the future cancels nothing but the waiting.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the token is at fault, [`Error::Unavailable`] when nothing could be decided.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, Error> {
        if self.is_watched() {
            return match self.counted_hit(token.as_bytes(), Scheme::Direct) {
                Some(decision) => decision,
                None => self.verify_telling(token).await,
            };
        }
        self.verify_noting(token, &mut ()).await
    }

    /// The same, telling nobody.
    pub(crate) async fn verify_noting(
        &self,
        token: &str,
        witness: &mut impl Witness,
    ) -> Result<VerifiedToken, Error> {
        let mut decide = || self.0.rules.decide(token, self.0.means.clock(), witness);
        let outcome = decide();
        #[cfg(feature = "remote")]
        let outcome = match (outcome, self.0.rules.anchors.tenants()) {
            (Outcome::Absent(tenant), Some(tenants)) => {
                tenants.resolved(&tenant).await?;
                decide()
            }
            (outcome, _) => outcome,
        };
        let miss = match outcome {
            Outcome::Missed(miss) => miss,
            outcome => return outcome.at_last(),
        };
        match miss.anchor.keys.refreshed(miss.wish).await {
            Refreshed::NotNow => Err(miss.error),
            Refreshed::LookAgain => {
                let outcome = decide();
                // It waited for any keys. That the token's is not among them is news to the source, and is noted there.
                if let (KeyWish::AnySet, Outcome::Missed(again)) = (miss.wish, &outcome) {
                    let _ = again.anchor.keys.would_wait(again.wish);
                }
                outcome.at_last()
            }
        }
    }

    /// Decides about `token` with the keys at hand, never waiting.
    ///
    /// [`Poll::Pending`] says that [`verify`](Verifier::verify) would wait for keys or a tenant. Nothing is registered to wake up.
    pub fn verify_cached(&self, token: &str) -> Poll<Result<VerifiedToken, Error>> {
        if self.is_watched() {
            return self.verify_cached_telling(token);
        }
        self.verify_cached_noting(token, &mut ())
    }

    /// The same, telling nobody.
    pub(super) fn verify_cached_noting(
        &self,
        token: &str,
        witness: &mut impl Witness,
    ) -> Poll<Result<VerifiedToken, Error>> {
        self.at_once(self.0.rules.decide(token, self.0.means.clock(), witness))
    }

    /// The same of what may not even be text.
    #[cfg(feature = "tower")]
    pub(crate) fn verify_bytes_noting(
        &self,
        token: &[u8],
        witness: &mut impl Witness,
    ) -> Poll<Result<VerifiedToken, Error>> {
        self.at_once(self.0.rules.decide_bytes(token, self.0.means.clock(), witness))
    }

    /// The same for who cannot come back to wait: keys are noted as wanted, and a tenant that is not here is asked for.
    #[cfg(feature = "tonic")]
    pub(crate) fn verify_or_send_for(
        &self,
        token: &str,
        witness: &mut impl Witness,
    ) -> Poll<Result<VerifiedToken, Error>> {
        let outcome = self.0.rules.decide(token, self.0.means.clock(), witness);
        #[cfg(feature = "remote")]
        if let (Outcome::Absent(tenant), Some(tenants)) = (&outcome, self.0.rules.anchors.tenants()) {
            return Poll::Ready(Err(tenants.sent_for(tenant)));
        }
        self.at_once(outcome)
    }

    fn at_once(&self, outcome: Outcome<'_>) -> Poll<Result<VerifiedToken, Error>> {
        match outcome {
            Outcome::Decided(decision) => Poll::Ready(decision),
            Outcome::Missed(miss) if miss.anchor.keys.would_wait(miss.wish) => Poll::Pending,
            Outcome::Missed(miss) => Poll::Ready(Err(miss.error)),
            #[cfg(feature = "remote")]
            Outcome::Absent(tenant) => {
                let tenants = self.0.rules.anchors.tenants();
                tenants
                    .and_then(|tenants| tenants.answer(&tenant))
                    .map_or(Poll::Pending, |error| Poll::Ready(Err(error)))
            }
        }
    }

    /// Waits until the tokens of every issuer of the set-up can be judged, at most for `patience`. Tenants are not waited
    /// for.
    ///
    /// Optional: a verifier serves from the start, and answers 503 for an issuer whose keys have not come yet. Without a
    /// tokio runtime nothing is awaited.
    ///
    /// # Errors
    /// [`Unavailable`] of the first issuer that is not ready in time.
    #[cfg(feature = "remote")]
    pub async fn ready(&self, patience: Duration) -> Result<(), Unavailable> {
        // Every issuer is asked, as asking may start its task: one that hangs must not hold up the others.
        let current = || self.0.rules.anchors.fixed().iter().map(|anchor| anchor.keys.current().map(drop));
        if current().fold(Ok(()), Result::and).is_err() && Handle::try_current().is_ok() {
            let all = async {
                for anchor in self.0.rules.anchors.fixed() {
                    anchor.keys.ready().await;
                }
            };
            // In time or not, what counts is the state that was reached.
            let _ = timeout(patience, all).await;
        }
        current().collect()
    }

    /// What each issuer's keys are like at this moment, in the order in which the issuers were named; then the tenants that
    /// are here, by identifier.
    #[must_use]
    pub fn status(&self) -> Vec<IssuerStatus> {
        let fixed = self.0.rules.anchors.fixed().iter();
        let fixed = fixed.map(|anchor| anchor.keys.status(&anchor.identifier));
        #[cfg(feature = "remote")]
        let fixed =
            fixed.chain(self.0.rules.anchors.tenants().into_iter().flat_map(|tenants| tenants.status()));
        fixed.collect()
    }

    /// What the verified-token cache holds and has done; `None` if it is off.
    #[must_use]
    pub fn token_cache(&self) -> Option<TokenCacheStatus> {
        self.0.rules.cache.as_ref().map(TokenCache::status)
    }

    /// Forgets the tenant of this identifier, its keys, and whatever the resolver has said or is about to say of it.
    ///
    /// The next token that names it asks the resolver anew. Call it when a tenant is withdrawn, changed or new, on every
    /// instance of the service. A request that is being verified at this moment may still be served.
    #[cfg(feature = "remote")]
    pub fn forget_tenant(&self, issuer: &str) {
        if let Some(tenants) = self.0.rules.anchors.tenants() {
            tenants.forget(issuer);
        }
    }

    /// Whether tokens can be judged at this moment, all issuers taken together.
    #[must_use]
    pub fn health(&self) -> Health {
        Self::health_of(&self.0)
    }

    pub(super) fn health_of(parts: &Parts) -> Health {
        parts.rules.anchors.health()
    }

    /// Follows [`health`](Self::health). Changes that time brings are told by the tasks that renew the keys, so not
    /// before the runtime has run them.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn watch_health(&self) -> HealthWatch {
        // Listened to before it is looked at, so that no change falls in between.
        let pulse = self.0.means.pulse().subscribe();
        HealthWatch::new(Arc::downgrade(&self.0), pulse, self.health())
    }

    /// What the cache answers, and a full verification at the same moment.
    #[cfg(test)]
    #[cfg(feature = "testkit")]
    pub(super) fn decide_both_ways(
        &self,
        token: &str,
    ) -> (Result<VerifiedToken, Error>, Result<VerifiedToken, Error>) {
        let Parts { rules, means } = &*self.0;
        let clock = means.clock();
        (
            rules.decide(token, clock, &mut ()).at_last(),
            rules.decide_in_full(token, clock, None, &mut ()).at_last(),
        )
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        self.0.means.clock()
    }

    /// Whether decisions are put on record.
    #[cfg(feature = "tower")]
    pub(crate) fn is_audited(&self) -> bool {
        self.rules().audit().is_some()
    }

    /// The name under which the first issuer knows the protected resource: its first audience.
    #[cfg(feature = "tower")]
    pub(crate) fn resource(&self) -> Option<&str> {
        self.0.rules.anchors.fixed().first().and_then(|anchor| anchor.audiences.first())
    }

    /// The issuers that were named in the set-up; tenants are not.
    #[cfg(feature = "tower")]
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &str> {
        self.0.rules.anchors.fixed().iter().map(|anchor| &*anchor.identifier)
    }

    /// Whether both are handles of one verifier.
    #[cfg(feature = "tower")]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.0.rules.anchors.fixed().iter().map(|anchor| &anchor.identifier).collect();
        let mut shown = f.debug_struct("Verifier");
        shown.field("issuers", &issuers);
        #[cfg(feature = "remote")]
        if let Some(tenants) = self.0.rules.anchors.tenants() {
            shown.field("tenants", tenants);
        }
        shown.field("backend", &self.0.means.backend()).finish_non_exhaustive()
    }
}
