//! Clocks: warm batches, single cold verifications, and two threads on one key.
//!
//! Candidates take turns in one process. A burst of foreign load then hits all of them alike, and the median drops it.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::candidates::Prepared;
use crate::material::Subject;

const WARM_ROUNDS: usize = 401;
/// Short enough that most batches see no context switch, long enough that the clock costs nothing.
const WARM_BATCH: Duration = Duration::from_micros(600);
const COLD_SAMPLES: usize = 151;
/// Twice the largest last-level cache of the machines at hand.
const SWEEP_BYTES: usize = 64 << 20;
const CACHE_LINE: usize = 64;
const THREAD_SLOTS: usize = 61;
const THREAD_SLOT: Duration = Duration::from_millis(10);

/// Time of one verification, and how often that of the first candidate it is.
#[derive(Clone, Copy)]
pub struct Figure {
    pub nanoseconds: f64,
    pub ratio: f64,
}

/// Verifications in a row, as a benchmark loop sees them.
pub fn warm(subject: &Subject, candidates: &[Prepared]) -> Vec<Figure> {
    let sizes: Vec<u32> = candidates.iter().map(|c| batch_size(subject, c)).collect();
    rounds(candidates.len(), WARM_ROUNDS, |index| {
        let start = Instant::now();
        for _ in 0..sizes[index] {
            check(subject, &candidates[index]);
        }
        nanoseconds(start.elapsed()) / f64::from(sizes[index])
    })
}

/// Single verifications, each after the caches were filled with something else: what a busy service sees.
pub fn cold(subject: &Subject, candidates: &[Prepared]) -> Vec<Figure> {
    let mut filler = vec![1_u8; SWEEP_BYTES];
    rounds(candidates.len(), COLD_SAMPLES, |index| {
        for line in filler.chunks_mut(CACHE_LINE) {
            line[0] = line[0].wrapping_add(1);
        }
        black_box(&mut filler);
        let start = Instant::now();
        check(subject, &candidates[index]);
        nanoseconds(start.elapsed())
    })
}

/// Throughput of two threads over that of one: with one prepared key between them, and with one each.
pub fn two_threads(subject: &Subject, first: &Prepared, second: &Prepared) -> [f64; 2] {
    let mut samples = [const { Vec::new() }; 2];
    for _ in 0..THREAD_SLOTS {
        let one = throughput(subject, &[first]);
        samples[0].push(throughput(subject, &[first, first]) / one);
        samples[1].push(throughput(subject, &[first, second]) / one);
    }
    samples.map(median)
}

fn rounds(candidates: usize, count: usize, mut sample: impl FnMut(usize) -> f64) -> Vec<Figure> {
    let mut times = vec![Vec::with_capacity(count); candidates];
    for round in 0..count {
        // Another one begins each time, so that nobody always runs in the wake of the same neighbour.
        for turn in 0..candidates {
            let index = (round + turn) % candidates;
            times[index].push(sample(index));
        }
    }
    let reference = times[0].clone();
    let ratio = |own: &[f64]| {
        // Within a round first: clock speed and load change between rounds, hardly within one.
        let pairs = own.iter().zip(&reference);
        median(pairs.map(|(own, reference)| own / reference).collect())
    };
    times.iter().map(|own| Figure { nanoseconds: median(own.clone()), ratio: ratio(own) }).collect()
}

fn batch_size(subject: &Subject, candidate: &Prepared) -> u32 {
    let mut size = 0;
    let start = Instant::now();
    while start.elapsed() < WARM_BATCH {
        check(subject, candidate);
        size += 1;
    }
    size
}

fn throughput(subject: &Subject, keys: &[&Prepared]) -> f64 {
    let barrier = Barrier::new(keys.len());
    thread::scope(|scope| {
        let workers: Vec<_> = keys
            .iter()
            .map(|key| {
                scope.spawn(|| {
                    barrier.wait();
                    let start = Instant::now();
                    let mut done = 0.0;
                    while start.elapsed() < THREAD_SLOT {
                        check(subject, key);
                        done += 1.0;
                    }
                    done / start.elapsed().as_secs_f64()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker only verifies")).sum()
    })
}

fn check(subject: &Subject, candidate: &Prepared) {
    assert!(candidate(black_box(&subject.message), black_box(&subject.signature)));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}
