//! Whose token it claims to be.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::error::Rejection;
use crate::jose::Text;

/// The `iss` of a payload that nothing vouches for, to choose by it whose rules and keys apply.
///
/// # Errors
/// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimMissing`] or [`Rejection::ClaimType`].
pub(crate) fn read_issuer(payload: &[u8]) -> Result<Cow<'_, str>, Rejection> {
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

#[derive(Default)]
struct IssuerPass<'p> {
    issuer: Option<Cow<'p, str>>,
    reading: bool,
    repeated: bool,
}

struct IssuerVisitor<'v, 'p>(&'v mut IssuerPass<'p>);

impl<'p> Visitor<'p> for IssuerVisitor<'_, 'p> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = members.next_key()? {
            self.0.reading = name == "iss";
            if !self.0.reading {
                members.next_value::<de::IgnoredAny>()?;
                continue;
            }
            self.0.repeated = self.0.issuer.is_some();
            let Text(issuer) = members.next_value()?;
            self.0.issuer = Some(issuer);
            if self.0.repeated {
                return Err(de::Error::custom("repeated member"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_string_names_an_issuer() {
        for (payload, want) in [
            (r#"{"a":{"iss":"inner"},"iss":"https://id.example"}"#, Ok("https://id.example")),
            (r#"{"\u0069ss":"https:\/\/id.example"}"#, Ok("https://id.example")),
            (r#"{"sub":"a"}"#, Err("claim_missing")),
            (r#"{"iss":1}"#, Err("claim_type")),
            (r#"{"iss":null}"#, Err("claim_type")),
            (r#"{"iss":["https://id.example"]}"#, Err("claim_type")),
            (r#"{"iss":"a","iss":"a"}"#, Err("claim_repeated")),
            (r#"{"iss":"a"}{}"#, Err("claims_malformed")),
            (r#"["iss"]"#, Err("claims_malformed")),
            ("", Err("claims_malformed")),
        ] {
            let got = read_issuer(payload.as_bytes());
            assert_eq!(got.as_deref().map_err(Rejection::code), want, "{payload}");
        }
    }
}
