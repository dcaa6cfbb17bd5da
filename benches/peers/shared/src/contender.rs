//! Something that decides about tokens, and the ways to measure it.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Larger than the last-level cache of the machines at hand.
const SWEEP_BYTES: usize = 64 << 20;
const CACHE_LINE: usize = 64;
/// Calls before a batch that are not timed: nobody pays for what the neighbour left in the caches.
const WARM_UP: u32 = 3;

/// A peer that is ready to judge tokens.
pub trait Contender {
    fn accepts(&mut self, token: &str) -> bool;

    /// Time of one call, within a row of `calls`.
    fn batch(&mut self, token: &str, calls: u32) -> Duration;

    /// Time of a single call right after `sweep` filled the caches with something else.
    fn swept(&mut self, token: &str, sweep: &mut Sweep) -> Duration;

    /// Allocations of one call through Rust's allocator. What C code takes from `malloc` is not among them.
    fn allocations(&mut self, token: &str) -> u64;
}

/// A contender of this process. The function says whether it accepted the token.
pub struct Local<F>(pub F);

impl<F: FnMut(&str) -> bool> Contender for Local<F> {
    fn accepts(&mut self, token: &str) -> bool {
        self.0(token)
    }

    fn batch(&mut self, token: &str, calls: u32) -> Duration {
        for _ in 0..WARM_UP {
            self.must_accept(token);
        }
        let start = Instant::now();
        for _ in 0..calls {
            self.must_accept(token);
        }
        start.elapsed() / calls
    }

    fn swept(&mut self, token: &str, sweep: &mut Sweep) -> Duration {
        sweep.walk();
        let start = Instant::now();
        self.must_accept(token);
        start.elapsed()
    }

    fn allocations(&mut self, token: &str) -> u64 {
        self.must_accept(token);
        allocation_counter::measure(|| self.must_accept(token)).count_total
    }
}

impl<F: FnMut(&str) -> bool> Local<F> {
    fn must_accept(&mut self, token: &str) {
        assert!(self.0(black_box(token)), "a good token was refused while it was measured");
    }
}

/// A buffer that pushes everything else out of the caches.
pub struct Sweep(Vec<u8>);

impl Sweep {
    pub fn walk(&mut self) {
        for line in self.0.chunks_mut(CACHE_LINE) {
            line[0] = line[0].wrapping_add(1);
        }
        black_box(&mut self.0);
    }
}

impl Default for Sweep {
    fn default() -> Self {
        Self(vec![1; SWEEP_BYTES])
    }
}
