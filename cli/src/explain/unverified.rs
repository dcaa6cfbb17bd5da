//! What a token says of itself. None of it is believed, and none of it is decided by.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use portcullis::UnixTime;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::text::{date, distance, escaped, looks_like_token};

/// The readable parts of a token, as far as they can be read.
#[derive(Debug, Default)]
pub(crate) struct Unverified {
    pub(crate) segments: usize,
    pub(crate) bytes: usize,
    /// Absent where the first segment is no JSON object.
    pub(crate) header: Option<Members>,
    /// Absent where the second segment is no JSON object.
    pub(crate) claims: Option<Members>,
}

/// The members of an object in their order, also those that stand twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members(Vec<(String, Value)>);

impl Unverified {
    /// Reads more than the library accepts, to show what is wrong with it.
    pub(crate) fn read(token: &str) -> Self {
        let mut segments = token.split('.');
        let header = segments.next().and_then(Members::read);
        // Of five segments the second is an encrypted key.
        let claims = segments.next().filter(|_| token.matches('.').count() < 4).and_then(Members::read);
        Self { segments: token.split('.').count(), bytes: token.len(), header, claims }
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&str> {
        self.header.as_ref()?.get(name)?.as_str()
    }

    pub(crate) fn claim_text(&self, name: &str) -> Option<&str> {
        self.claims.as_ref()?.get(name)?.as_str()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claim_text("iss")
    }

    /// `aud`, be it one string or several.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.claims.as_ref().and_then(|claims| claims.get("aud")) {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn claim_time(&self, name: &str) -> Option<UnixTime> {
        UnixTime::from_fractional_seconds(self.claims.as_ref()?.get(name)?.as_f64()?)
    }

    /// Whether it is a JWE in its compact form (RFC 7516, section 3.1).
    pub(crate) fn is_encrypted(&self) -> bool {
        self.segments == 5 && self.header.as_ref().is_some_and(|header| header.get("enc").is_some())
    }

    /// Whether there is nothing of a JWT about it.
    pub(crate) fn is_opaque(&self) -> bool {
        self.header.is_none() && self.claims.is_none()
    }

    /// As JSON: `null` for a part that cannot be read.
    pub(crate) fn json(&self) -> Value {
        let part = |members: &Option<Members>| members.as_ref().map_or(Value::Null, Members::json);
        let mut json = Map::new();
        json.insert("header".to_owned(), part(&self.header));
        json.insert("claims".to_owned(), part(&self.claims));
        Value::Object(json)
    }
}

impl Members {
    fn read(segment: &str) -> Option<Self> {
        let tolerant = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let url = GeneralPurpose::new(&URL_SAFE, tolerant).decode(segment);
        let json = url.or_else(|_| GeneralPurpose::new(&STANDARD, tolerant).decode(segment)).ok()?;
        serde_json::from_slice(&json).ok()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The first name that stands twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let twice = |(place, (name, _)): &(usize, &(String, Value))| {
            self.0.iter().take(*place).any(|(before, _)| before == name)
        };
        self.0.iter().enumerate().find(twice).map(|(_, (name, _))| name.as_str())
    }

    /// One line for each, times as dates; nothing that could be a signature.
    pub(crate) fn lines(&self, now: UnixTime) -> Vec<(String, String)> {
        self.0.iter().map(|(name, value)| (escaped(name, MAX_NAME), shown(name, value, now))).collect()
    }

    fn json(&self) -> Value {
        let members = self.0.iter().map(|(name, value)| (name.clone(), without_tokens(value)));
        Value::Object(members.collect())
    }
}

fn shown(name: &str, value: &Value, now: UnixTime) -> String {
    let text = escaped(&without_tokens(value).to_string(), MAX_VALUE);
    let time = TIMES.contains(&name).then(|| UnixTime::from_fractional_seconds(value.as_f64()?)).flatten();
    match time.and_then(|time| Some((time, date(time)?))) {
        Some((time, date)) => format!("{text}  ({date}, {})", distance(time, now)),
        None => text,
    }
}

/// The same value, but for what looks like a token inside of it: that one is a credential too.
fn without_tokens(value: &Value) -> Value {
    match value {
        Value::String(text) if looks_like_token(text) => {
            Value::String(format!("[a token of {} characters]", text.chars().count()))
        }
        Value::Array(items) => Value::Array(items.iter().map(without_tokens).collect()),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), without_tokens(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Members, A::Error> {
                let mut read = Vec::new();
                while let Some(member) = members.next_entry()? {
                    read.push(member);
                }
                Ok(Members(read))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Claims that hold a NumericDate.
const TIMES: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];
const MAX_NAME: usize = 64;
const MAX_VALUE: usize = 256;

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn times_are_dates_and_controls_are_written_out() {
        let token = Unverified::read(&token(
            r#"{"alg":"ES256"}"#,
            "{\"exp\":1767225900,\"a\\u001b\":\"\\u202e\",\"exp\":1}",
        ));
        let lines = token.claims.as_ref().unwrap().lines(UnixTime::from_seconds(1_767_225_600));
        assert_eq!(
            lines[0],
            ("exp".to_owned(), "1767225900  (2026-01-01 00:05:00 UTC, in 5 min)".to_owned())
        );
        assert_eq!(lines[1], ("a\\u{1b}".to_owned(), "\"\\u{202e}\"".to_owned()));
        assert_eq!(token.claims.as_ref().unwrap().repeated(), Some("exp"));
        assert_eq!((token.header_text("alg"), token.segments), (Some("ES256"), 3));
    }

    #[test]
    fn a_token_inside_of_a_token_is_not_shown() {
        let inner = token(r#"{"alg":"ES256"}"#, "{}");
        let token = Unverified::read(&token("{}", &format!(r#"{{"a":["{inner}"]}}"#)));
        let json = token.json().to_string();
        assert!(json.contains("a token of") && !json.contains("c2ln"), "{json}");
    }

    #[test]
    fn encrypted_and_opaque_tokens_are_known() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
        let encrypted = Unverified::read(&format!("{header}..aa.bb.cc"));
        assert!(encrypted.is_encrypted() && encrypted.claims.is_none());
        for opaque in ["garbage", "", "a.b.c", "gho_16C7e42F292c6912E7710c838347Ae178B4a"] {
            assert!(Unverified::read(opaque).is_opaque(), "{opaque}");
        }
    }
}
