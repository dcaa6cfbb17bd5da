//! Claim names from settings, which refusals carry for as long as the process lives.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The same name for as long as the process lives, and the same one however often settings are read again.
///
/// `None` for one name too many: settings are written by an operator, and no service asks for so many claims.
pub(super) fn kept(name: &str) -> Option<&'static str> {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(kept) = names.get(name) {
        return Some(kept);
    }
    if names.len() >= MAX_NAMES || name.len() > MAX_NAME_BYTES {
        return None;
    }
    let kept: &'static str = String::leak(name.to_owned());
    names.insert(kept);
    Some(kept)
}

static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
const MAX_NAMES: usize = 1_024;
pub(super) const MAX_NAME_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let (first, again) = (kept("tenant").unwrap(), kept(&String::from("tenant")).unwrap());
        assert!(std::ptr::eq(first, again));
        assert!(kept(&"a".repeat(MAX_NAME_BYTES)).is_some());
        assert!(kept(&"a".repeat(MAX_NAME_BYTES + 1)).is_none());
    }
}
