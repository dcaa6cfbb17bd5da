//! How long things took, with little memory and no lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts times by how many fell between two quarters of a power of two of nanoseconds, so each is known to a tenth or so.
pub(super) struct Timings([AtomicU64; BUCKETS]);

impl Default for Timings {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

impl Timings {
    pub(super) fn add(&self, took: Duration) {
        if let Some(bucket) = self.0.get(bucket(took)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted since it was taken last: a time in the middle of each bucket, and how many there were.
    pub(super) fn taken(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.0.iter().enumerate().filter_map(|(number, bucket)| {
            // A swap is dearer than a look, and most are empty.
            let count = (bucket.load(Ordering::Relaxed) > 0).then(|| bucket.swap(0, Ordering::Relaxed))?;
            Some((middle(number), count))
        })
    }
}

fn bucket(took: Duration) -> usize {
    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1 << LOWEST);
    let octave = nanos.ilog2();
    let quarter = (nanos >> octave.saturating_sub(2)) & 3;
    let number = u64::from(octave.saturating_sub(LOWEST)) * 4 + quarter;
    usize::try_from(number).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

fn middle(number: usize) -> Duration {
    let number = u64::try_from(number).unwrap_or_default();
    let quarter = 1_u64 << (u64::from(LOWEST) + number / 4).saturating_sub(2);
    Duration::from_nanos(quarter * (4 + number % 4) + quarter / 2)
}

/// From 64 ns, in powers of two.
const LOWEST: u32 = 6;
/// Up to 68 s: nothing waits longer than 30.
const BUCKETS: usize = 30 * 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_to_within_an_eighth() {
        let timings = Timings::default();
        for nanos in (6..36).flat_map(|octave| [1_u64 << octave, (1 << octave) + 1, (2 << octave) - 1]) {
            timings.add(Duration::from_nanos(nanos));
            let told: Vec<_> = timings.taken().collect();
            let [(told, 1)] = told.as_slice() else { panic!("{told:?}") };
            let apart = told.as_nanos().abs_diff(u128::from(nanos));
            assert!(apart * 8 <= u128::from(nanos), "{nanos} was told as {told:?}");
            assert_eq!(timings.taken().count(), 0, "it is told once");
        }
    }

    #[test]
    fn what_is_out_of_range_counts_at_its_end() {
        let timings = Timings::default();
        for (took, count) in [(Duration::ZERO, 2), (Duration::MAX, 3)] {
            (0..count).for_each(|_| timings.add(took));
        }
        let told: Vec<_> = timings.taken().collect();
        assert_eq!(told.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 3]);
        assert!(told[0].0 < Duration::from_nanos(100) && told[1].0 > Duration::from_secs(60), "{told:?}");
    }
}
