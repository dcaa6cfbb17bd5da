//! One pass over a payload.

use super::marks::{Mark, Marks};
use super::span::{Span, Spanner, Spans};
use super::time::TimeClaims;
use super::values::{date, strings, typed};
use crate::error::Rejection;
use crate::jose::{Cursor, Name, Names, Value};
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
/// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimRepeated`] or [`Rejection::ClaimType`]: the first fault there is.
pub(super) fn read_fields(payload: &str) -> Result<(Fields, String), Rejection> {
    let mut pass = Pass {
        fields: Fields::default(),
        amr: false,
        auth_time: false,
        others: Names::default(),
        spanner: Spanner::behind(payload),
    };
    let mut cursor = Cursor::new(payload);
    cursor.object(|cursor, name| pass.member(cursor, name))?;
    cursor.end()?;
    Ok((pass.fields, pass.spanner.into_appended()))
}

struct Pass<'p> {
    fields: Fields,
    amr: bool,
    auth_time: bool,
    others: Names<'p>,
    spanner: Spanner,
}

impl<'p> Pass<'p> {
    fn member(&mut self, cursor: &mut Cursor<'p>, name: Name<'_, 'p>) -> Result<(), Rejection> {
        let Self { fields, spanner, .. } = self;
        match name.text.as_bytes() {
            b"iss" => string("iss", &mut fields.iss, cursor, spanner),
            b"sub" => string("sub", &mut fields.sub, cursor, spanner),
            b"jti" => string("jti", &mut fields.jti, cursor, spanner),
            b"client_id" => string("client_id", &mut fields.client_id, cursor, spanner),
            b"azp" => string("azp", &mut fields.azp, cursor, spanner),
            b"acr" => string("acr", &mut fields.acr, cursor, spanner),
            b"aud" => one_or_several("aud", &mut fields.aud, cursor, spanner),
            b"scope" => one_or_several("scope", &mut fields.scope, cursor, spanner),
            b"scp" => one_or_several("scp", &mut fields.scp, cursor, spanner),
            b"exp" => numeric_date("exp", &mut fields.time.exp, cursor),
            b"nbf" => numeric_date("nbf", &mut fields.time.nbf, cursor),
            b"iat" => numeric_date("iat", &mut fields.time.iat, cursor),
            b"auth_time" => {
                let mut value = informative("auth_time", &mut self.auth_time, cursor)?;
                fields.auth_time = value.number().ok().and_then(|number| date(number).ok());
                Ok(())
            }
            b"amr" => {
                let mut value = informative("amr", &mut self.amr, cursor)?;
                fields.amr = strings(&mut value, spanner).unwrap_or_default();
                Ok(())
            }
            b"cnf" => {
                once("cnf", std::mem::replace(&mut fields.cnf, true))?;
                cursor.colon()?;
                match cursor.value()? {
                    Value::Object => Ok(()),
                    _ => Err(Rejection::ClaimType { claim: "cnf" }),
                }
            }
            b"nonce" => {
                once("nonce", std::mem::replace(&mut fields.nonce, true))?;
                cursor.colon()?;
                cursor.value()?;
                Ok(())
            }
            b"typ" => self.other(name, cursor, |marks, value| marks.keycloak_type(value)),
            b"token_use" => self.other(name, cursor, |marks, value| marks.token_use(value)),
            b"at_hash" => self.mark_of_id_token(Mark::AtHash, name, cursor),
            b"c_hash" => self.mark_of_id_token(Mark::CHash, name, cursor),
            b"s_hash" => self.mark_of_id_token(Mark::SHash, name, cursor),
            b"events" => {
                fields.marks.neither = Some(Mark::Events);
                self.other(name, cursor, |_, _| {})
            }
            _ => self.other(name, cursor, |_, _| {}),
        }
    }

    /// A claim without a registered type; `note` is told what it says, if it is a string.
    fn other(
        &mut self,
        name: Name<'_, 'p>,
        cursor: &mut Cursor<'p>,
        note: impl FnOnce(&mut Marks, &str),
    ) -> Result<(), Rejection> {
        if !self.others.insert(name.kept()) {
            return Err(Rejection::ClaimRepeated { claim: None });
        }
        cursor.colon()?;
        if let Value::Text(value) = cursor.value()? {
            note(&mut self.fields.marks, &value.text);
        }
        Ok(())
    }

    /// Hashes of other artefacts stand only in ID tokens
    /// ([OpenID Connect Core, section 3.3.2.11](https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken)).
    fn mark_of_id_token(
        &mut self,
        mark: Mark,
        name: Name<'_, 'p>,
        cursor: &mut Cursor<'p>,
    ) -> Result<(), Rejection> {
        self.fields.marks.id_token = Some(mark);
        self.other(name, cursor, |_, _| {})
    }
}

fn once(claim: &'static str, seen: bool) -> Result<(), Rejection> {
    if seen { Err(Rejection::ClaimRepeated { claim: Some(claim) }) } else { Ok(()) }
}

fn string(
    claim: &'static str,
    field: &mut Option<Span>,
    cursor: &mut Cursor<'_>,
    spanner: &mut Spanner,
) -> Result<(), Rejection> {
    once(claim, field.is_some())?;
    cursor.colon()?;
    let literal = cursor.string().map_err(typed(claim))?;
    *field = Some(spanner.span(&literal)?);
    Ok(())
}

fn one_or_several(
    claim: &'static str,
    field: &mut Spans,
    cursor: &mut Cursor<'_>,
    spanner: &mut Spanner,
) -> Result<(), Rejection> {
    once(claim, field.is_present())?;
    cursor.colon()?;
    *field = strings(cursor, spanner).map_err(typed(claim))?;
    Ok(())
}

fn numeric_date(
    claim: &'static str,
    field: &mut Option<UnixTime>,
    cursor: &mut Cursor<'_>,
) -> Result<(), Rejection> {
    once(claim, field.is_some())?;
    cursor.colon()?;
    *field = Some(date(cursor.number().map_err(typed(claim))?)?);
    Ok(())
}

/// A claim by which nothing is decided here, and which some issuers write in a form of their own: AD FS gives
/// `auth_time` as text, Supabase `amr` as objects. What cannot be read counts as absent, and refuses no token.
///
/// Gives the place of the value, which is JSON.
fn informative<'p>(
    claim: &'static str,
    seen: &mut bool,
    cursor: &mut Cursor<'p>,
) -> Result<Cursor<'p>, Rejection> {
    once(claim, std::mem::replace(seen, true))?;
    cursor.colon()?;
    let value = cursor.clone();
    cursor.value()?;
    Ok(value)
}

#[cfg(test)]
mod alike;
#[cfg(test)]
mod oracle;
