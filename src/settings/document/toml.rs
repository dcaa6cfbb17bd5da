//! TOML into a tree, with the line of each value. The parser refuses repeated keys and nesting beyond 80 levels.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeInteger, DeString, DeTable, DeValue};

use super::{Node, Value};
use crate::settings::error::SettingsError;

/// # Errors
/// [`SettingsError::Syntax`], with the place.
pub(in crate::settings) fn parse(text: &str) -> Result<Node, SettingsError> {
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(Node { line: None, value: members(table.into_inner(), &lines) }),
        Err(error) => {
            let (line, column) = lines.place(error.span().map_or(text.len(), |span| span.start));
            // `Display` would quote the line; the message has words of the parser's own.
            Err(SettingsError::Syntax { format: "TOML", line, column, reason: error.message().to_owned() })
        }
    }
}

fn members(table: DeTable<'_>, lines: &Lines) -> Value {
    let node = |(name, value): (Spanned<DeString<'_>>, Spanned<_>)| {
        let line = lines.place(name.span().start).0;
        (name.into_inner().into_owned(), node(value, lines, line))
    };
    Value::Table(table.into_iter().map(node).collect())
}

/// The line of a member is that of its name, as a list may start on the next.
fn node(value: Spanned<DeValue<'_>>, lines: &Lines, line: usize) -> Node {
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => integer(&number),
        DeValue::Float(_) => Value::Float,
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(items) => {
            let item = |item: Spanned<_>| {
                let Range { start, .. } = item.span();
                node(item, lines, lines.place(start).0)
            };
            Value::List(items.into_iter().map(item).collect())
        }
        DeValue::Table(table) => members(table, lines),
    };
    Node { line: Some(line), value }
}

fn integer(number: &DeInteger<'_>) -> Value {
    let (text, radix) = (number.as_str(), number.radix());
    match (u64::from_str_radix(text, radix), i64::from_str_radix(text, radix)) {
        (Ok(number), _) => Value::Unsigned(number),
        (_, Ok(number)) => Value::Signed(number),
        // Beyond what any setting takes.
        _ => Value::Float,
    }
}

/// Where lines start.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let after = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place + 1);
        Self(std::iter::once(0).chain(after).collect())
    }

    /// Line and column, both from 1, the column in bytes.
    fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.0.partition_point(|start| *start <= offset);
        let start = self.0.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (line, offset.saturating_sub(start) + 1)
    }
}
