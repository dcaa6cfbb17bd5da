//! One pass over the payload.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::span::{Span, Spanner, Spans};
use super::time::TimeClaims;
use crate::error::Rejection;
use crate::jose::{Names, Reading, StrictValue, Text};
use crate::time::UnixTime;

/// The claims of a payload, typed where they are registered; the text is kept for the others.
#[derive(Debug)]
pub(crate) struct ClaimsSet {
    /// The payload, and behind it the strings that it holds only in escaped form.
    buffer: String,
    payload_bytes: usize,
    fields: Fields,
}

#[derive(Debug, Default)]
struct Fields {
    iss: Option<Span>,
    sub: Option<Span>,
    jti: Option<Span>,
    client_id: Option<Span>,
    azp: Option<Span>,
    acr: Option<Span>,
    aud: Spans,
    scope: Spans,
    scp: Spans,
    amr: Spans,
    time: TimeClaims,
    auth_time: Option<UnixTime>,
    cnf: bool,
    nonce: bool,
    other_kind: Option<&'static str>,
}

impl ClaimsSet {
    /// Reads a payload whose signature holds.
    ///
    /// # Errors
    /// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimRepeated`] or [`Rejection::ClaimType`].
    pub(crate) fn parse(payload: Vec<u8>) -> Result<Self, Rejection> {
        let mut buffer = String::from_utf8(payload).map_err(|_| Rejection::ClaimsMalformed)?;
        let mut pass =
            Pass { spanner: Spanner::new(&buffer), fields: Fields::default(), reading: Reading::default() };
        let mut input = serde_json::Deserializer::from_str(&buffer);
        let outcome = input.deserialize_map(ClaimsVisitor(&mut pass)).and_then(|()| input.end());
        if let Err(error) = outcome {
            return Err(match (pass.reading.repeated, error.is_data(), pass.reading.member) {
                (true, _, claim) => Rejection::ClaimRepeated { claim },
                (false, true, Some(claim)) => Rejection::ClaimType { claim },
                (false, ..) => Rejection::ClaimsMalformed,
            });
        }
        let Pass { spanner, fields, .. } = pass;
        let (appended, payload_bytes) = (spanner.into_appended(), buffer.len());
        buffer.push_str(&appended);
        Ok(Self { buffer, payload_bytes, fields })
    }

    /// Keeps a string that is not of the payload with the claims.
    pub(crate) fn attach(&mut self, text: &str) -> Option<Span> {
        let span = Span::behind(&self.buffer, text)?;
        self.buffer.push_str(text);
        Some(span)
    }

    /// A string that was attached.
    pub(crate) fn attached(&self, span: Span) -> &str {
        span.of(&self.buffer)
    }

    /// The payload as it was signed.
    pub(crate) fn payload(&self) -> &str {
        self.buffer.get(..self.payload_bytes).unwrap_or_default()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        self.text(self.fields.iss)
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.text(self.fields.sub)
    }

    pub(crate) fn token_id(&self) -> Option<&str> {
        self.text(self.fields.jti)
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.text(self.fields.client_id)
    }

    pub(crate) fn authorized_party(&self) -> Option<&str> {
        self.text(self.fields.azp)
    }

    pub(crate) fn authentication_context(&self) -> Option<&str> {
        self.text(self.fields.acr)
    }

    pub(crate) fn authentication_methods(&self) -> impl Iterator<Item = &str> {
        self.texts(&self.fields.amr)
    }

    pub(crate) const fn authenticated_at(&self) -> Option<UnixTime> {
        self.fields.auth_time
    }

    pub(crate) const fn has_audience(&self) -> bool {
        self.fields.aud.is_present()
    }

    pub(crate) fn audiences(&self) -> impl Iterator<Item = &str> {
        self.texts(&self.fields.aud)
    }

    /// The scopes of `scope` and of `scp`, whether they stand in one string or in an array.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        let both = self.texts(&self.fields.scope).chain(self.texts(&self.fields.scp));
        both.flat_map(|text| text.split(' ')).filter(|scope| !scope.is_empty())
    }

    pub(crate) const fn time(&self) -> TimeClaims {
        self.fields.time
    }

    pub(crate) const fn has_confirmation(&self) -> bool {
        self.fields.cnf
    }

    /// The claim that marks the token as another kind than an access token, if there is one.
    ///
    /// Hashes of other artefacts stand only in ID tokens (OpenID Connect Core, section 3.3.2.11), `events` in logout and
    /// security event tokens. A `nonce` counts only beside no scope: some providers copy it into access tokens.
    pub(crate) fn other_kind(&self) -> Option<&'static str> {
        let nonce = self.fields.nonce && !self.fields.scope.is_present() && !self.fields.scp.is_present();
        self.fields.other_kind.or(nonce.then_some("nonce"))
    }

    fn text(&self, span: Option<Span>) -> Option<&str> {
        span.map(|span| span.of(&self.buffer))
    }

    fn texts<'s>(&'s self, spans: &'s Spans) -> impl Iterator<Item = &'s str> {
        spans.as_slice().iter().map(|span| span.of(&self.buffer))
    }
}

/// The `iss` of a payload that nothing vouches for, to choose by it whose rules and keys apply.
///
/// # Errors
/// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimMissing`] or [`Rejection::ClaimType`].
pub(crate) fn read_issuer(payload: &[u8]) -> Result<String, Rejection> {
    let mut pass = IssuerPass::default();
    let mut input = serde_json::Deserializer::from_slice(payload);
    let outcome = input.deserialize_map(IssuerVisitor(&mut pass)).and_then(|()| input.end());
    match (outcome, pass) {
        (_, IssuerPass { repeated: true, .. }) => Err(Rejection::ClaimRepeated { claim: Some("iss") }),
        (Err(error), IssuerPass { reading: true, .. }) if error.is_data() => {
            Err(Rejection::ClaimType { claim: "iss" })
        }
        (Err(_), _) => Err(Rejection::ClaimsMalformed),
        (Ok(()), IssuerPass { issuer, .. }) => issuer.ok_or(Rejection::ClaimMissing { claim: "iss" }),
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
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "iss" => pass.string(&mut members, "iss", |f| &mut f.iss)?,
                "sub" => pass.string(&mut members, "sub", |f| &mut f.sub)?,
                "jti" => pass.string(&mut members, "jti", |f| &mut f.jti)?,
                "client_id" => pass.string(&mut members, "client_id", |f| &mut f.client_id)?,
                "azp" => pass.string(&mut members, "azp", |f| &mut f.azp)?,
                "acr" => pass.string(&mut members, "acr", |f| &mut f.acr)?,
                "aud" => pass.strings(&mut members, "aud", Form::StringOrArray, |f| &mut f.aud)?,
                "scope" => pass.strings(&mut members, "scope", Form::StringOrArray, |f| &mut f.scope)?,
                "scp" => pass.strings(&mut members, "scp", Form::StringOrArray, |f| &mut f.scp)?,
                "amr" => pass.strings(&mut members, "amr", Form::Array, |f| &mut f.amr)?,
                "exp" => pass.date(&mut members, "exp", |f| &mut f.time.exp)?,
                "nbf" => pass.date(&mut members, "nbf", |f| &mut f.time.nbf)?,
                "iat" => pass.date(&mut members, "iat", |f| &mut f.time.iat)?,
                "auth_time" => pass.date(&mut members, "auth_time", |f| &mut f.auth_time)?,
                "cnf" => {
                    pass.reading.enter("cnf", &mut pass.fields.cnf)?;
                    members.next_value::<StrictObject>()?;
                }
                "nonce" => {
                    pass.reading.enter("nonce", &mut pass.fields.nonce)?;
                    members.next_value::<StrictValue<'_>>()?;
                }
                "typ" => pass.marker(
                    &mut members,
                    name,
                    &mut others,
                    "typ",
                    &["ID", "Refresh", "Offline", "Logout"],
                )?,
                "token_use" => pass.marker(&mut members, name, &mut others, "token_use", &["id"])?,
                other => {
                    if let Some(member) = OF_OTHER_KINDS.iter().find(|member| **member == other) {
                        pass.fields.other_kind = Some(member);
                    }
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
        form: Form,
        field: fn(&mut Fields) -> &mut Spans,
    ) -> Result<(), A::Error> {
        self.reading.enter(claim, &mut field(&mut self.fields).is_present())?;
        let spans = members.next_value_seed(StringsSeed { spanner: &mut self.spanner, form })?;
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

    /// A claim without a registered type of which some values mark another kind of token.
    fn marker<A: MapAccess<'p>>(
        &mut self,
        members: &mut A,
        name: std::borrow::Cow<'p, str>,
        others: &mut Names<'p>,
        claim: &'static str,
        marking: &[&str],
    ) -> Result<(), A::Error> {
        self.reading.enter_unknown(name, others)?;
        if let StrictValue::Text(text) = members.next_value()?
            && marking.iter().any(|mark| mark.eq_ignore_ascii_case(&text))
        {
            self.fields.other_kind = Some(claim);
        }
        Ok(())
    }
}

/// Claims that stand only in tokens of other kinds.
const OF_OTHER_KINDS: [&str; 4] = ["at_hash", "c_hash", "s_hash", "events"];

#[derive(Clone, Copy)]
enum Form {
    StringOrArray,
    Array,
}

struct StringsSeed<'s, 'p> {
    spanner: &'s mut Spanner<'p>,
    form: Form,
}

impl<'p> de::DeserializeSeed<'p> for StringsSeed<'_, 'p> {
    type Value = Spans;

    fn deserialize<D: Deserializer<'p>>(self, deserializer: D) -> Result<Spans, D::Error> {
        match self.form {
            Form::StringOrArray => deserializer.deserialize_any(self),
            Form::Array => deserializer.deserialize_seq(self),
        }
    }
}

impl<'p> Visitor<'p> for StringsSeed<'_, 'p> {
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
struct NumericDate(UnixTime);

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

/// An object, read and forgotten, with no member repeated at any depth.
struct StrictObject;

impl<'de> Deserialize<'de> for StrictObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;
        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = StrictObject;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<StrictObject, A::Error> {
                StrictValue::deserialize(de::value::MapAccessDeserializer::new(members)).map(|_| StrictObject)
            }
        }
        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[derive(Default)]
struct IssuerPass {
    issuer: Option<String>,
    reading: bool,
    repeated: bool,
}

struct IssuerVisitor<'p>(&'p mut IssuerPass);

impl<'de> Visitor<'de> for IssuerVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = members.next_key()? {
            self.0.reading = name == "iss";
            if !self.0.reading {
                members.next_value::<de::IgnoredAny>()?;
                continue;
            }
            self.0.repeated = self.0.issuer.is_some();
            let Text(issuer) = members.next_value()?;
            self.0.issuer = Some(issuer.into_owned());
            if self.0.repeated {
                return Err(de::Error::custom("repeated member"));
            }
        }
        Ok(())
    }
}
