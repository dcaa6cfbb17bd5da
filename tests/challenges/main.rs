//! Every header and body that refuses, read back by parsers that are not ours, and held against the examples of the RFCs.

#![cfg(all(feature = "axum", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod arbitrary;
mod examples;
#[path = "../minting/mod.rs"]
mod minting;
mod others;
#[path = "../../src/testing.rs"]
mod testing;
mod worded;
