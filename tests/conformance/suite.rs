//! Cases, what is expected of them, and where we mean to differ.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use portcullis::Algorithm;
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

/// Our exact answer to a case: `ok` or a reason code.
#[derive(Clone)]
pub struct Want {
    code: String,
    algorithm: Option<Algorithm>,
}

impl Want {
    /// The answer where the backend implements `algorithm`, and `key_unsupported` where it does not.
    pub fn under(algorithm: Algorithm, code: &str) -> Self {
        Self { code: code.to_owned(), algorithm: Some(algorithm) }
    }

    fn on(&self, backend: Backend) -> &str {
        if self.algorithm.is_none_or(|algorithm| backend.supports(algorithm)) {
            &self.code
        } else {
            "key_unsupported"
        }
    }
}

impl From<&str> for Want {
    fn from(code: &str) -> Self {
        Self { code: code.to_owned(), algorithm: None }
    }
}

/// A reason that makes many cases of a family exceptions.
struct Rule {
    prefix: String,
    ours: String,
    count: usize,
    met: usize,
}

/// All cases, and the exceptions of `tests/vectors/exceptions.json`: cases in which our answer is not that of the label.
pub struct Suite {
    trials: Vec<Trial>,
    exceptions: BTreeMap<String, String>,
    rules: Vec<Rule>,
    names: BTreeSet<String>,
}

impl Suite {
    pub fn new() -> Self {
        let file = vectors("exceptions.json");
        let listed = |kind: &str| {
            let rows = file[kind].as_array().expect(kind).clone();
            for row in &rows {
                assert!(text(row, "reason").len() > 20, "an exception needs a reason: {row}");
            }
            rows
        };
        let cases = listed("cases");
        let exceptions: BTreeMap<_, _> =
            cases.iter().map(|row| (text(row, "case").to_owned(), text(row, "ours").to_owned())).collect();
        assert_eq!(exceptions.len(), cases.len(), "an exception stands twice");
        let rule = |row: &Value| Rule {
            prefix: text(row, "prefix").to_owned(),
            ours: text(row, "ours").to_owned(),
            count: row["count"].as_u64().unwrap().try_into().unwrap(),
            met: 0,
        };
        let rules = listed("rules").iter().map(rule).collect();
        Self { trials: Vec::new(), exceptions, rules, names: BTreeSet::new() }
    }

    /// Adds a case, to be run on each backend.
    ///
    /// `want` is our exact answer: `ok` or a reason code. Where it is not what the label says, the exceptions file must
    /// list the case, or have a rule for it, with the same answer; where it is, the file must not list it.
    pub fn case(
        &mut self,
        name: String,
        label: Label,
        want: impl Into<Want>,
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
        want: impl Into<Want>,
        judge: impl Fn(Backend) -> String + Clone + Send + 'static,
    ) {
        let want = want.into();
        let fault = self.fault(&name, label, &want.code);
        for backend in backends {
            let (judge, want, fault) = (judge.clone(), want.on(*backend).to_owned(), fault.clone());
            self.trials.push(Trial::test(format!("{name} on {}", backend.name()), move || {
                let got = judge(*backend);
                if got != want {
                    return Err(Failed::from(format!("{got} instead of {want}")));
                }
                fault.map_or(Ok(()), |fault| Err(Failed::from(fault)))
            }));
        }
        assert!(self.names.insert(name.clone()), "two cases are called {name}");
    }

    /// What is wrong with the table, whatever the library answers.
    fn fault(&mut self, name: &str, label: Label, want: &str) -> Option<String> {
        match self.exceptions.get(name) {
            Some(ours) if ours != want => {
                return Some(format!("the exceptions file says {ours}, the table {want}"));
            }
            Some(_) if label.agrees(want) => {
                return Some(format!("the exception is not needed: {label:?}, {want}"));
            }
            Some(_) => return None,
            None if label.agrees(want) => return None,
            None => {}
        }
        match self.rules.iter_mut().find(|rule| name.starts_with(&rule.prefix) && rule.ours == want) {
            Some(rule) => {
                rule.met += 1;
                None
            }
            None => Some(format!("labelled {label:?}, answered {want}, and no exception")),
        }
    }

    /// The cases as tests, one more that fails when an exception names no case, and one for the count of each rule.
    pub fn into_trials(mut self) -> Vec<Trial> {
        let unknown: Vec<_> =
            self.exceptions.keys().filter(|name| !self.names.contains(*name)).cloned().collect();
        self.trials.push(Trial::test("exceptions name cases that exist", move || {
            if unknown.is_empty() { Ok(()) } else { Err(Failed::from(format!("{unknown:?}"))) }
        }));
        for Rule { prefix, ours, count, met } in self.rules {
            self.trials.push(Trial::test(
                format!("exceptions: {count} cases of {prefix} are {ours}"),
                move || {
                    if met == count {
                        Ok(())
                    } else {
                        Err(Failed::from(format!("the rule was needed {met} times")))
                    }
                },
            ));
        }
        self.trials
    }
}

/// Our answers to the rows of a file, from `tests/vectors/answers`: reason codes by id.
pub fn answers(path: &str) -> BTreeMap<String, String> {
    serde_json::from_value::<BTreeMap<String, String>>(vectors(&format!("answers/{path}"))).expect(path)
}

/// The rows of a file of vectors.
pub fn rows(file: &Value) -> &[Value] {
    file["cases"].as_array().expect("cases")
}
