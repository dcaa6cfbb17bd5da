//! Cases, what is expected of them, and where we mean to differ.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use portcullis::crypto::Backend;
use serde_json::Value;

use crate::support::{text, vectors};

/// What the source of a case says of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Label {
    /// It must be accepted.
    Valid,
    /// It must be refused, for whatever reason.
    Invalid,
    /// Good libraries differ.
    Open,
}

impl Label {
    fn agrees(self, code: &str) -> bool {
        match self {
            Self::Valid => code == "ok",
            Self::Invalid => code != "ok",
            Self::Open => true,
        }
    }
}

/// All cases, and the exceptions of `tests/vectors/exceptions.json`: cases in which our answer is not that of the label,
/// by name, or by the beginning of the name and how many there are.
pub struct Suite {
    trials: Vec<Trial>,
    names: BTreeSet<String>,
    exceptions: BTreeMap<String, String>,
    met: BTreeSet<String>,
    families: Vec<Family>,
}

/// Exceptions for one reason.
struct Family {
    prefix: String,
    ours: String,
    count: u64,
    met: u64,
}

impl Suite {
    pub fn new() -> Self {
        let file = vectors("exceptions.json");
        let exceptions: BTreeMap<_, _> = file["cases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                assert!(text(row, "reason").len() > 20, "an exception needs a reason: {row}");
                (text(row, "case").to_owned(), text(row, "ours").to_owned())
            })
            .collect();
        assert_eq!(exceptions.len(), file["cases"].as_array().unwrap().len(), "an exception stands twice");
        let families = file["families"].as_array().unwrap().iter().map(|row| {
            assert!(text(row, "reason").len() > 20, "an exception needs a reason: {row}");
            Family {
                prefix: text(row, "prefix").to_owned(),
                ours: text(row, "ours").to_owned(),
                count: row["count"].as_u64().unwrap(),
                met: 0,
            }
        });
        let families = families.collect();
        Self { trials: Vec::new(), names: BTreeSet::new(), exceptions, met: BTreeSet::new(), families }
    }

    /// Adds a case, to be run on each backend.
    ///
    /// `want` is our exact answer: `ok` or a reason code. Where it is not what the label says, the exceptions file must
    /// list the case with the same answer; where it is, the file must not.
    pub fn case(
        &mut self,
        name: String,
        label: Label,
        want: &str,
        judge: impl Fn(Backend) -> String + Clone + Send + 'static,
    ) {
        self.case_on(Backend::available(), name, label, want, judge);
    }

    /// Adds a case, to be run on these backends.
    pub fn case_on(
        &mut self,
        backends: impl IntoIterator<Item = &'static Backend>,
        name: String,
        label: Label,
        want: &str,
        judge: impl Fn(Backend) -> String + Clone + Send + 'static,
    ) {
        assert!(self.names.insert(name.clone()), "two cases are named {name}");
        let listed = self.exceptions.get(&name).cloned();
        self.met.extend(listed.is_some().then(|| name.clone()));
        let fault = match listed {
            Some(ours) if ours != want => Some(format!("the exceptions file says {ours}, the table {want}")),
            Some(_) if label.agrees(want) => Some(format!("the exception is not needed: {label:?}, {want}")),
            None if !label.agrees(want) && !self.is_of_a_family(&name, want) => {
                Some(format!("labelled {label:?}, answered {want}, and no exception"))
            }
            _ => None,
        };
        for backend in backends {
            let (judge, want, fault) = (judge.clone(), want.to_owned(), fault.clone());
            self.trials.push(Trial::test(format!("{name} on {}", backend.name()), move || {
                let got = judge(*backend);
                if got != want {
                    return Err(Failed::from(format!("{got} instead of {want}")));
                }
                fault.map_or(Ok(()), |fault| Err(Failed::from(fault)))
            }));
        }
    }

    fn is_of_a_family(&mut self, name: &str, want: &str) -> bool {
        let mut families = self.families.iter_mut();
        let family = families.find(|family| name.starts_with(&family.prefix) && family.ours == want);
        family.is_some_and(|family| {
            family.met += 1;
            true
        })
    }

    /// The cases as tests, and two more that fail when an exception names no case, or a family of them another number.
    pub fn into_trials(mut self) -> Vec<Trial> {
        let unknown: Vec<_> =
            self.exceptions.keys().filter(|name| !self.met.contains(*name)).cloned().collect();
        self.trials.push(Trial::test("exceptions name cases that exist", move || {
            if unknown.is_empty() { Ok(()) } else { Err(Failed::from(format!("{unknown:?}"))) }
        }));
        let other: Vec<_> = self.families.iter().filter(|family| family.met != family.count).collect();
        let other: Vec<_> =
            other.iter().map(|family| format!("{} {}: {}", family.prefix, family.ours, family.met)).collect();
        self.trials.push(Trial::test("families of exceptions are as large as they say", move || {
            if other.is_empty() { Ok(()) } else { Err(Failed::from(format!("{other:?}"))) }
        }));
        self.trials
    }
}

/// Our answers to the rows of some files, from `tests/vectors/answers`: by id.
pub struct Answers {
    path: &'static str,
    by_id: BTreeMap<String, String>,
    asked: BTreeSet<String>,
}

impl Answers {
    /// Reads them.
    pub fn of(path: &'static str) -> Self {
        let by_id = serde_json::from_value(vectors(&format!("answers/{path}"))).expect(path);
        Self { path, by_id, asked: BTreeSet::new() }
    }

    /// The answer to one row; a row without one fails its case.
    pub fn to(&mut self, id: &str) -> &str {
        self.asked.insert(id.to_owned());
        self.by_id.get(id).map_or("an answer that the table lacks", String::as_str)
    }

    /// The answer to one row, if it is not the usual one.
    pub fn or_usual<'a>(&'a mut self, id: &str, usual: &'a str) -> &'a str {
        self.asked.insert(id.to_owned());
        let own = self.by_id.get(id);
        assert!(own.is_none_or(|own| own != usual), "{}: {id} is answered as usual", self.path);
        own.map_or(usual, String::as_str)
    }

    /// Makes sure that no row went missing.
    pub fn finish(self) {
        let unasked: Vec<_> = self.by_id.keys().filter(|id| !self.asked.contains(*id)).collect();
        assert!(unasked.is_empty(), "{}: {unasked:?}", self.path);
    }
}

/// The rows of a file of vectors.
pub fn rows(file: &Value) -> &[Value] {
    file["cases"].as_array().expect("cases")
}
