//! One line for each request.

use std::fmt;
use std::time::Duration;

/// What was sent and what came back.
pub(crate) struct Line {
    sent: String,
    status: u16,
    challenge: String,
    taken: Duration,
    as_it_must_be: bool,
}

impl Line {
    pub(crate) fn new(sent: String, status: u16, challenge: String, taken: Duration) -> Self {
        Self { sent, status, challenge, taken, as_it_must_be: false }
    }

    /// A parameter of the challenge.
    fn parameter(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.challenge.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value)
    }
}

/// The lines of the story.
#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

impl Table {
    /// Adds a line and judges it.
    pub(crate) fn add(&mut self, line: Line, (status, reason): (u16, Option<&str>)) {
        let challenged = !line.challenge.is_empty();
        let as_it_must_be =
            line.status == status && line.parameter("reason") == reason && challenged == (status >= 400);
        self.lines.push(Line { as_it_must_be, ..line });
    }

    pub(crate) fn is_as_it_must_be(&self) -> bool {
        self.lines.iter().all(|line| line.as_it_must_be)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = "-".repeat(118);
        writeln!(f, "{:47} {:>6}  {:22} {:20} {:>9}  ", "request", "status", "reason", "challenge", "taken")?;
        writeln!(f, "{rule}")?;
        for line in &self.lines {
            let challenge = match (line.parameter("error"), line.challenge.is_empty()) {
                (Some(error), _) => error,
                (None, false) => "Bearer, no error",
                (None, true) => "",
            };
            let (sent, status, reason) =
                (&line.sent, line.status, line.parameter("reason").unwrap_or_default());
            let taken = format!("{:.1} ms", line.taken.as_secs_f64() * 1e3);
            let verdict = if line.as_it_must_be { "ok" } else { "WRONG" };
            writeln!(f, "{sent:47} {status:>6}  {reason:22} {challenge:20} {taken:>9}  {verdict}")?;
        }
        writeln!(f, "{rule}")?;
        let wrong = self.lines.iter().filter(|line| !line.as_it_must_be).count();
        match wrong {
            0 => writeln!(f, "All {} answers are as they must be.", self.lines.len()),
            _ => writeln!(f, "{wrong} of {} answers are NOT as they must be.", self.lines.len()),
        }
    }
}
