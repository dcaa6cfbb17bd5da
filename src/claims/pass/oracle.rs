//! Another pass over a payload, which reads it through `serde_json` and shares with ours neither grammar nor spans.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::claims::values::NumericDate;
use crate::error::Rejection;
use crate::jose::{Names, Reading, StrictValue, Text};
use crate::time::UnixTime;

/// Everything that is read of a payload.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Read {
    pub(super) iss: Option<String>,
    pub(super) sub: Option<String>,
    pub(super) jti: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) azp: Option<String>,
    pub(super) acr: Option<String>,
    pub(super) aud: Option<Vec<String>>,
    pub(super) scope: Option<Vec<String>>,
    pub(super) scp: Option<Vec<String>>,
    pub(super) amr: Vec<String>,
    pub(super) exp: Option<UnixTime>,
    pub(super) nbf: Option<UnixTime>,
    pub(super) iat: Option<UnixTime>,
    pub(super) auth_time: Option<UnixTime>,
    pub(super) cnf: bool,
    pub(super) nonce: bool,
    pub(super) id_token: Option<&'static str>,
    pub(super) access_token: Option<&'static str>,
    pub(super) neither: Option<&'static str>,
}

/// Reads a payload.
pub(super) fn read(payload: &[u8]) -> Result<Read, Rejection> {
    let payload = std::str::from_utf8(payload).map_err(|_| Rejection::ClaimsMalformed)?;
    let mut pass = Pass::default();
    let mut input = serde_json::Deserializer::from_str(payload);
    let outcome = input.deserialize_map(ClaimsVisitor(&mut pass)).and_then(|()| input.end());
    match (outcome, pass.reading) {
        (Ok(()), _) => Ok(pass.read),
        (Err(_), Reading { repeated: true, member }) => Err(Rejection::ClaimRepeated { claim: member }),
        (Err(error), Reading { member: Some(claim), .. }) if error.is_data() => {
            Err(Rejection::ClaimType { claim })
        }
        (Err(_), _) => Err(Rejection::ClaimsMalformed),
    }
}

#[derive(Default)]
struct Pass {
    read: Read,
    reading: Reading,
}

struct ClaimsVisitor<'v>(&'v mut Pass);

impl<'p> Visitor<'p> for ClaimsVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut members: A) -> Result<(), A::Error> {
        let Pass { read, reading } = self.0;
        let mut others = Names::default();
        let (mut amr, mut auth_time) = (false, false);
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "iss" => string(reading, &mut members, "iss", &mut read.iss)?,
                "sub" => string(reading, &mut members, "sub", &mut read.sub)?,
                "jti" => string(reading, &mut members, "jti", &mut read.jti)?,
                "client_id" => string(reading, &mut members, "client_id", &mut read.client_id)?,
                "azp" => string(reading, &mut members, "azp", &mut read.azp)?,
                "acr" => string(reading, &mut members, "acr", &mut read.acr)?,
                "aud" => strings(reading, &mut members, "aud", &mut read.aud)?,
                "scope" => strings(reading, &mut members, "scope", &mut read.scope)?,
                "scp" => strings(reading, &mut members, "scp", &mut read.scp)?,
                "exp" => date(reading, &mut members, "exp", &mut read.exp)?,
                "nbf" => date(reading, &mut members, "nbf", &mut read.nbf)?,
                "iat" => date(reading, &mut members, "iat", &mut read.iat)?,
                "auth_time" => {
                    let value = informative(reading, &mut members, "auth_time", &mut auth_time)?;
                    read.auth_time = serde_json::from_str(value).ok().map(|NumericDate(time)| time);
                }
                "amr" => {
                    let value = informative(reading, &mut members, "amr", &mut amr)?;
                    let several = serde_json::Deserializer::from_str(value).deserialize_any(Strings);
                    read.amr = several.unwrap_or_default();
                }
                "cnf" => {
                    reading.enter("cnf", &mut read.cnf)?;
                    reading.member = None;
                    if !matches!(members.next_value()?, StrictValue::Object) {
                        reading.member = Some("cnf");
                        return Err(de::Error::custom("not an object"));
                    }
                }
                "nonce" => {
                    reading.enter("nonce", &mut read.nonce)?;
                    reading.member = None;
                    members.next_value::<StrictValue<'_>>()?;
                }
                other => {
                    match other {
                        "at_hash" => read.id_token = Some("at_hash"),
                        "c_hash" => read.id_token = Some("c_hash"),
                        "s_hash" => read.id_token = Some("s_hash"),
                        "events" => read.neither = Some("events"),
                        _ => {}
                    }
                    let known = other.to_owned();
                    reading.enter_unknown(name, &mut others)?;
                    if let StrictValue::Text(text) = members.next_value()? {
                        match (&*known, &*text.to_ascii_lowercase()) {
                            ("typ", "id") => read.id_token = Some("typ"),
                            ("typ", "bearer") => read.access_token = Some("typ"),
                            ("typ", "refresh" | "offline" | "logout") => read.neither = Some("typ"),
                            ("token_use", "id") => read.id_token = Some("token_use"),
                            ("token_use", "access") => read.access_token = Some("token_use"),
                            _ => {}
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

fn string<'p, A: MapAccess<'p>>(
    reading: &mut Reading,
    members: &mut A,
    claim: &'static str,
    field: &mut Option<String>,
) -> Result<(), A::Error> {
    reading.enter(claim, &mut field.is_some())?;
    let Text(text) = members.next_value()?;
    *field = Some(text.into_owned());
    Ok(())
}

fn strings<'p, A: MapAccess<'p>>(
    reading: &mut Reading,
    members: &mut A,
    claim: &'static str,
    field: &mut Option<Vec<String>>,
) -> Result<(), A::Error> {
    reading.enter(claim, &mut field.is_some())?;
    *field = Some(members.next_value_seed(Strings)?);
    Ok(())
}

fn date<'p, A: MapAccess<'p>>(
    reading: &mut Reading,
    members: &mut A,
    claim: &'static str,
    field: &mut Option<UnixTime>,
) -> Result<(), A::Error> {
    reading.enter(claim, &mut field.is_some())?;
    let NumericDate(time) = members.next_value()?;
    *field = Some(time);
    Ok(())
}

fn informative<'p, A: MapAccess<'p>>(
    reading: &mut Reading,
    members: &mut A,
    claim: &'static str,
    seen: &mut bool,
) -> Result<&'p str, A::Error> {
    reading.enter(claim, seen)?;
    reading.member = None;
    let value = members.next_value::<&RawValue>()?.get();
    serde_json::from_str::<StrictValue<'_>>(value).map_err(de::Error::custom)?;
    Ok(value)
}

/// One string, or several in an array.
struct Strings;

impl<'p> de::DeserializeSeed<'p> for Strings {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'p> Visitor<'p> for Strings {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'p>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            texts.push(text.into_owned());
        }
        Ok(texts)
    }
}
