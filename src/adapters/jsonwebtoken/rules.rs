//! A `Validation` and what becomes of each of its fields.

use std::collections::HashSet;
use std::time::Duration;

use ::jsonwebtoken::Validation;
use thiserror::Error;

use crate::claims::MAX_SKEW;
use crate::jose::{Algorithm, KeyType};
use crate::keys::Keys;
use crate::verify::Issuer;

/// Why the rules of a `Validation` cannot be kept; names the field, and what to write instead.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ValidationError {
    /// `algorithms` is empty, and nothing would be accepted.
    #[error("`algorithms` is empty; name those that the issuer signs with")]
    NoAlgorithm,
    /// `algorithms` has one that this version does not know.
    #[error("`algorithms` has one that is not in the table of this crate")]
    AlgorithmUnknown,
    /// `algorithms` mixes types of keys: `decode` refuses every token then, whatever it is signed with.
    #[error(
        "`algorithms` mixes types of keys, by which `decode` accepts nothing; leave one type, or call `Issuer::algorithms` on the result"
    )]
    AlgorithmsMixed,
    /// `leeway` is more than clocks may differ.
    #[error("`leeway` is {seconds} s and may be {limit} s at most; mend the clocks")]
    LeewayTooLarge {
        /// What it says.
        seconds: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// `reject_tokens_expiring_in_less_than` is more than the leeway: tokens would have to outlive their check.
    #[error(
        "`reject_tokens_expiring_in_less_than` is {seconds} s, over the leeway of {leeway} s; set both to 0, and compare `VerifiedToken::expires_at` where it matters"
    )]
    EarlyExpiry {
        /// What it says.
        seconds: u64,
        /// What `leeway` says.
        leeway: u64,
    },
    /// `validate_exp` is false.
    #[error("`validate_exp` is false, and expired tokens are never accepted; set it to true")]
    ExpiryUnchecked,
    /// `validate_aud` is false.
    #[error(
        "`validate_aud` is false, which lets in tokens that were meant for other services; set it to true, or build the issuer by hand with `Issuer::dangerous_any_audience`"
    )]
    AudienceUnchecked,
    /// `aud` names nobody.
    #[error(
        "`aud` names no audience; call `set_audience` with the name of your API, or build the issuer by hand with `Issuer::client`"
    )]
    NoAudience,
    /// `iss` does not have the identifier that was given.
    #[error("`iss` does not have {identifier}; it is compared byte for byte, a slash at the end counts")]
    IssuerNotNamed {
        /// The identifier that was given.
        identifier: String,
    },
    /// `required_spec_claims` has a name that jsonwebtoken never looks at.
    #[error(
        "`required_spec_claims` has {claim:?}, which `decode` ignores; take it out, and call `Issuer::require_presence` if it must be there"
    )]
    ClaimIgnored {
        /// The claim.
        claim: String,
    },
}

impl Issuer {
    /// The issuer of this identifier, with these keys and the rules of a jsonwebtoken `Validation`.
    ///
    /// Of several names in `iss` the identifier picks one; call it again for another, with the keys of that one. `iss` may
    /// also be `None`. The [profile](Issuer::profile) is the default; few tokens that `decode` was used for are marked with
    /// `at+jwt`, and the others need `.profile(Profile::Lenient)`. [The module](crate::jsonwebtoken) says what becomes of
    /// each field, and which tokens are judged differently.
    ///
    /// # Errors
    /// [`ValidationError`] for a rule that cannot be kept or should not be.
    ///
    /// ```
    /// use jsonwebtoken::{Algorithm, Validation};
    /// use portcullis::{Issuer, Profile, jsonwebtoken::ValidationError};
    /// # use portcullis::jose::Jwk;
    /// # let key = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
    ///
    /// let mut validation = Validation::new(Algorithm::EdDSA);
    /// validation.set_issuer(&["https://id.example.com"]);
    /// let refused = Issuer::from_validation("https://id.example.com", key.clone(), &validation);
    /// assert_eq!(refused.unwrap_err(), ValidationError::NoAudience);
    ///
    /// validation.set_audience(&["https://api.example.com"]);
    /// let issuer = Issuer::from_validation("https://id.example.com", key, &validation)?.profile(Profile::Lenient);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_validation(
        identifier: impl Into<String>,
        keys: impl Into<Keys>,
        validation: &Validation,
    ) -> Result<Self, ValidationError> {
        // Names every field: one that a later version brings cannot go unread.
        let Validation {
            required_spec_claims,
            leeway,
            reject_tokens_expiring_in_less_than,
            validate_exp,
            validate_nbf: _, // `nbf` is compared in any case
            validate_aud,
            aud,
            iss,
            sub,
            algorithms,
        } = validation;
        let identifier = identifier.into();
        if iss.as_ref().is_some_and(|named| !named.contains(&identifier)) {
            return Err(ValidationError::IssuerNotNamed { identifier });
        }
        if !validate_exp {
            return Err(ValidationError::ExpiryUnchecked);
        }
        let mut issuer = Self::new(identifier, keys)
            .algorithms(algorithms_of(algorithms)?)
            .clock_skew(skew_of(*leeway, *reject_tokens_expiring_in_less_than)?);
        for audience in audiences_of(*validate_aud, aud.as_ref())? {
            issuer = issuer.audience(audience);
        }
        if let Some(subject) = sub {
            issuer = issuer.require_claim("sub", subject);
        }
        for claim in demanded(required_spec_claims)? {
            issuer = issuer.require_presence(claim);
        }
        Ok(issuer)
    }
}

fn algorithms_of(named: &[::jsonwebtoken::Algorithm]) -> Result<Vec<Algorithm>, ValidationError> {
    let ours: Result<Vec<_>, _> = named.iter().copied().map(Algorithm::try_from).collect();
    let ours = ours.map_err(|_| ValidationError::AlgorithmUnknown)?;
    let first = ours.first().ok_or(ValidationError::NoAlgorithm)?.key_type();
    let alike = |key_type: KeyType| key_type == first;
    if ours.iter().all(|algorithm| alike(algorithm.key_type())) {
        Ok(ours)
    } else {
        Err(ValidationError::AlgorithmsMixed)
    }
}

/// For how long after its `exp` a token is good: the leeway, less what it must still have to live.
fn skew_of(leeway: u64, early: u64) -> Result<Duration, ValidationError> {
    let limit = MAX_SKEW.as_secs();
    if leeway > limit {
        return Err(ValidationError::LeewayTooLarge { seconds: leeway, limit });
    }
    let skew = leeway.checked_sub(early).ok_or(ValidationError::EarlyExpiry { seconds: early, leeway })?;
    Ok(Duration::from_secs(skew))
}

/// In the order of their names: the first is the name of the protected resource, and must not change from run to run.
fn audiences_of(validate: bool, named: Option<&HashSet<String>>) -> Result<Vec<&String>, ValidationError> {
    if !validate {
        return Err(ValidationError::AudienceUnchecked);
    }
    let mut audiences: Vec<_> = named.into_iter().flatten().collect();
    audiences.sort_unstable();
    if audiences.is_empty() { Err(ValidationError::NoAudience) } else { Ok(audiences) }
}

/// The claims that must be there and that are not asked for in any case.
fn demanded(required: &HashSet<String>) -> Result<Vec<&'static str>, ValidationError> {
    let mut names: Vec<_> = required.iter().map(String::as_str).collect();
    names.sort_unstable();
    let mut demanded = Vec::new();
    for name in names {
        match name {
            "aud" | "exp" | "iss" => {}
            "nbf" => demanded.push("nbf"),
            "sub" => demanded.push("sub"),
            other => return Err(ValidationError::ClaimIgnored { claim: other.to_owned() }),
        }
    }
    Ok(demanded)
}
