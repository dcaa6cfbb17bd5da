//! What becomes of jsonwebtoken's keys and rules, and of tokens that both judge.
//!
//! jsonwebtoken reads the time of day itself, so the verifiers here do too, and no token is within seconds of an edge but
//! where the answer is the same on both sides of it.
#![cfg(all(feature = "jsonwebtoken", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod court;
mod differences;
mod keys;
mod rules;
#[path = "../../src/testing.rs"]
mod testing;
