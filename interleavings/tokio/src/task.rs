//! Tasks.

pub use shuttle::future::{AbortHandle, JoinHandle, spawn, yield_now};

/// Runs a function beside the tasks.
pub fn spawn_blocking<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    spawn(async { run() })
}
