//! Whole lines, whatever becomes of the writer.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::queue::{Report, Work};
use crate::audit::event::SCHEMA_VERSION;

/// A writer, and what it has not been told yet.
pub(super) struct Lines<W> {
    writer: W,
    /// The last line was not written to its end.
    is_torn: bool,
    /// Lost before the lines to come, and not written down.
    missing: u64,
    is_failing: bool,
}

impl<W: io::Write> Lines<W> {
    pub(super) const fn new(writer: W) -> Self {
        Self { writer, is_torn: false, missing: 0, is_failing: false }
    }

    /// Writes lines and what is missing before and after them, and flushes.
    pub(super) fn write(&mut self, work: &mut Work) -> Report {
        let written = self
            .write_missing()
            .map_or_else(|error| (count(&work.lines), Err(error)), |()| self.put(&work.lines));
        let (lost, outcome) = written;
        self.missing = self.missing.saturating_add(lost).saturating_add(work.missing);
        let outcome = outcome.and_then(|()| self.write_missing()).and_then(|()| self.flush());
        self.tell(&outcome);
        Report { lost, has_failed: outcome.is_err() }
    }

    fn write_missing(&mut self) -> io::Result<()> {
        if self.missing == 0 {
            return Ok(());
        }
        let (version, missing) = (SCHEMA_VERSION, self.missing);
        let line = format!("{{\"schema_version\":{version},\"event\":\"audit_lost\",\"lost\":{missing}}}\n");
        self.put(line.as_bytes()).1?;
        self.missing = 0;
        Ok(())
    }

    /// How many lines were not written to their end, and why.
    fn put(&mut self, lines: &[u8]) -> (u64, io::Result<()>) {
        if self.is_torn && !lines.is_empty() {
            if let (_, Err(error)) = self.put_bytes(b"\n") {
                return (count(lines), Err(error));
            }
            self.is_torn = false;
        }
        let (rest, outcome) = self.put_bytes(lines);
        let written = lines.len() - rest.len();
        self.is_torn = lines.get(..written).is_some_and(|written| !matches!(written, [] | [.., b'\n']));
        (count(rest), outcome)
    }

    /// What was not written, and why.
    fn put_bytes<'l>(&mut self, bytes: &'l [u8]) -> (&'l [u8], io::Result<()>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match caught(|| self.writer.write(rest)) {
                Ok(0) => return (rest, Err(ErrorKind::WriteZero.into())),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return (rest, Err(error)),
            }
        }
        (rest, Ok(()))
    }

    fn flush(&mut self) -> io::Result<()> {
        caught(|| self.writer.flush())
    }

    /// Once for each row of failures, and without what the writer says of them: it may repeat what it was given.
    fn tell(&mut self, outcome: &io::Result<()>) {
        let was_failing = std::mem::replace(&mut self.is_failing, outcome.is_err());
        #[cfg(any(feature = "remote", feature = "tower"))]
        match outcome {
            Err(error) if !was_failing => {
                let kind = error.kind();
                tracing::error!(target: TARGET, event = "audit_write_failed", ?kind, "audit events are being lost");
            }
            Ok(()) if was_failing => {
                tracing::info!(target: TARGET, event = "audit_write_recovered", "audit events are written again");
            }
            _ => {}
        }
        #[cfg(not(any(feature = "remote", feature = "tower")))]
        let _ = was_failing;
    }
}

/// A writer that panics has failed, and may be asked again.
fn caught<T>(write: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|_| Err(ErrorKind::Other.into()))
}

/// JSON has no line end within.
fn count(lines: &[u8]) -> u64 {
    let ends = lines.iter().filter(|byte| **byte == b'\n').count();
    u64::try_from(ends).unwrap_or(u64::MAX)
}

#[cfg(any(feature = "remote", feature = "tower"))]
const TARGET: &str = "portcullis::audit";
