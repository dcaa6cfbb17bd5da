//! The record of decisions: one event for each, what it says, and what it never says.

#![cfg(all(
    feature = "actix",
    feature = "axum",
    feature = "reqwest",
    feature = "testkit",
    feature = "tonic"
))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod actix;
mod documented;
mod interceptor;
mod leaks;
mod requests;
mod routes;
mod stage;
