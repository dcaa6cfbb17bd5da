//! What extractors of any framework find, and why they may have nothing to give.

use std::fmt;

use crate::audit::Asked;
use crate::error::{Error, Rejection};
use crate::http::{Anonymous, Dialect, Fault, Refusal};
use crate::require::{Guarded, Requires, with_requirement_of};
use crate::verify::VerifiedToken;

/// Why an extractor has nothing to give; turns into the response that says so.
#[derive(Clone, Debug)]
pub struct ExtractorRefusal {
    fault: ExtractorFault,
    dialect: Dialect,
}

#[derive(Clone, Debug)]
pub(super) enum ExtractorFault {
    /// No layer guards the route, or it asks for what cannot be.
    Wiring,
    /// A token is needed and a layer let the request through without one.
    Anonymous,
    Rejected(Rejection),
}

impl ExtractorRefusal {
    /// What is wrong with the request; `None` when nothing is, as the set-up of the route is.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.fault {
            ExtractorFault::Wiring => None,
            ExtractorFault::Anonymous => Some(&Rejection::CredentialsMissing),
            ExtractorFault::Rejected(rejection) => Some(rejection),
        }
    }

    pub(super) fn into_refusal(self) -> Refusal {
        let fault = match self.rejection() {
            None => Fault::Wiring,
            Some(rejection) => Fault::Request(Error::Rejected(rejection.clone())),
        };
        Refusal::new(fault, self.dialect)
    }

    pub(super) const fn new(fault: ExtractorFault, dialect: Dialect) -> Self {
        Self { fault, dialect }
    }
}

impl fmt::Display for ExtractorRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rejection() {
            None => f.write_str("the route is not set up rightly"),
            Some(rejection) => rejection.fmt(f),
        }
    }
}

impl std::error::Error for ExtractorRefusal {}

/// What the layer left in a request: a token or the marker.
///
/// # Errors
/// [`ExtractorFault::Wiring`], and an error in the log.
pub(super) fn planted(
    token: Option<&VerifiedToken>,
    marker: Option<&Anonymous>,
) -> Result<Result<VerifiedToken, Anonymous>, ExtractorFault> {
    match (token, marker) {
        (Some(token), _) => Ok(Ok(token.clone())),
        (None, Some(anonymous)) => Ok(Err(anonymous.clone())),
        (None, None) => {
            tracing::error!(
                "an extractor wants a token and no AuthLayer guards its route: put verifier.layer() around it"
            );
            Err(ExtractorFault::Wiring)
        }
    }
}

/// # Errors
/// [`ExtractorFault::Wiring`], and an error in the log, where the requirement of `T` is a
/// [mistake](crate::Requirement::mistake): it is the set-up's, whoever asks.
pub(super) fn check_set_up<T: Requires>() -> Result<(), ExtractorFault> {
    let mistake = with_requirement_of::<T, _>(|requirement| requirement.mistake().cloned());
    let Some(mistake) = mistake else { return Ok(()) };
    tracing::error!(%mistake, "a handler asks for what cannot be");
    Err(ExtractorFault::Wiring)
}

/// A token that is held to the requirement of `T`.
///
/// # Errors
/// [`ExtractorFault::Rejected`].
pub(super) fn guarded<'a, T: Requires>(
    token: VerifiedToken,
    asked: impl FnOnce() -> Asked<'a>,
) -> Result<Guarded<T>, ExtractorFault> {
    Guarded::check_for(token, asked).map_err(ExtractorFault::Rejected)
}
