//! How a document is known again without being sent again
//! ([RFC 9110, section 8.8](https://www.rfc-editor.org/rfc/rfc9110#section-8.8)).

use super::document::FetchResponse;

/// What an answer said of its version; both may be absent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Validators {
    entity_tag: Option<String>,
    last_modified: Option<String>,
}

impl Validators {
    /// Those of this answer. What is not well formed is not kept, as it would be sent back.
    pub(super) fn of(response: &FetchResponse) -> Self {
        let kept = |name, good: fn(&str) -> bool| {
            response.header(name).filter(|value| good(value)).map(str::to_owned)
        };
        Self {
            entity_tag: kept("etag", is_entity_tag),
            last_modified: kept("last-modified", |value| httpdate::parse_http_date(value).is_ok()),
        }
    }

    /// Whether an answer can be known again.
    pub(super) const fn are_absent(&self) -> bool {
        self.entity_tag.is_none() && self.last_modified.is_none()
    }

    /// The fields that ask for the document only if it has changed. `If-Modified-Since` is for servers without entity
    /// tags and does not count beside one (RFC 9110, section 13.1.3).
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let tag = self.entity_tag.as_deref().map(|tag| ("if-none-match", tag));
        let date = self.last_modified.as_deref().map(|date| ("if-modified-since", date));
        tag.or(date).into_iter()
    }
}

/// One entity tag, weak or strong: `W/"…"` or `"…"` without quotes, spaces and control characters inside.
fn is_entity_tag(text: &str) -> bool {
    let opaque = text.strip_prefix("W/").unwrap_or(text);
    let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.len() <= MAX_TAG_BYTES
        && inner.is_some_and(|inner| inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'))
}

/// Far more than any server needs; it is kept, and sent at each renewal.
const MAX_TAG_BYTES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(name: &str, value: &str) -> Vec<(&'static str, String)> {
        let validators = Validators::of(&FetchResponse::new(200, "").with_header(name, value));
        assert_eq!(validators.are_absent(), validators.conditions().count() == 0);
        validators.conditions().map(|(name, value)| (name, value.to_owned())).collect()
    }

    #[test]
    fn only_what_is_well_formed_is_sent_back() {
        let longest = format!("\"{}\"", "x".repeat(MAX_TAG_BYTES - 2));
        for tag in ["\"\"", "\"a\"", "W/\"a\"", "\"!#~\"", &longest] {
            assert_eq!(sent("etag", tag), [("if-none-match", tag.to_owned())]);
        }
        let too_long = format!("\"{}\"", "x".repeat(MAX_TAG_BYTES - 1));
        for tag in [
            "",
            "a",
            "\"",
            "\"a",
            "a\"",
            "w/\"a\"",
            "\"a\"b\"",
            "\"a b\"",
            "\"\u{e9}\"",
            "\"a\", \"b\"",
            "*",
            &too_long,
        ] {
            assert_eq!(sent("etag", tag), [], "{tag}");
        }
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(sent("last-modified", date), [("if-modified-since", date.to_owned())]);
        for date in ["", "yesterday", "0", "Sun, 06 Nov 1994 08:49:37 CET", "1994-11-06T08:49:37Z"] {
            assert_eq!(sent("last-modified", date), [], "{date}");
        }
    }

    #[test]
    fn an_entity_tag_counts_alone() {
        let both = FetchResponse::new(200, "")
            .with_header("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT")
            .with_header("etag", "\"a\"");
        let both = Validators::of(&both);
        assert_eq!(both.conditions().collect::<Vec<_>>(), [("if-none-match", "\"a\"")]);
    }
}
