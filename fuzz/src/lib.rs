//! What must hold for any input. `tests/fuzz_replay.rs` of the library includes the same files and replays the corpora on
//! the stable toolchain.

pub mod authorization_header;
pub mod compact_token;
pub mod jwk_set;
