//! A recorder that a test can read, in place of an exporter.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use portcullis::Verifier;

/// Keeps what it is told, each series under its name and labels as Prometheus writes them, but for the label `verifier`.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<BTreeMap<String, Arc<Cell>>>>);

#[derive(Default)]
pub(crate) struct Cell {
    count: AtomicU64,
    value: Mutex<f64>,
}

impl Kept {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        Arc::clone(self.0.lock().unwrap().entry(written(key)).or_default())
    }

    /// What a counter or the number of times in a histogram says.
    pub(crate) fn count(&self, series: &str) -> u64 {
        self.0.lock().unwrap().get(series).map_or(0, |cell| cell.count.load(Ordering::Relaxed))
    }

    /// What a gauge says, or the sum of a histogram.
    pub(crate) fn value(&self, series: &str) -> Option<f64> {
        self.0.lock().unwrap().get(series).map(|cell| *cell.value.lock().unwrap())
    }

    /// All series.
    pub(crate) fn series(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    /// Has a verifier tell it its numbers.
    pub(crate) fn hear(&self, verifier: &Verifier) {
        metrics::with_local_recorder(self, || verifier.publish_metrics());
    }
}

fn written(key: &Key) -> String {
    let mut labels: Vec<_> = key
        .labels()
        .filter(|label| label.key() != "verifier")
        .map(|label| format!("{}={:?}", label.key(), label.value()))
        .collect();
    labels.sort();
    if labels.is_empty() { key.name().to_owned() } else { format!("{}{{{}}}", key.name(), labels.join(",")) }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.count.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.count.fetch_max(value, Ordering::Relaxed);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, value: f64) {
        *self.value.lock().unwrap() += value;
    }

    fn decrement(&self, value: f64) {
        *self.value.lock().unwrap() -= value;
    }

    fn set(&self, value: f64) {
        *self.value.lock().unwrap() = value;
    }
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        *self.value.lock().unwrap() += value;
    }
}
