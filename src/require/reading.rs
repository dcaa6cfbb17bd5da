//! Claims where they stand in the payload: found by their path and compared, without a tree.
//!
//! The payload was read strictly when the token was verified, so that it is JSON and no object in it has a member twice.

use std::sync::Arc;

use super::claim::ClaimValue;
use crate::jose::{Cursor, Malformed};

/// A place in the payload at which a value begins.
pub(super) struct Place<'j>(Cursor<'j>);

impl<'j> Place<'j> {
    pub(super) const fn payload(text: &'j str) -> Self {
        Self(Cursor::new(text))
    }

    /// The value at the end of a path of members; `None` where an object or a member is missing on the way.
    pub(super) fn at(self, path: &[Arc<str>]) -> Option<Self> {
        path.iter().try_fold(self, |place, name| place.member(name))
    }

    /// The member of this name, if an object begins here that has it.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        let end = self.cursor().object(|cursor, member| {
            cursor.colon()?;
            if member.text == name {
                return Err(End::Found(cursor.clone()));
            }
            Ok(cursor.pass()?)
        });
        match end {
            Err(End::Found(cursor)) => Some(Self(cursor)),
            _ => None,
        }
    }

    /// Whether this value stands here.
    pub(super) fn is(&self, value: &ClaimValue) -> bool {
        match value {
            ClaimValue::Text(text) => self.is_text(text),
            ClaimValue::Integer(integer) => {
                self.cursor().number().is_ok_and(|number| number.text.parse() == Ok(*integer))
            }
            ClaimValue::Boolean(boolean) => self.cursor().boolean() == Ok(*boolean),
        }
    }

    pub(super) fn is_text(&self, text: &str) -> bool {
        self.cursor().string().is_ok_and(|literal| literal.text == text)
    }

    /// Whether this is the name, or the object of a name: `"admin"` or `{"value": "admin"}`.
    pub(super) fn names(&self, name: &str) -> bool {
        self.is_text(name) || self.member("value").is_some_and(|value| value.is_text(name))
    }

    /// Whether an array begins here of which one element, or else whether the value, is as `wanted` has it.
    pub(super) fn is_or_lists(&self, wanted: impl Fn(&Self) -> bool) -> bool {
        if self.cursor().is_array() { self.lists(wanted) } else { wanted(self) }
    }

    /// Whether an array begins here of which one element is as `wanted` has it.
    pub(super) fn lists(&self, wanted: impl Fn(&Self) -> bool) -> bool {
        let end = self.cursor().array(|cursor| {
            let place = Self(cursor.clone());
            if wanted(&place) {
                return Err(End::Found(place.0));
            }
            Ok(cursor.pass()?)
        });
        matches!(end, Err(End::Found(_)))
    }

    fn cursor(&self) -> Cursor<'j> {
        self.0.clone()
    }
}

/// Why a list was not read to its end.
enum End<'j> {
    Found(Cursor<'j>),
    Malformed,
}

impl From<Malformed> for End<'_> {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}
