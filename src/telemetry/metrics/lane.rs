//! What the threads of one stripe count.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::timings::Timings;
use crate::telemetry::decision::{Memory, Outcome, Scheme};

/// Alone in its cache lines, which processors fetch in pairs; its lists, too.
#[repr(align(128))]
pub(super) struct Lane {
    /// By issuer and scheme.
    accepted: Box<[Line]>,
    /// Refusals pay for a lock that others seldom hold: they have paid more for being looked at.
    refused: Mutex<HashMap<Refusal, u64>>,
    /// By what was unmet.
    required: Mutex<HashMap<Option<&'static str>, u64>>,
    hits: Timings,
    misses: Timings,
    others: Timings,
}

#[derive(Default)]
#[repr(align(128))]
struct Line([AtomicU64; CELLS]);

/// What refusals are told apart by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Refusal {
    pub(super) outcome: Outcome,
    pub(super) reason: &'static str,
    pub(super) slot: usize,
    pub(super) scheme: Scheme,
}

impl Lane {
    pub(super) fn new(cells: usize) -> Self {
        Self {
            accepted: std::iter::repeat_with(Line::default).take(cells.div_ceil(CELLS)).collect(),
            refused: Mutex::default(),
            required: Mutex::default(),
            hits: Timings::default(),
            misses: Timings::default(),
            others: Timings::default(),
        }
    }

    fn cell(&self, cell: usize) -> Option<&AtomicU64> {
        self.accepted.get(cell / CELLS).and_then(|line| line.0.get(cell % CELLS))
    }

    pub(super) fn accept(&self, cell: usize) {
        if let Some(count) = self.cell(cell) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn accepted(&self, cell: usize) -> u64 {
        self.cell(cell).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    pub(super) fn refuse(&self, refusal: Refusal) {
        increase(&self.refused, refusal);
    }

    pub(super) fn require(&self, unmet: Option<&'static str>) {
        increase(&self.required, unmet);
    }

    pub(super) const fn timings(&self, memory: Memory) -> &Timings {
        match memory {
            Memory::Hit => &self.hits,
            Memory::Miss => &self.misses,
            Memory::Off => &self.others,
        }
    }

    pub(super) fn add_refused(&self, sum: &mut HashMap<Refusal, u64>) {
        add(&self.refused, sum);
    }

    pub(super) fn add_required(&self, sum: &mut HashMap<Option<&'static str>, u64>) {
        add(&self.required, sum);
    }
}

fn increase<K: Eq + Hash>(counts: &Mutex<HashMap<K, u64>>, key: K) {
    let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    *counts.entry(key).or_default() += 1;
}

fn add<K: Copy + Eq + Hash>(counts: &Mutex<HashMap<K, u64>>, sum: &mut HashMap<K, u64>) {
    let counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
    counts.iter().for_each(|(key, count)| *sum.entry(*key).or_default() += count);
}

const CELLS: usize = 16;
