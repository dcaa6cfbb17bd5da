//! `exp`, `nbf` and `iat` against the clock.

use std::time::Duration;

use crate::error::Rejection;
use crate::time::UnixTime;

/// The dates of a token.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TimeClaims {
    pub(crate) exp: Option<UnixTime>,
    pub(crate) nbf: Option<UnixTime>,
    pub(crate) iat: Option<UnixTime>,
}

/// An issuer's rules about dates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeRules {
    pub(crate) skew: Duration,
    pub(crate) max_age: Option<Duration>,
}

/// Which of the checks of a token's dates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DateCheck {
    Expiry,
    NotBefore,
    Age,
}

/// Checks `exp` and `nbf` against `now`, allowing the skew in either direction, and the age of the token if a greatest
/// age is set.
///
/// A token is current from `nbf - skew`, included, to `exp + skew`, excluded: RFC 7519 refuses a token *on* its expiry
/// second ([4.1.4]) but only *before* its `nbf` second ([4.1.5]). `iat` is no gate of its own.
///
/// # Errors
/// [`Rejection::ClaimMissing`] without `exp`, or without `iat` when a greatest age is set; [`Rejection::Expired`],
/// [`Rejection::NotYetValid`], [`Rejection::TooOld`] and [`Rejection::IssuedInFuture`] with the times compared.
///
/// [4.1.4]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4
/// [4.1.5]: https://www.rfc-editor.org/rfc/rfc7519#section-4.1.5
pub(crate) fn check_time(claims: TimeClaims, now: UnixTime, rules: &TimeRules) -> Result<(), Rejection> {
    check_dates(claims, now, rules, |_| {})
}

/// The same, and tells before each check which one it is.
///
/// # Errors
/// Those of [`check_time`].
pub(crate) fn check_dates(
    claims: TimeClaims,
    now: UnixTime,
    rules: &TimeRules,
    mut at: impl FnMut(DateCheck),
) -> Result<(), Rejection> {
    let TimeClaims { exp, nbf, iat } = claims;
    let TimeRules { skew, max_age } = *rules;
    at(DateCheck::Expiry);
    let exp = exp.ok_or(Rejection::ClaimMissing { claim: "exp" })?;
    if now >= exp.saturating_add(skew) {
        return Err(Rejection::Expired { exp, now });
    }
    at(DateCheck::NotBefore);
    if let Some(nbf) = nbf
        && now.saturating_add(skew) < nbf
    {
        return Err(Rejection::NotYetValid { nbf, now });
    }
    at(DateCheck::Age);
    if let Some(max_age) = max_age {
        let iat = iat.ok_or(Rejection::ClaimMissing { claim: "iat" })?;
        if now.saturating_add(skew) < iat {
            return Err(Rejection::IssuedInFuture { iat, now });
        }
        if now > iat.saturating_add(max_age).saturating_add(skew) {
            return Err(Rejection::TooOld { iat, max_age, now });
        }
    }
    Ok(())
}

/// Whether `since` lies at most `max_age` before `now`, the greatest age included, and not in the future, allowing the skew
/// in either direction.
///
/// An authorization server asks anew when the elapsed time is *greater* than the age ([OpenID Connect Core, section
/// 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
pub(crate) fn is_recent(since: UnixTime, now: UnixTime, max_age: Duration, skew: Duration) -> bool {
    now.saturating_add(skew) >= since && now <= since.saturating_add(max_age).saturating_add(skew)
}

/// By how much the clocks of issuer and verifier may differ unless set otherwise.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(60);

/// The largest skew that can be set. Clocks further apart than this are a fault to mend, not to tolerate.
pub const MAX_SKEW: Duration = Duration::from_secs(300);

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    #[test]
    fn time_claims_at_their_edges() {
        for (name, exp, nbf, now, skew, want) in [
            ("the second before expiry", 100, None, 99, 0, Ok(())),
            ("the expiry second itself", 100, None, 100, 0, Err("token_expired")),
            ("expired, but within skew", 100, None, 159, 60, Ok(())),
            ("expired, skew used up", 100, None, 160, 60, Err("token_expired")),
            ("the nbf second itself", 100, Some(50), 50, 0, Ok(())),
            ("one second too early", 100, Some(50), 49, 0, Err("token_not_yet_valid")),
            ("early, but within skew", 1_000, Some(110), 50, 60, Ok(())),
            ("early beyond skew", 1_000, Some(111), 50, 60, Err("token_not_yet_valid")),
            ("far future", i64::MAX, None, i64::MAX - 1, 300, Ok(())),
            ("before the epoch", -1, None, 0, 0, Err("token_expired")),
        ] {
            let claims = TimeClaims { exp: Some(at(exp)), nbf: nbf.map(at), iat: None };
            let rules = TimeRules { skew: Duration::from_secs(skew), max_age: None };
            assert_eq!(check_time(claims, at(now), &rules).map_err(|r| r.code()), want, "{name}");
        }
    }

    #[test]
    fn fractions_count() {
        let rules = TimeRules { skew: Duration::ZERO, max_age: None };
        let claims = TimeClaims { exp: UnixTime::from_fractional_seconds(100.5), nbf: None, iat: None };
        assert!(check_time(claims, at(100), &rules).is_ok());
        assert!(check_time(claims, UnixTime::from_fractional_seconds(100.5).unwrap(), &rules).is_err());
    }

    #[test]
    fn a_greatest_age_makes_iat_count_and_nothing_else_does() {
        for (name, iat, max_age, now, want) in [
            ("no age set, no iat", None, None, 50, Ok(())),
            ("no age set, issued in the future", Some(99), None, 50, Ok(())),
            ("age set, no iat", None, Some(10), 50, Err("claim_missing")),
            ("exactly the age", Some(40), Some(10), 50, Ok(())),
            ("one second older", Some(39), Some(10), 50, Err("token_too_old")),
            ("issued in the future", Some(51), Some(10), 50, Err("token_issued_in_future")),
        ] {
            let claims = TimeClaims { exp: Some(at(100)), nbf: None, iat: iat.map(at) };
            let rules = TimeRules { skew: Duration::ZERO, max_age: max_age.map(Duration::from_secs) };
            assert_eq!(check_time(claims, at(now), &rules).map_err(|r| r.code()), want, "{name}");
        }
        let rules = TimeRules { skew: Duration::from_secs(5), max_age: Some(Duration::from_secs(10)) };
        let claims = |iat| TimeClaims { exp: Some(at(100)), nbf: None, iat: Some(at(iat)) };
        assert!(
            check_time(claims(35), at(50), &rules).is_ok() && check_time(claims(55), at(50), &rules).is_ok()
        );
        assert!(
            check_time(claims(34), at(50), &rules).is_err()
                && check_time(claims(56), at(50), &rules).is_err()
        );
    }

    #[test]
    fn an_authentication_is_recent_up_to_the_age_itself() {
        for (name, since, now, max_age, skew, want) in [
            ("exactly the age", 40, 50, 10, 0, true),
            ("one second older", 39, 50, 10, 0, false),
            ("older, but within skew", 35, 50, 10, 5, true),
            ("older, skew used up", 34, 50, 10, 5, false),
            ("just now", 50, 50, 0, 0, true),
            ("in the future", 51, 50, 10, 0, false),
            ("in the future, but within skew", 55, 50, 10, 5, true),
            ("in the future beyond skew", 56, 50, 10, 5, false),
            ("before all time", i64::MIN, 50, 10, 5, false),
            ("after all time", i64::MAX, 50, 10, 5, false),
        ] {
            let seconds = Duration::from_secs;
            assert_eq!(is_recent(at(since), at(now), seconds(max_age), seconds(skew)), want, "{name}");
        }
    }

    #[test]
    fn a_token_without_expiry_is_refused() {
        let rules = TimeRules { skew: Duration::ZERO, max_age: None };
        let missing = Err(Rejection::ClaimMissing { claim: "exp" });
        assert_eq!(check_time(TimeClaims::default(), at(0), &rules), missing);
    }
}
