//! Strings of the payload as ranges of one buffer, so that a token's claims cost one allocation.

/// A string: a range of the buffer that owns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

/// No string, one, or several.
#[derive(Debug, Default)]
pub(crate) enum Spans {
    #[default]
    Absent,
    One(Span),
    Many(Vec<Span>),
}

impl Spans {
    pub(crate) fn as_slice(&self) -> &[Span] {
        match self {
            Self::Absent => &[],
            Self::One(span) => std::slice::from_ref(span),
            Self::Many(spans) => spans,
        }
    }

    /// What it takes on the heap.
    pub(crate) const fn heap_bytes(&self) -> usize {
        match self {
            Self::Absent | Self::One(_) => 0,
            Self::Many(spans) => spans.capacity() * size_of::<Span>(),
        }
    }

    pub(crate) const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }
}

impl Span {
    /// Where `text` will stand once it is appended to `buffer`.
    pub(crate) fn behind(buffer: &str, text: &str) -> Option<Self> {
        Self::new(buffer.len(), text.len())
    }

    fn new(start: usize, len: usize) -> Option<Self> {
        Some(Self { start: u32::try_from(start).ok()?, end: u32::try_from(start.checked_add(len)?).ok()? })
    }

    /// The string's text in `buffer`. Spans are made only for the buffer that they are kept with.
    pub(crate) fn of(self, buffer: &str) -> &str {
        let range = usize::try_from(self.start).unwrap_or(usize::MAX)..usize::try_from(self.end).unwrap_or(0);
        buffer.get(range).unwrap_or_default()
    }
}

/// Turns strings met while reading `input` into spans of `input` and what is appended to it.
#[derive(Debug)]
pub(crate) struct Spanner<'i> {
    input: &'i str,
    appended: String,
}

impl<'i> Spanner<'i> {
    pub(crate) const fn new(input: &'i str) -> Self {
        Self { input, appended: String::new() }
    }

    /// A part of the input, as the reader borrowed it; anything else is appended.
    pub(crate) fn span(&mut self, text: &str) -> Option<Span> {
        let start = text.as_ptr().addr().checked_sub(self.input.as_ptr().addr());
        match start
            .filter(|start| self.input.len().checked_sub(*start).is_some_and(|rest| text.len() <= rest))
        {
            Some(start) => Span::new(start, text.len()),
            None => self.append(text),
        }
    }

    /// A string of which the input has no literal copy.
    pub(crate) fn append(&mut self, text: &str) -> Option<Span> {
        let start = self.input.len() + self.appended.len();
        self.appended.push_str(text);
        Span::new(start, text.len())
    }

    /// What must follow the input in the buffer.
    pub(crate) fn into_appended(self) -> String {
        self.appended
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a part of a literal")]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_input_are_shared_and_others_appended() {
        let input = String::from("abcdef");
        let mut spanner = Spanner::new(&input);
        let (inside, outside, empty) =
            (spanner.span(&input[2..4]).unwrap(), spanner.span("cd").unwrap(), spanner.span("").unwrap());
        let buffer = format!("{input}{}", spanner.into_appended());
        assert_eq!((inside.of(&buffer), outside.of(&buffer), empty.of(&buffer)), ("cd", "cd", ""));
        assert_eq!(buffer, "abcdefcd");
        assert_ne!(inside, outside);
    }

    #[test]
    fn a_span_of_another_buffer_reads_as_nothing() {
        assert_eq!(Span { start: 5, end: 9 }.of("abc"), "");
        assert_eq!(Span { start: 2, end: 1 }.of("abc"), "");
    }
}
