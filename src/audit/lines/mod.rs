//! Events as lines of JSON, written by a thread of their own.

mod queue;
mod writer;

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::event::AuditEvent;
use super::sink::AuditSink;
use crate::error::ConfigError;
use queue::{Presence, Queue};
use writer::Lines;

/// Writes each event as one line of JSON, on a thread of its own.
///
/// Between the requests and the writer stands a queue. What becomes of an event for which it has no room is
/// [a choice](WhenFull); what is lost is [counted](Self::lost), and the file tells of its holes: as soon as there is room again,
/// a line says `{"schema_version":1,"event":"audit_lost","lost":3}`.
///
/// A line that the writer refuses is lost, and counted so: it is not tried again, as nobody knows how much of it was written.
/// The first of a row of failures is told by `tracing`. A writer that would rather wait until the disk has room waits in
/// `write`. One that panics has failed. If the thread itself should come to its end, all further events are lost, and counted.
///
/// Dropping the last handle writes what is in the queue, for [5 seconds](Self::close_within) at most. A verifier keeps its sink,
/// so [`flush`](Self::flush) at the end of `main` by a handle of your own.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{fs::File, sync::Arc};
/// use portcullis::audit::{JsonLines, WhenFull};
///
/// let file = File::options().append(true).create(true).open("/var/log/orders/audit.jsonl")?;
/// let lines = JsonLines::new(file)?.capacity(100_000)?.when_full(WhenFull::Drop);
/// let handle = Arc::new(lines);                              // `Arc::clone(&handle)` goes to `Audit::new`
/// # Ok(())
/// # }
/// ```
#[must_use = "it writes what it is given as a sink"]
pub struct JsonLines {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

/// What becomes of an event for which the queue has no room.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum WhenFull {
    /// The request waits until there is room, and with it the thread that serves it and all that this thread would do: the
    /// service gets as slow as the writer, and stops if the writer does. Nothing is decided that is not on record. A writer that
    /// itself causes events, by verifying tokens with the same audit, would wait for itself.
    #[default]
    Wait,
    /// The event is lost, and counted. No request waits; but who sends enough of them leaves holes in the record.
    Drop,
}

/// Why not everything is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// Time was up before the writer was done.
    #[error("the writer was not done in time")]
    TimedOut,
    /// The writer has refused some of it, or is refusing still.
    #[error("the writer has failed")]
    Failed,
}

impl JsonLines {
    /// Writes to `writer`, and flushes it whenever nothing more is waiting.
    ///
    /// # Errors
    /// The operating system's, if it has no thread to spare.
    pub fn new(writer: impl io::Write + Send + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(DEFAULT_CAPACITY, CLOSING_TIME));
        let presence = Presence(Arc::clone(&queue));
        let write = move || {
            // In this order, so that the writer goes first: it may take its time, too.
            let presence = presence;
            let mut lines = Lines::new(writer);
            while presence.0.work(|work| lines.write(work)) {}
        };
        let thread = thread::Builder::new().name("portcullis-audit".to_owned()).spawn(write)?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Lets so many events wait. Default: 8,192; from 1 to 1,048,576.
    ///
    /// They take a kilobyte each at most, on average; while a batch is being written, the queue fills anew, so twice as many may
    /// be in memory.
    ///
    /// # Errors
    /// [`ConfigError::SizeOutOfBounds`].
    pub fn capacity(self, events: usize) -> Result<Self, ConfigError> {
        if !(1..=MAX_CAPACITY).contains(&events) {
            let (min, max) = (1, MAX_CAPACITY);
            return Err(ConfigError::SizeOutOfBounds { setting: "the capacity for audit events", min, max });
        }
        self.queue.set_capacity(events);
        Ok(self)
    }

    /// What becomes of an event for which there is no room. Default: [`WhenFull::Wait`].
    pub fn when_full(self, choice: WhenFull) -> Self {
        self.queue.set_when_full(choice);
        self
    }

    /// For how long dropping it waits for the writer. Default: 5 seconds. After that the thread is left to itself, and what it
    /// has not written is lost when the process ends.
    pub fn close_within(self, time: Duration) -> Self {
        self.queue.set_closing_time(time);
        self
    }

    /// Waits until everything that came before is written and the writer is flushed, for `timeout` at most.
    ///
    /// Blocks the thread. Call it when the service has stopped serving.
    ///
    /// # Errors
    /// [`FlushError`]: some of it may not be written.
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        self.queue.flush(timeout)
    }

    /// How many events were lost: for want of room, or as the writer failed.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }
}

impl AuditSink for JsonLines {
    fn record(&self, event: &AuditEvent<'_>) {
        // Taken, so that a sink that is called within a sink finds another; kept for the next event, so as to allocate once.
        let mut line = LINE.try_with(Cell::take).unwrap_or_default();
        line.clear();
        event.write_json(&mut line);
        line.push(b'\n');
        self.queue.push(&line);
        // Gone only when the thread is going.
        let _ = LINE.try_with(|kept| kept.set(line));
    }

    fn lost(&self) -> u64 {
        self.lost()
    }
}

impl Drop for JsonLines {
    fn drop(&mut self) {
        if self.queue.close()
            && let Some(thread) = self.thread.take()
        {
            // It catches what its writer does, and has nothing else to panic about.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("queue", &self.queue).finish_non_exhaustive()
    }
}

thread_local! {
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

const DEFAULT_CAPACITY: usize = 8_192;
/// A gigabyte of them.
const MAX_CAPACITY: usize = 1024 * 1024;
const CLOSING_TIME: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
