//! Our answers to the rows of some files, each asked for once.

use std::collections::{BTreeMap, BTreeSet};

use crate::suite::answers;

/// A table of `tests/vectors/answers`: by id.
pub struct Answers {
    path: &'static str,
    by_id: BTreeMap<String, String>,
    asked: BTreeSet<String>,
}

impl Answers {
    /// Reads them.
    pub fn of(path: &'static str) -> Self {
        Self { path, by_id: answers(path), asked: BTreeSet::new() }
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
