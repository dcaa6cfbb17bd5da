//! Claims that must have one of some values.

use crate::error::Rejection;
use crate::jose::{Cursor, Malformed, Value};

/// The claims that an issuer's tokens must have, each with the values that it may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequiredClaims(Vec<RequiredClaim>);

#[derive(Clone, Debug)]
struct RequiredClaim {
    name: &'static str,
    /// None of them: any value will do.
    values: Vec<String>,
}

impl RequiredClaims {
    /// Requires the claim `name`, and allows it this value beside those given before.
    pub(crate) fn allow(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|claim| claim.name == name) {
            Some(claim) => claim.values.push(value),
            None => self.0.push(RequiredClaim { name, values: vec![value] }),
        }
    }

    /// Requires the claim `name`, whatever its value; values that are allowed already stay the only ones.
    pub(crate) fn demand(&mut self, name: &'static str) {
        if self.0.iter().all(|claim| claim.name != name) {
            self.0.push(RequiredClaim { name, values: Vec::new() });
        }
    }

    /// The claims, each with its values.
    pub(crate) fn described(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        self.0.iter().map(|RequiredClaim { name, values }| (*name, values.as_slice()))
    }

    /// The claim of which the name or a value is empty, and which so could only be a mistake.
    pub(crate) fn empty(&self) -> Option<&'static str> {
        let empty =
            |claim: &&RequiredClaim| claim.name.is_empty() || claim.values.iter().any(String::is_empty);
        self.0.iter().find(empty).map(|claim| claim.name)
    }

    /// Checks a payload that was read before. Costs nothing where nothing is required, else a second pass over it.
    ///
    /// # Errors
    /// Of the first claim that is not as it must be: [`Rejection::ClaimMissing`], also for a `null` where any value will
    /// do; [`Rejection::ClaimType`] when it should be one of some strings and is none, [`Rejection::ClaimNotAllowed`] when
    /// it is another.
    pub(crate) fn check(&self, payload: &str) -> Result<(), Rejection> {
        let Self(required) = self;
        if required.is_empty() {
            return Ok(());
        }
        let mut found: Vec<_> =
            required.iter().map(|claim| Err(Rejection::ClaimMissing { claim: claim.name })).collect();
        Cursor::new(payload).object(|cursor, name| {
            cursor.colon()?;
            let start = cursor.place();
            let value = cursor.value()?;
            let ours = required.iter().zip(&mut found).find(|(claim, _)| claim.name == name.text);
            if let Some((claim, found)) = ours {
                let written = payload.get(start..cursor.place()).unwrap_or_default();
                *found = claim.judge(&value, written);
            }
            Ok::<_, Malformed>(())
        })?;
        found.into_iter().collect()
    }
}

impl RequiredClaim {
    fn judge(&self, value: &Value<'_>, written: &str) -> Result<(), Rejection> {
        let claim = self.name;
        match value {
            _ if self.values.is_empty() && written.trim_ascii() == "null" => {
                Err(Rejection::ClaimMissing { claim })
            }
            _ if self.values.is_empty() => Ok(()),
            Value::Text(text) if self.values.iter().any(|own| *own == text.text) => Ok(()),
            Value::Text(_) => Err(Rejection::ClaimNotAllowed { claim }),
            _ => Err(Rejection::ClaimType { claim }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn required(claims: &[(&'static str, &str)]) -> RequiredClaims {
        let mut required = RequiredClaims::default();
        claims.iter().for_each(|(name, value)| required.allow(name, (*value).to_owned()));
        required
    }

    #[test]
    fn a_required_claim_is_one_string_of_those_allowed() {
        let owners = required(&[("owner", "acme"), ("owner", "acme-labs")]);
        let (missing, other) = (Err("claim_missing"), Err("claim_not_allowed"));
        let wrong_type = Err("claim_type");
        for (payload, want) in [
            (r#"{"owner":"acme"}"#, Ok(())),
            (r#"{"x":{"owner":"other"},"owner":"acme-labs"}"#, Ok(())),
            (r#"{"\u006fwner":"\u0061cme"}"#, Ok(())),
            (r#"{"owner":"acme-"}"#, other),
            (r#"{"owner":"Acme"}"#, other),
            (r#"{"owner":""}"#, other),
            (r#"{"owner":["acme"]}"#, wrong_type),
            (r#"{"owner":{"acme":"acme"}}"#, wrong_type),
            (r#"{"owner":null}"#, wrong_type),
            (r#"{"owner":true}"#, wrong_type),
            (r#"{"Owner":"acme"}"#, missing),
            (r#"{"x":{"owner":"acme"}}"#, missing),
            ("{}", missing),
        ] {
            assert_eq!(owners.check(payload).map_err(|r| r.code()), want, "{payload}");
        }
    }

    #[test]
    fn a_demanded_claim_may_say_anything_but_nothing() {
        let mut demanded = RequiredClaims::default();
        demanded.demand("tid");
        for payload in
            [r#"{"tid":"a"}"#, r#"{"tid" : 0 }"#, r#"{"tid":[]}"#, r#"{"tid":false}"#, r#"{"tid":"null"}"#]
        {
            assert_eq!(demanded.check(payload), Ok(()), "{payload}");
        }
        let missing = Err(Rejection::ClaimMissing { claim: "tid" });
        for payload in ["{}", r#"{"tid":null}"#, "{\"tid\" :\n null\t}", r#"{"Tid":1,"x":{"tid":1}}"#] {
            assert_eq!(demanded.check(payload), missing, "{payload}");
        }
    }

    #[test]
    fn a_claim_that_is_demanded_and_has_values_must_have_one_of_them() {
        let mut before = RequiredClaims::default();
        before.demand("owner");
        before.allow("owner", "acme".to_owned());
        let mut after = required(&[("owner", "acme")]);
        after.demand("owner");
        for both in [before, after] {
            assert_eq!(both.check(r#"{"owner":"acme"}"#), Ok(()));
            assert_eq!(
                both.check(r#"{"owner":"other"}"#),
                Err(Rejection::ClaimNotAllowed { claim: "owner" })
            );
            assert_eq!(both.check("{}"), Err(Rejection::ClaimMissing { claim: "owner" }));
        }
    }

    #[test]
    fn every_required_claim_counts_and_the_first_fault_is_told() {
        let both = required(&[("a", "1"), ("b", "2")]);
        assert_eq!(both.check(r#"{"b":"2","a":"1"}"#), Ok(()));
        assert_eq!(both.check(r#"{"b":"3"}"#), Err(Rejection::ClaimMissing { claim: "a" }));
        assert_eq!(both.check(r#"{"b":"3","a":"1"}"#), Err(Rejection::ClaimNotAllowed { claim: "b" }));
        assert_eq!(RequiredClaims::default().check("not even read"), Ok(()));
    }

    #[test]
    fn an_empty_name_or_value_is_noticed() {
        assert_eq!(required(&[("a", "1"), ("b", "")]).empty(), Some("b"));
        assert_eq!(required(&[("", "1")]).empty(), Some(""));
        assert_eq!(required(&[("a", "1")]).empty(), None);
    }
}
