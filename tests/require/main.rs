//! Requirements against tokens that a verifier let through: the truth table, what is answered, and claims of any shape.
#![cfg(feature = "testkit")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

#[path = "../../src/testing.rs"]
mod testing;

mod ages;
mod answers;
mod costs;
mod hostile;
mod laws;
#[cfg(feature = "tower")]
mod routes;
mod stage;
mod table;
mod values;
