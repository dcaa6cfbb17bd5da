//! What must have been counted after one round.

use std::fmt;

use crate::scraped::Scraped;
use crate::traffic::{FLAWS, UNKNOWN_KEYS, USUAL};

/// The numbers, each with what it must be.
pub(crate) struct Judged(Vec<Line>);

struct Line {
    what: String,
    got: Option<f64>,
    want: Want,
}

#[derive(Clone, Copy)]
enum Want {
    Exactly(f64),
    AtLeast(f64),
}

impl Judged {
    pub(crate) fn of(scraped: &Scraped<'_>) -> Self {
        use Want::{AtLeast, Exactly};

        let (usual, unknown) = (f64::from(USUAL), f64::from(UNKNOWN_KEYS));
        let mut lines = Vec::new();
        let mut judge = |name: &str, labels: &[(&str, &str)], want| {
            let shown: Vec<_> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
            let what = format!("{name} {}", shown.join(" "));
            lines.push(Line { what, got: scraped.sum(name, labels), want });
        };
        let decisions = "portcullis_decisions_total";
        // The one without the scope is a good token too.
        judge(decisions, &[("outcome", "accepted"), ("scheme", "bearer")], Exactly(usual + 1.0));
        for flaw in FLAWS {
            let reason = flaw.expected_code();
            judge(decisions, &[("outcome", "refused"), ("reason", reason)], Exactly(1.0));
        }
        judge(decisions, &[("outcome", "refused"), ("reason", "key_unknown")], Exactly(unknown));
        judge(decisions, &[("reason", "credentials_missing"), ("scheme", "none")], Exactly(1.0));
        judge(decisions, &[("reason", "scheme_unsupported"), ("scheme", "none")], Exactly(1.0));
        judge(decisions, &[("outcome", "unavailable"), ("reason", "keys_not_loaded")], Exactly(1.0));
        judge("portcullis_requirements_total", &[("outcome", "accepted")], Exactly(usual));
        judge("portcullis_requirements_total", &[("reason", "scope_missing")], Exactly(1.0));
        // A token is remembered from its second verification on, and which thread serves a request is the runtime's choice.
        judge("portcullis_token_cache_hits_total", &[], AtLeast(usual / 2.0));
        judge("portcullis_key_state", &[("state", "fresh")], Exactly(1.0));
        judge("portcullis_key_state", &[("state", "loading")], Exactly(1.0));
        judge("portcullis_key_refreshes_total", &[("result", "ok")], AtLeast(1.0));
        judge("portcullis_key_refreshes_total", &[("result", "fetch_connect")], AtLeast(1.0));
        judge("portcullis_key_limiter_hits_total", &[], AtLeast(1.0));
        judge("portcullis_decision_seconds_bucket", &[("cache", "hit"), ("le", "+Inf")], AtLeast(1.0));
        judge("portcullis_decision_seconds_bucket", &[("cache", "miss"), ("le", "+Inf")], AtLeast(2.0));
        Self(lines)
    }

    pub(crate) fn is_as_it_must_be(&self) -> bool {
        self.0.iter().all(Line::is_as_it_must_be)
    }
}

impl Line {
    fn is_as_it_must_be(&self) -> bool {
        self.got.is_some_and(|got| match self.want {
            Want::Exactly(want) => (got - want).abs() < 0.5,
            Want::AtLeast(want) => got >= want,
        })
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.0 {
            let got = line.got.map_or_else(|| "nothing".to_owned(), |got| got.to_string());
            let verdict = match (line.is_as_it_must_be(), line.want) {
                (true, _) => "ok".to_owned(),
                (false, Want::Exactly(want)) => format!("WRONG, it must be {want}"),
                (false, Want::AtLeast(want)) => format!("WRONG, it must be {want} at least"),
            };
            writeln!(f, "{:95} {got:>8}  {verdict}", line.what)?;
        }
        let wrong = self.0.iter().filter(|line| !line.is_as_it_must_be()).count();
        match wrong {
            0 => writeln!(f, "All {} numbers are as they must be.", self.0.len()),
            _ => writeln!(f, "{wrong} of {} numbers are NOT as they must be.", self.0.len()),
        }
    }
}
