//! The published vectors, one runner a family, each case a test of its own on each backend.
//!
//! `cargo test --test conformance -- attacks/alg-none` runs what its name says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "clippy.toml allows them inside of tests; a test binary exports nothing"
)]

mod answers;
mod attacks;
mod by_us;
mod envoy;
mod jose;
mod judge;
mod key_sets;
mod peers;
mod providers;
mod published;
mod reason;
mod setup;
mod suite;
#[path = "../support/mod.rs"]
mod support;
mod wycheproof;

use libtest_mimic::Arguments;
use suite::Suite;

fn main() {
    let mut suite = Suite::new();
    jose::cases(&mut suite);
    attacks::cases(&mut suite);
    envoy::cases(&mut suite);
    key_sets::cases(&mut suite);
    peers::cases(&mut suite);
    providers::cases(&mut suite);
    wycheproof::cases(&mut suite);
    libtest_mimic::run(&Arguments::from_args(), suite.into_trials()).exit();
}
