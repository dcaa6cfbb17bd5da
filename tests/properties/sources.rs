//! What the crate makes public, read from its sources, so that a test with a list of all of it notices what is new.
//!
//! The lint `unreachable_pub`, denied in CI, is what makes this honest: what is `pub` can be reached.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The names of the public structs and enums.
pub(crate) fn public_types() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in files() {
        for line in text.lines() {
            let item = line.trim_start();
            let rest = item.strip_prefix("pub struct ").or_else(|| item.strip_prefix("pub enum "));
            names.extend(rest.map(name_at_start));
        }
    }
    names
}

/// The names of all public functions.
pub(crate) fn public_functions() -> BTreeSet<String> {
    let functions =
        |(_, text): &(PathBuf, String)| text.split("pub fn ").skip(1).map(name_at_start).collect::<Vec<_>>();
    files().iter().flat_map(functions).collect()
}

/// The public functions outside of the testkit that take text, bytes, headers or a float, each with its file.
pub(crate) fn public_functions_of_outside_data() -> BTreeSet<String> {
    let outside = [
        "&str",
        "str>",
        "&'t str",
        "[u8]",
        "Into<String>",
        "Into<Vec<u8>>",
        "Into<PathBuf>",
        "HeaderMap",
        "f64",
        "KeyMaterial",
    ];
    let mut names = BTreeSet::new();
    for (file, text) in files() {
        if file.starts_with("testkit") {
            continue;
        }
        for item in text.split("pub ").skip(1) {
            let item = item.trim_start_matches("const ").trim_start_matches("async ");
            let Some(function) = item.strip_prefix("fn ") else { continue };
            let signature = function.split(['{', ';']).next().unwrap();
            let parameters = signature.split("->").next().unwrap();
            if outside.iter().any(|kind| parameters.contains(kind)) {
                names.insert(format!("{}::{}", file.with_extension("").display(), name_at_start(function)));
            }
        }
    }
    names
}

/// The sources, each with its place below `src`.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(files.len() > 50, "the sources are not where they should be");
    files
}

fn name_at_start(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}
