//! Prepares everybody, checks that they refuse, and lets them take turns.

use std::collections::BTreeMap;
use std::time::Duration;

use portcullis_peer_bench_shared::{Algorithm, Contender, Sweep, signature_alone};

use crate::apart::Apart;
use crate::layers::{bare, bare_07};
use crate::machine::Machine;
use crate::peers::{self, Axum, Peer, Prepare, Prepared};
use crate::report::version;
use crate::results::{Added, Figure, Results, Row};
use crate::subject::Subject;

/// Short enough that most batches see no context switch, long enough that the clock costs nothing.
const BATCH: Duration = Duration::from_micros(400);

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Effort {
    Full,
    Quick,
}

impl Effort {
    fn rounds(self) -> usize {
        match self {
            Self::Full => 301,
            Self::Quick => 31,
        }
    }

    fn swept_samples(self) -> usize {
        match self {
            Self::Full => 61,
            Self::Quick => 7,
        }
    }
}

pub fn all(effort: Effort) -> Results {
    let apart = Apart::start();
    let peers = peers::all();
    let row = |peer: &Peer| (peer.name(), version(peer.package));
    let mut results = Results {
        machine: Machine::here(),
        rounds: effort.rounds(),
        swept_samples: effort.swept_samples(),
        reference: BTreeMap::new(),
        library: peers.iter().filter(|peer| peer.library.is_some()).map(row).map(empty).collect(),
        bare_router: BTreeMap::new(),
        layers: peers.iter().filter(|peer| peer.layer.is_some()).map(row).map(empty).collect(),
        remarks: Vec::new(),
    };
    for algorithm in Algorithm::ALL {
        eprintln!("{} …", algorithm.name());
        let subject = Subject::generate(algorithm);
        library(&mut results, &peers, &subject, &apart, effort);
        layers(&mut results, &peers, &subject, effort);
    }
    results.remarks.sort();
    results.remarks.dedup();
    results
}

fn library(results: &mut Results, peers: &[Peer], subject: &Subject, apart: &Apart, effort: Effort) {
    let algorithm = subject.task.algorithm;
    let mut places = Vec::new();
    let reference = signature_alone(&subject.task).expect("its own key and token");
    let mut contenders = vec![reference];
    // Of two programs the one that has more in its memory finds less of itself after a sweep, so each has a reference.
    let other_reference = apart.prepare("signature", &subject.task).ok();
    let first = 1 + other_reference.iter().len();
    contenders.extend(other_reference);
    let candidates =
        peers.iter().filter_map(|peer| Some((peer, peer.prepare_library(&subject.task, apart)?)));
    for (place, (peer, prepared)) in candidates.enumerate() {
        if let Some(contender) = admitted(&peer.name(), prepared, subject, &mut results.remarks) {
            let beside = if matches!(peer.library, Some(Prepare::Apart(_))) { 1 } else { 0 };
            places.push((place, beside));
            contenders.push(contender);
        }
    }
    let warm = warm(&mut contenders, &subject.task.token, effort.rounds());
    let swept = swept(&mut contenders, &subject.task.token, effort.swept_samples());
    let mut figure = |index: usize, beside: usize| {
        // Within a round first: clock speed and load change between rounds, hardly within one.
        let ratios = warm[index].iter().zip(&warm[beside]).map(|(own, reference)| own / reference);
        let beyond = swept[index].iter().zip(&swept[beside]).map(|(own, reference)| own - reference);
        Figure {
            time: rounded(median(warm[index].clone())),
            ratio: rounded(median(ratios.collect())),
            swept: rounded(median(swept[index].clone())),
            swept_beyond: rounded(median(beyond.collect())),
            allocations: contenders[index].allocations(&subject.task.token),
        }
    };
    results.reference.insert(algorithm, figure(0, 0));
    for (index, (place, beside)) in (first..).zip(places) {
        results.library[place].cells.insert(algorithm, figure(index, beside));
    }
}

fn layers(results: &mut Results, peers: &[Peer], subject: &Subject, effort: Effort) {
    let algorithm = subject.task.algorithm;
    let mut places = Vec::new();
    let mut contenders = vec![bare(), bare_07()];
    let candidates = peers.iter().filter_map(|peer| Some((peer.name(), peer.layer.as_ref()?)));
    for (place, (name, layer)) in candidates.enumerate() {
        let name = format!("{name} (layer)");
        let prepared = (layer.prepare)(&subject.task);
        if let Some(contender) = admitted(&name, prepared, subject, &mut results.remarks) {
            let bare = match layer.axum {
                Axum::V08 => 0,
                Axum::V07 => 1,
            };
            places.push((place, bare));
            contenders.push(contender);
        }
    }
    let warm = warm(&mut contenders, &subject.task.token, effort.rounds());
    let allocations: Vec<_> =
        contenders.iter_mut().map(|contender| contender.allocations(&subject.task.token)).collect();
    let time = rounded(median(warm[0].clone()));
    results.bare_router.insert(algorithm, Added { time, allocations: allocations[0] });
    for (index, (place, bare)) in (2..).zip(places) {
        let more = warm[index].iter().zip(&warm[bare]).map(|(own, bare)| own - bare).collect();
        let added =
            Added { time: rounded(median(more)), allocations: allocations[index] - allocations[bare] };
        results.layers[place].cells.insert(algorithm, added);
    }
}

/// The contender, if it accepts the good token; what it says of the wrong ones is noted.
fn admitted(
    name: &str,
    prepared: Prepared,
    subject: &Subject,
    remarks: &mut Vec<String>,
) -> Option<Box<dyn Contender>> {
    let algorithm = subject.task.algorithm.name();
    let mut contender = match prepared {
        Ok(contender) => contender,
        Err(reason) => {
            remarks.push(format!("{name}: no {algorithm}: {reason}"));
            return None;
        }
    };
    if !contender.accepts(&subject.task.token) {
        remarks.push(format!("{name}: no {algorithm}: it refuses the good token"));
        return None;
    }
    for (what, token) in &subject.wrong {
        if contender.accepts(token) {
            remarks.push(format!("{name}: ACCEPTS a token although: {what}"));
        }
    }
    Some(contender)
}

/// Microseconds of each contender in each round.
fn warm(contenders: &mut [Box<dyn Contender>], token: &str, rounds: usize) -> Vec<Vec<f64>> {
    let calls: Vec<u32> = contenders
        .iter_mut()
        .map(|contender| {
            let once = contender.batch(token, 20).max(Duration::from_nanos(1));
            u32::try_from(BATCH.as_nanos() / once.as_nanos()).map_or(1, |calls| calls.max(1))
        })
        .collect();
    turns(contenders, rounds, |index, contender| micros(contender.batch(token, calls[index])))
}

fn swept(contenders: &mut [Box<dyn Contender>], token: &str, samples: usize) -> Vec<Vec<f64>> {
    let mut sweep = Sweep::default();
    turns(contenders, samples, |_, contender| micros(contender.swept(token, &mut sweep)))
}

fn turns(
    contenders: &mut [Box<dyn Contender>],
    rounds: usize,
    mut sample: impl FnMut(usize, &mut dyn Contender) -> f64,
) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds {
        // Another one begins each time, so that nobody always runs in the wake of the same neighbour.
        for turn in 0..contenders.len() {
            let index = (round + turn) % contenders.len();
            times[index].push(sample(index, &mut *contenders[index]));
        }
    }
    times
}

fn empty<C>((name, version): (String, String)) -> Row<C> {
    Row { name, version, cells: BTreeMap::new() }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// To the nanosecond, and ratios to a thousandth: more digits would be noise.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
