//! The JSON types of claims.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::span::{Spanner, Spans};
use crate::error::Rejection;
use crate::jose::{Cursor, Malformed, Number, Unread};
use crate::time::UnixTime;

impl From<Malformed> for Rejection {
    fn from(Malformed: Malformed) -> Self {
        Self::ClaimsMalformed
    }
}

/// What it means that a claim could not be read.
pub(super) fn typed(claim: &'static str) -> impl Fn(Unread) -> Rejection {
    move |unread| match unread {
        Unread::Malformed => Rejection::ClaimsMalformed,
        Unread::OtherType => Rejection::ClaimType { claim },
    }
}

/// One string, or several in an array.
pub(super) fn strings(cursor: &mut Cursor<'_>, spanner: &mut Spanner) -> Result<Spans, Unread> {
    if !cursor.is_array() {
        return Ok(Spans::One(spanner.span(&cursor.string()?)?));
    }
    let mut start = cursor.clone();
    let mut escaped = false;
    cursor.array(|cursor| {
        escaped |= matches!(cursor.string()?.text, Cow::Owned(_));
        Ok::<_, Unread>(())
    })?;
    if !escaped {
        return Ok(Spans::Listed(Spanner::between(start.place(), cursor.place())?));
    }
    let begin = spanner.end();
    start.array(|cursor| {
        spanner.append_counted(&cursor.string()?.text);
        Ok::<_, Unread>(())
    })?;
    Ok(Spans::Counted(Spanner::between(begin, spanner.end())?))
}

/// A NumericDate: an integer or a number with a fraction, before or after the epoch.
pub(super) fn date(number: Number<'_>) -> Result<UnixTime, Malformed> {
    match number.integer {
        Some(seconds) => Ok(UnixTime::from_seconds(seconds)),
        None => serde_json::from_str(number.text).map(|NumericDate(date)| date).map_err(|_| Malformed),
    }
}

/// A NumericDate of any form.
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
