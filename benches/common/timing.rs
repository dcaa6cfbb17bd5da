//! Two pieces of work, measured in turns.
//!
//! They take turns in short batches within one process, so that a machine that changes its mind affects both alike; the
//! median of the ratios is the figure to read, absolute times are the machine's.

use std::time::Instant;

/// Medians over the rounds; times in nanoseconds a call.
#[derive(Clone, Copy)]
pub struct Pair {
    pub first: f64,
    pub second: f64,
    /// Of the second to the first.
    pub ratio: f64,
    /// The second without the first.
    pub more: f64,
}

/// How often, and how many calls at a time.
#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    pub batch: usize,
}

impl Effort {
    /// How often each of the two is called.
    pub const fn calls(self) -> usize {
        self.rounds * self.batch
    }
}

impl Pair {
    pub fn measure(effort: Effort, mut first: impl FnMut(), mut second: impl FnMut()) -> Self {
        let samples =
            (0..effort.rounds).map(|_| (time(effort.batch, &mut first), time(effort.batch, &mut second)));
        Self::of(samples.collect())
    }

    /// Of samples that somebody else took.
    pub fn of(samples: Vec<(f64, f64)>) -> Self {
        let each = |figure: fn(&(f64, f64)) -> f64| median(samples.iter().map(figure).collect());
        Self {
            first: each(|sample| sample.0),
            second: each(|sample| sample.1),
            ratio: each(|sample| sample.1 / sample.0),
            more: each(|sample| sample.1 - sample.0),
        }
    }
}

/// Nanoseconds a call.
#[allow(clippy::disallowed_methods, reason = "benches measure")]
pub fn time(batch: usize, work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..batch {
        work();
    }
    start.elapsed().as_secs_f64() * 1e9 / batch as f64
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Each of the values once, then from the start.
pub struct Turns<'v, T> {
    values: &'v [T],
    next: usize,
    stride: usize,
}

impl<'v, T> Turns<'v, T> {
    pub fn new(values: &'v [T]) -> Self {
        Self { values, next: 0, stride: 1 }
    }

    /// In an order that no prefetcher foresees, from a place of its own.
    pub fn scattered(values: &'v [T], start: usize) -> Self {
        Self { values, next: start % values.len(), stride: 7_919 }
    }

    pub fn take(&mut self) -> &'v T {
        let value = &self.values[self.next];
        self.next = (self.next + self.stride) % self.values.len();
        value
    }
}
