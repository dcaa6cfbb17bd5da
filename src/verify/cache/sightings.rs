//! Which tokens were verified once: a few bits of each.

use std::sync::atomic::{AtomicU32, Ordering};

/// Marks of tokens that were seen, the latest of each row first. Marks are lost when threads meet in one row, and when
/// others push them out; a token is then a newcomer once more.
pub(super) struct Sightings {
    rows: Box<[Row]>,
}

#[derive(Default)]
#[repr(align(32))]
struct Row([AtomicU32; MARKS]);

impl Sightings {
    pub(super) fn new(capacity: usize) -> Self {
        let marks = capacity.saturating_mul(MARKS_PER_ENTRY).max(LEAST_MARKS);
        let rows = marks.div_ceil(MARKS).next_power_of_two();
        Self { rows: std::iter::repeat_with(Row::default).take(rows).collect() }
    }

    /// Whether the token was here before; from now on it was.
    pub(super) fn again(&self, hash: u64) -> bool {
        // The row is told by the low half and the mark is the other, so both together are all of the hash.
        let (low, mark) = halves(hash);
        let row = usize::try_from(low).unwrap_or_default() & (self.rows.len() - 1);
        let Some(Row(marks)) = self.rows.get(row) else { return false };
        let mark = mark.max(1);
        let mut pushed = mark;
        for place in marks {
            let before = place.load(Ordering::Relaxed);
            place.store(pushed, Ordering::Relaxed);
            if before == mark {
                return true;
            }
            pushed = before;
        }
        false
    }

    pub(super) const fn bytes(&self) -> usize {
        self.rows.len() * size_of::<Row>()
    }
}

fn halves(hash: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
}

const MARKS: usize = 8;
/// Newcomers of the next requests are not forgotten for each other: four times as many as the cache has entries.
const MARKS_PER_ENTRY: usize = 4;
/// A small cache has as many newcomers as a large one.
const LEAST_MARKS: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_sight_is_noticed_until_others_have_pushed_the_first_out() {
        let sightings = Sightings::new(4);
        assert_eq!((sightings.bytes(), Sightings::new(4_096).bytes()), (4_096, 65_536));
        let hash = |n: u64| n << 32 | 5;
        assert!(!sightings.again(hash(1)) && sightings.again(hash(1)) && sightings.again(hash(1)));
        for n in 2..=8 {
            assert!(!sightings.again(hash(n)), "{n}");
        }
        assert!(sightings.again(hash(1)), "seven others came since");
        assert!(!sightings.again(hash(9)) && sightings.again(hash(1)) && sightings.again(hash(3)));
        assert!(!sightings.again(hash(2)), "eight others came since");
    }

    #[test]
    fn a_hash_whose_mark_is_nothing_is_not_taken_for_seen() {
        let sightings = Sightings::new(1_000);
        assert!(!sightings.again(7) && sightings.again(7));
    }
}
