//! Keys of an issuer: an immutable set, and the source that keeps it current.
//!
//! A reader takes one snapshot and waits for no lock. What is known about tokens ends at this door: the room knows key
//! ids and algorithms only.

mod means;
#[cfg(feature = "remote")]
pub mod remote;
mod set;
mod source;
mod status;

pub use source::Keys;
pub use status::{IssuerStatus, KeyInfo, KeyOrigin, KeyState};

pub(crate) use means::Means;
pub(crate) use set::{Candidates, Key, KeySet, KnownHeader, MAX_CANDIDATES, Selection};
pub(crate) use source::{KeySource, KeyWish, Refreshed, Snapshot};
