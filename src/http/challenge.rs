//! What is sent back for a credential that would not do: `WWW-Authenticate`.

use http::HeaderValue;

use crate::error::Rejection;

/// The challenge for a rejection ([RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
///
/// `reason` is an extension that the RFC leaves room for: our stable code, for machines. To a request without usable
/// credentials nothing is explained, neither by `error` nor by `reason` (section 3.1), so the realm stands alone.
pub(super) fn challenge(realm: Option<&str>, rejection: &Rejection) -> HeaderValue {
    let error = rejection.status().oauth_error();
    let mut challenge = Challenge::new();
    // A challenge has at least one parameter.
    if let Some(realm) = realm.or(error.is_none().then_some(DEFAULT_REALM)) {
        challenge.parameter("realm", realm);
    }
    if let Some(error) = error {
        challenge.parameter("error", error);
        challenge.parameter("error_description", &rejection.to_string());
        challenge.parameter("reason", rejection.code());
    }
    match rejection {
        Rejection::ScopeMissing { required } if !required.is_empty() => {
            challenge.parameter("scope", required);
        }
        _ => {}
    }
    challenge.into_value()
}

/// The realm of a protected resource that was given no name.
pub(super) const DEFAULT_REALM: &str = "protected resource";

struct Challenge {
    text: String,
    separator: &'static str,
}

impl Challenge {
    fn new() -> Self {
        Self { text: String::from("Bearer"), separator: " " }
    }

    /// Adds a parameter, its value within the characters that RFC 6750 allows for `error_description`.
    ///
    /// No escapes: many clients cannot read them, and none can be split by what is not there.
    fn parameter(&mut self, name: &'static str, value: &str) {
        self.text.push_str(self.separator);
        self.text.push_str(name);
        self.text.push_str("=\"");
        self.text.extend(value.chars().map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        }));
        self.text.push('"');
        self.separator = ", ";
    }

    fn into_value(self) -> HeaderValue {
        // Nothing but printable ASCII was written, so the other arm is never taken.
        HeaderValue::try_from(self.text).unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"\""))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::UnixTime;

    fn written(realm: Option<&str>, rejection: &Rejection) -> String {
        challenge(realm, rejection).to_str().unwrap().to_owned()
    }

    #[test]
    fn challenges_as_they_are_sent() {
        let (exp, now) = (UnixTime::from_seconds(100), UnixTime::from_seconds(112));
        for (rejection, want) in [
            (Rejection::CredentialsMissing, r#"Bearer realm="api""#),
            (Rejection::SchemeUnsupported, r#"Bearer realm="api""#),
            (
                Rejection::CredentialsRepeated,
                r#"Bearer realm="api", error="invalid_request", error_description="more than one Authorization header was sent", reason="credentials_repeated""#,
            ),
            (
                Rejection::Expired { exp, now },
                r#"Bearer realm="api", error="invalid_token", error_description="token expired at 100, 12 s ago", reason="token_expired""#,
            ),
            (
                Rejection::ScopeMissing { required: "a b".into() },
                r#"Bearer realm="api", error="insufficient_scope", error_description="scope missing, needed: a b", reason="scope_missing", scope="a b""#,
            ),
            (
                Rejection::ScopeMissing { required: "".into() },
                r#"Bearer realm="api", error="insufficient_scope", error_description="scope missing, needed: ", reason="scope_missing""#,
            ),
        ] {
            assert_eq!(written(Some("api"), &rejection), want);
        }
    }

    #[test]
    fn without_a_realm_there_is_still_a_parameter() {
        assert_eq!(written(None, &Rejection::CredentialsMissing), r#"Bearer realm="protected resource""#);
        assert!(written(None, &Rejection::SignatureInvalid).starts_with(r#"Bearer error="invalid_token", "#));
    }

    #[test]
    fn nothing_in_a_realm_can_end_it() {
        let got = written(Some("a\"\\\r\n, b=\"c\té"), &Rejection::CredentialsMissing);
        assert_eq!(got, r#"Bearer realm="a'/??, b='c??""#);
    }

    /// Reads `name="value"` pairs, separated by `, `, with no quote or backslash inside a value.
    fn parsed(text: &str) -> Option<Vec<(&str, &str)>> {
        let mut rest = text.strip_prefix("Bearer ")?;
        let mut parameters = Vec::new();
        loop {
            let (name, after) = rest.split_once("=\"")?;
            let (value, after) = after.split_once('"')?;
            parameters.push((name, value));
            match after {
                "" => return Some(parameters),
                more => rest = more.strip_prefix(", ")?,
            }
        }
    }

    proptest! {
        #![proptest_config(crate::testing::cases(256))]

        #[test]
        fn a_challenge_is_read_back_parameter_by_parameter(realm in any::<String>(), scopes in any::<String>()) {
            let required = if scopes.is_empty() { "a".to_owned() } else { scopes };
            let text = written(Some(&realm), &Rejection::ScopeMissing { required: required.as_str().into() });
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
            let parameters = parsed(&text).unwrap();
            let names: Vec<_> = parameters.iter().map(|(name, _)| *name).collect();
            prop_assert_eq!(names, ["realm", "error", "error_description", "reason", "scope"]);
            prop_assert_eq!(parameters[0].1.chars().count(), realm.chars().count());
            prop_assert_eq!(parameters[4].1.chars().count(), required.chars().count());
            for (_, value) in parameters {
                prop_assert!(!value.contains(['"', '\\']));
            }
        }
    }
}
