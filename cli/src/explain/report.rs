//! The answer, for people and for programs.

use std::fmt::Write as _;

use portcullis::explain::Explanation;
use portcullis::{Error, UnixTime};
use serde_json::{Map, Value, json};

use super::unverified::{Members, Unverified};
use crate::exit::Exit;
use crate::hints::Hint;
use crate::terminal::{Ink, Paint};
use crate::text::ascii_json;

/// All that is told about a token.
pub(super) struct Report<'r> {
    pub(super) answer: &'r Explanation,
    pub(super) token: &'r Unverified,
    pub(super) hint: Option<Hint>,
    pub(super) notes: Vec<&'static str>,
    pub(super) assumed: &'r [&'static str],
    pub(super) now: UnixTime,
}

impl Report<'_> {
    pub(super) fn exit(&self) -> Exit {
        match self.answer.decision() {
            Ok(_) => Exit::Good,
            Err(Error::Unavailable(_)) => Exit::Undecided,
            Err(_) => Exit::Bad,
        }
    }

    /// One object: the library's explanation, and beside it `cause`, `hint`, `notes`, `assumed` and `unverified`.
    pub(super) fn json(&self) -> String {
        let mut json = match serde_json::to_value(self.answer) {
            Ok(Value::Object(explanation)) => explanation,
            _ => Map::new(),
        };
        let own = [
            ("cause", json!(self.hint.as_ref().map(|hint| &hint.cause))),
            ("hint", json!(self.hint.as_ref().map(|hint| &hint.advice))),
            ("notes", json!(self.notes)),
            ("assumed", json!(self.assumed)),
            ("unverified", self.token.json()),
        ];
        json.extend(own.map(|(name, value)| (name.to_owned(), value)));
        ascii_json(&format!("{:#}\n", Value::Object(json)))
    }

    /// The verdict first, the cause last, where a terminal ends up.
    pub(super) fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", self.verdict(paint));
        let _ = writeln!(text, "\n{}\n", self.table(paint));
        let _ = writeln!(
            text,
            "{}",
            paint.text(
                Ink::Strong,
                match self.answer.decision() {
                    Ok(_) => "What the token says, as the issuer's key signed it",
                    Err(_) => "What the token says of itself, UNVERIFIED: anybody can write this",
                }
            )
        );
        self.part(&mut text, "header", self.token.header.as_ref());
        if !self.token.is_encrypted() {
            self.part(&mut text, "claims", self.token.claims.as_ref());
        }
        if !self.notes.is_empty() || self.hint.is_some() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = writeln!(text, "{}   {note}", paint.text(Ink::Warning, "note"));
        }
        if let Some(Hint { cause, advice }) = &self.hint {
            let _ = writeln!(text, "{}  {cause}", paint.text(Ink::Strong, "cause"));
            let _ = writeln!(text, "{}   {advice}", paint.text(Ink::Strong, "hint"));
        }
        if self.answer.decision().is_ok() {
            let _ = writeln!(text, "\n{ACCEPTED}");
        }
        text
    }

    fn verdict(&self, paint: Paint) -> String {
        match self.answer.decision() {
            Ok(_) if self.assumed.is_empty() => paint.text(Ink::Good, "accepted"),
            Ok(_) => {
                paint.text(Ink::Good, format_args!("accepted, with its own {}", self.assumed.join(" and ")))
            }
            Err(error @ Error::Unavailable(_)) => {
                let label = paint.text(Ink::Warning, format_args!("undecided: {}", error.code()));
                format!("{label} ({}), {error}", error.http_status())
            }
            Err(error) => {
                let label = paint.text(Ink::Bad, format_args!("refused: {}", error.code()));
                format!("{label} ({}), {error}", error.http_status())
            }
        }
    }

    /// The library's table of the checks, without its own verdict.
    fn table(&self, paint: Paint) -> String {
        let shown = self.answer.to_string();
        let (_, table) = shown.split_once("\n\n").unwrap_or(("", &shown));
        let row = |row: &str| match row.split_at_checked(4) {
            Some(("pass", rest)) => format!("{}{rest}", paint.text(Ink::Good, "pass")),
            Some(("FAIL", rest)) => {
                format!("{}{}", paint.text(Ink::Bad, "FAIL"), paint.text(Ink::Strong, rest))
            }
            _ => paint.text(Ink::Faint, row),
        };
        table.trim_end().lines().map(row).collect::<Vec<_>>().join("\n")
    }

    fn part(&self, text: &mut String, name: &str, members: Option<&Members>) {
        let Some(members) = members else {
            let _ = writeln!(text, "  {name}  not readable as a JSON object");
            return;
        };
        let lines = members.lines(self.now);
        let width =
            lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().min(MAX_WIDTH);
        let _ = writeln!(text, "  {name}");
        for (name, value) in lines {
            let _ = writeln!(text, "    {name:width$}  {value}");
        }
    }
}

/// Where to look next: nobody asks about a token that works.
const ACCEPTED: &str = "If a service refuses it all the same, it trusts something else or is sent something else: give its settings\n(--settings), or its answer's WWW-Authenticate in place of the token.";
const MAX_WIDTH: usize = 24;
