//! The failure matrix of `docs/keys.md`: one named test for each cell, on a paused clock with a scripted source, and what is
//! about the wire again over real sockets. Every cell ends with tokens being served.

#![cfg(all(feature = "reqwest", feature = "tower", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod answers;
mod caching;
mod clocks;
mod discovery;
mod entries;
mod loads;
mod outages;
mod raw;
mod rotation;
mod source;
mod stage;
mod wire;
