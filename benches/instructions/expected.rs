//! What the counts are compared with: `expected.toml`, beside this file.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::callgrind::Count;

/// Whether no scenario needs more instructions than it may. Prints a table.
pub(crate) fn holds(counts: &[Count]) -> bool {
    let text = fs::read_to_string(file()).expect("`just instructions-accept` writes the expectations");
    let mut entries = read(&text);
    let same = |name: &str, now: &str, entries: &mut BTreeMap<String, String>| {
        let then = entries.remove(name).unwrap_or_default();
        if then != now {
            println!("NOTE: {name} is {now}; the expectations are of {then}");
        }
        then == now
    };
    if !same("target", &target(), &mut entries) {
        println!("NOTE: another target has other counts, and none are expected of it: nothing is judged");
        return true;
    }
    // The base64 of one processor is not that of another, and neither is its `memcpy`.
    let alike = same("rustc", &rustc(), &mut entries) & same("vectors", vectors(), &mut entries);
    let tolerance = if alike { TOLERANCE } else { WIDE_TOLERANCE };
    println!("{:48} {:>9} {:>9} {:>8}   at most {tolerance:+} %", "of one call", "expected", "now", "");
    let mut holds = true;
    for count in counts {
        let (title, now) = (title(count), count.value);
        let Some(expected) = entries.remove(&title).and_then(|count| count.parse::<i64>().ok()) else {
            println!("{title:48} {:>9} {now:>9}            NEW: run `just instructions-accept`", "–");
            holds = false;
            continue;
        };
        let change = 100.0 * (now - expected) as f64 / expected.max(1) as f64;
        let verdict = if now - expected > SLACK && change > tolerance {
            holds = false;
            "MORE"
        } else if expected - now > SLACK && change < -tolerance {
            "less: run `just instructions-accept`, so that it stays so"
        } else {
            ""
        };
        println!("{title:48} {expected:>9} {now:>9} {change:>+7.1} %  {verdict}");
    }
    for name in entries.keys() {
        println!("{name:48} is expected and was not counted: run `just instructions-accept`");
        holds = false;
    }
    if !holds {
        println!(
            "If this is the price of something worth it: run `just instructions-accept`, and say why in the commit."
        );
    }
    holds
}

/// Writes the counts down as what is expected from now on.
pub(crate) fn accept(counts: &[Count]) {
    let mut text = HEAD.to_owned();
    for (name, value) in [("target", target()), ("rustc", rustc()), ("vectors", vectors().to_owned())] {
        text.push_str(&format!("{name} = \"{value}\"\n"));
    }
    text.push_str("\n[counts]\n");
    for count in counts {
        println!("{:48} {:>9}", title(count), count.value);
        text.push_str(&format!("\"{}\" = {}\n", title(count), count.value));
    }
    fs::write(file(), text).unwrap();
}

/// Names and values; this file needs no more of TOML.
fn read(text: &str) -> BTreeMap<String, String> {
    let entries = text.lines().filter_map(|line| line.split_once(" = "));
    let bare = |part: &str| part.trim().trim_matches('"').to_owned();
    entries.map(|(name, value)| (bare(name), bare(value))).collect()
}

fn title(count: &Count) -> String {
    format!("{}: {}", count.measure.name(), count.name)
}

fn file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/expected.toml"))
}

fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// The compiler that is called here, which has built this program.
fn rustc() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).arg("--version").output().expect("rustc is there, as it is after a build");
    let version = String::from_utf8(output.stdout).unwrap();
    version.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The widest vectors that valgrind and this processor have in common.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        return "avx2";
    }
    "baseline"
}

const HEAD: &str = "\
# What one call needs beyond the raw signature, or beyond the bare service: instructions among other calls, and cache lines
# that it fetches from memory after a sweep. Written by `just instructions-accept`.
";

/// In percent. Runs of one build differ by less than one: what is left is for layouts that the linker chooses anew.
const TOLERANCE: f64 = 3.0;
/// In percent, between compilers and between processors with other vectors: a loop that came back is still seen.
const WIDE_TOLERANCE: f64 = 15.0;
/// Instructions or lines that are nothing, whatever their share of a short path.
const SLACK: i64 = 15;
