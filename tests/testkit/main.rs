//! The testkit against its own promises: tokens and flaws against a real verifier, the server against a real client.
#![cfg(feature = "testkit")]

mod server;
mod tokens;
