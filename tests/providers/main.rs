//! Each preset with documents and a token of its provider's shape: accepted, and refused as soon as one thing differs.
//!
//! Where `tests/vectors/realworld` has what the provider really published, that is served, with one key of ours beside the
//! provider's; the rest is made by us after the provider's documentation, and nothing here was compared with the provider
//! itself.
#![cfg(feature = "reqwest")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod arguments;
mod auth0;
mod cognito;
mod entra;
mod firebase;
mod github_actions;
mod gitlab_ci;
mod google;
mod hydra;
mod keycloak;
mod kubernetes;
mod okta;
mod scene;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/tls.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
mod tls;
mod zitadel;
