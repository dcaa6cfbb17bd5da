//! Pictures of values: all the ways in which they are printed, by the name of their type.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use crate::hostile::Forbidden;

/// What each public type looks like.
pub(crate) struct Album {
    pub(crate) pages: BTreeMap<&'static str, BTreeSet<String>>,
    pub(crate) forbidden: Forbidden,
}

impl Album {
    /// Takes a picture of a value that is only debugged.
    pub(crate) fn debug(&mut self, name: &'static str, value: &(impl Debug + ?Sized)) {
        self.put(name, format!("{value:?}"));
        self.put(name, format!("{value:#?}"));
    }

    /// Takes a picture of a value that is also displayed.
    pub(crate) fn display(&mut self, name: &'static str, value: &(impl Debug + Display)) {
        self.debug(name, value);
        self.put(name, value.to_string());
    }

    /// Takes a picture of an error and of everything behind it.
    pub(crate) fn error(&mut self, name: &'static str, error: &(impl std::error::Error + 'static)) {
        self.display(name, error);
        let mut cause = error.source();
        while let Some(error) = cause {
            self.put(name, format!("{error} {error:?}"));
            cause = error.source();
        }
    }

    pub(crate) fn put(&mut self, name: &'static str, shown: String) {
        self.pages.entry(name).or_default().insert(shown);
    }
}
