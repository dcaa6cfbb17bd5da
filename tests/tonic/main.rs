//! A tonic server behind every fit that there is, and what a tonic client sees, over loopback TCP.
#![cfg(all(feature = "tonic", feature = "testkit"))]
// clippy.toml frees test functions; their helpers are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do"
)]

mod calls;
mod interceptor;
mod methods;
mod service;
mod stage;
mod unavailable;
mod web;
mod wording;
