//! Two threads against one: the throughput of both together over that of one alone.
//!
//! Slices of one thread and of two take turns. The first line is what the machine itself gives: where two threads share a
//! core, or others use it too, nothing comes near 2.

use std::sync::Barrier;

use super::Bench;
use super::cache::is_quick_to_sign;
use super::common::material::Token;
use super::common::table::Figure::Ratio;
use super::common::table::Target;
use super::common::timing::{Turns, median, time};
use super::common::verifiers::{accept, remember};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("threads", "throughput of two threads over that of one");
    let rounds = bench.times(31);
    for subject in bench.subjects.iter().filter(|subject| is_quick_to_sign(subject)) {
        let name = subject.algorithm.name();
        let token = subject.token(0);
        let raw = scaling(rounds, paced(|| subject.raw.verify(&token)), |_| || subject.raw.verify(&token));
        bench.table.line(
            &format!("{name}, the signature alone"),
            Ratio(raw),
            Target::None,
            "the machine's own figure",
        );

        let share = |ratio: f64| format!("{:.2} of the machine's own", ratio / raw);

        let verifier = subject.cached(ROOM);
        remember(&verifier, [token.text.as_str()]);
        let hot =
            scaling(rounds, paced(|| accept(&verifier, &token.text)), |_| || accept(&verifier, &token.text));
        bench.table.line(&format!("{name}, one hot token"), Ratio(hot), Target::AtLeast(1.9), &share(hot));

        let tokens = subject.tokens(IN_ROTATION);
        remember(&verifier, tokens.iter().map(|token| token.text.as_str()));
        let mut turns = Turns::scattered(&tokens, 0);
        let calls = paced(|| accept(&verifier, &turns.take().text));
        let many = scaling(rounds, calls, |thread| {
            let mut turns = Turns::scattered(&tokens, thread * IN_ROTATION / 2);
            let verifier = &verifier;
            move || accept(verifier, &turns.take().text)
        });
        bench.table.line(
            &format!("{name}, 10,000 tokens in rotation"),
            Ratio(many),
            Target::AtLeast(1.9),
            &share(many),
        );

        let rounds = bench.times(11);
        let calls = if subject.key.public_pem().is_none() { 5_000 } else { 500 };
        let fresh = subject.tokens(3 * rounds * calls);
        let mut shares = fresh.chunks(calls);
        let verifier = subject.cached(ROOM);
        let new = scaling(rounds, calls, |_| {
            let mut turns = Turns::<Token>::new(shares.next().unwrap());
            let verifier = &verifier;
            move || accept(verifier, &turns.take().text)
        });
        bench.table.line(&format!("{name}, all new tokens"), Ratio(new), Target::AtLeast(1.9), &share(new));

        let verifier = subject.uncached();
        let alone =
            scaling(rounds, paced(|| accept(&verifier, &token.text)), |_| || accept(&verifier, &token.text));
        bench.table.line(&format!("{name}, one token, no cache"), Ratio(alone), Target::None, &share(alone));
    }
}

/// How many calls make a slice of about 10 ms.
fn paced(mut work: impl FnMut()) -> usize {
    let nanos = time(100, &mut work);
    ((1e7 / nanos) as usize).clamp(100, 200_000)
}

/// The median of the ratios. `work` makes what a thread does again and again, given which thread it is.
fn scaling<W: FnMut() + Send>(rounds: usize, calls: usize, mut work: impl FnMut(usize) -> W) -> f64 {
    let mut slice = |threads: usize| {
        let works: Vec<_> = (0..threads).map(&mut work).collect();
        let start = Barrier::new(threads);
        let times = std::thread::scope(|scope| {
            let running: Vec<_> = works
                .into_iter()
                .map(|mut work| {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        time(calls, &mut work)
                    })
                })
                .collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        // Each at its own pace, added up.
        times.iter().map(|nanos| 1.0 / nanos).sum::<f64>()
    };
    let ratios = (0..rounds).map(|_| {
        let one = slice(1);
        slice(2) / one
    });
    median(ratios.collect())
}

const IN_ROTATION: usize = 10_000;
const ROOM: usize = 16_384;
