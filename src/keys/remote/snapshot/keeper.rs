//! When the file is written.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::super::events;
use super::super::intake::Change;
use super::format::Record;
use super::{Owner, Snapshot, SnapshotError};
use crate::time::Clock;

/// Keeps an issuer's keys on disk, if that is wanted.
pub(in super::super) struct Keeper {
    job: Arc<Job>,
    clock: Arc<dyn Clock>,
    /// A file system that hangs holds one thread, not one for each set of keys.
    one_write: Arc<Semaphore>,
    last: Option<Duration>,
}

struct Job {
    snapshot: Snapshot,
    owner: Owner,
}

impl Keeper {
    pub(in super::super) fn new(snapshot: Snapshot, owner: Owner, clock: Arc<dyn Clock>) -> Self {
        let job = Arc::new(Job { snapshot, owner });
        Self { job, clock, one_write: Arc::new(Semaphore::new(1)), last: None }
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
        let Ok(permit) = Arc::clone(&self.one_write).try_acquire_owned() else {
            events::snapshot_failed(&self.job.owner.issuer, SnapshotError::Busy);
            return;
        };
        self.last = Some(now);
        let confirmed_at = self.clock.now().saturating_sub(age);
        let job = Arc::clone(&self.job);
        spawn_blocking(move || {
            let owner = &job.owner;
            let record = Record {
                issuer: owner.issuer.clone(),
                place: owner.place,
                confirmed_at,
                max_age,
                document: &document,
            };
            if let Err(error) = job.snapshot.write(owner, &record) {
                events::snapshot_failed(&owner.issuer, error);
            }
            drop(permit);
        });
    }
}

/// The least time between two writes of keys that did not change. The age on disk is wrong by no more.
const MIN_INTERVAL: Duration = Duration::from_secs(60);
