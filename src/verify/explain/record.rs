//! The witness that keeps what it sees.

use super::{ExplainedCheck, Explanation, Verdict, expected};
use crate::error::Error;
use crate::verify::anchors::Found;
use crate::verify::issuer::TrustAnchor;
use crate::verify::order::Rules;
use crate::verify::step::Step;
use crate::verify::token::VerifiedToken;
use crate::verify::witness::Witness;

/// How far the checks came, and what each asked for and found.
pub(super) struct Record<'r> {
    rules: &'r Rules,
    rows: Vec<Row>,
    last: Step,
}

struct Row {
    step: Step,
    expected: String,
    found: Option<String>,
}

impl<'r> Record<'r> {
    pub(super) fn new(rules: &'r Rules) -> Self {
        Self { rules, rows: Vec::new(), last: Step::Size }
    }

    /// Notes what a route asks for, as the last check.
    pub(super) fn add_requirement(&mut self, expected: String) {
        self.rows.push(Row { step: Step::Requirement, expected, found: None });
    }

    /// Each check before the last passed, and the last did unless the token was refused.
    pub(super) fn finish(self, decision: Result<VerifiedToken, Error>) -> Explanation {
        let Self { rows, last, .. } = self;
        let checks = rows.into_iter().map(|Row { step, expected, found }| {
            let (verdict, found) = match &decision {
                Err(_) if step == last => (Verdict::Fail, found),
                Err(_) if step > last => (Verdict::NotReached, None),
                _ => (Verdict::Pass, found),
            };
            ExplainedCheck { name: step.name(), expected, found, verdict }
        });
        Explanation { checks: checks.collect(), decision }
    }

    fn judged_by(&mut self, anchor: &TrustAnchor) {
        for row in &mut self.rows {
            if let Some(expected) = expected::by_issuer(row.step, anchor) {
                row.expected = expected;
            }
        }
    }

    fn row(&mut self, step: Step) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.step == step)
    }
}

impl Witness for Record<'_> {
    const THOROUGH: bool = true;

    fn begin(&mut self) {
        let only = self.rules.anchors.only();
        let steps = Step::ALL.iter().copied().filter(|step| match step {
            Step::IssuerClaim => only.is_some(),
            step => *step != Step::Requirement,
        });
        let row = |step| Row { step, expected: expected::by_verifier(step, self.rules), found: None };
        self.rows = steps.map(row).collect();
        self.last = Step::Size;
        if let Some(only) = only {
            self.judged_by(only);
        }
    }

    fn issuer(&mut self, found: &Found<'_, '_>) {
        self.judged_by(found.anchor());
    }

    fn expect(&mut self, step: Step, expected: impl FnOnce() -> String) {
        if let Some(row) = self.row(step) {
            row.expected = expected();
        }
    }

    fn at(&mut self, step: Step, found: impl FnOnce() -> String) {
        self.last = step;
        if let Some(row) = self.row(step) {
            let found = found();
            row.found = Some(if found.is_empty() { "nothing".to_owned() } else { found });
        }
    }
}
