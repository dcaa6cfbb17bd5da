//! One pass over a payload.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::marks::Marks;
use super::span::{Span, Spanner, Spans};
use super::time::TimeClaims;
use super::values::{NumericDate, Strings};
use crate::error::Rejection;
use crate::jose::{Names, Reading, StrictValue, Text};
use crate::time::UnixTime;

/// What was read of the registered claims, and of those that tell other kinds of tokens.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) iss: Option<Span>,
    pub(super) sub: Option<Span>,
    pub(super) jti: Option<Span>,
    pub(super) client_id: Option<Span>,
    pub(super) azp: Option<Span>,
    pub(super) acr: Option<Span>,
    pub(super) aud: Spans,
    pub(super) scope: Spans,
    pub(super) scp: Spans,
    pub(super) amr: Spans,
    pub(super) time: TimeClaims,
    pub(super) auth_time: Option<UnixTime>,
    pub(super) cnf: bool,
    pub(super) nonce: bool,
    pub(super) marks: Marks,
}

/// Reads the claims of a payload; strings that it holds only in escaped form are given beside them, to be kept behind it.
///
/// # Errors
/// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimRepeated`] or [`Rejection::ClaimType`].
pub(super) fn read_fields(payload: &str) -> Result<(Fields, String), Rejection> {
    let mut pass =
        Pass { spanner: Spanner::new(payload), fields: Fields::default(), reading: Reading::default() };
    let mut input = serde_json::Deserializer::from_str(payload);
    let outcome = input.deserialize_map(ClaimsVisitor(&mut pass)).and_then(|()| input.end());
    match (outcome, pass.reading) {
        (Ok(()), _) => Ok((pass.fields, pass.spanner.into_appended())),
        (Err(_), Reading { repeated: true, member }) => Err(Rejection::ClaimRepeated { claim: member }),
        (Err(error), Reading { member: Some(claim), .. }) if error.is_data() => {
            Err(Rejection::ClaimType { claim })
        }
        (Err(_), _) => Err(Rejection::ClaimsMalformed),
    }
}

struct Pass<'p> {
    spanner: Spanner<'p>,
    fields: Fields,
    reading: Reading,
}

impl Pass<'_> {
    fn span<E: de::Error>(&mut self, text: &Text<'_>) -> Result<Span, E> {
        self.spanner.span(&text.0).ok_or_else(|| E::custom("too long"))
    }
}

struct ClaimsVisitor<'v, 'p>(&'v mut Pass<'p>);

impl<'p> Visitor<'p> for ClaimsVisitor<'_, 'p> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut members: A) -> Result<(), A::Error> {
        let pass = self.0;
        let mut others = Names::default();
        let (mut amr, mut auth_time) = (false, false);
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "iss" => pass.string(&mut members, "iss", |f| &mut f.iss)?,
                "sub" => pass.string(&mut members, "sub", |f| &mut f.sub)?,
                "jti" => pass.string(&mut members, "jti", |f| &mut f.jti)?,
                "client_id" => pass.string(&mut members, "client_id", |f| &mut f.client_id)?,
                "azp" => pass.string(&mut members, "azp", |f| &mut f.azp)?,
                "acr" => pass.string(&mut members, "acr", |f| &mut f.acr)?,
                "aud" => pass.strings(&mut members, "aud", |f| &mut f.aud)?,
                "scope" => pass.strings(&mut members, "scope", |f| &mut f.scope)?,
                "scp" => pass.strings(&mut members, "scp", |f| &mut f.scp)?,
                "exp" => pass.date(&mut members, "exp", |f| &mut f.time.exp)?,
                "nbf" => pass.date(&mut members, "nbf", |f| &mut f.time.nbf)?,
                "iat" => pass.date(&mut members, "iat", |f| &mut f.time.iat)?,
                "auth_time" => {
                    let value = pass.informative(&mut members, "auth_time", &mut auth_time)?;
                    pass.fields.auth_time = serde_json::from_str(value).ok().map(|NumericDate(time)| time);
                }
                "amr" => {
                    let value = pass.informative(&mut members, "amr", &mut amr)?;
                    let strings = Strings { spanner: &mut pass.spanner };
                    let read = strings.deserialize(&mut serde_json::Deserializer::from_str(value));
                    pass.fields.amr = read.unwrap_or_default();
                }
                "cnf" => {
                    pass.reading.enter("cnf", &mut pass.fields.cnf)?;
                    // A member repeated inside is a fault of the payload; only another type is one of the claim.
                    pass.reading.member = None;
                    if !matches!(members.next_value()?, StrictValue::Object) {
                        pass.reading.member = Some("cnf");
                        return Err(de::Error::custom("not an object"));
                    }
                }
                "nonce" => {
                    pass.reading.enter("nonce", &mut pass.fields.nonce)?;
                    pass.reading.member = None;
                    members.next_value::<StrictValue<'_>>()?;
                }
                "typ" => {
                    if let Some(value) = pass.word(&mut members, name, &mut others)? {
                        pass.fields.marks.keycloak_type(&value);
                    }
                }
                "token_use" => {
                    if let Some(value) = pass.word(&mut members, name, &mut others)? {
                        pass.fields.marks.token_use(&value);
                    }
                }
                other => {
                    pass.fields.marks.presence(other);
                    pass.reading.enter_unknown(name, &mut others)?;
                    members.next_value::<StrictValue<'_>>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'p> Pass<'p> {
    fn string<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        claim: &'static str,
        field: fn(&mut Fields) -> &mut Option<Span>,
    ) -> Result<(), A::Error> {
        self.reading.enter(claim, &mut field(&mut self.fields).is_some())?;
        let text = members.next_value()?;
        *field(&mut self.fields) = Some(self.span(&text)?);
        Ok(())
    }

    fn strings<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        claim: &'static str,
        field: fn(&mut Fields) -> &mut Spans,
    ) -> Result<(), A::Error> {
        self.reading.enter(claim, &mut field(&mut self.fields).is_present())?;
        let spans = members.next_value_seed(Strings { spanner: &mut self.spanner })?;
        *field(&mut self.fields) = spans;
        Ok(())
    }

    fn date<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        claim: &'static str,
        field: fn(&mut Fields) -> &mut Option<UnixTime>,
    ) -> Result<(), A::Error> {
        self.reading.enter(claim, &mut field(&mut self.fields).is_some())?;
        let NumericDate(time) = members.next_value()?;
        *field(&mut self.fields) = Some(time);
        Ok(())
    }

    /// A claim by which nothing is decided here, and which some issuers write in a form of their own: AD FS gives
    /// `auth_time` as text, Supabase `amr` as objects. What cannot be read counts as absent, and refuses no token.
    fn informative<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        claim: &'static str,
        seen: &mut bool,
    ) -> Result<&'p str, A::Error> {
        self.reading.enter(claim, seen)?;
        self.reading.member = None;
        let value = members.next_value::<&RawValue>()?.get();
        serde_json::from_str::<StrictValue<'_>>(value).map_err(de::Error::custom)?;
        Ok(value)
    }

    /// A claim without a registered type, if it is a string.
    fn word<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        name: Cow<'p, str>,
        others: &mut Names<'p>,
    ) -> Result<Option<Cow<'p, str>>, A::Error> {
        self.reading.enter_unknown(name, others)?;
        Ok(match members.next_value()? {
            StrictValue::Text(text) => Some(text),
            _ => None,
        })
    }
}
