//! What a route asks for, beyond a good token.
//!
//! Requirements are values: they are put together once, when a service is set up, and checked without allocating.
//!
//! | requirement | is met by a token that was granted |
//! |---|---|
//! | [`scope("a")`](scope) | `a` |
//! | `x.and(y)`, [`all`]`([x, y])` | what meets `x` and what meets `y` |
//! | `x.or(y)`, [`any`]`([x, y])` | what meets `x`, or `y`, or both |
//! | `all([])` | whatever it was: always met |
//! | `any([])` | never met |
//! | `scope("not a name")` | never met; [`Requirement::misnamed_scope`] tells, and a route that asks for it answers 500 |
//!
//! A scope is compared whole and byte for byte: `orders` grants nothing of `orders:read`.

mod authentication;
mod claim;
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
#[cfg(feature = "axum")]
pub(crate) use guarded::with_requirement_of;
pub use guarded::{Guarded, Requires};
pub use mistake::Mistake;
pub use named::{audience, client, entitlement, group, issuer, role};
pub use predicate::predicate;
pub use requirement::{Requirement, all, any};
pub use scopes::{ScopeHierarchy, scope};
