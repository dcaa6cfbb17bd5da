//! Tokens that are not current.

use portcullis::{Rejection, UnixTime};

use super::{Case, Hint};
use crate::text::{date, distance, span};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    Some(match case.code {
        "token_expired" => {
            let (exp, now) = match case.rejection() {
                Some(Rejection::Expired { exp, now }) => (Some(*exp), *now),
                _ => (case.token.claim_time("exp"), case.now),
            };
            Hint::new(
                format!("the token expired{}", when(exp, now)),
                format!(
                    "get a new one, and let the client renew it ahead of `exp`; if it is new, compare clocks: it was judged at {}",
                    date(now).unwrap_or_default()
                ),
            )
        }
        "token_not_yet_valid" => {
            let (nbf, now) = match case.rejection() {
                Some(Rejection::NotYetValid { nbf, now }) => (Some(*nbf), *now),
                _ => (case.token.claim_time("nbf"), case.now),
            };
            Hint::new(
                format!("the token is not valid yet: `nbf`{}", when(nbf, now)),
                format!(
                    "compare the clocks of issuer and service, which differ by more than the skew: it was judged at {}",
                    date(now).unwrap_or_default()
                ),
            )
        }
        "token_too_old" => {
            let cause = match case.rejection() {
                Some(Rejection::TooOld { iat, max_age, now }) => {
                    format!(
                        "the token was issued{}; the service takes none older than {}",
                        when(Some(*iat), *now),
                        span(*max_age)
                    )
                }
                _ => "the token was issued longer ago than the service allows".to_owned(),
            };
            Hint::new(cause, "get a new one, whatever its `exp` says; the limit is `Issuer::max_token_age`")
        }
        "token_issued_in_future" => Hint::new(
            format!(
                "the token says that it was issued in the future: `iat`{}",
                when(case.token.claim_time("iat"), case.now)
            ),
            "compare the clocks of issuer and service, which differ by more than the skew",
        ),
        _ => return None,
    })
}

fn when(time: Option<UnixTime>, now: UnixTime) -> String {
    match time {
        Some(time) => {
            format!(" {} ({})", distance(time, now), date(time).unwrap_or_else(|| time.to_string()))
        }
        None => String::new(),
    }
}
