//! The layers as middleware of actix-web: a real server and a real client, and the same answers as under tower.

#![cfg(all(feature = "actix", feature = "axum", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod alike;
mod decisions;
mod extractors;
mod house;
mod keys;
#[path = "../minting/mod.rs"]
mod minting;
mod wording;
