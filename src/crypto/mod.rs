//! The one door to a cryptographic library.
//!
//! A [`Backend`] is a value that a verifier holds; several may be compiled in, nothing is process-wide and nothing has
//! to be installed. A [`VerifyKey`] is prepared once, when keys are loaded, for each algorithm it may serve; what is
//! wrong with it, or missing in the backend, is said then and not at the first token.

mod backend;
mod backends;
mod decode;
mod ed25519;
mod key;
mod keyed_hash;

pub use backend::Backend;
pub use key::VerifyKey;

pub(crate) use keyed_hash::KeyedHash;
