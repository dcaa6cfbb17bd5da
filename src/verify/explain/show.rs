//! How an explanation is shown: a table, JSON, and nothing to `Debug`.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::{ExplainedCheck, Explanation, Verdict};
use crate::error::Error;

impl Explanation {
    const fn outcome(&self) -> &'static str {
        match &self.decision {
            Ok(_) => "accepted",
            Err(Error::Rejected(_)) => "refused",
            Err(Error::Unavailable(_)) => "unavailable",
        }
    }

    fn message(&self) -> String {
        self.decision.as_ref().map_or_else(Error::to_string, |_| "every check passed".to_owned())
    }

    fn status(&self) -> u16 {
        self.decision.as_ref().map_or_else(Error::http_status, |_| 200)
    }
}

/// The decision, and below it a table of the checks.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome(), self.message())?;
        if let Err(error) = &self.decision {
            write!(f, " ({}, HTTP {})", error.code(), error.http_status())?;
        }
        f.write_str("\n\n")?;
        let cells: Vec<_> = self.checks.iter().map(Cells::of).collect();
        let width = |column: fn(&Cells) -> &[String], title: &str| {
            let lines = cells.iter().flat_map(column).map(|line| line.chars().count());
            lines.max().unwrap_or(0).max(title.len())
        };
        let name = cells.iter().map(|cells| cells.name.len()).max().unwrap_or(0);
        let expected = width(|cells| &cells.expected, "expected");
        writeln!(f, "      {:name$}  {:expected$}  found", "check", "expected")?;
        for Cells { mark, name: check, expected: asked, found } in &cells {
            for line in 0..asked.len().max(found.len()) {
                let part = |cell: &[String]| cell.get(line).cloned().unwrap_or_default();
                let (mark, check) = if line == 0 { (*mark, *check) } else { ("", "") };
                let row = format!("{mark:4}  {check:name$}  {:expected$}  {}", part(asked), part(found));
                writeln!(f, "{}", row.trim_end())?;
            }
        }
        Ok(())
    }
}

/// A row of the table, its texts cut into lines.
struct Cells {
    mark: &'static str,
    name: &'static str,
    expected: Vec<String>,
    found: Vec<String>,
}

impl Cells {
    fn of(check: &ExplainedCheck) -> Self {
        let mark = match check.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::NotReached => "-",
        };
        let found = check.found.as_deref().unwrap_or("");
        let (expected, found) = (lines(&check.expected), lines(found));
        Self { mark, name: check.name, expected, found }
    }
}

/// The text in lines of at most [`COLUMN`] characters, cut at spaces where there are some.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if used > 0 && used + length > COLUMN {
            lines.push(String::new());
            used = 0;
        }
        for character in word.chars() {
            if used == COLUMN && character != ' ' {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
            used += 1;
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut explanation = serializer.serialize_struct("Explanation", 5)?;
        explanation.serialize_field("outcome", self.outcome())?;
        explanation.serialize_field("code", &self.decision.as_ref().err().map(Error::code))?;
        explanation.serialize_field("message", &self.message())?;
        explanation.serialize_field("status", &self.status())?;
        explanation.serialize_field("checks", &self.checks)?;
        explanation.end()
    }
}

/// `check`, `expected`, `found` and `verdict`.
impl Serialize for ExplainedCheck {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut check = serializer.serialize_struct("ExplainedCheck", 4)?;
        check.serialize_field("check", self.name)?;
        check.serialize_field("expected", &self.expected)?;
        check.serialize_field("found", &self.found)?;
        check.serialize_field("verdict", &self.verdict)?;
        check.end()
    }
}

/// The stable word.
impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Shows the reason and how many checks there are; what stands in the token is for [`Display`](fmt::Display).
impl fmt::Debug for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation")
            .field("outcome", &self.outcome())
            .field("code", &self.decision.as_ref().err().map(Error::code))
            .field("checks", &self.checks.len())
            .finish_non_exhaustive()
    }
}

/// Shows the name and the verdict.
impl fmt::Debug for ExplainedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExplainedCheck")
            .field("name", &self.name)
            .field("verdict", &self.verdict)
            .finish_non_exhaustive()
    }
}

/// The widest a column is.
const COLUMN: usize = 48;
