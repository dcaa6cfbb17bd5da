//! The lists of the documentation are those of the tests, which are held to the code.

use std::collections::{BTreeMap, BTreeSet};

use crate::explained::{CHECKS, CODES, OTHERS};

/// The rows of a table in Markdown, each cell with the words that stand in backticks.
fn rows(text: &str) -> impl Iterator<Item = Vec<Vec<&str>>> {
    text.lines().filter(|line| line.starts_with("| `")).map(|line| {
        line.split('|').skip(1).map(|cell| cell.split('`').skip(1).step_by(2).collect()).collect()
    })
}

#[test]
fn every_reason_of_a_verifier_has_its_checks() {
    let text = include_str!("../../docs/reason-codes.md");
    let decided = text.split("## An attempt to renew").next().unwrap();
    let documented: BTreeSet<_> = rows(decided).map(|row| row[0][0]).collect();
    let known: BTreeSet<_> = CODES.iter().map(|(code, _)| *code).chain(OTHERS).collect();
    assert_eq!(documented, known);
    assert_eq!(known.len(), CODES.len() + OTHERS.len(), "a code is listed twice");
    let named: BTreeSet<_> = CODES.iter().flat_map(|(_, checks)| checks.iter().copied()).collect();
    assert_eq!(named, CHECKS.into(), "a check that nothing falls at, or a name that is none");
}

#[test]
fn the_module_lists_each_check_with_its_reasons() {
    let text = include_str!("../../src/verify/explain/mod.rs").replace("//! |", "|");
    let documented: Vec<_> = rows(&text).map(|row| (row[0][0].to_owned(), row[2].clone())).collect();
    let names: Vec<_> = documented.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, CHECKS, "another order, or another list");
    let mut checks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (code, places) in CODES {
        for place in places {
            checks.entry(place).or_default().insert(code);
        }
    }
    for (name, codes) in &documented {
        // What a route asks for has a table of its own.
        if name != "requirement" {
            assert_eq!(&codes.iter().copied().collect::<BTreeSet<_>>(), &checks[name.as_str()], "{name}");
        }
    }
}
