//! Runs this program under callgrind and reads what it counted.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// A scenario, and what one call needs beyond what it is compared with.
pub(crate) struct Count {
    pub(crate) measure: Measure,
    pub(crate) name: String,
    pub(crate) value: i64,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Measure {
    /// Instructions of a call among others.
    Instructions,
    /// Cache lines of code and data that a call after a sweep fetches from memory, each of them a wait.
    Lines,
}

impl Measure {
    pub(crate) const ALL: [Self; 2] = [Self::Instructions, Self::Lines];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Lines => "lines",
        }
    }

    /// Callgrind's events, as it writes them: Ir Dr Dw I1mr D1mr D1mw ILmr DLmr DLmw.
    fn of(self, events: &[i64]) -> i64 {
        match self {
            Self::Instructions => events[0],
            Self::Lines => events[6..].iter().sum(),
        }
    }
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
        // Caches that are the same on every machine. The first one for code holds next to none: a sweep is made of data, so
        // that code would survive in it.
        .args(["--cache-sim=yes", "--I1=1024,2,64", "--D1=32768,8,64"])
        .arg(format!("--LL={CACHE_BYTES},16,64"))
        .arg(format!("--callgrind-out-file={}", folder.join("counts").display()))
        .arg(std::env::current_exe().unwrap())
        .arg(CHILD)
        .output();
    let output = match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::remove_dir_all(folder).unwrap();
            return None;
        }
        ran => ran.unwrap(),
    };
    // valgrind warns of caches that it does not know, and of which it was told that they do not matter.
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the scenarios failed under valgrind: {}\n{told}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    let counts = pairs(&said, &folder);
    fs::remove_dir_all(folder).unwrap();
    Some(counts)
}

/// The n-th line that a scenario printed belongs to the n-th file.
fn pairs(said: &str, folder: &Path) -> Vec<Count> {
    let lines: Vec<_> = said.lines().filter_map(|line| line.strip_prefix(LINE)).collect();
    let totals: Vec<_> = (1..=lines.len()).map(|n| totals(&folder.join(format!("counts.{n}")))).collect();
    let pairs = lines.chunks(2).zip(totals.chunks(2));
    pairs
        .map(|(lines, totals)| {
            let [measure, name, "without", _] = fields(lines[0]) else {
                panic!("the order of the scenarios")
            };
            let [_, same, "with", calls] = fields(lines[1]) else { panic!("the order of the scenarios") };
            assert_eq!(name, same);
            let measure = Measure::ALL.into_iter().find(|known| known.name() == measure).unwrap();
            let [without, with] = [&totals[0], &totals[1]].map(|events| measure.of(events));
            assert!(with > 0, "{name} was not counted: has the linker dropped the names of functions?");
            Count { measure, name: name.to_owned(), value: (with - without) / calls.parse::<i64>().unwrap() }
        })
        .collect()
}

fn fields(line: &str) -> [&str; 4] {
    let fields: Vec<_> = line.split('\t').collect();
    fields.try_into().unwrap()
}

fn totals(file: &Path) -> Vec<i64> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let totals = totals.expect("callgrind writes totals").split_whitespace();
    totals.map(|total| total.parse().unwrap()).collect()
}

/// Of the last level of cache that callgrind plays.
pub(crate) const CACHE_BYTES: usize = 1024 * 1024;
/// Tells the program that it is the one to be counted.
pub(crate) const CHILD: &str = "--counted";
/// Begins what a scenario prints for us.
pub(crate) const LINE: &str = "count\t";
