//! The testkit against its own promises: tokens and flaws against a real verifier, the server against a real client.
#![cfg(feature = "testkit")]
// clippy.toml frees test functions; their helpers are tests too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod server;
mod tokens;
