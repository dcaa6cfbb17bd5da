//! Values as people write them.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use crate::http::TokenSource;
use crate::keys::remote::address;
use crate::time::UnixTime;
use crate::{Algorithm, Scope};

/// A length of time, such as `90s`, `5 min` or `1h 30m`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Span(pub(super) Duration);

impl Span {
    /// Numbers, each with a unit. Months and years have no one length, and `M` is one letter away from minutes.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(|symbol: char| symbol == ' ' || symbol.is_ascii_digit());
        let known = words.all(|word| word.is_empty() || UNITS.contains(&word));
        let ends_in_unit = text.ends_with(|symbol: char| symbol.is_ascii_lowercase());
        (known && ends_in_unit).then(|| humantime::parse_duration(text).ok().map(Self)).flatten()
    }
}

/// The units of a [`Span`].
pub(super) const UNITS: [&str; 20] = [
    "ms", "millis", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h",
    "hr", "hrs", "hour", "hours", "d", "day", "days",
];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0.as_secs(), self.0.subsec_millis());
        let parts = [
            (seconds / 86_400, if seconds / 86_400 == 1 { "day" } else { "days" }),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
            (u64::from(millis), "ms"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
        f.write_str(if parts.is_empty() { "0 s" } else { "" })?;
        f.write_str(&parts.join(" "))
    }
}

/// A number of bytes: `16384`, `"16 KiB"`, `"1 MB"`. The one setting of this kind is not worth a dependency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Size(pub(super) usize);

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end)?;
        let (_, factor) = SIZE_UNITS.into_iter().find(|(name, _)| *name == unit.trim_start())?;
        number.parse::<usize>().ok()?.checked_mul(factor).map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, factor): &(&str, usize)| self.0 > 0 && self.0.is_multiple_of(*factor);
        let (unit, factor) = [("MiB", 1 << 20), ("KiB", 1 << 10)].into_iter().find(fits).unwrap_or(("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
    }
}

const SIZE_UNITS: [(&str, usize); 6] =
    [("", 1), ("B", 1), ("KB", 1_000), ("KiB", 1 << 10), ("MB", 1_000_000), ("MiB", 1 << 20)];

/// A number of things.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Count(pub(super) usize);

/// A point in time, as RFC 3339 writes it in UTC.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Moment(pub(super) UnixTime);

impl Moment {
    fn parse(text: &str) -> Option<Self> {
        let since = humantime::parse_rfc3339(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok().map(|seconds| Self(UnixTime::from_seconds(seconds)))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.saturating_since(UnixTime::from_seconds(0));
        let moment = SystemTime::UNIX_EPOCH.checked_add(since).ok_or(fmt::Error)?;
        write!(f, "{}", humantime::format_rfc3339_seconds(moment))
    }
}

/// An algorithm, by its name in the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct AlgorithmName(pub(super) Algorithm);

/// A scope, by its name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct ScopeName(pub(super) Scope);

/// What a scheme, a cookie or a parameter may be called: a `token` of RFC 9110.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(super) struct TokenName(pub(super) String);

/// A challenge, as the value of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ChallengeText(pub(super) HeaderValue);

impl ChallengeText {
    fn parse(text: &str) -> Option<Self> {
        // As opaque bytes a header takes more.
        let sendable = text.is_ascii() && !text.trim().is_empty();
        sendable.then(|| HeaderValue::from_str(text).ok().map(Self)).flatten()
    }
}

impl fmt::Display for ChallengeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Made of text, and so text again.
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// An address. `Debug` leaves out what may be a secret in it.
#[derive(Clone, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "address", description = "An address or an identifier."))]
#[serde(transparent)]
pub(super) struct Address(pub(super) String);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&address::shown(&self.0), f)
    }
}

/// Public keys as text. `Debug` shows none of it, as a private key may stand there by mistake until it is refused.
#[derive(Clone, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "text", inline))]
#[serde(transparent)]
pub(super) struct KeyText(pub(super) String);

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({} bytes)", self.0.len())
    }
}

/// Reads text of a form, and no other text; a number where the form has one.
struct Form<T> {
    expected: &'static str,
    text: fn(&str) -> Option<T>,
    number: fn(usize) -> Option<T>,
}

impl<T> Visitor<'_> for Form<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        // By kind alone: other deserializers quote what they are given.
        (self.text)(text).ok_or_else(|| E::invalid_value(Unexpected::Other("text"), &self))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        let read = usize::try_from(number).ok().and_then(self.number);
        read.ok_or_else(|| E::invalid_type(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_type(Unexpected::Signed(number), &self)),
        }
    }
}

macro_rules! read_as {
    ($($name:ident by $method:ident: $expected:literal, $text:expr, $number:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.$method(Form { expected: $expected, text: $text, number: $number })
            }
        }
    )*};
}

read_as! {
    Span by deserialize_any: "a duration with its units, such as \"90s\", \"5 min\" or \"1h 30m\"", Self::parse, |_| None;
    Size by deserialize_any: "a size such as \"16 KiB\", or a number of bytes", Self::parse, |bytes| Some(Self(bytes));
    Count by deserialize_u64: "a whole number", |_| None, |count| Some(Self(count));
    Moment by deserialize_str: "a time in UTC such as \"2026-12-31T00:00:00Z\"", Self::parse, |_| None;
    AlgorithmName by deserialize_str: "the name of an algorithm, such as \"RS256\"",
        |name| Algorithm::from_name(name).map(Self), |_| None;
    ScopeName by deserialize_str: "the name of a scope, without spaces", |name| Scope::new(name).ok().map(Self), |_| None;
    TokenName by deserialize_str: "a name that a header can carry, without spaces",
        |name| TokenSource::cookie(name).ok().map(|_| Self(name.to_owned())), |_| None;
    ChallengeText by deserialize_str: "a challenge such as \"Negotiate\", in ASCII", Self::parse, |_| None;
    Address by deserialize_str: "text", |text| Some(Self(text.to_owned())), |_| None;
    KeyText by deserialize_str: "text", |text| Some(Self(text.to_owned())), |_| None;
}

macro_rules! written_as_text {
    ($($name:ident)*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

written_as_text! { Span Size Moment ChallengeText }

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl Serialize for AlgorithmName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl Serialize for ScopeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}
