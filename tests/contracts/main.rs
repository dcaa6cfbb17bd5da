//! What tower asks of a service, asked of ours: readiness, cancellation, back-pressure, and a crowd.

#![cfg(all(feature = "tower", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod cancelled;
mod crowd;
#[path = "../minting/mod.rs"]
mod minting;
mod pressure;
mod ready;
mod stage;
