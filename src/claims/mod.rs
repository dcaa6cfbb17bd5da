//! The claims of a token: read in one pass, typed strictly, checked one rule a file.
//!
//! Registered claims are typed; everything else stays as it came and is given out by
//! [`VerifiedToken::claims`](crate::VerifiedToken::claims).

mod audience;
mod client;
mod confirmation;
mod issuer;
mod kind;
mod marks;
mod pass;
mod required;
mod scope;
mod set;
mod span;
mod time;
mod values;

pub use kind::Profile;
pub use scope::{Scope, ScopeError};
pub use time::{DEFAULT_SKEW, MAX_SKEW};

pub(crate) use audience::Audiences;
pub(crate) use client::Clients;
pub(crate) use confirmation::check_confirmation;
pub(crate) use issuer::read_issuer;
pub(crate) use kind::{check_kind, check_type};
pub(crate) use required::RequiredClaims;
pub(crate) use set::ClaimsSet;
pub(crate) use span::Span;
pub(crate) use time::{DateCheck, TimeClaims, TimeRules, check_dates, check_time, is_recent};
