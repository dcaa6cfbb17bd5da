//! What a good token lacks that is neither a scope nor an authentication.

/// What a good token lacks that its client cannot simply ask for: neither a scope nor a stronger authentication.
///
/// The reason code of [`Rejection::RequirementUnmet`](crate::Rejection::RequirementUnmet) is the code of this.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Unmet {
    /// A role (`roles`).
    Role,
    /// A group (`groups`).
    Group,
    /// An entitlement (`entitlements`).
    Entitlement,
    /// A claim with some value.
    Claim,
    /// To be of some issuer.
    Issuer,
    /// To be issued to some client.
    Client,
    /// To be meant for some audience.
    Audience,
    /// A method of authentication (`amr`). Nothing that a challenge may carry asks for one, so it is no step-up.
    AuthenticationMethod,
    /// An authorization detail of some type (`authorization_details`).
    AuthorizationDetail,
    /// What a predicate of the application asks for, by the predicate's own word.
    Predicate(&'static str),
    /// What no token has: there is no way to meet the requirement.
    Impossible,
}

impl Unmet {
    /// The reason as a stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Role => "role_missing",
            Self::Group => "group_missing",
            Self::Entitlement => "entitlement_missing",
            Self::Claim => "claim_not_met",
            Self::Issuer => "issuer_not_met",
            Self::Client => "client_not_met",
            Self::Audience => "audience_not_met",
            Self::AuthenticationMethod => "authentication_method_missing",
            Self::AuthorizationDetail => "authorization_detail_missing",
            Self::Predicate(code) => code,
            Self::Impossible => "requirement_impossible",
        }
    }
}
