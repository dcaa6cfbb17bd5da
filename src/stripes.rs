//! Which of several copies of a shared value a thread uses.
//!
//! Threads that clone one `Arc` at each request meet at its reference count: two of them get less done than one alone. So
//! what every request clones or counts exists once for each stripe, and the threads are spread over the stripes.

use std::cell::Cell;
#[cfg(feature = "tower")]
use std::fmt;
#[cfg(feature = "tower")]
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "tower")]
use std::sync::{Arc, Weak};
use std::thread::available_parallelism;

/// How many stripes there are: a power of two, as many as can run at once, and no more than [`MOST`].
pub(crate) fn count() -> usize {
    // Asked of the system once: on Linux the answer is read from files, and tokens are kept in the middle of requests.
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| available_parallelism().map_or(1, usize::from).next_power_of_two().min(MOST))
}

/// The stripe of this thread among `count` of them, a power of two.
pub(crate) fn own(count: usize) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        // Known when it is compiled, so that looking at it costs a read and nothing else.
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    let number = NUMBER.with(|own| {
        own.get().unwrap_or_else(|| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            own.set(Some(number));
            number
        })
    });
    number & count.saturating_sub(1)
}

/// A shared value of which a clone is made for each request, as routers do with the services in them.
///
/// There is one of it for each stripe. A clone holds that of its thread, and does not keep the others alive: what all
/// clones are made from does, the one in the router.
#[cfg(feature = "tower")]
pub(crate) struct Spread<T> {
    own: Arc<Member<T>>,
    /// Never read: it keeps the members alive.
    _all: Option<Arc<[Arc<Member<T>>]>>,
}

/// Alone in its cache lines, which processors fetch in pairs: its count changes with each request.
#[cfg(feature = "tower")]
#[repr(align(128))]
struct Member<T> {
    value: T,
    all: OnceLock<Box<[Weak<Self>]>>,
}

#[cfg(feature = "tower")]
impl<T> Spread<T> {
    /// One for every stripe, and one that others are cloned from: all threads look at that, so its count stands still.
    pub(crate) fn of(make: impl Fn() -> T) -> Self {
        let member = || Arc::new(Member { value: make(), all: OnceLock::new() });
        let (root, all) = (member(), (0..count()).map(|_| member()).collect::<Arc<[_]>>());
        for member in all.iter().chain([&root]) {
            // It is empty: nobody else has seen it yet.
            let _ = member.all.set(all.iter().map(Arc::downgrade).collect());
        }
        Self { own: root, _all: Some(all) }
    }

    /// A clone that keeps all members alive, for whom others are cloned from.
    pub(crate) fn rooted(&self) -> Self {
        Self { own: Arc::clone(&self.own), _all: self._all.clone() }
    }
}

#[cfg(feature = "tower")]
impl<T> Clone for Spread<T> {
    fn clone(&self) -> Self {
        let all = self.own.all.get().map(|all| &**all).unwrap_or_default();
        // Where the others are gone, this one will do.
        let own = all.get(own(all.len())).and_then(Weak::upgrade);
        Self { own: own.unwrap_or_else(|| Arc::clone(&self.own)), _all: None }
    }
}

#[cfg(feature = "tower")]
impl<T> Deref for Spread<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.own.value
    }
}

#[cfg(feature = "tower")]
impl<T: fmt::Debug> fmt::Debug for Spread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.own.value.fmt(f)
    }
}

/// More copies would cost more memory than they save time.
const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[cfg(feature = "tower")]
    #[test]
    fn a_clone_is_of_the_stripe_of_its_thread_as_long_as_that_is_there() {
        let made = AtomicUsize::new(0);
        // The root is made first.
        let root = Spread::of(|| made.fetch_add(1, Ordering::Relaxed));
        assert_eq!((made.load(Ordering::Relaxed), *root, *root.rooted()), (count() + 1, 0, 0));
        let clones: Vec<_> = thread::scope(|scope| {
            let cloned = |_| scope.spawn(|| (own(count()), root.clone())).join().unwrap();
            (0..4).map(cloned).collect()
        });
        let here = own(count()) + 1;
        for (stripe, clone) in &clones {
            assert_eq!((**clone, *clone.clone()), (stripe + 1, here), "each of the thread that clones");
        }
        let kept = root.rooted();
        drop(root);
        assert_eq!(*clones[0].1.clone(), here);
        drop(kept);
        let (stripe, last) = clones.into_iter().next_back().unwrap();
        let (there, again) = thread::spawn(move || (own(count()), *last.clone())).join().unwrap();
        assert!(again == stripe + 1 || again == there + 1, "of its own stripe, or of the one that is left");
    }

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
