//! The attack book: each known attack on a JWT verifier is a test of its own name, on every backend, beside the same
//! token without the attack, which is accepted. `docs/threat-model.md` lists them; `tests/docs.rs` holds it to that.
#![cfg(all(feature = "reqwest", feature = "tower", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod algorithm;
mod cached;
mod confusion;
mod critical;
mod discovery;
mod encoding;
mod header_keys;
mod json;
mod key_id;
mod key_sets;
mod kinds;
mod requests;
mod resolvers;
mod signatures;
mod sizes;
mod stage;
#[path = "../support/mod.rs"]
mod support;
mod tenants;
mod times;
mod weak_keys;
