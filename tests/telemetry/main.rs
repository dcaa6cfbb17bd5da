//! What operators are told of decisions: spans, numbers, and nothing that belongs to a token.
#![cfg(all(feature = "axum", feature = "metrics", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod alike;
mod numbers;
mod recorder;
mod scribe;
mod silence;
mod spans;
