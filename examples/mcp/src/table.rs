//! One line for each check.

use std::fmt;

/// What was looked at, and what was wrong with it.
#[derive(Default)]
pub(crate) struct Table(Vec<(String, Option<String>)>);

impl Table {
    /// Adds a line: what came must be what is wanted.
    pub(crate) fn same(&mut self, checked: &str, came: impl fmt::Debug, wanted: impl fmt::Debug) {
        let (came, wanted) = (format!("{came:?}"), format!("{wanted:?}"));
        let wrong = (came != wanted).then(|| format!("{came} in place of {wanted}"));
        self.0.push((checked.to_owned(), wrong));
    }

    pub(crate) fn is_as_it_must_be(&self) -> bool {
        self.0.iter().all(|(_, wrong)| wrong.is_none())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (checked, wrong) in &self.0 {
            match wrong {
                None => writeln!(f, "ok     {checked}")?,
                Some(wrong) => writeln!(f, "WRONG  {checked}: {wrong}")?,
            }
        }
        let wrong = self.0.iter().filter(|(_, wrong)| wrong.is_some()).count();
        match wrong {
            0 => writeln!(f, "All {} checks are as they must be.", self.0.len()),
            _ => writeln!(f, "{wrong} of {} checks are NOT as they must be.", self.0.len()),
        }
    }
}
