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

/// All cases, and the exceptions of `tests/vectors/exceptions.json`: cases in which our answer is not that of the label.
pub struct Suite {
    trials: Vec<Trial>,
    exceptions: BTreeMap<String, String>,
    met: BTreeSet<String>,
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
        Self { trials: Vec::new(), exceptions, met: BTreeSet::new() }
    }

    /// Adds a case, to be run on each backend that `judge` has an answer for.
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
        let listed = self.exceptions.get(&name).cloned();
        self.met.extend(listed.is_some().then(|| name.clone()));
        let fault = match listed {
            Some(ours) if ours != want => Some(format!("the exceptions file says {ours}, the table {want}")),
            Some(_) if label.agrees(want) => Some(format!("the exception is not needed: {label:?}, {want}")),
            None if !label.agrees(want) => {
                Some(format!("labelled {label:?}, answered {want}, and no exception"))
            }
            _ => None,
        };
        for backend in Backend::available() {
            let (judge, want, fault) = (judge.clone(), want.to_owned(), fault.clone());
            self.trials.push(Trial::test(format!("{name} on {}", backend.name()), move || {
                if let Some(fault) = fault {
                    return Err(Failed::from(fault));
                }
                let got = judge(*backend);
                if got == want { Ok(()) } else { Err(Failed::from(format!("{got} instead of {want}"))) }
            }));
        }
    }

    /// The cases as tests, and one more that fails when an exception names no case.
    pub fn into_trials(mut self) -> Vec<Trial> {
        let unknown: Vec<_> =
            self.exceptions.keys().filter(|name| !self.met.contains(*name)).cloned().collect();
        self.trials.push(Trial::test("exceptions name cases that exist", move || {
            if unknown.is_empty() { Ok(()) } else { Err(Failed::from(format!("{unknown:?}"))) }
        }));
        self.trials
    }
}

/// Our answers to the rows of a file, from `tests/vectors/answers`: reason codes by id.
#[allow(dead_code, reason = "the next runners read it")]
pub fn answers(path: &str) -> BTreeMap<String, String> {
    serde_json::from_value::<BTreeMap<String, String>>(vectors(&format!("answers/{path}"))).expect(path)
}

/// The rows of a file of vectors.
#[allow(dead_code, reason = "the next runners read it")]
pub fn rows(file: &Value) -> &[Value] {
    file["cases"].as_array().expect("cases")
}
