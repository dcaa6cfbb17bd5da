//! The JOSE header: one borrowed pass, strict.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};

use super::algorithm::Algorithm;
use super::strict::{Names, Reading, StrictValue, Text};
use crate::error::{MemberFault, Rejection};

/// What a verifier reads of a token's header ([RFC 7515, section 4](https://www.rfc-editor.org/rfc/rfc7515#section-4)).
///
/// Members that would hand the choice of key to the sender (`jku`, `jwk`, `x5u`, `x5c`) are read past and never used.
#[derive(Clone, Eq, PartialEq)]
pub struct Header<'h> {
    algorithm: Algorithm,
    key_id: Option<Cow<'h, str>>,
    token_type: Option<Cow<'h, str>>,
}

impl<'h> Header<'h> {
    /// Reads a header from its JSON.
    ///
    /// Refused: what is not one JSON object, a repeated member (also inside a value nobody reads), `alg`, `kid` or `typ`
    /// of the wrong type, a `kid` over 256 bytes, `crit` in any form (no extension is understood), and `b64`, `zip` and
    /// `enc`, which have no meaning in a JWT of this kind.
    ///
    /// # Errors
    /// [`Rejection::HeaderMalformed`], [`Rejection::HeaderUnsupported`] or [`Rejection::AlgorithmUnknown`].
    pub fn parse(json: &'h [u8]) -> Result<Self, Rejection> {
        let mut pass = Pass::default();
        let mut input = serde_json::Deserializer::from_slice(json);
        let outcome = input.deserialize_map(HeaderVisitor(&mut pass)).and_then(|()| input.end());
        if let Some(member) = pass.unsupported {
            return Err(Rejection::HeaderUnsupported { member });
        }
        if let Err(error) = outcome {
            return Err(Rejection::HeaderMalformed(MemberFault::of(&error, &pass.reading)));
        }
        let name = pass.alg.ok_or(Rejection::HeaderMalformed(MemberFault::Missing { member: "alg" }))?;
        let algorithm = Algorithm::from_name(&name.0).ok_or(Rejection::AlgorithmUnknown)?;
        if pass.kid.as_ref().is_some_and(|kid| kid.0.len() > MAX_KID_BYTES) {
            return Err(Rejection::HeaderMalformed(MemberFault::TooLong {
                member: "kid",
                limit: MAX_KID_BYTES,
            }));
        }
        Ok(Self { algorithm, key_id: pass.kid.map(|text| text.0), token_type: pass.typ.map(|text| text.0) })
    }

    /// The algorithm the token claims to be signed with; the verifier's own list decides whether that is allowed.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid`: which key the token claims to be signed with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ`: the kind of token, as it was written.
    #[must_use]
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Whether `typ` names this media type: in any case, the `application/` prefix being optional
    /// ([RFC 7515, section 4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9)).
    #[must_use]
    pub fn is_type(&self, media_type: &str) -> bool {
        const PREFIX: &str = "application/";
        let Some(given) = self.token_type() else { return false };
        let bare = match given.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            _ => given,
        };
        bare.eq_ignore_ascii_case(media_type)
    }
}

/// Shows the algorithm; the rest is text that the sender chose.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Pass<'h> {
    alg: Option<Text<'h>>,
    kid: Option<Text<'h>>,
    typ: Option<Text<'h>>,
    unsupported: Option<&'static str>,
    reading: Reading,
}

struct HeaderVisitor<'p, 'h>(&'p mut Pass<'h>);

impl<'h> Visitor<'h> for HeaderVisitor<'_, 'h> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'h>>(self, mut members: A) -> Result<(), A::Error> {
        let pass = self.0;
        let (mut alg, mut kid, mut typ) = (false, false, false);
        let mut others = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "alg" => {
                    pass.reading.enter("alg", &mut alg)?;
                    pass.alg = Some(members.next_value()?);
                }
                "kid" => {
                    pass.reading.enter("kid", &mut kid)?;
                    pass.kid = Some(members.next_value()?);
                }
                "typ" => {
                    pass.reading.enter("typ", &mut typ)?;
                    pass.typ = Some(members.next_value()?);
                }
                other => {
                    if let Some(member) = UNSUPPORTED.iter().find(|member| **member == other) {
                        pass.unsupported = Some(member);
                    }
                    pass.reading.enter_unknown(name, &mut others)?;
                    members.next_value::<StrictValue<'_>>()?;
                }
            }
        }
        Ok(())
    }
}

/// `crit` demands that extensions be understood, and none is (RFC 7515, section 4.1.11); `b64` must not be used with a
/// JWT (RFC 7797, section 7); `zip` and `enc` belong to encrypted tokens.
const UNSUPPORTED: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// Longest `kid` accepted: generous beside the digests and UUIDs that issuers use.
pub(crate) const MAX_KID_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Rejection {
        Header::parse(json.as_bytes()).expect_err(json)
    }

    #[test]
    fn reads_what_it_knows_and_reads_past_the_rest() {
        let json =
            r#"{ "typ":"at+jwt", "\u0061lg":"ES256", "kid":"k\u002f1", "jwk":{"kty":"RSA"}, "x":[1,{}] }"#;
        let header = Header::parse(json.as_bytes()).unwrap();
        assert_eq!(header.algorithm(), Algorithm::ES256);
        assert_eq!((header.key_id(), header.token_type()), (Some("k/1"), Some("at+jwt")));
    }

    #[test]
    fn faults_are_named_exactly() {
        use MemberFault::{Json, Missing, Repeated, TooLong, WrongType};
        let with_kid = |length| format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(length));
        assert!(Header::parse(with_kid(MAX_KID_BYTES).as_bytes()).is_ok());
        let long = with_kid(MAX_KID_BYTES + 1);
        for (json, want) in [
            ("", Json),
            ("[]", Json),
            ("null", Json),
            (r#"{"alg":"ES256""#, Json),
            (r#"{"alg":"ES256"}x"#, Json),
            (r#"{"alg":"ES256",}"#, Json),
            ("{}", Missing { member: "alg" }),
            (r#"{"alg":1}"#, WrongType { member: "alg" }),
            (r#"{"alg":null}"#, WrongType { member: "alg" }),
            (r#"{"alg":["ES256"]}"#, WrongType { member: "alg" }),
            (r#"{"alg":"ES256","kid":7}"#, WrongType { member: "kid" }),
            (r#"{"alg":"ES256","typ":true}"#, WrongType { member: "typ" }),
            (r#"{"alg":"ES256","alg":"ES256"}"#, Repeated { member: Some("alg") }),
            (r#"{"alg":"ES256","\u0061lg":"none"}"#, Repeated { member: Some("alg") }),
            (r#"{"alg":"ES256","x":1,"x":2}"#, Repeated { member: None }),
            (&long, TooLong { member: "kid", limit: MAX_KID_BYTES }),
        ] {
            assert_eq!(fault(json), Rejection::HeaderMalformed(want), "{json}");
        }
    }

    #[test]
    fn extensions_that_must_be_understood_are_refused_in_every_form() {
        for (json, member) in [
            (r#"{"alg":"ES256","crit":["exp"]}"#, "crit"),
            (r#"{"alg":"ES256","crit":[]}"#, "crit"),
            (r#"{"alg":"ES256","crit":null}"#, "crit"),
            (r#"{"alg":"ES256","\u0063rit":["b64"],"b64":false}"#, "b64"),
            (r#"{"alg":"ES256","b64":true}"#, "b64"),
            (r#"{"alg":"ES256","zip":"DEF"}"#, "zip"),
            (r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, "enc"),
        ] {
            assert_eq!(fault(json), Rejection::HeaderUnsupported { member }, "{json}");
        }
    }

    #[test]
    fn algorithms_outside_the_table_do_not_exist() {
        for name in ["none", "None", "nOnE", "", "es256", "HS257", "RSA1_5"] {
            assert_eq!(fault(&format!(r#"{{"alg":"{name}"}}"#)), Rejection::AlgorithmUnknown, "{name}");
        }
    }

    #[test]
    fn debug_does_not_show_what_the_sender_wrote() {
        let header = Header::parse(br#"{"alg":"ES256","kid":"chosen","typ":"chosen"}"#).unwrap();
        assert_eq!(format!("{header:?}"), "Header { algorithm: ES256, .. }");
    }

    #[test]
    fn types_compare_as_media_types() {
        for (typ, want) in [
            ("at+jwt", true),
            ("AT+JWT", true),
            ("application/at+jwt", true),
            ("Application/At+Jwt", true),
            ("JWT", false),
            ("at+jwt ", false),
            ("xat+jwt", false),
            ("image/at+jwt", false),
            ("applicatiom/at+jwt", false),
            ("application/", false),
            ("", false),
        ] {
            let json = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);
            assert_eq!(Header::parse(json.as_bytes()).unwrap().is_type("at+jwt"), want, "{typ:?}");
        }
        assert!(!Header::parse(br#"{"alg":"ES256"}"#).unwrap().is_type("at+jwt"));
    }
}
