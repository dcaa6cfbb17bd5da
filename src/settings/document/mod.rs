//! What an operator wrote, as a tree: one reader for all forms, whose refusals say where and quote nothing.

mod environment;
mod json;
mod reader;
mod toml;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_path_to_error::{Deserializer, Path, Segment, Track};

pub(super) use environment::parse as environment;
pub(super) use json::parse as json;
pub(super) use toml::parse as toml;

use super::error::SettingsError;

/// A value, and the line on which it stands where the parser tells.
#[derive(Debug)]
pub(super) struct Node {
    line: Option<usize>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float,
    /// TOML's own dates.
    Date,
    Text(String),
    /// The value of an environment variable: text, or a number or truth value where one is wanted.
    Word(String),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
    /// What environment variables share the start of their names with: a table, or a list where one is wanted.
    Branch(BTreeMap<String, Node>),
}

impl Value {
    const fn without_line(self) -> Node {
        Node { line: None, value: self }
    }
}

impl Node {
    /// The settings that the tree describes.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let mut track = Track::new();
        T::deserialize(Deserializer::new(self, &mut track)).map_err(|fault| {
            let path = track.path();
            SettingsError::Field { line: self.line_at(&path), path: shown(&path), reason: fault.0 }
        })
    }

    /// The line of what the path leads to, or else of the last thing on the way.
    fn line_at(&self, path: &Path) -> Option<usize> {
        let (mut node, mut line) = (self, self.line);
        for segment in path {
            let next = match (segment, &node.value) {
                (Segment::Seq { index }, Value::List(items)) => items.get(*index),
                (Segment::Map { key }, Value::Table(members)) => members.get(key),
                (Segment::Enum { variant }, Value::Table(members)) => members.get(variant),
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
            line = next.line.or(line);
        }
        line
    }
}

/// `issuers[0].audiences`, without what a terminal or a log would take for something else.
fn shown(path: &Path) -> String {
    let text = path.to_string();
    let text = if text == "." { "" } else { &text };
    let plain = |symbol: char| if symbol.is_ascii_graphic() { symbol } else { '?' };
    text.chars().take(MAX_SHOWN).map(plain).collect()
}

/// Longer than any path that leads somewhere.
const MAX_SHOWN: usize = 200;
