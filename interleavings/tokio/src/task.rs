//! Tasks.

pub use shuttle::future::{AbortHandle, JoinHandle, spawn, yield_now};

use crate::runtime::Handle;

/// Runs a function beside the tasks.
pub fn spawn_blocking<R: Send + 'static>(run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    spawn(async { run() })
}

/// Tasks that end with it. What the library has of tenants compiles by it; no scene plays them.
#[derive(Default)]
pub struct JoinSet<T>(Vec<JoinHandle<T>>);

impl<T: Send + 'static> JoinSet<T> {
    /// Starts a task.
    pub fn spawn_on(&mut self, future: impl Future<Output = T> + Send + 'static, _: &Handle) -> AbortHandle {
        let task = spawn(future);
        let handle = task.abort_handle();
        self.0.push(task);
        handle
    }

    /// Lets go of a task that has ended.
    pub fn try_join_next(&mut self) -> Option<()> {
        let ended = self.0.iter().position(JoinHandle::is_finished)?;
        drop(self.0.remove(ended));
        Some(())
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}
