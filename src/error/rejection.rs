//! What is wrong with a credential.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::fault::{MemberFault, TokenFault, named};
use super::status::Status;
use super::unmet::Unmet;
use crate::jose::Algorithm;
use crate::time::UnixTime;

/// What is wrong with a credential.
///
/// Holds sizes, times and the names of members that are registered or that the set-up names, never text that the sender
/// chose.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Rejection {
    /// No credential was sent.
    #[error("no credentials were sent")]
    CredentialsMissing,
    /// A credential was sent under an authentication scheme that is not served here.
    #[error("the authentication scheme is not supported")]
    SchemeUnsupported,
    /// More than one credential was sent, so it is open which one counts.
    #[error("credentials were sent more than once")]
    CredentialsRepeated,
    /// What was sent in the place of a credential is not one token, under a scheme where one belongs.
    #[error("the credentials are malformed")]
    CredentialsMalformed,

    /// The token is longer than is looked at.
    #[error("token over {limit} bytes")]
    TokenTooLarge {
        /// The most that is looked at.
        limit: usize,
    },
    /// The token is not three segments of canonical base64url.
    #[error("malformed token: {0}")]
    TokenMalformed(TokenFault),
    /// The decoded header is longer than is read.
    #[error("token header over {limit} bytes")]
    HeaderTooLarge {
        /// The most that is read.
        limit: usize,
    },
    /// The header is not an object with the members it must have, each once and of the right type.
    #[error("malformed token header: {0}")]
    HeaderMalformed(MemberFault),
    /// The header demands something that is not supported: `crit`, `b64`, `zip` or `enc`.
    #[error("header member {member} is not supported")]
    HeaderUnsupported {
        /// The member.
        member: &'static str,
    },
    /// `alg` names nothing that could be allowed; `none` is such a name.
    #[error("unknown signature algorithm")]
    AlgorithmUnknown,
    /// `alg` is not among the algorithms that this issuer may use.
    #[error("signature algorithm {0} is not allowed for this issuer")]
    AlgorithmNotAllowed(Algorithm),
    /// `typ` names another kind of token than the issuer's profile asks for.
    #[error("header member typ is not that of an access token under this issuer's profile")]
    TypeNotAllowed,

    /// `iss` is not an issuer that this verifier trusts.
    #[error("the token's issuer is not trusted here")]
    IssuerUnknown,
    /// The issuer has no key of this `kid`, or none that fits a token without `kid`.
    #[error("no key of the issuer matches the token")]
    KeyUnknown,
    /// The issuer's key of this `kid` is not made for this algorithm.
    #[error("the issuer's key of this id is not made for {0}")]
    KeyUnsuitable(Algorithm),
    /// More keys of the issuer fit the token than are tried: it has no `kid`, or many keys share one.
    #[error("{found} keys of the issuer fit the token, more than the {limit} that are tried")]
    KeyAmbiguous {
        /// Keys that fit.
        found: usize,
        /// The most that are tried.
        limit: usize,
    },
    /// The signature does not hold.
    #[error("the signature does not hold")]
    SignatureInvalid,

    /// The payload is not one JSON object in UTF-8, or an object inside it has a repeated member.
    #[error("the payload is not a JSON object with unique members")]
    ClaimsMalformed,
    /// A claim stands twice.
    #[error("a claim is repeated{}", named(*claim))]
    ClaimRepeated {
        /// The claim, if it is a registered one.
        claim: Option<&'static str>,
    },
    /// A claim has the wrong JSON type.
    #[error("claim {claim} has the wrong type")]
    ClaimType {
        /// The claim.
        claim: &'static str,
    },
    /// A claim that must be there is not.
    #[error("claim {claim} is missing")]
    ClaimMissing {
        /// The claim.
        claim: &'static str,
    },
    /// The token is meant for another audience.
    #[error("the token is meant for another audience")]
    AudienceMismatch,
    /// The token was issued to a client that is not allowed.
    #[error("the token was issued to another client")]
    ClientMismatch,
    /// A claim has another value than the issuer's rules allow.
    #[error("claim {claim} has a value that is not allowed for this issuer")]
    ClaimNotAllowed {
        /// The claim.
        claim: &'static str,
    },
    /// The expiry second has come, skew included.
    #[error("token expired at {exp}, {} s ago", now.saturating_since(*exp).as_secs())]
    Expired {
        /// `exp`.
        exp: UnixTime,
        /// When it was judged.
        now: UnixTime,
    },
    /// The `nbf` second has not come yet, skew included.
    #[error("token valid from {nbf}, in {} s", nbf.saturating_since(*now).as_secs())]
    NotYetValid {
        /// `nbf`.
        nbf: UnixTime,
        /// When it was judged.
        now: UnixTime,
    },
    /// The token was issued longer ago than the issuer's rules allow.
    #[error("token issued at {iat}, older than {} s", max_age.as_secs())]
    TooOld {
        /// `iat`.
        iat: UnixTime,
        /// The greatest age allowed.
        max_age: Duration,
        /// When it was judged.
        now: UnixTime,
    },
    /// A greatest age is set and the token says it was issued in the future, so its age is unknown.
    #[error("token issued at {iat}, in the future")]
    IssuedInFuture {
        /// `iat`.
        iat: UnixTime,
        /// When it was judged.
        now: UnixTime,
    },
    /// A token of another kind, such as an ID token, in place of an access token.
    #[error("not an access token: {evidence} marks another kind of token")]
    NotAccessToken {
        /// The claim that gives it away.
        evidence: &'static str,
    },
    /// A token of another kind, such as an access token, in place of an ID token.
    #[error("not an ID token: {evidence} marks another kind of token")]
    NotIdToken {
        /// The claim that gives it away.
        evidence: &'static str,
    },
    /// The token is bound to a key or certificate (`cnf`) and no proof of possession is checked here.
    #[error("the token is bound to a key and possession is not checked here")]
    ConfirmationUnsupported,
    /// The token is good by itself and has been revoked.
    #[error("the token has been revoked")]
    Revoked,

    /// A scope that the route asks for was not granted.
    #[error("scope missing, needed: {required}")]
    ScopeMissing {
        /// The scopes that would satisfy the route, separated by spaces.
        required: Arc<str>,
    },
    /// The user did not authenticate in the way, or as recently, as the route asks for; another authentication may help
    /// ([RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)).
    ///
    /// All that the route asks for in this respect is named, and not what is missing alone, so that the next token does.
    #[error("another authentication is needed{}", asked(acr_values, *max_age, scope))]
    AuthenticationInsufficient {
        /// The classes of authentication of which one is needed, the preferred first, separated by spaces. Empty if any
        /// will do.
        acr_values: Arc<str>,
        /// The longest time since the user authenticated; `None` if any will do.
        max_age: Option<Duration>,
        /// The scopes that the route asks for, separated by spaces, if one of them was not granted either; else empty.
        scope: Arc<str>,
    },
    /// The token lacks what its client cannot ask for by scope or authentication.
    #[error("not allowed, needed: {needed}")]
    RequirementUnmet {
        /// What kind of thing it lacks; of several, the first.
        lacking: Unmet,
        /// All that it lacks of this sort, as the set-up names it.
        needed: Arc<str>,
    },
    /// The claims of a good token do not have the shape that the application asked for.
    #[error("the claims do not have the shape that the application expects")]
    ClaimsMismatch,
}

impl Rejection {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CredentialsMissing => "credentials_missing",
            Self::SchemeUnsupported => "scheme_unsupported",
            Self::CredentialsRepeated => "credentials_repeated",
            Self::CredentialsMalformed => "credentials_malformed",
            Self::TokenTooLarge { .. } => "token_too_large",
            Self::TokenMalformed(_) => "token_malformed",
            Self::HeaderTooLarge { .. } => "header_too_large",
            Self::HeaderMalformed(_) => "header_malformed",
            Self::HeaderUnsupported { .. } => "header_unsupported",
            Self::AlgorithmUnknown => "algorithm_unknown",
            Self::AlgorithmNotAllowed(_) => "algorithm_not_allowed",
            Self::TypeNotAllowed => "type_not_allowed",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KeyUnknown => "key_unknown",
            Self::KeyUnsuitable(_) => "key_unsuitable",
            Self::KeyAmbiguous { .. } => "key_ambiguous",
            Self::SignatureInvalid => "signature_invalid",
            Self::ClaimsMalformed => "claims_malformed",
            Self::ClaimRepeated { .. } => "claim_repeated",
            Self::ClaimType { .. } => "claim_type",
            Self::ClaimMissing { .. } => "claim_missing",
            Self::AudienceMismatch => "audience_mismatch",
            Self::ClientMismatch => "client_mismatch",
            Self::ClaimNotAllowed { .. } => "claim_not_allowed",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::TooOld { .. } => "token_too_old",
            Self::IssuedInFuture { .. } => "token_issued_in_future",
            Self::NotAccessToken { .. } => "not_access_token",
            Self::NotIdToken { .. } => "not_id_token",
            Self::ConfirmationUnsupported => "confirmation_unsupported",
            Self::Revoked => "token_revoked",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::AuthenticationInsufficient { .. } => "authentication_insufficient",
            Self::RequirementUnmet { lacking, .. } => lacking.code(),
            Self::ClaimsMismatch => "claims_mismatch",
        }
    }

    /// What the rejection calls for, by [RFC 6750, section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1) and
    /// [RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3).
    ///
    /// A requirement that is unmet is "higher privileges than provided by the access token", whatever grants them.
    #[must_use]
    pub const fn status(&self) -> Status {
        // No `_` arm: a new reason must be decided here before it compiles.
        match self {
            Self::CredentialsMissing | Self::SchemeUnsupported => Status::Unauthenticated,
            Self::CredentialsRepeated | Self::CredentialsMalformed => Status::InvalidRequest,
            Self::TokenTooLarge { .. }
            | Self::TokenMalformed(_)
            | Self::HeaderTooLarge { .. }
            | Self::HeaderMalformed(_)
            | Self::HeaderUnsupported { .. }
            | Self::AlgorithmUnknown
            | Self::AlgorithmNotAllowed(_)
            | Self::TypeNotAllowed
            | Self::IssuerUnknown
            | Self::KeyUnknown
            | Self::KeyUnsuitable(_)
            | Self::KeyAmbiguous { .. }
            | Self::SignatureInvalid
            | Self::ClaimsMalformed
            | Self::ClaimRepeated { .. }
            | Self::ClaimType { .. }
            | Self::ClaimMissing { .. }
            | Self::AudienceMismatch
            | Self::ClientMismatch
            | Self::ClaimNotAllowed { .. }
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::TooOld { .. }
            | Self::IssuedInFuture { .. }
            | Self::NotAccessToken { .. }
            | Self::NotIdToken { .. }
            | Self::ConfirmationUnsupported
            | Self::Revoked
            | Self::ClaimsMismatch => Status::InvalidToken,
            Self::ScopeMissing { .. } | Self::RequirementUnmet { .. } => Status::InsufficientScope,
            Self::AuthenticationInsufficient { .. } => Status::InsufficientAuthentication,
        }
    }
}

/// What is asked for of an authentication, as the end of a sentence.
fn asked(acr_values: &str, max_age: Option<Duration>, scope: &str) -> String {
    let mut text = String::new();
    let mut part = |part: fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = write!(text, "{} {part}", if text.is_empty() { ":" } else { "," });
    };
    if !acr_values.is_empty() {
        part(format_args!("acr {acr_values}"));
    }
    if let Some(max_age) = max_age {
        part(format_args!("at most {} s ago", max_age.as_secs()));
    }
    if !scope.is_empty() {
        part(format_args!("with scope {scope}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_speaks_of_times_and_not_of_tokens() {
        let (exp, now) = (UnixTime::from_seconds(100), UnixTime::from_seconds(112));
        assert_eq!(Rejection::Expired { exp, now }.to_string(), "token expired at 100, 12 s ago");
        assert_eq!(
            Rejection::NotYetValid { nbf: now, now: exp }.to_string(),
            "token valid from 112, in 12 s"
        );
        assert_eq!(Rejection::ClaimRepeated { claim: Some("exp") }.to_string(), "a claim is repeated: exp");
        assert_eq!(Rejection::ClaimRepeated { claim: None }.to_string(), "a claim is repeated");
    }

    fn step_up(acr_values: &str, max_age: Option<u64>, scope: &str) -> Rejection {
        let max_age = max_age.map(Duration::from_secs);
        Rejection::AuthenticationInsufficient { acr_values: acr_values.into(), max_age, scope: scope.into() }
    }

    #[test]
    fn display_says_what_a_route_asks_for() {
        for (rejection, want) in [
            (step_up("", None, ""), "another authentication is needed"),
            (step_up("silver gold", None, ""), "another authentication is needed: acr silver gold"),
            (step_up("", Some(300), ""), "another authentication is needed: at most 300 s ago"),
            (
                step_up("gold", Some(0), "a b"),
                "another authentication is needed: acr gold, at most 0 s ago, with scope a b",
            ),
            (
                Rejection::RequirementUnmet { lacking: Unmet::Role, needed: "role admin".into() },
                "not allowed, needed: role admin",
            ),
        ] {
            assert_eq!(rejection.to_string(), want);
        }
    }

    #[test]
    fn what_is_unmet_has_a_code_of_its_own() {
        let codes = [
            (Unmet::Role, "role_missing"),
            (Unmet::Group, "group_missing"),
            (Unmet::Entitlement, "entitlement_missing"),
            (Unmet::Claim, "claim_not_met"),
            (Unmet::Issuer, "issuer_not_met"),
            (Unmet::Client, "client_not_met"),
            (Unmet::Audience, "audience_not_met"),
            (Unmet::AuthenticationMethod, "authentication_method_missing"),
            (Unmet::AuthorizationDetail, "authorization_detail_missing"),
            (Unmet::Predicate("tenant_active"), "tenant_active"),
            (Unmet::Impossible, "requirement_impossible"),
        ];
        for (lacking, want) in codes {
            assert_eq!(Rejection::RequirementUnmet { lacking, needed: "x".into() }.code(), want);
        }
    }

    #[test]
    fn statuses_follow_rfc_6750() {
        let unmet = |lacking| Rejection::RequirementUnmet { lacking, needed: "a".into() };
        for (rejection, http, grpc, error) in [
            (Rejection::CredentialsMissing, 401, 16, None),
            (Rejection::CredentialsRepeated, 400, 16, Some("invalid_request")),
            (Rejection::SignatureInvalid, 401, 16, Some("invalid_token")),
            (Rejection::ScopeMissing { required: "a".into() }, 403, 7, Some("insufficient_scope")),
            (unmet(Unmet::Claim), 403, 7, Some("insufficient_scope")),
            (unmet(Unmet::Predicate("own")), 403, 7, Some("insufficient_scope")),
            (step_up("a", None, ""), 401, 16, Some("insufficient_user_authentication")),
        ] {
            let status = rejection.status();
            assert_eq!(
                (status.http(), status.grpc(), status.oauth_error()),
                (http, grpc, error),
                "{rejection}"
            );
        }
    }
}
