//! What must be served and when it must be asked, told from what was answered alone.

use super::*;

/// What must be served, by what was answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Reference {
    /// Letters, moment of confirmation, maximum age.
    pub(super) held: Option<(u8, Instant, Duration)>,
    candidates: Vec<u8>,
}

/// How the reference took an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Taken {
    Yes(Duration),
    No,
}

impl Reference {
    pub(super) fn usable(&self, now: Instant) -> Option<u8> {
        let (letters, at, max_age) = self.held?;
        (now.duration_since(at) < max_age + MAX_STALE).then_some(letters)
    }

    fn take(&mut self, attempt: &Attempt) -> Taken {
        let (end, seen) = attempt.end.clone().unwrap();
        let (letters, max_age) = match seen {
            Seen::Bad { .. } => return Taken::No,
            Seen::Unchanged { max_age } => (self.held.expect("asked on condition").0, max_age),
            Seen::Letters { letters, max_age } => (letters, max_age),
        };
        if let Some(current) = self.usable(end) {
            let vouched = letters & current != 0 || self.candidates.iter().any(|seen| seen & letters != 0);
            if !vouched {
                self.candidates.insert(0, letters);
                self.candidates.truncate(2);
                return Taken::No;
            }
        }
        self.candidates.clear();
        let max_age = secs(max_age.clamp(60, 86_400));
        self.held = Some((letters, attempt.start, max_age));
        Taken::Yes(max_age)
    }
}

/// Replays the book: what must be served now, after every attempt was found to be in its time.
pub(super) fn judged(book: &Book, now: Instant) -> Reference {
    let mut reference = Reference::default();
    let mut before: Option<(Instant, Instant, Taken, Duration)> = None;
    for attempt in &book.attempts {
        if let Some((start, end, taken, held_off)) = before {
            in_time(attempt.start, start, end, taken, held_off, &book.wishes);
        }
        let Some((end, seen)) = &attempt.end else { return reference };
        let held_off = match seen {
            Seen::Bad { retry_after: Some(seconds) } => secs((*seconds).min(60)),
            _ => Duration::ZERO,
        };
        before = Some((attempt.start, *end, reference.take(attempt), held_off));
    }
    if let Some((start, end, taken, held_off)) = before {
        let due = latest(start, end, taken, held_off, &book.wishes);
        assert!(now <= due + ms(1), "an attempt is overdue by {:?}", now - due);
    }
    reference
}

/// Every attempt has a reason, and none comes before its time or after.
fn in_time(
    this: Instant,
    start: Instant,
    end: Instant,
    taken: Taken,
    held_off: Duration,
    wishes: &[Instant],
) {
    assert!(this >= end + held_off, "not left alone");
    let planned = match taken {
        Taken::Yes(max_age) => this >= start + max_age * 7 / 10,
        Taken::No => this >= end + ms(100),
    };
    let wished = wishes.iter().any(|wish| (start..=this).contains(wish)) && this >= start + INTERVAL;
    assert!(planned || wished, "no reason for an attempt {:?} after the last began", this - start);
    let due = latest(start, end, taken, held_off, wishes);
    assert!(this <= due + ms(1), "{:?} late", this - due);
}

/// When the next attempt starts at the latest.
fn latest(start: Instant, end: Instant, taken: Taken, held_off: Duration, wishes: &[Instant]) -> Instant {
    let planned = match taken {
        Taken::Yes(max_age) => (start + max_age * 9 / 10).max(end),
        Taken::No => end + secs(60).max(held_off),
    };
    // A wish at the very moment of the start may have been made before it or after.
    let wish = wishes.iter().find(|wish| **wish > start);
    let wished = wish.map(|wish| (start + INTERVAL).max(*wish).max(end + held_off));
    wished.map_or(planned, |wished| planned.min(wished))
}
