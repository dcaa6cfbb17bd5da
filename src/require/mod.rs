//! What a route asks for, beyond a good token.
//!
//! Requirements are values: they are put together once, when a service is set up, and checked without allocating. They
//! print as they read, and compare by what they ask for.
//!
//! ```
//! use std::time::Duration;
//! use portcullis::require::{AcrLadder, claim, issuer, max_age, role, scope};
//!
//! let ladder = AcrLadder::new(["bronze", "silver", "gold"]);
//! let transfer = scope("accounts:write").and(ladder.at_least("silver")).and(max_age(Duration::from_secs(300)));
//! assert_eq!(
//!     transfer.to_string(),
//!     "scope accounts:write and acr ≥ silver and authentication at most 300 s ago",
//! );
//!
//! let support = issuer("https://staff.example").and(role("support"))
//!     .or(issuer("https://partner.example").and(claim("realm_access.roles").contains("agent")));
//! assert_eq!(support.mistake(), None);
//! ```
//!
//! # When it is met
//!
//! Each part reads claims of the token and nothing else. A claim that is absent, of another type or of another value is
//! refused with the reason code beside it. Texts are compared whole and byte for byte, escapes resolved: `orders` grants
//! nothing of `orders:read`.
//!
//! | requirement | reads | is met by | is not met by | refused with |
//! |---|---|---|---|---|
//! | [`scope("a")`](scope) | `scope`, `scp` | `"b a"`, `["a"]` | `"ab"`, `"A"` | `scope_missing` |
//! | [`hierarchy.scope("a")`](ScopeHierarchy::scope) | `scope`, `scp` | the same, or a scope that implies `a` | a scope that `a` implies | `scope_missing` |
//! | [`acr("x")`](acr), [`acr_any`], [`at_least`](AcrLadder::at_least) | `acr` | `"x"`, or another of those accepted | a class that is not on the ladder | `authentication_insufficient` |
//! | [`max_age(d)`](max_age) | `auth_time` | up to `d` + skew ago, up to the skew ahead | a second older, a second further ahead, a text | `authentication_insufficient` |
//! | [`amr("x")`](amr) | `amr` | `["pwd", "x"]`, `"x"` | an array that holds anything but texts | `authentication_method_missing` |
//! | [`claim("a.b").contains(v)`](ClaimPath::contains) | `a`, in it `b` | `[v]`, `v` | `[[v]]`, `"u v"`, a member named `a.b` | `claim_not_met` |
//! | [`claim("a.b").equals(v)`](ClaimPath::equals) | `a`, in it `b` | `v` | `[v]`; of 7: `"7"`, `7.0` | `claim_not_met` |
//! | [`role("x")`](role) | `roles` | `["x"]`, `[{"value": "x"}]`, `"x"` | `"y x"`, `{"x": true}`, `[["x"]]` | `role_missing` |
//! | [`group("x")`](group) | `groups` | the same | the same | `group_missing` |
//! | [`entitlement("x")`](entitlement) | `entitlements` | the same | the same | `entitlement_missing` |
//! | [`issuer("x")`](issuer) | `iss` | `"x"` | `"x/"` | `issuer_not_met` |
//! | [`client("x")`](client) | `client_id`, else `azp` | `"x"` | `azp` beside another `client_id` | `client_not_met` |
//! | [`audience("x")`](audience) | `aud` | `"x"`, `["x", "y"]` | the verifier's own audience alone | `audience_not_met` |
//! | [`authorization_details("t")`](authorization_details) | `authorization_details` | `[{"type": "t"}]` | `{"type": "t"}`; two elements that have what one must | `authorization_detail_missing` |
//! | [`predicate(code, …)`](predicate) | what you like | what you say | what you say | its own `code` |
//! | `x.and(y)`, [`all`]`([x, y])` | | what meets `x` and meets `y` | | see below |
//! | `x.or(y)`, [`any`]`([x, y])` | | what meets `x`, or `y`, or both | | see below |
//! | `all([])` | | everything | | |
//! | `any([])`, a [mistake](Requirement::mistake) | | nothing | everything | `requirement_impossible` |
//!
//! There is no `not`. What a token does not say is no evidence: a requirement that asks for the absence of a claim would
//! open to whoever has a token with less in it. As it is, a token that is granted more never opens less. For the same reason
//! no part asks only that a claim is there: `email_verified` is there when it is `false`.
//!
//! # What is answered
//!
//! A client should be told what it can do. Of alternatives, the answer speaks of one: the one for tokens of this issuer; then
//! the one that lacks the least that a client cannot ask for; then the one that lacks the least; then the first. Of what is
//! lacking there:
//!
//! | lacking | answer | why |
//! |---|---|---|
//! | anything but scope, `acr` or age | [`RequirementUnmet`](crate::Rejection::RequirementUnmet), 403, all of it named | neither a scope nor another authentication would help |
//! | `acr` or age, and scopes | [`AuthenticationInsufficient`](crate::Rejection::AuthenticationInsufficient), 401, with the scopes | both can be had in one round ([RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)) |
//! | `acr` or age | the same without scopes | |
//! | scopes | [`ScopeMissing`](crate::Rejection::ScopeMissing), 403 | |
//!
//! A client is told all the scopes and all about the authentication that the alternative asks for, and not what is missing
//! alone, so that the token that it gets for it will do. It is told in the words of the set-up, never in those of the token.
//! So names of roles, claims and clients, and the values asked for, are seen by whoever has a token; what must not be seen
//! belongs into a [`predicate`].

mod authentication;
mod claim;
#[cfg(test)]
#[cfg(feature = "settings")]
pub(crate) mod described;
mod detail;
mod guarded;
mod leaf;
mod mistake;
mod named;
mod nearest;
mod predicate;
mod reading;
mod requirement;
mod scopes;

pub use authentication::{AcrLadder, acr, acr_any, amr, max_age};
pub use claim::{ClaimPath, ClaimValue, claim, claim_at};
pub use detail::{AuthorizationDetail, authorization_details};
#[cfg(any(feature = "actix", feature = "axum"))]
pub(crate) use guarded::with_requirement_of;
pub use guarded::{Guarded, Requires};
pub use mistake::Mistake;
pub use named::{audience, client, entitlement, group, issuer, role};
pub use predicate::predicate;
pub use requirement::{Requirement, all, any};
pub use scopes::{ScopeHierarchy, scope};
