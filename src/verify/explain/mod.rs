//! Why a token is accepted or refused: each check with what it asks for and what it found.
//!
//! [`Verifier::explain`] decides as [`verify`](Verifier::verify) does, by the same code, and keeps a record of it. It is for
//! developers and operators, at a terminal or in a test: an explanation shows what stands in the token. Do not send it to the
//! client of an API, and do not log it for each request; clients are told what the challenge says. The signature is never
//! shown, so an explanation cannot be used in place of the token.
//!
//! ```
//! # #[cfg(feature = "aws-lc")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use portcullis::{Issuer, Verifier, explain::Verdict, jose::Jwk};
//!
//! let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
//! let verifier = Verifier::builder()
//!     .issuer(Issuer::new("https://id.example.com", key).audience("https://api.example.com"))
//!     .build()?;
//!
//! // {"alg":"EdDSA","typ":"at+jwt","kid":"b"}, and no claims.
//! let token = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImIifQ.e30.AA";
//! let explanation = verifier.explain(token).await;
//!
//! let failed = explain_failed(&explanation);
//! assert_eq!((failed.name, failed.expected.as_str()), ("key", "\"a\" for EdDSA"));
//! assert_eq!(failed.found.as_deref(), Some("kid \"b\" for EdDSA"));
//! println!("{explanation}");
//!
//! fn explain_failed(explanation: &portcullis::explain::Explanation) -> &portcullis::explain::ExplainedCheck {
//!     explanation.checks().iter().find(|check| check.verdict == Verdict::Fail).unwrap()
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "aws-lc"))] fn main() {}
//! ```
//!
//! # The checks
//!
//! In this order; the first that fails ends it. The names never change.
//!
//! | check | asks | refused with |
//! |---|---|---|
//! | `size` | the size of the token | `token_too_large` |
//! | `form` | three segments of canonical base64url, the size of the header | `token_malformed`, `header_too_large` |
//! | `header` | a strict JSON object, an algorithm of the table | `header_malformed`, `header_unsupported`, `algorithm_unknown` |
//! | `issuer` | whose rules apply | `issuer_unknown`, `claims_malformed`, `claim_repeated`, `claim_type`, `claim_missing`, `tenant_unresolved`, `tenants_busy` |
//! | `algorithm` | one that the issuer may use | `algorithm_not_allowed` |
//! | `type` | `typ`, by the profile | `type_not_allowed` |
//! | `keys` | the issuer's keys, not expired | `keys_not_loaded`, `keys_expired` |
//! | `key` | a key for `kid` and algorithm | `key_unknown`, `key_unsuitable`, `key_ambiguous` |
//! | `signature` | that it holds | `signature_invalid` |
//! | `claims` | a strict JSON object, registered claims of their types | `claims_malformed`, `claim_repeated`, `claim_type` |
//! | `issuer_claim` | `iss`, where one issuer alone is trusted | `issuer_unknown`, `claim_missing` |
//! | `audience` | `aud` | `audience_mismatch`, `claim_missing` |
//! | `client` | `client_id`, where the issuer's rules name clients | `client_mismatch`, `claim_missing` |
//! | `expiry` | `exp` | `token_expired`, `claim_missing` |
//! | `not_before` | `nbf` | `token_not_yet_valid` |
//! | `age` | `iat`, where a greatest age is set | `token_too_old`, `token_issued_in_future`, `claim_missing` |
//! | `kind` | what the profile requires, and nothing that marks another kind of token | `not_access_token`, `not_id_token`, `claim_missing` |
//! | `required_claims` | what the issuer's rules require | `claim_not_allowed`, `claim_type`, `claim_missing`, `claims_malformed` |
//! | `confirmation` | that the token is not bound to a key | `confirmation_unsupported` |
//! | `revocation` | your [check](crate::revoke), if there is one | `token_revoked`, `revocation_unknown` |
//! | `requirement` | what a route asks for, with [`Verifier::explain_with`] | those of a [requirement](mod@crate::require) |
//!
//! With several issuers, or tenants, `iss` chooses whose rules apply, so it is read before the signature and shown at
//! `issuer`. With one issuer it is compared after the signature, at `issuer_claim`; a token that none of its keys fits and
//! that names another issuer fails at `issuer`, as what its rules and keys made of the token then says nothing.

pub(in crate::verify) mod expected;
pub(in crate::verify) mod found;
mod record;
mod show;
mod text;

use super::token::VerifiedToken;
use super::verifier::Verifier;
use super::witness::Witness;
use crate::error::Error;
use crate::require::Requirement;
use crate::verify::step::Step;
use record::Record;

/// A decision about a token, with each check that led to it. [`Display`](std::fmt::Display) is a table for people,
/// [`Serialize`](serde::Serialize) JSON for programs, `Debug` shows nothing of the token.
///
/// ```json
/// {
///   "outcome": "refused",
///   "code": "token_expired",
///   "message": "token expired at 1700000000, 9960 s ago",
///   "status": 401,
///   "checks": [{ "check": "size", "expected": "at most 16384 bytes", "found": "812 bytes", "verdict": "pass" }]
/// }
/// ```
///
/// `outcome` is `accepted`, `refused` or `unavailable`. Of an accepted token, `code` is `null` and `status` 200.
#[derive(Clone)]
#[must_use]
pub struct Explanation {
    decision: Result<VerifiedToken, Error>,
    checks: Vec<ExplainedCheck>,
}

/// One check, with what it asks for and what it found.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct ExplainedCheck {
    /// Which one, as a stable word.
    pub name: &'static str,
    /// What it asks for, in the words of the set-up. Not stable: for people.
    pub expected: String,
    /// What stands in the token, escaped and at most 256 characters; `None` where it was not reached. Not stable.
    pub found: Option<String>,
    /// How it went.
    pub verdict: Verdict,
}

/// How a check went.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// The token is as it should be.
    Pass,
    /// The decision fell here: the token was refused, or nothing could be decided.
    Fail,
    /// The decision fell before.
    NotReached,
}

impl Verdict {
    /// The verdict as a stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotReached => "not_reached",
        }
    }
}

impl Explanation {
    /// What [`Verifier::verify`] decides.
    ///
    /// # Errors
    /// Those of [`Verifier::verify`], and of the requirement if one was given.
    pub fn decision(&self) -> Result<&VerifiedToken, &Error> {
        self.decision.as_ref()
    }

    /// Every check, in the order in which they are made. Of a refused token, one failed; of an accepted one, none.
    #[must_use]
    pub fn checks(&self) -> &[ExplainedCheck] {
        &self.checks
    }
}

impl Verifier {
    /// Decides about `token` as [`verify`](Verifier::verify) does, and tells of each check what it asks for and what it found.
    ///
    /// Waits for keys and tenants as `verify` does. The token is verified in full, also if it is in the verified-token cache,
    /// which neither learns of it nor counts it. No span, number or audit event tells of it, so do not let anybody in by it.
    /// For developers and operators: see [`explain`](mod@crate::explain).
    pub async fn explain(&self, token: &str) -> Explanation {
        self.explained(token, None).await
    }

    /// The same, with what a route requires as the last check.
    pub async fn explain_with(&self, token: &str, requirement: &Requirement) -> Explanation {
        self.explained(token, Some(requirement)).await
    }

    async fn explained(&self, token: &str, requirement: Option<&Requirement>) -> Explanation {
        let mut record = Record::new(self.rules());
        let mut decision = self.verify_noting(token, &mut record).await;
        if let Some(requirement) = requirement {
            record.add_requirement(text::of_set_up(&requirement.to_string()));
            if let Ok(token) = &decision {
                record.at(Step::Requirement, || found::requirement(token, requirement));
                if let Err(rejection) = requirement.judge_untold(token) {
                    decision = Err(rejection.into());
                }
            }
        }
        record.finish(decision)
    }
}
