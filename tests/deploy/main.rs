//! The deploy kit: the rules, the dashboard and the runbooks fit together and fit what a service exposes, by its text and by
//! a real Prometheus that scrapes it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod dashboard;
mod expression;
mod rules;
mod runbooks;
mod tools;
