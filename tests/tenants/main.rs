//! Issuers that a resolver finds: who gets in, what strangers can make it cost, and how tenants come and go. On a paused
//! clock, with scripted resolvers and sources of keys.

#![cfg(all(feature = "remote", feature = "testkit", feature = "tower"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod asking;
mod floods;
mod health;
mod house;
mod isolation;
mod lives;
mod setup;
