//! What is sent back for a credential that would not do: `WWW-Authenticate`.

use http::HeaderValue;

use super::manner::{Detail, Manner};
use crate::error::Rejection;

/// The challenges for a rejection ([RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)): one for each
/// scheme under which credentials are taken, each a header field of its own, so that nobody has to tell where the next
/// one starts.
///
/// `scheme` is the one that the credential was sent under; the others have nothing to say of it. `reason` is an extension
/// that the RFC leaves room for: our stable code, for machines. To a request without usable credentials nothing is
/// explained, neither by `error` nor by `reason` (section 3.1).
pub(super) fn challenges(
    manner: &Manner,
    scheme: usize,
    rejection: &Rejection,
) -> impl Iterator<Item = HeaderValue> {
    let ours = manner.schemes().enumerate().map(move |(index, name)| {
        challenge(manner, name, if index == scheme { rejection } else { &Rejection::CredentialsMissing })
    });
    // Whoever has no credential that is good may as well come with one of another kind; one with too few rights may not.
    let offers = if rejection.status().http() == 401 { &*manner.offers } else { &[] };
    ours.chain(offers.iter().cloned())
}

fn challenge(manner: &Manner, scheme: &str, rejection: &Rejection) -> HeaderValue {
    let error = rejection.status().oauth_error();
    let mut challenge = Challenge::new(scheme);
    // A challenge has at least one parameter.
    if let Some(realm) = manner.realm.as_deref().or(error.is_none().then_some(DEFAULT_REALM)) {
        challenge.parameter("realm", realm);
    }
    if let Some(error) = error {
        challenge.parameter("error", error);
        if manner.detail == Detail::Full {
            challenge.parameter("error_description", &rejection.to_string());
        }
        if manner.detail != Detail::Bare {
            challenge.parameter("reason", rejection.code());
        }
    }
    match rejection {
        Rejection::ScopeMissing { required } => challenge.text("scope", required),
        // RFC 9470, section 3.
        Rejection::AuthenticationInsufficient { acr_values, max_age, scope } => {
            challenge.text("acr_values", acr_values);
            if let Some(age) = max_age {
                challenge.parameter("max_age", &age.as_secs().to_string());
            }
            challenge.text("scope", scope);
        }
        // RFC 6750, section 3: what is needed to access the resource.
        _ if rejection.status().http() == 401 => {
            challenge.text("scope", manner.scopes.as_deref().unwrap_or_default());
        }
        _ => {}
    }
    // RFC 9728, section 5.1.
    if let Some(address) = &manner.resource_metadata {
        challenge.parameter("resource_metadata", address);
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
    /// The scheme is a token: it was judged when it was given.
    fn new(scheme: &str) -> Self {
        Self { text: String::from(scheme), separator: " " }
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

    /// Adds a parameter, if there is anything to say.
    fn text(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            self.parameter(name, value);
        }
    }

    fn into_value(self) -> HeaderValue {
        // Nothing but printable ASCII was written, so the other arm is never taken.
        HeaderValue::try_from(self.text).unwrap_or_else(|_| HeaderValue::from_static("Bearer realm=\"\""))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::time::UnixTime;

    fn written(realm: Option<&str>, rejection: &Rejection) -> String {
        let manner = Manner { realm: realm.map(Arc::from), ..Manner::PLAIN };
        let [only] = &*all(&manner, 0, rejection) else { panic!("one scheme, one challenge") };
        only.clone()
    }

    fn all(manner: &Manner, scheme: usize, rejection: &Rejection) -> Vec<String> {
        challenges(manner, scheme, rejection).map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn challenges_as_they_are_sent() {
        let (exp, now) = (UnixTime::from_seconds(100), UnixTime::from_seconds(112));
        for (rejection, want) in [
            (Rejection::CredentialsMissing, r#"Bearer realm="api""#),
            (Rejection::SchemeUnsupported, r#"Bearer realm="api""#),
            (
                Rejection::CredentialsRepeated,
                r#"Bearer realm="api", error="invalid_request", error_description="credentials were sent more than once", reason="credentials_repeated""#,
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
    fn how_much_is_told() {
        let rejection = Rejection::SignatureInvalid;
        for (detail, want) in [
            (
                Detail::Full,
                r#"Bearer error="invalid_token", error_description="the signature does not hold", reason="signature_invalid""#,
            ),
            (Detail::Code, r#"Bearer error="invalid_token", reason="signature_invalid""#),
            (Detail::Bare, r#"Bearer error="invalid_token""#),
        ] {
            assert_eq!(all(&Manner { detail, ..Manner::PLAIN }, 0, &rejection), [want]);
        }
        let missing = Rejection::ScopeMissing { required: "a b".into() };
        let manner = Manner { detail: Detail::Bare, ..Manner::PLAIN };
        assert_eq!(all(&manner, 0, &missing), [r#"Bearer error="insufficient_scope", scope="a b""#]);
    }

    #[test]
    fn a_client_is_told_where_to_get_a_token_and_for_what() {
        let manner = Manner {
            resource_metadata: Some("https://api.example.com/.well-known/oauth-protected-resource".into()),
            scopes: Some("files:read".into()),
            detail: Detail::Bare,
            ..Manner::named("api")
        };
        let metadata = r#"resource_metadata="https://api.example.com/.well-known/oauth-protected-resource""#;
        for (rejection, want) in [
            (Rejection::CredentialsMissing, r#"Bearer realm="api", scope="files:read", "#),
            (
                Rejection::SignatureInvalid,
                r#"Bearer realm="api", error="invalid_token", scope="files:read", "#,
            ),
            (
                Rejection::ScopeMissing { required: "files:write".into() },
                r#"Bearer realm="api", error="insufficient_scope", scope="files:write", "#,
            ),
            // The request was malformed: other scopes do not help.
            (Rejection::CredentialsRepeated, r#"Bearer realm="api", error="invalid_request", "#),
        ] {
            assert_eq!(all(&manner, 0, &rejection), [format!("{want}{metadata}")]);
        }
    }

    #[test]
    fn each_scheme_has_a_header_field_and_only_the_one_that_was_used_an_error() {
        let manner = Manner {
            schemes: vec!["Bearer".into(), "JWT".into()],
            offers: vec![HeaderValue::from_static("Negotiate")],
            detail: Detail::Bare,
            ..Manner::named("api")
        };
        for (scheme, rejection, want) in [
            (
                0,
                Rejection::CredentialsMissing,
                &[r#"Bearer realm="api""#, r#"JWT realm="api""#, "Negotiate"][..],
            ),
            (
                1,
                Rejection::SignatureInvalid,
                &[r#"Bearer realm="api""#, r#"JWT realm="api", error="invalid_token""#, "Negotiate"],
            ),
            (
                0,
                Rejection::ScopeMissing { required: "a".into() },
                &[r#"Bearer realm="api", error="insufficient_scope", scope="a""#, r#"JWT realm="api""#],
            ),
        ] {
            assert_eq!(all(&manner, scheme, &rejection), want);
        }
    }

    #[test]
    fn a_step_up_as_in_rfc_9470() {
        let manner = Manner { detail: Detail::Bare, ..Manner::PLAIN };
        let stepped = |acr_values: &str, max_age, scope: &str| Rejection::AuthenticationInsufficient {
            acr_values: acr_values.into(),
            max_age,
            scope: scope.into(),
        };
        let error = r#"Bearer error="insufficient_user_authentication", "#;
        for (rejection, want) in [
            (stepped("myACR", None, ""), r#"acr_values="myACR""#),
            (stepped("", Some(Duration::from_secs(5)), ""), r#"max_age="5""#),
            (stepped("a b", Some(Duration::ZERO), "s"), r#"acr_values="a b", max_age="0", scope="s""#),
        ] {
            assert_eq!(all(&manner, 0, &rejection), [format!("{error}{want}")]);
        }
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
