//! What an explanation says, and that it decides as a verification does.
#![cfg(feature = "testkit")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod agreement;
mod documented;
#[path = "../support/explained.rs"]
mod explained;
mod shown;
#[path = "../../src/testing.rs"]
mod testing;
mod waiting;
