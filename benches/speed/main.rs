//! Every figure of docs/speed.md that one process can measure, in one table with its target beside it.
//!
//! `cargo bench --bench speed` measures everything in about three minutes, `-- swept ES256` one section for one algorithm,
//! `-- --quick` everything roughly.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

#[path = "../common/mod.rs"]
mod common;

mod backends;
mod cache;
mod first;
mod layer;
mod many;
mod refresh;
mod refused;
mod seen;
mod sizes;
mod swept;
mod threads;

use common::material::Subject;
use common::table::Table;
use common::timing::Effort;
use portcullis::Algorithm;

type Section = fn(&mut Bench);

const SECTIONS: &[(&str, Section)] = &[
    ("first", first::measure),
    ("seen", seen::measure),
    ("refused", refused::measure),
    ("swept", swept::measure),
    ("layer", layer::measure),
    ("cache", cache::measure),
    ("threads", threads::measure),
    ("sizes", sizes::measure),
    ("many", many::measure),
    ("refresh", refresh::measure),
    ("backends", backends::measure),
];

const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::HS256,
];

pub(crate) struct Bench {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) table: Table,
    quick: bool,
}

impl Bench {
    /// As much, or a tenth of it if only a rough figure is asked for.
    pub(crate) fn effort(&self, rounds: usize, batch: usize) -> Effort {
        Effort { rounds: self.times(rounds), batch }
    }

    pub(crate) fn times(&self, count: usize) -> usize {
        if self.quick { (count / 10).max(3) } else { count }
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.starts_with('-'));
    let is_section = |name: &str| SECTIONS.iter().any(|(section, _)| *section == name);
    let is_algorithm = |name: &str| ALGORITHMS.iter().any(|algorithm| algorithm.name() == name);
    if let Some(unknown) = names.iter().find(|name| !is_section(name) && !is_algorithm(name)) {
        let sections: Vec<_> = SECTIONS.iter().map(|(name, _)| *name).collect();
        panic!("there is no {unknown}; name an algorithm or one of {}", sections.join(", "));
    }
    let chosen = |name: &str, kind: &dyn Fn(&str) -> bool| {
        names.iter().any(|other| *other == name) || !names.iter().any(|other| kind(other))
    };
    let algorithms = ALGORITHMS.into_iter().filter(|algorithm| chosen(algorithm.name(), &is_algorithm));
    let mut bench = Bench {
        subjects: algorithms.map(Subject::new).collect(),
        table: Table::default(),
        quick: flags.iter().any(|flag| *flag == "--quick"),
    };
    for (_, section) in SECTIONS.iter().filter(|(name, _)| chosen(name, &is_section)) {
        section(&mut bench);
    }
    bench.table.end();
}
