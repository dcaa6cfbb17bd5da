//! Environment variables into a tree.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsString;

use super::{Node, Value};
use crate::settings::MAX_BYTES;
use crate::settings::error::SettingsError;

/// `PREFIX_ISSUERS__0__IDENTIFIER` is `issuers[0].identifier`. Names with another start are not looked at.
///
/// # Errors
/// [`SettingsError::Field`] for names that contradict each other or are nested too deep, [`SettingsError::TooLarge`] for
/// more than [`MAX_BYTES`] in all.
pub(in crate::settings) fn parse(
    prefix: &str,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Node, SettingsError> {
    if prefix.is_empty() {
        let reason = "the prefix of the variables is empty, and not every variable is a setting".to_owned();
        return Err(SettingsError::Field { path: String::new(), line: None, reason });
    }
    let mut root = BTreeMap::new();
    let mut left = MAX_BYTES;
    for (name, value) in variables {
        let name = name.to_string_lossy();
        let Some(path) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')) else { continue };
        let value =
            value.into_string().map_err(|_| refused(path, "the value of the variable is not Unicode"))?;
        let size = path.len().saturating_add(value.len());
        left = left.checked_sub(size).ok_or(SettingsError::TooLarge { limit: MAX_BYTES })?;
        plant(&mut root, &path.to_ascii_lowercase(), value)?;
    }
    Ok(Value::Branch(root).without_line())
}

fn plant(root: &mut BTreeMap<String, Node>, path: &str, word: String) -> Result<(), SettingsError> {
    let parts: Vec<_> = path.split("__").collect();
    let Some((leaf, branches)) = parts.split_last() else { return Ok(()) };
    if branches.len() > MAX_DEPTH {
        return Err(refused(path, "the name of the variable is nested too deep"));
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Err(refused(path, "the name of the variable has an empty part"));
    }
    let mut members = root;
    for branch in branches {
        let node = members
            .entry((*branch).to_owned())
            .or_insert_with(|| Value::Branch(BTreeMap::new()).without_line());
        members = match &mut node.value {
            Value::Branch(members) => members,
            _ => return Err(refused(path, "another variable gives a part of this name a value")),
        };
    }
    match members.entry((*leaf).to_owned()) {
        Entry::Vacant(place) => {
            place.insert(Value::Word(word).without_line());
            Ok(())
        }
        Entry::Occupied(_) => {
            Err(refused(path, "two variables have this name, or one the start of the other's"))
        }
    }
}

fn refused(path: &str, reason: &str) -> SettingsError {
    let path = path.to_ascii_lowercase().replace("__", ".");
    let path = path.chars().filter(char::is_ascii_graphic).take(MAX_SHOWN).collect();
    SettingsError::Field { path, line: None, reason: reason.to_owned() }
}

/// No setting stands deeper, but for requirements of a nesting that nobody should write as variables.
const MAX_DEPTH: usize = 16;
const MAX_SHOWN: usize = 200;
