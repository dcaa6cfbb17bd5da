//! How long an answer says that it may be kept ([RFC 9111](https://www.rfc-editor.org/rfc/rfc9111#section-4.2)).
//!
//! Advice, read tolerantly: whatever it says, the result lies between [`MIN_MAX_AGE`] and [`MAX_MAX_AGE`], so that a
//! hostile or careless header can neither make us ask without end nor keep withdrawn keys for ever.

use std::time::Duration;

/// The maximum age that an answer grants its keys.
///
/// `max-age` less the `Age` that the answer already had; the least for `no-store`, `no-cache` and values that are no
/// numbers; `default` when nothing is said.
pub(super) fn max_age(cache_control: Option<&str>, age: Option<Duration>, default: Duration) -> Duration {
    let granted = match cache_control.map_or(Grant::Silent, grant) {
        Grant::Silent => default,
        Grant::Nothing => Duration::ZERO,
        Grant::Lifetime(lifetime) => lifetime.saturating_sub(age.unwrap_or_default()),
    };
    granted.clamp(MIN_MAX_AGE, MAX_MAX_AGE)
}

enum Grant {
    Silent,
    Nothing,
    Lifetime(Duration),
}

fn grant(cache_control: &str) -> Grant {
    let mut grant = Grant::Silent;
    for directive in cache_control.split(',') {
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (directive.trim(), None),
        };
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Grant::Nothing;
        }
        // The first one counts, as RFC 9111, section 4.2.1 recommends for contradictory answers.
        if name.eq_ignore_ascii_case("max-age") && matches!(grant, Grant::Silent) {
            grant = match value.and_then(seconds) {
                Some(lifetime) => Grant::Lifetime(lifetime),
                None => Grant::Nothing,
            };
        }
    }
    grant
}

/// Delta-seconds; too many to count are very many (RFC 9111, section 1.2.2).
pub(super) fn seconds(text: &str) -> Option<Duration> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

/// Least time between two renewals of a source that asks for none at all.
pub(super) const MIN_MAX_AGE: Duration = Duration::from_secs(60);
/// A key that was withdrawn serves no longer than a day (and `max_stale`, when its issuer is down).
pub(super) const MAX_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_taken_within_bounds() {
        let digits = "9".repeat(10_000);
        let huge = format!("max-age={digits}");
        for (header, age, want) in [
            (None, None, 600),
            (Some(""), None, 600),
            (Some("public"), None, 600),
            (Some("max-age=300"), None, 300),
            (Some("public, Max-Age = \"300\" , must-revalidate"), None, 300),
            (Some("max-age=300, max-age=900"), None, 300),
            (Some("s-maxage=900, max-age=300"), None, 300),
            (Some("max-age=59"), None, 60),
            (Some("max-age=60"), None, 60),
            (Some("max-age=86400"), None, 86_400),
            (Some("max-age=86401"), None, 86_400),
            (Some(&huge), None, 86_400),
            (Some("max-age=0"), None, 60),
            (Some("max-age=-1"), None, 60),
            (Some("max-age=+300"), None, 60),
            (Some("max-age=1e9"), None, 60),
            (Some("max-age="), None, 60),
            (Some("max-age"), None, 60),
            (Some("max-age=300, no-store"), None, 60),
            (Some("NO-CACHE"), None, 60),
            (Some("no-cache=\"set-cookie\", max-age=300"), None, 60),
            (Some("max-age=300"), Some(100), 200),
            (Some("max-age=300"), Some(299), 60),
            (Some("max-age=300"), Some(u64::MAX), 60),
            (Some(&huge), Some(u64::MAX), 60),
            (None, Some(u64::MAX), 600),
            (Some(",,=,;=,\u{e9}=1"), None, 600),
        ] {
            let got = max_age(header, age.map(Duration::from_secs), Duration::from_secs(600));
            assert_eq!(got.as_secs(), want, "{:?} {age:?}", header.map(|text| text.get(..40)));
        }
    }
}
