//! Properties of the crate as a whole: models of what it decides, and what hostile bytes can do to it. They must make it
//! neither panic, nor show what is not theirs to see, nor spend what they do not pay for.
#![cfg(all(
    feature = "actix",
    feature = "axum",
    feature = "jsonwebtoken",
    feature = "reqwest",
    feature = "settings",
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

#[path = "../../src/testing.rs"]
mod testing;

mod actix;
mod album;
mod builder;
mod cost;
#[path = "../support/explained.rs"]
mod explained;
mod explaining;
mod hostile;
mod inputs;
mod logging;
mod no_panic;
mod operators;
mod origins;
mod providers;
mod rendering;
mod requirements;
mod scopes;
mod sources;
mod surface;
