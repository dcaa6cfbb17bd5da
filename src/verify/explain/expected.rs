//! What each check asks for, in the words of the rules.

use super::text::{listed, of_set_up, one_of, quoted, quoted_whole, span};
use crate::claims::{Audiences, Clients, Profile};
use crate::jose::{Algorithm, MAX_HEADER_BYTES};
use crate::keys::{Candidates, KeySet};
use crate::verify::issuer::TrustAnchor;
use crate::verify::order::Rules;
use crate::verify::step::Step;

/// What the rules of the verifier say, before an issuer is known.
pub(super) fn by_verifier(step: Step, rules: &Rules) -> String {
    match step {
        Step::Size => format!("at most {} bytes", rules.max_token_bytes),
        Step::Form => {
            format!("three segments of canonical base64url, a header of at most {MAX_HEADER_BYTES} bytes")
        }
        Step::Header => "a JSON object, no member twice, a known alg, no crit, b64, zip or enc".to_owned(),
        Step::Issuer => issuers(rules),
        Step::Keys => "keys of the issuer, not expired".to_owned(),
        Step::Key => "a key of the issuer for this kid and algorithm".to_owned(),
        Step::Signature => "holds under that key".to_owned(),
        Step::Claims => "a JSON object, no member twice, registered claims of their types".to_owned(),
        Step::Confirmation => "no cnf, as possession of a key is not checked".to_owned(),
        Step::Revocation if rules.revocation.is_none() => "no check is set up".to_owned(),
        Step::Revocation => "not revoked".to_owned(),
        Step::Algorithm
        | Step::Type
        | Step::IssuerClaim
        | Step::Audience
        | Step::Client
        | Step::Expiry
        | Step::NotBefore
        | Step::Age
        | Step::Kind
        | Step::RequiredClaims
        | Step::Requirement => "by the rules of the issuer".to_owned(),
    }
}

/// What the rules of an issuer say; `None` where they have no say.
pub(super) fn by_issuer(step: Step, anchor: &TrustAnchor) -> Option<String> {
    let skew = span(anchor.time.skew);
    Some(match step {
        Step::Algorithm => anchor.algorithms.iter().map(Algorithm::name).collect::<Vec<_>>().join(", "),
        Step::Type => match anchor.profile {
            Profile::Rfc9068 => "at+jwt".to_owned(),
            Profile::Lenient => "at+jwt, JWT or none".to_owned(),
            Profile::IdToken => "JWT or none".to_owned(),
        },
        Step::IssuerClaim => quoted_whole(&anchor.identifier),
        Step::Audience => match &anchor.audiences {
            Audiences::AnyOf(ours) => one_of(ours.iter().map(|own| &**own)),
            Audiences::OnlyOf(ours) => format!("{}, and no other", one_of(ours.iter().map(|own| &**own))),
            Audiences::Absent => "no aud, as the client is looked at in its place".to_owned(),
            Audiences::DangerouslyAny => "any, or none".to_owned(),
        },
        Step::Client => match &anchor.clients {
            Clients::Any => "any, or none".to_owned(),
            Clients::AnyOf(ours) => one_of(ours.iter().map(|own| &**own)),
        },
        Step::Expiry => format!("exp has not come, skew {skew}"),
        Step::NotBefore => format!("nbf has come or is absent, skew {skew}"),
        Step::Age => match anchor.time.max_age {
            None => "any age".to_owned(),
            Some(age) => format!("iat at most {} ago, skew {skew}", span(age)),
        },
        Step::Kind => match anchor.profile {
            Profile::Rfc9068 => "an access token, with sub, client_id, iat and jti".to_owned(),
            Profile::Lenient => "an access token".to_owned(),
            Profile::IdToken => "an ID token, with sub and iat".to_owned(),
        },
        Step::RequiredClaims => required_claims(anchor),
        Step::Size
        | Step::Form
        | Step::Header
        | Step::Issuer
        | Step::Keys
        | Step::Key
        | Step::Signature
        | Step::Claims
        | Step::Confirmation
        | Step::Revocation
        | Step::Requirement => return None,
    })
}

fn issuers(rules: &Rules) -> String {
    let fixed = rules.anchors.fixed();
    let named = one_of(fixed.iter().map(|anchor| anchor.identifier.as_str()));
    #[cfg(feature = "remote")]
    if rules.anchors.tenants().is_some() {
        return if fixed.is_empty() { "a tenant".to_owned() } else { format!("{named}, or a tenant") };
    }
    named
}

fn required_claims(anchor: &TrustAnchor) -> String {
    let claims = anchor.required.described().map(|(name, values)| match values {
        [] => format!("{} present", of_set_up(name)),
        values => format!("{} = {}", of_set_up(name), one_of(values.iter().map(String::as_str))),
    });
    let list = listed(claims);
    if list.is_empty() { "none".to_owned() } else { list }
}

/// Keys that serve the algorithm.
pub(in crate::verify) fn key(set: &KeySet, algorithm: Algorithm) -> String {
    let serving = set.keys().iter().filter(|key| key.algorithms().contains(algorithm));
    let names: Vec<_> =
        serving.map(|key| key.id().map_or_else(|| "a key without kid".to_owned(), quoted)).collect();
    match names.len() {
        0 => format!("no key of the issuer is for {algorithm}"),
        1 => format!("{} for {algorithm}", listed(names)),
        _ => format!("one of {} for {algorithm}", listed(names)),
    }
}

/// The keys that are tried.
pub(in crate::verify) fn signature(candidates: &Candidates<'_>) -> String {
    let names = candidates.iter().map(|key| key.id().map_or_else(|| "without kid".to_owned(), quoted));
    format!("holds under key {}", listed(names))
}
