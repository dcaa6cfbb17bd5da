//! What each check meets in a token, in words. What the sender chose is escaped and bounded; the signature is not shown.

use std::time::Duration;

use serde_json::{Map, Value};

use super::text::{bounded, listed, plain, quoted, quoted_whole, span};
use crate::claims::{ClaimsSet, DateCheck, Profile, RequiredClaims, TimeClaims, read_issuer};
use crate::error::Rejection;
use crate::jose::{Decoded, Header};
use crate::keys::IssuerStatus;
use crate::require::Requirement;
use crate::revoke::RevocationStatus;
use crate::time::UnixTime;
use crate::verify::step::Step;
use crate::verify::token::VerifiedToken;

pub(in crate::verify) fn size(text: &str) -> String {
    format!("{} bytes", text.len())
}

/// How many segments there are, and where the first character stands that is of no token.
pub(in crate::verify) fn form(text: &str) -> String {
    let count = text.split('.').count();
    let segments = match count {
        3 => {
            let lengths: Vec<_> =
                text.split('.').map(|segment| segment.chars().count().to_string()).collect();
            format!("3 segments of {} characters", lengths.join(", "))
        }
        1 => "1 segment".to_owned(),
        5 => "5 segments, as an encrypted token has".to_owned(),
        _ => format!("{count} segments"),
    };
    let of_token = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    match text.chars().enumerate().find(|(_, character)| !of_token(*character)) {
        None => segments,
        Some((place, character)) => {
            let character = quoted(character.encode_utf8(&mut [0; 4]));
            format!("{segments}; character {} is {character}, which no token has", place + 1)
        }
    }
}

pub(in crate::verify) fn header(token: &Decoded<'_, '_>, read: &Result<Header<'_>, Rejection>) -> String {
    let Ok(header) = read else { return plain(&String::from_utf8_lossy(token.raw_header())) };
    let member = |name: &str, value: Option<&str>| {
        value.map_or_else(|| format!("no {name}"), |value| format!("{name} {}", quoted(value)))
    };
    let (kind, key) = (member("typ", header.token_type()), member("kid", header.key_id()));
    format!("alg {}, {kind}, {key}", header.algorithm())
}

/// `iss`, where it has been read.
pub(in crate::verify) fn issuer(token: &Decoded<'_, '_>, only: bool) -> String {
    if only {
        return "one issuer alone is trusted: iss is read behind the signature".to_owned();
    }
    match read_issuer(token.unverified_payload()) {
        Ok(issuer) => quoted_whole(&issuer),
        Err(Rejection::ClaimMissing { .. }) => "no iss".to_owned(),
        Err(rejection) => rejection.to_string(),
    }
}

pub(in crate::verify) fn algorithm(header: &Header<'_>) -> String {
    header.algorithm().to_string()
}

pub(in crate::verify) fn token_type(header: &Header<'_>) -> String {
    header.token_type().map_or_else(|| "none".to_owned(), quoted_whole)
}

pub(in crate::verify) fn keys(status: &IssuerStatus) -> String {
    let number = match status.keys.len() {
        1 => "1 key".to_owned(),
        number => format!("{number} keys"),
    };
    let age = status.age.map_or_else(String::new, |age| format!(", {} old", span(age)));
    let error = status
        .last_error
        .as_ref()
        .map_or_else(String::new, |error| format!("; the last attempt to get them failed: {}", plain(error)));
    bounded(format!("{}, {number}{age}{error}", status.state), super::text::MAX_CHARS)
}

pub(in crate::verify) fn key(header: &Header<'_>) -> String {
    let key_id = header.key_id().map_or_else(|| "no kid".to_owned(), |kid| format!("kid {}", quoted(kid)));
    format!("{key_id} for {}", header.algorithm())
}

pub(in crate::verify) fn signature(holds: bool) -> String {
    if holds { "holds" } else { "does not hold" }.to_owned()
}

/// The names of the claims; of a claim that is at fault, what stands there.
pub(in crate::verify) fn claims(payload: &[u8], read: &Result<ClaimsSet, Rejection>) -> String {
    let members = serde_json::from_slice::<Map<String, Value>>(payload);
    let shown = match (read, members) {
        (_, Err(_)) => plain(&String::from_utf8_lossy(payload)),
        (Err(Rejection::ClaimType { claim }), Ok(members)) => shown(&members, claim),
        (_, Ok(members)) => members.keys().map(|name| plain(name)).collect::<Vec<_>>().join(", "),
    };
    bounded(shown, super::text::MAX_CHARS)
}

pub(in crate::verify) fn issuer_claim(claims: &ClaimsSet) -> String {
    claims.issuer().map_or_else(|| "no iss".to_owned(), quoted_whole)
}

pub(in crate::verify) fn audience(claims: &ClaimsSet) -> String {
    let named = listed(claims.audiences().map(quoted));
    match (claims.has_audience(), named.is_empty()) {
        (false, _) => "no aud".to_owned(),
        (true, true) => "an aud that names nobody".to_owned(),
        (true, false) => bounded(named, super::text::MAX_CHARS),
    }
}

pub(in crate::verify) fn client(claims: &ClaimsSet) -> String {
    claims.client_id().map_or_else(|| "no client_id".to_owned(), quoted_whole)
}

pub(in crate::verify) fn date(check: DateCheck, claims: TimeClaims, now: UnixTime) -> String {
    let (name, date) = match check {
        DateCheck::Expiry => ("exp", claims.exp),
        DateCheck::NotBefore => ("nbf", claims.nbf),
        DateCheck::Age => ("iat", claims.iat),
    };
    let Some(date) = date else { return format!("no {name}") };
    let (behind, ahead) = (now.saturating_since(date), date.saturating_since(now));
    let distance = match (behind, ahead) {
        (Duration::ZERO, Duration::ZERO) => "now".to_owned(),
        (Duration::ZERO, ahead) => format!("in {}", span(ahead)),
        (behind, _) => format!("{} ago", span(behind)),
    };
    format!("{name} {date}, {distance}; now {}", now.seconds())
}

pub(in crate::verify) fn kind(claims: &ClaimsSet, profile: Profile) -> String {
    let evidence = match profile {
        Profile::Rfc9068 | Profile::Lenient => claims.other_than_access_token(),
        Profile::IdToken => claims.other_than_id_token(),
    };
    if let Some(evidence) = evidence {
        return format!("{evidence}, which marks another kind of token");
    }
    let claims = [
        ("sub", claims.subject().is_some()),
        ("client_id", claims.client_id().is_some()),
        ("iat", claims.time().iat.is_some()),
        ("jti", claims.token_id().is_some()),
    ];
    let names = |there| {
        let names = claims.iter().filter(move |(_, present)| *present == there).map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    };
    match (names(true), names(false)) {
        (there, lacking) if lacking.is_empty() => there,
        (there, lacking) if there.is_empty() => format!("no {lacking}"),
        (there, lacking) => format!("{there}; no {lacking}"),
    }
}

pub(in crate::verify) fn required_claims(claims: &ClaimsSet, required: &RequiredClaims) -> String {
    let Ok(members) = serde_json::from_str::<Map<String, Value>>(claims.payload()) else {
        return String::new();
    };
    let list = listed(required.described().map(|(name, _)| shown(&members, name)));
    let list = if list.is_empty() { "not looked at".to_owned() } else { list };
    bounded(list, super::text::MAX_CHARS)
}

/// The names of the members of `cnf`.
pub(in crate::verify) fn confirmation(claims: &ClaimsSet) -> String {
    if !claims.has_confirmation() {
        return "no cnf".to_owned();
    }
    let members = serde_json::from_str::<Map<String, Value>>(claims.payload());
    let names = members
        .ok()
        .and_then(|members| Some(listed(members.get("cnf")?.as_object()?.keys().map(|name| quoted(name)))));
    let with =
        names.filter(|names| !names.is_empty()).map_or_else(String::new, |names| format!(" with {names}"));
    bounded(format!("cnf{with}"), super::text::MAX_CHARS)
}

pub(in crate::verify) fn revocation(status: Option<&RevocationStatus>) -> String {
    match status {
        None => "not asked",
        Some(RevocationStatus::NotRevoked) => "not revoked",
        Some(RevocationStatus::Revoked) => "revoked",
        Some(RevocationStatus::Unknown { .. }) => "the check cannot tell",
    }
    .to_owned()
}

/// What was granted, and what is lacking.
pub(super) fn requirement(token: &VerifiedToken, requirement: &Requirement) -> String {
    let granted = listed(token.scopes().map(quoted));
    let granted = if granted.is_empty() { "no scope".to_owned() } else { format!("scope {granted}") };
    let lacking = listed(requirement.unmet_by(token).into_iter().map(|part| super::text::of_set_up(&part)));
    let lacking = if lacking.is_empty() { lacking } else { format!("; lacks {lacking}") };
    bounded(format!("{granted}{lacking}"), super::text::MAX_CHARS)
}

fn shown(members: &Map<String, Value>, claim: &str) -> String {
    let value = members.get(claim);
    let value = value.map_or_else(
        || format!("no {claim}"),
        |value| match value {
            Value::String(text) => format!("{claim} {}", quoted(text)),
            other => format!("{claim} {}", plain(&other.to_string())),
        },
    );
    bounded(value, super::text::MAX_CHARS)
}

impl From<DateCheck> for Step {
    fn from(check: DateCheck) -> Self {
        match check {
            DateCheck::Expiry => Self::Expiry,
            DateCheck::NotBefore => Self::NotBefore,
            DateCheck::Age => Self::Age,
        }
    }
}
