//! The value that decides.

use std::fmt;
use std::sync::Arc;
use std::task::Poll;
#[cfg(feature = "remote")]
use std::time::Duration;

#[cfg(feature = "remote")]
use tokio::{runtime::Handle, time::timeout};

use super::builder::VerifierBuilder;
use super::health::Health;
#[cfg(feature = "remote")]
use super::health::HealthWatch;
use super::order::{Outcome, Rules};
use super::token::VerifiedToken;
use crate::error::Error;
#[cfg(feature = "remote")]
use crate::error::Unavailable;
use crate::keys::{IssuerStatus, Means, Refreshed};

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
    rules: Rules,
    means: Means,
}

impl Verifier {
    /// Starts a verifier's settings. At least one [`Issuer`](crate::Issuer) must be named.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::new()
    }

    pub(super) fn from_parts(rules: Rules, means: Means) -> Self {
        Self(Arc::new(Parts { rules, means }))
    }

    /// Decides about `token`.
    ///
    /// Answers at once, unless the issuer's keys are not loaded or have no key for the token: then it waits for the one
    /// attempt to fetch them that is under way or due, up to the wait budget (2 s), and looks again once. Dropping the
    /// future cancels nothing but the waiting.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the token is at fault, [`Error::Unavailable`] when nothing could be decided.
    pub async fn verify(&self, token: &str) -> Result<VerifiedToken, Error> {
        let miss = match self.0.rules.decide(token, &**self.0.means.clock()) {
            Outcome::Decided(decision) => return decision.map_err(Error::from),
            Outcome::Missed(miss) => miss,
        };
        match miss.anchor.keys.refreshed(miss.wish).await {
            Refreshed::NotNow => Err(miss.error),
            Refreshed::LookAgain => match self.0.rules.decide(token, &**self.0.means.clock()) {
                Outcome::Decided(decision) => decision.map_err(Error::from),
                Outcome::Missed(miss) => Err(miss.error),
            },
        }
    }

    /// Decides about `token` with the keys at hand, never waiting.
    ///
    /// [`Poll::Pending`] says that [`verify`](Verifier::verify) would wait for keys. Nothing is registered to wake up.
    pub fn verify_cached(&self, token: &str) -> Poll<Result<VerifiedToken, Error>> {
        match self.0.rules.decide(token, &**self.0.means.clock()) {
            Outcome::Decided(decision) => Poll::Ready(decision.map_err(Error::from)),
            Outcome::Missed(miss) if miss.anchor.keys.would_wait(miss.wish) => Poll::Pending,
            Outcome::Missed(miss) => Poll::Ready(Err(miss.error)),
        }
    }

    /// Waits until the tokens of every issuer can be judged, at most for `patience`.
    ///
    /// Optional: a verifier serves from the start, and answers 503 for an issuer whose keys have not come yet. Without a
    /// tokio runtime nothing is awaited.
    ///
    /// # Errors
    /// [`Unavailable`] of the first issuer that is not ready in time.
    #[cfg(feature = "remote")]
    pub async fn ready(&self, patience: Duration) -> Result<(), Unavailable> {
        // Every issuer is asked, as asking may start its task: one that hangs must not hold up the others.
        let current = || self.0.rules.anchors.iter().map(|anchor| anchor.keys.current().map(drop));
        if current().fold(Ok(()), Result::and).is_err() && Handle::try_current().is_ok() {
            let all = async {
                for anchor in &self.0.rules.anchors {
                    anchor.keys.ready().await;
                }
            };
            // In time or not, what counts is the state that was reached.
            let _ = timeout(patience, all).await;
        }
        current().collect()
    }

    /// What each issuer's keys are like at this moment, in the order in which the issuers were named.
    #[must_use]
    pub fn status(&self) -> Vec<IssuerStatus> {
        self.0.rules.anchors.iter().map(|anchor| anchor.keys.status(&anchor.identifier)).collect()
    }

    /// Whether tokens can be judged at this moment, all issuers taken together.
    #[must_use]
    pub fn health(&self) -> Health {
        Self::health_of(&self.0)
    }

    pub(super) fn health_of(parts: &Parts) -> Health {
        Health::of(parts.rules.anchors.iter().map(|anchor| anchor.keys.state()))
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

    /// The name under which the first issuer knows the protected resource: its first audience.
    #[cfg(feature = "tower")]
    pub(crate) fn resource(&self) -> Option<&str> {
        self.0.rules.anchors.first().and_then(|anchor| anchor.audiences.first())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.0.rules.anchors.iter().map(|anchor| &anchor.identifier).collect();
        f.debug_struct("Verifier")
            .field("issuers", &issuers)
            .field("backend", &self.0.means.backend())
            .finish_non_exhaustive()
    }
}
