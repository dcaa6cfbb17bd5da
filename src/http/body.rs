//! What a refusal says in its body.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::manner::Detail;
use crate::error::{Error, Rejection};

/// Writes the body of refusals over HTTP; gRPC's have none.
///
/// Closures do: `layer.body(|refused: &Refused<'_>, headers: &mut HeaderMap| …)`. The headers are those of the response:
/// name the body's `Content-Type` there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot write a refusal as a body of type `{R}`",
    note = "bodies of responses must be `Default`, and with `problem_details()` also `From<String>`; \
            `.body(|refused, headers| …)` makes any other"
)]
pub trait RefusalBody<R>: Clone {
    /// The body of one refusal.
    fn body(&self, refused: &Refused<'_>, headers: &mut HeaderMap) -> R;
}

/// A refusal whose body is being written.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'r> {
    pub(super) error: &'r Error,
    pub(super) status: StatusCode,
    pub(super) detail: Detail,
}

/// No body: status and headers say it all. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBody;

/// `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
///
/// The type is `about:blank`, as the status says what kind of problem it is; the reason is in the member `code`.
///
/// ```json
/// {"type":"about:blank","title":"Unauthorized","status":401,"detail":"token expired at 1300, 65 s ago","code":"token_expired"}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ProblemDetails;

/// The members of a problem ([RFC 9457, section 3.1](https://www.rfc-editor.org/rfc/rfc9457#section-3.1)), and what
/// we add (section 3.2): `code`, and what is needed, under the names that challenges have for it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// `about:blank`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What the status means.
    pub title: &'static str,
    /// The status of the response.
    pub status: u16,
    /// The reason, as a sentence; under [`Detail::Full`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The reason, as [`Error::code`]; absent under [`Detail::Bare`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The scopes that would do, where they are what is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The classes of authentication of which one is needed, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// How many seconds ago the user may have authenticated at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// In how many seconds trying again may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl<'r> Refused<'r> {
    #[cfg(feature = "tonic")]
    pub(crate) fn of(error: &'r Error, detail: Detail) -> Self {
        Self { error, status: super::refusal::http_status(error), detail }
    }

    /// Why. Not all of it may be for the client to know: [`problem`](Self::problem) has only that.
    #[must_use]
    pub const fn error(&self) -> &Error {
        self.error
    }

    /// The status of the response.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What the layer's [`Detail`] lets the client know.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (mut scope, mut acr_values, mut max_age) = (None, None, None);
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match self.error {
            Error::Rejected(Rejection::ScopeMissing { required }) => scope = given(required),
            Error::Rejected(Rejection::AuthenticationInsufficient {
                acr_values: classes,
                max_age: age,
                scope: granted,
            }) => {
                (scope, acr_values) = (given(granted), given(classes));
                max_age = age.map(|age| age.as_secs());
            }
            _ => {}
        }
        let retry_after = match self.error {
            Error::Unavailable(unavailable) => Some(unavailable.retry_after_seconds()),
            Error::Rejected(_) => None,
        };
        Problem {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: (self.detail == Detail::Full).then(|| self.error.to_string()),
            code: (self.detail != Detail::Bare).then(|| self.error.code()),
            scope,
            acr_values,
            max_age,
            retry_after,
        }
    }
}

impl<R: Default> RefusalBody<R> for NoBody {
    fn body(&self, _: &Refused<'_>, _: &mut HeaderMap) -> R {
        R::default()
    }
}

impl<R: From<String>> RefusalBody<R> for ProblemDetails {
    fn body(&self, refused: &Refused<'_>, headers: &mut HeaderMap) -> R {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // Text and numbers have a JSON form; an empty body would still have the right status.
        R::from(serde_json::to_string(&refused.problem()).unwrap_or_default())
    }
}

impl<R, F> RefusalBody<R> for F
where
    F: Fn(&Refused<'_>, &mut HeaderMap) -> R + Clone,
{
    fn body(&self, refused: &Refused<'_>, headers: &mut HeaderMap) -> R {
        self(refused, headers)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::error::Unavailable;

    fn written(error: impl Into<Error>, status: u16, detail: Detail) -> String {
        let (error, mut headers) = (error.into(), HeaderMap::new());
        let refused = Refused { error: &error, status: StatusCode::from_u16(status).unwrap(), detail };
        let body = ProblemDetails.body(&refused, &mut headers);
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
        body
    }

    #[test]
    fn problems_as_they_are_sent() {
        let scope = Rejection::ScopeMissing { required: "a \"b\"".into() };
        let wait = Unavailable::KeysExpired { retry_after: Duration::from_millis(2_500) };
        for (error, status, detail, want) in [
            (
                Error::from(Rejection::SignatureInvalid),
                401,
                Detail::Full,
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"the signature does not hold","code":"signature_invalid"}"#,
            ),
            (
                Rejection::SignatureInvalid.into(),
                401,
                Detail::Code,
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"code":"signature_invalid"}"#,
            ),
            (
                scope.into(),
                403,
                Detail::Bare,
                r#"{"type":"about:blank","title":"Forbidden","status":403,"scope":"a \"b\""}"#,
            ),
            (
                wait.into(),
                503,
                Detail::Bare,
                r#"{"type":"about:blank","title":"Service Unavailable","status":503,"retry_after":3}"#,
            ),
        ] {
            assert_eq!(written(error, status, detail), want);
        }
    }
}
