//! Strings of the payload as ranges of one buffer, so that a token's claims cost one allocation.

use std::borrow::Cow;
use std::fmt::Write;
use std::num::NonZeroU32;

use crate::jose::{Literal, Malformed};

/// A string: a range of the buffer that owns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    start: u32,
    /// Never zero: a payload begins with a bracket, and no string stands before that.
    end: NonZeroU32,
}

/// No string, one, or several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Spans {
    #[default]
    Absent,
    One(Span),
    /// A JSON array of strings without escapes: what stands between its quotation marks is what they are.
    Listed(Span),
    /// Strings one after the other, each behind its length in bytes and a colon.
    Counted(Span),
}

/// The strings of [`Spans`].
#[derive(Debug)]
pub(crate) struct Texts<'b> {
    spans: Spans,
    rest: &'b str,
}

impl Span {
    /// Where `text` will stand once it is appended to `buffer`.
    pub(crate) fn behind(buffer: &str, text: &str) -> Option<Self> {
        Self::between(buffer.len(), buffer.len().checked_add(text.len())?)
    }

    fn between(start: usize, end: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()?.try_into().ok()? })
    }

    /// The string's text in `buffer`. Spans are made only for the buffer that they are kept with.
    pub(crate) fn of(self, buffer: &str) -> &str {
        let end = usize::try_from(self.end.get()).unwrap_or(0);
        buffer.get(usize::try_from(self.start).unwrap_or(usize::MAX)..end).unwrap_or_default()
    }
}

impl Spans {
    pub(crate) const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The strings in `buffer`.
    pub(crate) fn of(self, buffer: &str) -> Texts<'_> {
        let rest = match self {
            Self::Absent => "",
            Self::One(span) | Self::Listed(span) | Self::Counted(span) => span.of(buffer),
        };
        Texts { spans: self, rest }
    }
}

impl<'b> Iterator for Texts<'b> {
    type Item = &'b str;

    fn next(&mut self) -> Option<&'b str> {
        let (item, rest) = match self.spans {
            Spans::Absent => return None,
            Spans::One(_) => {
                self.spans = Spans::Absent;
                (self.rest, "")
            }
            Spans::Listed(_) => self.rest.split_once('"')?.1.split_once('"')?,
            Spans::Counted(_) => {
                let (length, rest) = self.rest.split_once(':')?;
                rest.split_at_checked(length.parse().ok()?)?
            }
        };
        self.rest = rest;
        Some(item)
    }
}

/// Turns strings of a payload into spans of it and of what is appended to it.
#[derive(Debug)]
pub(crate) struct Spanner {
    payload_bytes: usize,
    appended: String,
}

impl Spanner {
    /// What it appends is to stand behind `payload`.
    pub(crate) const fn behind(payload: &str) -> Self {
        Self { payload_bytes: payload.len(), appended: String::new() }
    }

    /// A string of the payload: where it stands, or where its copy without escapes will.
    pub(crate) fn span(&mut self, literal: &Literal<'_>) -> Result<Span, Malformed> {
        let start = match literal.text {
            Cow::Borrowed(_) => literal.at,
            Cow::Owned(_) => self.end(),
        };
        if let Cow::Owned(text) = &literal.text {
            self.appended.push_str(text);
        }
        Self::between(start, start + literal.text.len())
    }

    /// One of several strings in the form of [`Spans::Counted`].
    pub(crate) fn append_counted(&mut self, text: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.appended, "{}:{text}", text.len());
    }

    /// Where the next string is appended.
    pub(crate) fn end(&self) -> usize {
        self.payload_bytes + self.appended.len()
    }

    /// A range of the payload or of what is appended.
    ///
    /// # Errors
    /// [`Malformed`] when it lies beyond what spans can tell, which is 4 GiB.
    pub(crate) fn between(start: usize, end: usize) -> Result<Span, Malformed> {
        Span::between(start, end).ok_or(Malformed)
    }

    /// What must follow the payload in the buffer.
    pub(crate) fn into_appended(self) -> String {
        self.appended
    }
}
