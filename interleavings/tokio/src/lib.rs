//! Stands in for `tokio`: what portcullis uses of it, by tokio's documentation, driven by shuttle, with a clock that the
//! test moves.

pub mod runtime;
pub mod sync;
pub mod task;
pub mod time;

/// Forgets what an execution before this one left behind.
pub fn start() {
    runtime::start();
    time::start();
}
