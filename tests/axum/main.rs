//! An axum application behind the layer: what its extractors give, how its routers nest, where its tokens stand, and what
//! its clients are told.

#![cfg(all(feature = "axum", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod extractors;
mod guarded;
#[path = "../minting/mod.rs"]
mod minting;
mod refusals;
mod resources;
mod routers;
mod several;
mod sockets;
mod sources;
mod stage;
#[path = "../../src/testing.rs"]
mod testing;
