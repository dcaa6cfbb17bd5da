//! Bytes to an [`UnverifiedToken`], JSON to a [`Jwk`]: borrowed, bounded and strict.
//!
//! Nothing here knows a key that can verify, a socket or a clock, and nothing here is evidence of anything: a token
//! that parses is merely well formed. [`Algorithm`] is the one table of algorithms; everything that differs between
//! them is read from it.

mod algorithm;
pub(crate) mod base64url;
mod compact;
mod header;
mod json;
mod jwk;
mod jwk_reader;
mod jwks;
mod material;
mod roca;
mod secret;
mod strict;
mod thumbprint;

pub use crate::error::JwkSetError;
pub use algorithm::{Algorithm, AlgorithmSet, Curve, Digest, Family, KeyType};
pub use compact::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES, UnverifiedToken};
pub use header::Header;
pub use jwk::{Jwk, KeyUse};
pub use jwks::{JwkSet, MAX_KEYS, MAX_SET_BYTES, Skipped};
pub use material::KeyMaterial;
pub use secret::Secret;
pub use thumbprint::Thumbprint;

pub(crate) use compact::{Decoded, Room, Segments};
pub(crate) use json::{Cursor, Literal, Malformed, Name, Number, Unread, Value};
#[cfg(any(test, feature = "remote"))]
pub(crate) use strict::StrictValue;
pub(crate) use strict::{Names, Reading, Text};
