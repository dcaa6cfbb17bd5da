//! Past a value of a text that was read before.

use super::{Cursor, Malformed, Unread};

impl Cursor<'_> {
    /// Goes past a value whose text was read before, and is known to be JSON: looks for its end alone, and keeps nothing.
    pub(crate) fn pass(&mut self) -> Result<(), Malformed> {
        let mut depth = 0_usize;
        loop {
            match self.peek().ok_or(Malformed)? {
                b'"' => self.pass_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or(Malformed)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                _ => self.pass_word()?,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    pub(crate) fn boolean(&mut self) -> Result<bool, Unread> {
        let value = match self.peek() {
            Some(b't') => true,
            Some(b'f') => false,
            _ => return Err(self.other_type()),
        };
        self.word(if value { "true" } else { "false" })?;
        Ok(value)
    }

    fn pass_string(&mut self) -> Result<(), Malformed> {
        if self.plain_string().is_some() {
            return Ok(());
        }
        self.leave_string()
    }

    /// A number, `true`, `false` or `null`.
    fn pass_word(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        let inside = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.');
        self.at += self.bytes().iter().take_while(inside).count();
        if self.at == start { Err(Malformed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn passed(text: &str) -> Option<usize> {
        let mut cursor = Cursor::new(text);
        cursor.pass().ok().map(|()| cursor.place())
    }

    #[test]
    fn a_value_is_passed_to_its_end_and_no_further() {
        for value in [
            "1",
            "-1.5e+7",
            "true",
            "null",
            r#""a""#,
            r#""a\"b\\""#,
            r#""\u0022]}""#,
            "{}",
            "[]",
            r#"{"a":[1,{"b":"]"}],"c":"}"}"#,
            "[ [ ] , { } ]",
        ] {
            assert_eq!(passed(value), Some(value.len()), "{value}");
            assert_eq!(passed(&format!(" {value},1")), Some(value.len() + 1), "{value}");
            assert_eq!(passed(&format!("{value}]}}")), Some(value.len()), "{value}");
        }
        for none in ["", " ", ",", ":", "}", "]", "\"a", "[1", "{", "\"\\", "?"] {
            assert_eq!(passed(none), None, "{none}");
        }
    }

    #[test]
    fn a_boolean_is_one_of_two_words() {
        let boolean = |text| Cursor::new(text).boolean();
        assert_eq!((boolean("true"), boolean(" false,")), (Ok(true), Ok(false)));
        for other in ["\"true\"", "1", "null", "[true]", "{}"] {
            assert_eq!(boolean(other), Err(Unread::OtherType), "{other}");
        }
        for none in ["tru", "", "t"] {
            assert_eq!(boolean(none), Err(Unread::Malformed), "{none}");
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(crate::testing::cases(256))]

        #[test]
        fn whatever_is_read_is_passed_alike(value in values(), pretty in any::<bool>()) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let text = format!("{text},0");
            let mut read = Cursor::new(&text);
            prop_assert!(read.value().is_ok());
            prop_assert_eq!(passed(&text), Some(read.place()));
        }
    }
}
