//! The answer, for people and for programs.

use std::fmt::Write as _;

use portcullis::{Error, UnixTime};
use serde_json::{Value, json};

use super::answer::Answer;
use super::unverified::{Members, Unverified};
use crate::exit::Exit;
use crate::hints::Hint;
use crate::terminal::{Ink, Paint};
use crate::text::ascii_json;

/// All that is told about a token.
pub(super) struct Report<'r> {
    pub(super) answer: &'r Answer,
    pub(super) token: &'r Unverified,
    pub(super) hint: Option<Hint>,
    pub(super) notes: Vec<&'static str>,
    pub(super) assumed: &'r [&'static str],
    pub(super) now: UnixTime,
}

impl Report<'_> {
    pub(super) fn exit(&self) -> Exit {
        match &self.answer.decision {
            Ok(()) => Exit::Good,
            Err(Error::Unavailable(_)) => Exit::Undecided,
            Err(_) => Exit::Bad,
        }
    }

    /// One object: the library's explanation, and beside it `cause`, `hint`, `notes`, `assumed` and `unverified`.
    pub(super) fn json(&self) -> String {
        let mut json = self.answer.json.clone();
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
        if !self.answer.table.is_empty() {
            let _ = writeln!(text, "\n{}", self.answer.table.trim_end());
        }
        let _ = writeln!(
            text,
            "\n{}",
            paint.text(Ink::Strong, "What the token says of itself, UNVERIFIED: anybody can write this")
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
        text
    }

    fn verdict(&self, paint: Paint) -> String {
        match &self.answer.decision {
            Ok(()) if self.assumed.is_empty() => paint.text(Ink::Good, "accepted"),
            Ok(()) => {
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

const MAX_WIDTH: usize = 24;
