//! Helpers to read JSON in one pass with duplicate members seen, at every depth.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Which registered member was being read when a reader stopped, and why, if it was the reader that stopped.
///
/// `serde` reports faults as text; this keeps them typed, so that an error names the member and never quotes the input.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) member: Option<&'static str>,
    pub(crate) repeated: bool,
}

impl Reading {
    /// Notes that `member` is being read; `seen` says whether it was there before.
    pub(crate) fn enter<E: de::Error>(&mut self, member: &'static str, seen: &mut bool) -> Result<(), E> {
        self.member = Some(member);
        if std::mem::replace(seen, true) {
            self.repeated = true;
            return Err(E::custom("repeated member"));
        }
        Ok(())
    }

    /// Notes that a member without a meaning here is being read.
    pub(crate) fn enter_unknown<'de, E: de::Error>(
        &mut self,
        name: Cow<'de, str>,
        seen: &mut Names<'de>,
    ) -> Result<(), E> {
        self.member = None;
        if !seen.insert(name) {
            self.repeated = true;
            return Err(E::custom("repeated member"));
        }
        Ok(())
    }
}

/// A string, borrowed from the input where it has no escapes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Any value, forgotten unless it is a string; an object in it with a repeated member is an error.
pub(crate) enum StrictValue<'de> {
    Text(Cow<'de, str>),
    Object,
    Null,
    Other,
}

impl<'de> Deserialize<'de> for StrictValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor;
        impl<'de> Visitor<'de> for AnyVisitor {
            type Value = StrictValue<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value without repeated members")
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(StrictValue::Other)
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(StrictValue::Other)
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(StrictValue::Other)
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(StrictValue::Other)
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(StrictValue::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(StrictValue::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(StrictValue::Null)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<StrictValue<'de>>()?.is_some() {}
                Ok(StrictValue::Other)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut seen = Names::default();
                while let Some(Text(name)) = members.next_key()? {
                    if !seen.insert(name) {
                        return Err(de::Error::custom("repeated member"));
                    }
                    members.next_value::<StrictValue<'de>>()?;
                }
                Ok(StrictValue::Object)
            }
        }
        deserializer.deserialize_any(AnyVisitor)
    }
}

/// The member names seen so far in one object: a few without an allocation, many without quadratic work.
#[derive(Default)]
pub(crate) struct Names<'de> {
    few: [Option<&'de str>; FEW],
    /// The others, and those that the input holds only in escaped form.
    many: Option<HashSet<Cow<'de, str>>>,
}

impl<'de> Names<'de> {
    /// `false` when `name` was there already.
    pub(crate) fn insert(&mut self, name: Cow<'de, str>) -> bool {
        let mut free = None;
        for place in &mut self.few {
            match place {
                Some(seen) if **seen == *name => return false,
                Some(_) => {}
                None => {
                    free = Some(place);
                    break;
                }
            }
        }
        match (free, name, &mut self.many) {
            (Some(place), Cow::Borrowed(name), None) => {
                *place = Some(name);
                true
            }
            (_, name, many) => many.get_or_insert_default().insert(name),
        }
    }
}

/// More claims than this without a registered meaning are rare in access tokens.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_members_are_seen_at_every_depth() {
        let many = |last: &str| {
            let members: Vec<_> = (0..40).map(|n| format!("\"m{n}\":{n}")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        for (name, text, want) in [
            ("none", r#"{"a":1,"b":[{"a":1},{"a":2}]}"#.to_owned(), true),
            ("at the top", r#"{"a":1,"a":1}"#.to_owned(), false),
            ("in an array of objects", r#"{"a":[{"b":1,"b":2}]}"#.to_owned(), false),
            ("spelt with an escape", r#"{"a":{"x":1,"\u0078":2}}"#.to_owned(), false),
            ("names that differ in case", r#"{"a":1,"A":1}"#.to_owned(), true),
            ("many, all different", many("other"), true),
            ("many, the first again", many("m0"), false),
            ("many, a late one again", many("m39"), false),
        ] {
            assert_eq!(serde_json::from_str::<StrictValue<'_>>(&text).is_ok(), want, "{name}");
        }
    }
}
