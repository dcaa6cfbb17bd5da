//! When the file is written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::super::events;
use super::super::intake::Change;
use super::format::Record;
use super::{Owner, Snapshot, SnapshotError};
use crate::time::{Clock, UnixTime};

/// Keeps an issuer's keys on disk, if that is wanted.
pub(in super::super) struct Keeper {
    desk: Arc<Desk>,
    clock: Arc<dyn Clock>,
    last: Option<Duration>,
}

/// Where the keys to be written lie. A file system that hangs holds one thread, not one for each set of keys, and the
/// latest set is written when it works again.
struct Desk {
    snapshot: Snapshot,
    owner: Owner,
    tray: Mutex<Tray>,
}

#[derive(Default)]
struct Tray {
    next: Option<Page>,
    writer: Writer,
}

#[derive(Clone, Copy, Default, Eq, PartialEq)]
enum Writer {
    #[default]
    Away,
    Here,
}

/// What is to be written.
struct Page {
    document: Arc<[u8]>,
    confirmed_at: UnixTime,
    max_age: Duration,
}

impl Keeper {
    pub(in super::super) fn new(snapshot: Snapshot, owner: Owner, clock: Arc<dyn Clock>) -> Self {
        let desk = Arc::new(Desk { snapshot, owner, tray: Mutex::default() });
        Self { desk, clock, last: None }
    }

    /// Has a thread write down that this document was confirmed `age` ago. What comes of that is for the log: a disk
    /// that fails must not stop keys that are here.
    pub(in super::super) fn keep(
        &mut self,
        document: Arc<[u8]>,
        now: Duration,
        age: Duration,
        max_age: Duration,
        change: Change,
    ) {
        let recent = self.last.is_some_and(|last| now < last.saturating_add(MIN_INTERVAL));
        if change == Change::Same && recent {
            return;
        }
        self.last = Some(now);
        let page = Page { document, confirmed_at: self.clock.now().saturating_sub(age), max_age };
        let mut tray = self.desk.tray();
        tray.next = Some(page);
        let writer = std::mem::replace(&mut tray.writer, Writer::Here);
        drop(tray);
        match writer {
            Writer::Here => events::snapshot_failed(&self.desk.owner.issuer, SnapshotError::Busy),
            Writer::Away => {
                let desk = Arc::clone(&self.desk);
                spawn_blocking(move || desk.write());
            }
        }
    }
}

impl Desk {
    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nothing is left to write.
    fn write(&self) {
        let _leaving = Leaving(self);
        while let Some(Page { document, confirmed_at, max_age }) = self.take() {
            let Owner { issuer, place, .. } = self.owner.clone();
            let record = Record { issuer, place, confirmed_at, max_age, document: &document };
            if let Err(error) = self.snapshot.write(&self.owner, &record) {
                events::snapshot_failed(&self.owner.issuer, error);
            }
        }
    }

    /// The next page; without one the writer leaves, under the same lock under which pages are laid down.
    fn take(&self) -> Option<Page> {
        let mut tray = self.tray();
        let page = tray.next.take();
        if page.is_none() {
            tray.writer = Writer::Away;
        }
        page
    }
}

/// Sees to it that a writer who panics, as a subscriber of the log may, is not waited for ever after.
struct Leaving<'d>(&'d Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.tray().writer = Writer::Away;
        }
    }
}

/// The least time between two writes of keys that did not change. The age on disk is wrong by no more.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
