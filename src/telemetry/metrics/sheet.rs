//! What goes to the recorder at one moment.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Key, Label, Level, Metadata, SharedString, with_recorder};

/// What goes to the recorder at one moment.
pub(crate) struct Sheet<'m> {
    verifier: &'m SharedString,
    told: &'m Mutex<HashMap<Key, u64>>,
}

type Name = &'static str;

impl<'m> Sheet<'m> {
    pub(super) const fn new(verifier: &'m SharedString, told: &'m Mutex<HashMap<Key, u64>>) -> Self {
        Self { verifier, told }
    }

    fn key<const N: usize>(&self, name: Name, labels: [(Name, SharedString); N]) -> Key {
        let mut all = Vec::with_capacity(N + 1);
        all.push(Label::new("verifier", self.verifier.clone()));
        all.extend(labels.map(|(name, value)| Label::new(name, value)));
        Key::from_parts(name, all)
    }

    /// What was counted from the beginning on; the recorder is told what has come since.
    pub(crate) fn counter<const N: usize>(&self, name: Name, labels: [(Name, SharedString); N], total: u64) {
        let key = self.key(name, labels);
        let counter = counter(&key);
        let more = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let told = told.entry(key).or_default();
            // Two that tell at once may come in another order than they have counted.
            total.saturating_sub(mem::replace(told, total.max(*told)))
        };
        // Without the lock: what a recorder does is its affair, and it may ask for the numbers.
        counter.increment(more);
    }

    /// What has come since the recorder was told last.
    pub(crate) fn increase<const N: usize>(&self, name: Name, labels: [(Name, SharedString); N], more: u64) {
        counter(&self.key(name, labels)).increment(more);
    }

    pub(crate) fn gauge<const N: usize>(&self, name: Name, labels: [(Name, SharedString); N], value: f64) {
        let key = self.key(name, labels);
        with_recorder(|recorder| recorder.register_gauge(&key, &METADATA)).set(value);
    }

    /// So many things that took about so long.
    pub(super) fn timing<const N: usize>(
        &self,
        name: Name,
        labels: [(Name, SharedString); N],
        took: Duration,
        count: u64,
    ) {
        let key = self.key(name, labels);
        let histogram = with_recorder(|recorder| recorder.register_histogram(&key, &METADATA));
        histogram.record_many(took.as_secs_f64(), usize::try_from(count).unwrap_or(usize::MAX));
    }
}

fn counter(key: &Key) -> Counter {
    with_recorder(|recorder| recorder.register_counter(key, &METADATA))
}

static METADATA: Metadata<'static> = Metadata::new("portcullis", Level::INFO, Some("portcullis"));
