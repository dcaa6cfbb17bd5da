//! How long an answer says that it may be kept ([RFC 9111](https://www.rfc-editor.org/rfc/rfc9111#section-4.2)), and for
//! how long its sender wants to be left alone.
//!
//! Advice, read tolerantly: whatever it says, the result lies between [`MIN_MAX_AGE`] and [`MAX_MAX_AGE`], so that a
//! hostile or careless header can neither make us ask without end nor keep withdrawn keys for ever.

use std::time::Duration;

use super::document::FetchResponse;

/// The maximum age that an answer grants its keys.
///
/// `Cache-Control: max-age`, else `Expires` less `Date`, and either less the `Age` that the answer already had; the least
/// for `no-store`, `no-cache` and values that cannot be read; `default` when nothing is said. The answer's dates are
/// compared with each other alone: our clock and the source's may disagree.
pub(super) fn max_age(response: &FetchResponse, default: Duration) -> Duration {
    let advice = response.header("cache-control").map_or(Grant::Silent, grant);
    let advice = if matches!(advice, Grant::Silent) { expiry(response) } else { advice };
    let granted = match advice {
        Grant::Silent => default,
        Grant::Nothing => Duration::ZERO,
        Grant::Lifetime(lifetime) => {
            lifetime.saturating_sub(response.header("age").and_then(seconds).unwrap_or_default())
        }
    };
    granted.clamp(MIN_MAX_AGE, MAX_MAX_AGE)
}

/// How long the sender of a refusal wants not to be asked
/// ([RFC 9110, section 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)): seconds, or a date beside `Date`.
pub(super) fn retry_after(response: &FetchResponse) -> Option<Duration> {
    let value = response.header("retry-after")?;
    seconds(value).or_else(|| after_date(response, value))
}

/// RFC 9111, section 5.3: a date that cannot be read, as the customary `0`, has passed.
fn expiry(response: &FetchResponse) -> Grant {
    let Some(expires) = response.header("expires") else { return Grant::Silent };
    if httpdate::parse_http_date(expires).is_err() {
        return Grant::Nothing;
    }
    if response.header("date").is_none() {
        return Grant::Silent;
    }
    after_date(response, expires).map_or(Grant::Nothing, Grant::Lifetime)
}

/// From the answer's `Date` to this one.
fn after_date(response: &FetchResponse, until: &str) -> Option<Duration> {
    let sent = httpdate::parse_http_date(response.header("date")?).ok()?;
    httpdate::parse_http_date(until).ok()?.duration_since(sent).ok()
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

    fn answer(fields: &[(&str, &str)]) -> FetchResponse {
        fields
            .iter()
            .fold(FetchResponse::new(200, ""), |answer, (name, value)| answer.with_header(name, value))
    }

    #[test]
    fn advice_is_taken_within_bounds() {
        let digits = "9".repeat(1_000);
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
            let age = age.map(|seconds: u64| seconds.to_string());
            let fields = [("cache-control", header), ("age", age.as_deref())];
            let fields: Vec<_> = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
            let got = max_age(&answer(&fields), Duration::from_secs(600));
            assert_eq!(got.as_secs(), want, "{:?} {age:?}", header.map(|text| text.get(..40)));
        }
    }

    const NOON: (&str, &str) = ("date", "Sun, 06 Nov 1994 12:00:00 GMT");
    const FIVE_PAST: &str = "Sun, 06 Nov 1994 12:05:00 GMT";

    #[test]
    fn an_expiry_date_counts_from_the_date_of_the_answer() {
        for (fields, want) in [
            (vec![NOON, ("expires", FIVE_PAST)], 300),
            (vec![NOON, ("expires", FIVE_PAST), ("age", "100")], 200),
            (vec![NOON, ("expires", FIVE_PAST), ("cache-control", "public")], 300),
            (vec![NOON, ("expires", FIVE_PAST), ("cache-control", "max-age=900")], 900),
            (vec![NOON, ("expires", FIVE_PAST), ("cache-control", "no-store")], 60),
            (vec![NOON, ("expires", "Sun, 06 Nov 1994 11:59:59 GMT")], 60),
            (vec![NOON, ("expires", "Fri, 31 Dec 9999 23:59:59 GMT")], 86_400),
            (vec![NOON, ("expires", "0")], 60),
            (vec![("expires", "-1")], 60),
            (vec![("expires", FIVE_PAST)], 600),
            (vec![("date", "now"), ("expires", FIVE_PAST)], 60),
            (vec![NOON], 600),
        ] {
            let got = max_age(&answer(&fields), Duration::from_secs(600));
            assert_eq!(got.as_secs(), want, "{fields:?}");
        }
    }

    #[test]
    fn a_sender_says_when_to_come_again_in_seconds_or_by_a_date() {
        for (fields, want) in [
            (vec![("retry-after", "120")], Some(120)),
            (vec![("retry-after", "0")], Some(0)),
            (vec![NOON, ("retry-after", FIVE_PAST)], Some(300)),
            (vec![("retry-after", FIVE_PAST)], None),
            (vec![NOON, ("retry-after", "Sun, 06 Nov 1994 11:00:00 GMT")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "99999999999999999999")], Some(u64::MAX)),
            (vec![], None),
        ] {
            assert_eq!(retry_after(&answer(&fields)).map(|wait| wait.as_secs()), want, "{fields:?}");
        }
    }
}
