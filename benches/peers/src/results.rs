//! What a run found out, as it is kept in `results.json`.

use std::collections::BTreeMap;

use portcullis_peer_bench_shared::Algorithm;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// Times are in microseconds.
#[derive(Deserialize, Serialize)]
pub struct Results {
    pub machine: Machine,
    /// Warm batches and single swept calls of each peer and algorithm.
    pub rounds: usize,
    pub swept_samples: usize,
    /// The signature alone.
    pub reference: BTreeMap<Algorithm, Figure>,
    pub library: Vec<Row<Figure>>,
    pub bare_router: BTreeMap<Algorithm, Added>,
    pub layers: Vec<Row<Added>>,
    /// What a peer lacks, and what it accepts although it should not.
    pub remarks: Vec<String>,
}

#[derive(Deserialize, Serialize)]
pub struct Row<C> {
    pub name: String,
    pub version: String,
    pub cells: BTreeMap<Algorithm, C>,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct Figure {
    pub time: f64,
    /// To the signature alone.
    pub ratio: f64,
    /// A single call after the caches were swept.
    pub swept: f64,
    /// That, less the signature alone after the same.
    pub swept_beyond: f64,
    pub allocations: u64,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct Added {
    pub time: f64,
    pub allocations: u64,
}
