//! The program, run as scripts and people run it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod explain;
mod keys;
mod program;
mod readme;
mod support;
