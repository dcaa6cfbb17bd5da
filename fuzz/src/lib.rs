//! What must hold for any input. `tests/fuzz_replay.rs` of the library includes these files and replays the corpora on
//! the stable toolchain.

// Targets.
pub mod authorization_header;
pub mod cache_control;
pub mod challenge;
pub mod claims;
pub mod compact_token;
pub mod discovery;
pub mod header;
pub mod jwk;
pub mod jwk_set;
pub mod key_input;
pub mod request;

// What they share.
pub mod http_date;
pub mod issuer;
pub mod json;
pub mod remote;
