//! Programs of Debian's package `prometheus`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

/// A file of the deploy kit.
pub(crate) fn kit(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path)
}

/// The program, if it is there. If it is not, says so, or fails where `PORTCULLIS_REQUIRE_PROMETHEUS=1` asks for it.
pub(crate) fn program(name: &str) -> Option<Command> {
    if Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Some(Command::new(name));
    }
    let required = std::env::var("PORTCULLIS_REQUIRE_PROMETHEUS").is_ok_and(|value| value == "1");
    assert!(!required, "{name} is not here, and PORTCULLIS_REQUIRE_PROMETHEUS=1 asks for it");
    // Not by a macro, whose text the test runner would keep to itself.
    let mut terminal = std::io::stderr();
    writeln!(terminal, "SKIPPED: {name} is not here; it comes with Debian's package prometheus").unwrap();
    None
}

/// Runs a check of promtool, if it is here, and fails with what it prints.
pub(crate) fn promtool(arguments: &[&str]) {
    let Some(mut promtool) = program("promtool") else { return };
    let output = promtool.args(arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}

/// Fails unless promtool can read these expressions, which its version 2.42 does in rules only.
pub(crate) fn promtool_parses(expressions: &[String]) {
    let rules: Vec<_> = expressions
        .iter()
        .enumerate()
        .map(|(number, expression)| json!({ "record": format!("expression:{number}"), "expr": expression }))
        .collect();
    // JSON is YAML too.
    let text = json!({ "groups": [{ "name": "expressions", "rules": rules }] }).to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("expressions.yml");
    std::fs::write(&file, text).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()]);
}
