//! What the headers of the answer say: how long it holds, how it is asked for again, and what it is.

use super::finding::Finding;
use super::gather::{Gathered, Place};
use crate::text::{escaped, span};
use std::time::Duration;

/// The findings about the answer that brought the set.
pub(super) fn findings(gathered: &Gathered) -> Vec<Finding> {
    let (Some(set), false) = (&gathered.set, matches!(gathered.place, Place::File(_))) else {
        return Vec::new();
    };
    let header = |name| set.answer.header(name);
    let mut findings = vec![lifetime(header("cache-control"), header("expires"))];
    if header("etag").is_none() && header("last-modified").is_none() {
        findings.push(Some(Finding::note(
            "validators_missing",
            "neither ETag nor Last-Modified: every renewal sends the whole set; let the server write one of them",
        )));
    }
    findings.push(content_type(header("content-type")));
    findings.into_iter().flatten().collect()
}

fn lifetime(cache_control: Option<&str>, expires: Option<&str>) -> Option<Finding> {
    let Some(directives) = cache_control else {
        return expires.is_none().then(|| {
            Finding::warning(
                "cache_absent",
                "no Cache-Control: services renew every 10 min by their own default; send max-age, such as 300 to 3600",
            )
        });
    };
    let named = |wanted: &str| {
        directives.split(',').find_map(|directive| {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    if let Some(word) = ["no-store", "no-cache"].into_iter().find(|word| named(word).is_some()) {
        return Some(Finding::warning(
            "cache_forbidden",
            format!(
                "Cache-Control says {word}: services renew every minute, the most often that they do; send max-age instead"
            ),
        ));
    }
    let text = named("max-age")?;
    match text.parse::<u64>() {
        Err(_) => Some(Finding::warning(
            "cache_unreadable",
            format!("max-age={} is no number of seconds", escaped(text, 32)),
        )),
        Ok(seconds) if seconds < 60 => Some(Finding::warning(
            "cache_short",
            format!("max-age={seconds}: services renew once a minute at most; send 300 to 3600"),
        )),
        Ok(seconds) if seconds > 86_400 => Some(Finding::warning(
            "cache_long",
            format!(
                "max-age={seconds} ({}): a key that is withdrawn serves on for so long; services take a day at most",
                span(Duration::from_secs(seconds))
            ),
        )),
        Ok(_) => None,
    }
}

/// RFC 7517, section 8.5; plain JSON is what nearly all send.
fn content_type(value: Option<&str>) -> Option<Finding> {
    let advice = "send application/jwk-set+json or application/json";
    let Some(value) = value else {
        return Some(Finding::note("content_type", format!("no Content-Type: {advice}")));
    };
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    (!is_json).then(|| {
        Finding::warning("content_type", format!("Content-Type is {}: {advice}", escaped(value, 64)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_on_how_long_a_set_holds_is_judged_at_its_bounds() {
        let code = |value| lifetime(Some(value), None).map(|finding| finding.code);
        for (value, want) in [
            ("max-age=59", Some("cache_short")),
            ("max-age=60", None),
            ("public, max-age=86400", None),
            ("max-age=86401", Some("cache_long")),
            ("No-Store", Some("cache_forbidden")),
            ("max-age=300, no-cache", Some("cache_forbidden")),
            ("max-age=soon", Some("cache_unreadable")),
            ("public", None),
        ] {
            assert_eq!(code(value).as_deref(), want, "{value}");
        }
        assert_eq!(lifetime(None, None).map(|finding| finding.code).as_deref(), Some("cache_absent"));
        assert!(lifetime(None, Some("Thu, 01 Jan 2026 00:00:00 GMT")).is_none());
    }

    #[test]
    fn what_is_json_says_so() {
        for (value, want) in [
            ("application/json; charset=utf-8", true),
            ("application/jwk-set+json", true),
            ("text/html", false),
            ("application/octet-stream", false),
        ] {
            assert_eq!(content_type(Some(value)).is_none(), want, "{value}");
        }
    }
}
