//! The tables, as Markdown.

use std::collections::BTreeMap;

use portcullis_peer_bench_shared::Algorithm;

use crate::costs;
use crate::results::{Figure, Results, Row};

pub fn print(results: &Results) {
    let machine = &results.machine;
    println!("\n{}, {} threads, {}, {}", machine.processor, machine.threads, machine.compiler, machine.date);

    title(&format!(
        "One verification: µs (ratio to the signature) allocations; median of {}",
        results.rounds
    ));
    let cell = |cell: &Figure| format!("{} ({:.2}) {}", short(cell.time), cell.ratio, cell.allocations);
    figures(results, cell);

    title(&format!(
        "One verification after the caches were swept: µs (more than the signature); median of {}",
        results.swept_samples
    ));
    figures(results, |cell| format!("{:.0} ({:+.0})", cell.swept, cell.swept_beyond));

    title("What a layer adds to an axum router: µs, allocations");
    head();
    let added = |cell: &crate::results::Added| format!("{}, {}", short(cell.time), cell.allocations);
    line("the bare router", &results.bare_router, added);
    for row in &results.layers {
        line(&label(row), &row.cells, added);
    }

    if let Some(costs) = costs::kept() {
        title(&format!("A project that verifies one token ({}, {})", costs.machine, costs.date));
        println!(
            "| {:<29} | crates | debug build, CPU s | on the wall, s | resident, MiB | anonymous, MiB |",
            ""
        );
        println!("|{}|--:|--:|--:|--:|--:|", "-".repeat(31));
        for project in &costs.projects {
            let [resident, anonymous] = [project.resident, project.anonymous].map(|kib| kib as f64 / 1024.0);
            println!(
                "| {:<29} | {:>6} | {:>18.0} | {:>14.0} | {resident:>13.1} | {anonymous:>14.1} |",
                project.name, project.crates, project.cpu, project.wall
            );
        }
    }

    title("Remarks");
    for remark in &results.remarks {
        println!("- {remark}");
    }
}

fn figures(results: &Results, show: impl Fn(&Figure) -> String + Copy) {
    head();
    line("the signature alone, aws-lc-rs", &results.reference, show);
    for row in &results.library {
        line(&label(row), &row.cells, show);
    }
}

fn title(text: &str) {
    println!("\n### {text}\n");
}

fn head() {
    print!("| {:<47} |", "");
    for algorithm in Algorithm::ALL {
        print!(" {:>17} |", algorithm.name());
    }
    print!("\n|{}|", "-".repeat(49));
    println!("{}", "--:|".repeat(Algorithm::ALL.len()));
}

fn line<C>(name: &str, cells: &BTreeMap<Algorithm, C>, show: impl Fn(&C) -> String) {
    print!("| {name:<47} |");
    for algorithm in Algorithm::ALL {
        print!(" {:>17} |", cells.get(&algorithm).map_or_else(|| "-".into(), &show));
    }
    println!();
}

fn label<C>(row: &Row<C>) -> String {
    match row.name.split_once(", ") {
        _ if row.version.is_empty() => row.name.clone(),
        Some((package, variant)) => format!("{package} {}, {variant}", row.version),
        None => format!("{} {}", row.name, row.version),
    }
}

pub fn short(micros: f64) -> String {
    match micros {
        small if small < 10.0 => format!("{small:.2}"),
        large if large >= 100.0 => format!("{large:.0}"),
        micros => format!("{micros:.1}"),
    }
}

/// The version of a package as a manifest of this bench names it; empty for portcullis, which is measured as it lies here.
pub fn version(package: &str) -> String {
    let manifests = [include_str!("../Cargo.toml"), include_str!("../apart/Cargo.toml")];
    let named = |line: &&str| line.split_once(" = ").is_some_and(|(name, _)| name == package);
    let line = manifests.iter().flat_map(|manifest| manifest.lines()).find(named);
    let version = line.and_then(|line| line.split_once("\"=")?.1.split_once('"'));
    version.map_or_else(String::new, |(version, _)| version.into())
}
