//! The JSON types of claims.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::span::{Spanner, Spans};
use crate::jose::Text;
use crate::time::UnixTime;

/// One string, or several in an array.
pub(super) struct Strings<'s, 'p> {
    pub(super) spanner: &'s mut Spanner<'p>,
}

impl<'p> de::DeserializeSeed<'p> for Strings<'_, 'p> {
    type Value = Spans;

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<Spans, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'p> Visitor<'p> for Strings<'_, 'p> {
    type Value = Spans;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Spans, E> {
        self.spanner.span(text).map(Spans::One).ok_or_else(|| E::custom("too long"))
    }

    fn visit_seq<A: SeqAccess<'p>>(self, mut items: A) -> Result<Spans, A::Error> {
        let mut spans = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            spans.push(self.spanner.span(&text).ok_or_else(|| de::Error::custom("too long"))?);
        }
        Ok(Spans::Many(spans))
    }
}

/// A NumericDate: an integer or a number with a fraction, before or after the epoch; never a string.
pub(super) struct NumericDate(pub(super) UnixTime);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateVisitor;
        impl Visitor<'_> for DateVisitor {
            type Value = NumericDate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a NumericDate")
            }
            fn visit_i64<E>(self, seconds: i64) -> Result<NumericDate, E> {
                Ok(NumericDate(UnixTime::from_seconds(seconds)))
            }
            fn visit_u64<E>(self, seconds: u64) -> Result<NumericDate, E> {
                Ok(NumericDate(i64::try_from(seconds).map_or(UnixTime::MAX, UnixTime::from_seconds)))
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                UnixTime::from_fractional_seconds(seconds)
                    .map(NumericDate)
                    .ok_or_else(|| E::custom("not finite"))
            }
        }
        // Not `deserialize_any`: another crate may turn on serde_json's `arbitrary_precision`, which changes only that.
        deserializer.deserialize_f64(DateVisitor)
    }
}
