//! The claims of one token.

use zeroize::Zeroize;

use super::marks::{Mark, Marks};
use super::pass::{Fields, read_fields};
use super::span::{Span, Texts};
use super::time::TimeClaims;
use crate::error::Rejection;
use crate::time::UnixTime;

/// The claims of a payload, typed where they are registered; the text is kept for the others.
#[derive(Debug)]
pub(crate) struct ClaimsSet {
    /// The payload, and behind it the strings that it holds only in escaped form.
    buffer: String,
    payload_bytes: u32,
    fields: Fields,
}

impl ClaimsSet {
    /// Reads a payload whose signature holds, and leaves room to attach so many bytes.
    ///
    /// # Errors
    /// [`Rejection::ClaimsMalformed`], [`Rejection::ClaimRepeated`] or [`Rejection::ClaimType`].
    pub(crate) fn parse(payload: &[u8], attached_bytes: usize) -> Result<Self, Rejection> {
        let payload = str::from_utf8(payload).map_err(|_| Rejection::ClaimsMalformed)?;
        let payload_bytes = u32::try_from(payload.len()).map_err(|_| Rejection::ClaimsMalformed)?;
        let (fields, appended) = read_fields(payload)?;
        let mut buffer = String::with_capacity(payload.len() + appended.len() + attached_bytes);
        buffer.push_str(payload);
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

    /// What it takes on the heap.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Overwrites all text.
    pub(crate) fn wipe(&mut self) {
        self.buffer.zeroize();
    }

    /// The payload as it was signed.
    pub(crate) fn payload(&self) -> &str {
        usize::try_from(self.payload_bytes).ok().and_then(|end| self.buffer.get(..end)).unwrap_or_default()
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

    pub(crate) fn authentication_methods(&self) -> Texts<'_> {
        self.fields.amr.of(&self.buffer)
    }

    pub(crate) const fn authenticated_at(&self) -> Option<UnixTime> {
        self.fields.auth_time
    }

    pub(crate) const fn has_audience(&self) -> bool {
        self.fields.aud.is_present()
    }

    pub(crate) fn audiences(&self) -> Texts<'_> {
        self.fields.aud.of(&self.buffer)
    }

    /// The scopes of `scope` and of `scp`, whether they stand in one string or in an array.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        let both = self.fields.scope.of(&self.buffer).chain(self.fields.scp.of(&self.buffer));
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
    /// A `nonce` counts only beside no scope: some providers copy it into access tokens.
    pub(crate) fn other_than_access_token(&self) -> Option<&'static str> {
        let Marks { id_token, access_token: _, neither } = self.fields.marks;
        let nonce = self.fields.nonce && self.scope_claim().is_none();
        neither.or(id_token).map(Mark::claim).or(nonce.then_some("nonce"))
    }

    /// The claim that marks the token as another kind than an ID token, if there is one: what was granted to a client
    /// stands in access tokens only.
    pub(crate) fn other_than_id_token(&self) -> Option<&'static str> {
        let Marks { id_token: _, access_token, neither } = self.fields.marks;
        neither.or(access_token).map(Mark::claim).or(self.scope_claim())
    }

    #[cfg(test)]
    pub(super) const fn fields(&self) -> &Fields {
        &self.fields
    }

    #[cfg(test)]
    pub(super) fn buffer(&self) -> &str {
        &self.buffer
    }

    fn scope_claim(&self) -> Option<&'static str> {
        let Fields { scope, scp, .. } = &self.fields;
        scope.is_present().then_some("scope").or(scp.is_present().then_some("scp"))
    }

    fn text(&self, span: Option<Span>) -> Option<&str> {
        span.map(|span| span.of(&self.buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(payload: &str) -> Result<ClaimsSet, Rejection> {
        ClaimsSet::parse(payload.as_bytes(), 0)
    }

    fn fault(payload: &str) -> Rejection {
        parse(payload).expect_err(payload)
    }

    #[test]
    fn registered_claims_are_read_and_the_text_is_kept() {
        let payload = r#"{"iss":"https:\/\/id.example","sub":"s\u00e4","aud":["a","\u0062"],"exp":1.5,"nbf":-1,
            "iat":7,"jti":"j","client_id":"c","azp":"p","scope":"one  two","scp":["three","four five"],
            "auth_time":9,"acr":"high","amr":["pwd","otp"],"cnf":{"jkt":"x"},"other":{"deep":[1,{}]}}"#;
        let claims = parse(payload).unwrap();
        assert_eq!((claims.issuer(), claims.subject()), (Some("https://id.example"), Some("sä")));
        assert_eq!(
            (claims.token_id(), claims.client_id(), claims.authorized_party()),
            (Some("j"), Some("c"), Some("p"))
        );
        assert_eq!(claims.audiences().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(claims.scopes().collect::<Vec<_>>(), ["one", "two", "three", "four", "five"]);
        assert_eq!(claims.authentication_methods().collect::<Vec<_>>(), ["pwd", "otp"]);
        assert_eq!(claims.authentication_context(), Some("high"));
        let time = claims.time();
        assert_eq!(time.exp, UnixTime::from_fractional_seconds(1.5));
        assert_eq!((time.nbf, time.iat), (Some(UnixTime::from_seconds(-1)), Some(UnixTime::from_seconds(7))));
        assert_eq!(claims.authenticated_at(), Some(UnixTime::from_seconds(9)));
        assert!(claims.has_confirmation() && claims.has_audience());
        assert_eq!(claims.payload(), payload);
    }

    /// Verified tokens are kept: the size counts, and so does that nothing but the buffer lies elsewhere.
    #[test]
    fn a_claims_set_is_small() {
        assert_eq!(size_of::<ClaimsSet>(), 200);
    }

    #[test]
    fn what_is_absent_is_absent() {
        let claims = parse("{}").unwrap();
        assert_eq!((claims.issuer(), claims.subject(), claims.time().exp), (None, None, None));
        assert!(!claims.has_audience() && !claims.has_confirmation() && claims.scopes().next().is_none());
    }

    #[test]
    fn wrong_types_are_named() {
        for claim in ["iss", "sub", "jti", "client_id", "azp", "acr"] {
            for value in ["1", "null", "true", "[]", "{}", r#"["a"]"#] {
                assert_eq!(
                    fault(&format!(r#"{{"{claim}":{value}}}"#)),
                    Rejection::ClaimType { claim },
                    "{claim} {value}"
                );
            }
        }
        for claim in ["aud", "scope", "scp"] {
            for value in ["1", "null", "true", "{}", "[1]", r#"["a",null]"#, r#"[["a"]]"#] {
                assert_eq!(
                    fault(&format!(r#"{{"{claim}":{value}}}"#)),
                    Rejection::ClaimType { claim },
                    "{claim} {value}"
                );
            }
        }
        for claim in ["exp", "nbf", "iat"] {
            for value in [r#""1700000000""#, "null", "true", "[1]", "{}", r#""""#] {
                assert_eq!(
                    fault(&format!(r#"{{"{claim}":{value}}}"#)),
                    Rejection::ClaimType { claim },
                    "{claim} {value}"
                );
            }
        }
        for value in ["1", "null", "[]", r#""x""#] {
            assert_eq!(
                fault(&format!(r#"{{"cnf":{value}}}"#)),
                Rejection::ClaimType { claim: "cnf" },
                "{value}"
            );
        }
    }

    #[test]
    fn claims_that_only_inform_may_have_a_form_of_the_issuers_own() {
        for (value, want) in [
            (r#"["pwd","otp"]"#, &["pwd", "otp"][..]),
            (r#""pwd""#, &["pwd"]),
            (r#"[{"method":"password","timestamp":1700000000}]"#, &[]),
            (r#"["pwd",{"method":"otp"}]"#, &[]),
            ("7", &[]),
            ("null", &[]),
        ] {
            let claims = parse(&format!(r#"{{"amr":{value},"sub":"\u0061"}}"#)).expect(value);
            assert_eq!(claims.authentication_methods().collect::<Vec<_>>(), want, "{value}");
            assert_eq!(claims.subject(), Some("a"), "{value}");
        }
        for (value, want) in [
            ("7", Some(UnixTime::from_seconds(7))),
            (r#""2020-03-14T18:52:01.180Z""#, None),
            (r#""7""#, None),
            ("null", None),
            ("[7]", None),
        ] {
            let claims = parse(&format!(r#"{{"auth_time":{value}}}"#)).expect(value);
            assert_eq!(claims.authenticated_at(), want, "{value}");
        }
        for claim in ["amr", "auth_time"] {
            assert_eq!(fault(&format!(r#"{{"{claim}":[{{"a":1,"a":1}}]}}"#)), Rejection::ClaimsMalformed);
            for value in ["[7", "tru", "07", r#""\ud800""#] {
                let text = format!(r#"{{"{claim}":{value}}}"#);
                assert_eq!(fault(&text), Rejection::ClaimsMalformed, "{text}");
            }
            let deep = format!(r#"{{"{claim}":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
            assert_eq!(fault(&deep), Rejection::ClaimsMalformed);
        }
    }

    #[test]
    fn repeated_members_are_refused_wherever_they_stand() {
        for claim in [
            "iss",
            "sub",
            "aud",
            "exp",
            "nbf",
            "iat",
            "jti",
            "scope",
            "scp",
            "amr",
            "auth_time",
            "cnf",
            "nonce",
        ] {
            let value = match claim {
                "exp" | "nbf" | "iat" => "1",
                "cnf" => "{}",
                "amr" | "auth_time" => "null",
                _ => r#""a""#,
            };
            let twice = format!(r#"{{"{claim}":{value},"{claim}":{value}}}"#);
            assert_eq!(fault(&twice), Rejection::ClaimRepeated { claim: Some(claim) }, "{twice}");
        }
        assert_eq!(fault(r#"{"x":1,"x":1}"#), Rejection::ClaimRepeated { claim: None });
        assert_eq!(fault(r#"{"\u0065xp":1,"exp":2}"#), Rejection::ClaimRepeated { claim: Some("exp") });
        assert_eq!(fault(r#"{"x":{"y":[{"z":1,"z":1}]}}"#), Rejection::ClaimsMalformed);
        assert_eq!(fault(r#"{"cnf":{"jkt":"a","jkt":"a"}}"#), Rejection::ClaimsMalformed);
        assert_eq!(fault(r#"{"nonce":{"a":1,"a":1}}"#), Rejection::ClaimsMalformed);
        assert!(parse(r#"{"x":{"y":1},"y":{"y":1},"EXP":1,"exp":1}"#).is_ok());
    }

    #[test]
    fn what_is_no_claims_set_is_refused() {
        let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for payload in
            ["", "[]", "null", "1", "{", "{}x", r#"{"a":1,}"#, r#"{"exp":01}"#, r#"{"exp":Infinity}"#, &deep]
        {
            assert_eq!(fault(payload), Rejection::ClaimsMalformed, "{payload:.40}");
        }
        assert_eq!(ClaimsSet::parse(b"{\"a\":\"\xff\"}", 0).err(), Some(Rejection::ClaimsMalformed));
    }

    #[test]
    fn dates_beyond_64_bits_saturate() {
        for (number, want) in [
            ("9223372036854775807", UnixTime::from_seconds(i64::MAX)),
            ("18446744073709551615", UnixTime::MAX),
            ("-9223372036854775808", UnixTime::from_seconds(i64::MIN)),
            ("1e300", UnixTime::from_seconds(i64::MAX)),
            ("17e8", UnixTime::from_seconds(1_700_000_000)),
            ("-0", UnixTime::EPOCH),
        ] {
            assert_eq!(parse(&format!(r#"{{"exp":{number}}}"#)).unwrap().time().exp, Some(want), "{number}");
        }
    }

    #[test]
    fn other_kinds_give_themselves_away() {
        for (payload, no_access_token, no_id_token) in [
            (r#"{"at_hash":"x"}"#, Some("at_hash"), None),
            (r#"{"c_hash":"x"}"#, Some("c_hash"), None),
            (r#"{"s_hash":"x"}"#, Some("s_hash"), None),
            (r#"{"events":{}}"#, Some("events"), Some("events")),
            (r#"{"nonce":"x"}"#, Some("nonce"), None),
            (r#"{"nonce":"x","scope":""}"#, None, Some("scope")),
            (r#"{"nonce":"x","scp":[]}"#, None, Some("scp")),
            (r#"{"token_use":"id"}"#, Some("token_use"), None),
            (r#"{"token_use":"access"}"#, None, Some("token_use")),
            (r#"{"typ":"ID"}"#, Some("typ"), None),
            (r#"{"typ":"Refresh"}"#, Some("typ"), Some("typ")),
            (r#"{"typ":"offline"}"#, Some("typ"), Some("typ")),
            (r#"{"typ":"Logout","at_hash":"x"}"#, Some("typ"), Some("typ")),
            (r#"{"typ":"Bearer"}"#, None, Some("typ")),
            (r#"{"typ":"JWT"}"#, None, None),
            (r#"{"typ":7,"token_use":7}"#, None, None),
            ("{}", None, None),
        ] {
            let claims = parse(payload).unwrap();
            let found = (claims.other_than_access_token(), claims.other_than_id_token());
            assert_eq!(found, (no_access_token, no_id_token), "{payload}");
        }
    }

    #[test]
    fn attached_strings_do_not_disturb_the_payload() {
        let mut claims = parse(r#"{"sub":"\u0061"}"#).unwrap();
        let span = claims.attach("key-1").unwrap();
        assert_eq!((claims.attached(span), claims.subject()), ("key-1", Some("a")));
        assert_eq!(claims.payload(), r#"{"sub":"\u0061"}"#);
    }
}
