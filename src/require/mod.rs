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

mod requirement;

pub use requirement::{Requirement, all, any, scope};
