//! Runs this program under callgrind and reads what it counted.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

/// A scenario, and the instructions of one call beyond what it is compared with.
pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) instructions: i64,
}

/// `None` without valgrind.
pub(crate) fn count() -> Option<Vec<Count>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("instructions-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let ran = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--quiet",
            "--toggle-collect=*counted_work*",
            "--dump-before=*count_ends*",
        ])
        .arg(format!("--callgrind-out-file={}", folder.join("counts").display()))
        .arg(std::env::current_exe().unwrap())
        .arg(CHILD)
        .stderr(Stdio::inherit())
        .output();
    let output = match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::remove_dir_all(folder).unwrap();
            return None;
        }
        ran => ran.unwrap(),
    };
    assert!(output.status.success(), "the scenarios failed under valgrind: {}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    let counts = pairs(&said, &folder);
    fs::remove_dir_all(folder).unwrap();
    Some(counts)
}

/// The n-th line that a scenario printed belongs to the n-th file.
fn pairs(said: &str, folder: &Path) -> Vec<Count> {
    let lines: Vec<_> = said.lines().filter_map(|line| line.strip_prefix(LINE)).collect();
    let totals: Vec<_> = (1..=lines.len()).map(|n| total(&folder.join(format!("counts.{n}")))).collect();
    let pairs = lines.chunks(2).zip(totals.chunks(2));
    pairs
        .map(|(lines, totals)| {
            let [name, "without", _] = fields(lines[0]) else { panic!("the order of the scenarios") };
            let [same, "with", calls] = fields(lines[1]) else { panic!("the order of the scenarios") };
            assert_eq!(name, same);
            let calls: i64 = calls.parse().unwrap();
            assert!(
                totals[1] > calls,
                "{name} was not counted: has the linker dropped the names of functions?"
            );
            Count { name: name.to_owned(), instructions: (totals[1] - totals[0]) / calls }
        })
        .collect()
}

fn fields(line: &str) -> [&str; 3] {
    let fields: Vec<_> = line.split('\t').collect();
    fields.try_into().unwrap()
}

fn total(file: &Path) -> i64 {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.expect("callgrind writes totals").trim().parse().unwrap()
}

/// Tells the program that it is the one to be counted.
pub(crate) const CHILD: &str = "--counted";
/// Begins what a scenario prints for us.
pub(crate) const LINE: &str = "count\t";
