//! Which of several copies of a shared value a thread uses.
//!
//! Threads that clone one `Arc` at each request meet at its reference count: two of them get less done than one alone. So
//! what every request clones or counts exists once for each stripe, and the threads are spread over the stripes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// How many stripes there are: a power of two, as many as can run at once, and no more than [`MOST`].
pub(crate) fn count() -> usize {
    available_parallelism().map_or(1, usize::from).next_power_of_two().min(MOST)
}

/// The stripe of this thread among `count` of them, a power of two.
pub(crate) fn own(count: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    // A thread that is being torn down has no number any more; any stripe will do.
    NUMBER.try_with(|number| *number).unwrap_or(0) & count.saturating_sub(1)
}

/// More copies would cost more memory than they save time.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_keeps_its_stripe_and_threads_are_spread() {
        assert!(count().is_power_of_two() && count() <= MOST);
        let stripes: HashSet<_> = (0..4)
            .map(|_| thread::spawn(|| (own(1 << 20), own(1 << 20), own(1))).join().unwrap())
            .inspect(|(first, second, only)| assert_eq!((first, only), (second, &0)))
            .map(|(stripe, ..)| stripe)
            .collect();
        assert_eq!(stripes.len(), 4);
    }
}
