//! Counts instructions and cache lines, which no busy machine can blur, and fails when there are more than `expected.toml` says.
//!
//! Runs itself under callgrind (valgrind), which counts only within the measured function. Of each scenario the count is
//! the difference between the whole of `verify` and the raw signature over the same tokens, both by the same library in the
//! same process: what AWS-LC does depends on the processor, what is left is ours. Cache lines are counted as well, for single
//! calls after a sweep of the caches that callgrind plays. `-- --accept` writes the counts down.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[path = "../common/mod.rs"]
mod common;

mod callgrind;
mod expected;
mod scenarios;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has(callgrind::CHILD) {
        scenarios::run();
        return ExitCode::SUCCESS;
    }
    let Some(counts) = callgrind::count() else {
        println!("valgrind is needed to count instructions: install it from your distribution");
        return ExitCode::FAILURE;
    };
    if has("--accept") {
        expected::accept(&counts);
        return ExitCode::SUCCESS;
    }
    if expected::holds(&counts) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
