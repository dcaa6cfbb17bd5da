//! One document: how it is asked for, and what was answered.

use std::fmt;

use super::address::shown;
use super::validators::Validators;

/// What is to be got.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchRequest {
    url: String,
    max_bytes: usize,
    validators: Validators,
}

impl FetchRequest {
    /// The document at `url`, of at most `max_bytes` bytes.
    pub fn new(url: impl Into<String>, max_bytes: usize) -> Self {
        Self { url: url.into(), max_bytes, validators: Validators::default() }
    }

    /// Unless it is still the one that these validators came with.
    pub(super) fn unless(self, validators: Validators) -> Self {
        Self { validators, ..self }
    }

    /// The address: `https`, or `http` to the loopback host.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The longest body that is of use.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Header fields to send, as name and value: what makes the request conditional
    /// ([RFC 9110, section 13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)), if anything does.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.validators.conditions()
    }
}

/// Shows the address up to its query, which may hold a secret.
impl fmt::Debug for FetchRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &shown(&self.url))
            .field("max_bytes", &self.max_bytes)
            .field("conditional", &self.headers().next().is_some())
            .finish()
    }
}

/// What was answered.
#[derive(Clone)]
#[non_exhaustive]
pub struct FetchResponse {
    status: u16,
    body: Vec<u8>,
    fields: Vec<(&'static str, String)>,
}

impl FetchResponse {
    /// An answer without header fields.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), fields: Vec::new() }
    }

    /// With a header field of the answer. Hand over all of them, whatever they are, in their order.
    ///
    /// Only those that say how long the answer holds, how to ask again, and when, are kept: `Age`, `Cache-Control`,
    /// `Date`, `ETag`, `Expires`, `Last-Modified` and `Retry-After`; and `Content-Type`, for who looks over a source, as
    /// nothing is decided by it. Each has at most 4 KiB. Several `Cache-Control` fields are one list; of the others the
    /// first counts.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let Some(known) = FIELDS.iter().find(|known| known.eq_ignore_ascii_case(name)) else { return self };
        let value = value.trim_matches([' ', '\t']);
        match self.fields.iter_mut().find(|(name, _)| name == known) {
            None if value.len() <= MAX_FIELD_BYTES => self.fields.push((known, value.to_owned())),
            Some((_, list)) if *known == "cache-control" && list.len() + value.len() < MAX_FIELD_BYTES => {
                list.push(',');
                list.push_str(value);
            }
            _ => {}
        }
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body. Only that of status 200 is ever looked at.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of a header field that was kept.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    pub(super) fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// Shows how long the body is, and nothing of it.
impl fmt::Debug for FetchResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

const FIELDS: [&str; 8] =
    ["age", "cache-control", "content-type", "date", "etag", "expires", "last-modified", "retry-after"];

/// More than any of these fields needs, and a bound on what a source that was not asked may have us keep.
const MAX_FIELD_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fields_of_use_are_kept_and_none_that_is_huge() {
        let long = "x".repeat(MAX_FIELD_BYTES + 1);
        let answer = FetchResponse::new(200, "")
            .with_header("Cache-Control", "public")
            .with_header("cache-control", "\tmax-age=300 ")
            .with_header("cache-control", &long)
            .with_header("ETag", "\"a\"")
            .with_header("etag", "\"b\"")
            .with_header("set-cookie", "hidden")
            .with_header("Content-Type", "application/json")
            .with_header("expires", &long);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("public,max-age=300"));
        assert_eq!(answer.header("ETAG"), Some("\"a\""), "the first counts");
        assert_eq!((answer.header("set-cookie"), answer.header("expires")), (None, None));
    }

    #[test]
    fn a_list_is_kept_up_to_the_limit_and_no_further() {
        let joined = |first: usize, second: usize| {
            let answer = FetchResponse::new(200, "").with_header("cache-control", &"a".repeat(first));
            let answer = answer.with_header("cache-control", &"b".repeat(second));
            answer.header("cache-control").unwrap().len()
        };
        assert_eq!(MAX_FIELD_BYTES, 4_096);
        assert_eq!(joined(100, MAX_FIELD_BYTES - 101), MAX_FIELD_BYTES, "with the comma between them");
        assert_eq!(joined(100, MAX_FIELD_BYTES - 100), 100);
        let alone = |bytes| FetchResponse::new(200, "").with_header("etag", &"x".repeat(bytes));
        assert_eq!(alone(MAX_FIELD_BYTES).header("etag").map(str::len), Some(MAX_FIELD_BYTES));
        assert_eq!(alone(MAX_FIELD_BYTES + 1).header("etag"), None);
    }

    #[test]
    fn neither_values_nor_bodies_are_shown() {
        let hidden = Validators::of(&FetchResponse::new(200, "").with_header("etag", "\"hidden\""));
        let request = FetchRequest::new("https://id.example/?hidden", 7).unless(hidden);
        let shown = "FetchRequest { url: \"https://id.example/?[…]\", max_bytes: 7, conditional: true }";
        assert_eq!(format!("{request:?}"), shown);
        let answer = FetchResponse::new(200, "hidden").with_header("etag", "\"hidden\"");
        assert_eq!(format!("{answer:?}"), "FetchResponse { status: 200, body_bytes: 6, .. }");
    }
}
