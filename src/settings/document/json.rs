//! JSON into a tree; an object with a repeated member is refused at every depth.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::{Node, Value};
use crate::settings::error::SettingsError;

/// # Errors
/// [`SettingsError::Syntax`], with the place.
pub(in crate::settings) fn parse(text: &str) -> Result<Node, SettingsError> {
    serde_json::from_str(text).map_err(|error| {
        let shown = error.to_string();
        let reason = match error.classify() {
            // The only thing that the visitor below refuses.
            Category::Data => "a member stands twice",
            Category::Eof => "it ends in the middle",
            // Words of the parser's own, none of the text's.
            Category::Syntax | Category::Io => shown.split(" at line").next().unwrap_or_default(),
        };
        SettingsError::Syntax {
            format: "JSON",
            line: error.line(),
            column: error.column(),
            reason: reason.to_owned(),
        }
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without repeated members")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Value::Bool(value).without_line())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Value::Unsigned(value).without_line())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Value::Signed(value).without_line())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Value::Float.without_line())
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Value::Text(text.to_owned()).without_line())
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Value::Null.without_line())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items).without_line())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, node)) = access.next_entry::<String, Node>()? {
            if members.insert(name, node).is_some() {
                return Err(de::Error::custom("repeated member"));
            }
        }
        Ok(number(&members).unwrap_or(Value::Table(members)).without_line())
    }
}

/// A number, as serde_json hands it over where another crate of the service has turned on `arbitrary_precision`.
fn number(members: &BTreeMap<String, Node>) -> Option<Value> {
    let (1, Value::Text(text)) = (members.len(), &members.get(NUMBER)?.value) else { return None };
    let signed = || text.parse().ok().map(Value::Signed);
    Some(text.parse().ok().map(Value::Unsigned).or_else(signed).unwrap_or(Value::Float))
}

/// A name of serde_json's own. Whoever writes it down means a number too.
const NUMBER: &str = "$serde_json::private::Number";
