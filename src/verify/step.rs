//! The checks by name.

/// A check. They compare in the order in which they are made.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Step {
    Size,
    Form,
    Header,
    Issuer,
    Algorithm,
    Type,
    Keys,
    Key,
    Signature,
    Claims,
    /// Only where one issuer alone is trusted; elsewhere `iss` has chosen the issuer.
    IssuerClaim,
    Audience,
    Client,
    Expiry,
    NotBefore,
    Age,
    Kind,
    RequiredClaims,
    Confirmation,
    Revocation,
    /// Only where a route asks for something.
    Requirement,
}

impl Step {
    /// Every check, in their order.
    pub(super) const ALL: &[Self] = &[
        Self::Size,
        Self::Form,
        Self::Header,
        Self::Issuer,
        Self::Algorithm,
        Self::Type,
        Self::Keys,
        Self::Key,
        Self::Signature,
        Self::Claims,
        Self::IssuerClaim,
        Self::Audience,
        Self::Client,
        Self::Expiry,
        Self::NotBefore,
        Self::Age,
        Self::Kind,
        Self::RequiredClaims,
        Self::Confirmation,
        Self::Revocation,
        Self::Requirement,
    ];

    /// The check as a stable word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Form => "form",
            Self::Header => "header",
            Self::Issuer => "issuer",
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::Keys => "keys",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::IssuerClaim => "issuer_claim",
            Self::Audience => "audience",
            Self::Client => "client",
            Self::Expiry => "expiry",
            Self::NotBefore => "not_before",
            Self::Age => "age",
            Self::Kind => "kind",
            Self::RequiredClaims => "required_claims",
            Self::Confirmation => "confirmation",
            Self::Revocation => "revocation",
            Self::Requirement => "requirement",
        }
    }
}
