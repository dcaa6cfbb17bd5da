//! The deploy kit: the rules, the dashboard and the runbooks fit together and fit what a service exposes, by its text and by
//! a real Prometheus that scrapes it.
#![cfg(all(feature = "metrics", feature = "axum", feature = "reqwest", feature = "testkit"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

mod dashboard;
mod exposed;
mod expression;
mod rules;
mod runbooks;
mod scraped;
#[path = "../../examples/metrics_service/service.rs"]
mod service;
mod stage;
mod tools;
#[path = "../../examples/metrics_service/traffic.rs"]
mod traffic;
