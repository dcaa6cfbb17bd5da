//! Keys that are not there, do not fit, or did not sign.

use portcullis::jose::KeyType;
use portcullis::{Algorithm, Rejection};

use super::{Case, Hint, advice, difference, list, quoted};
use crate::source::shown_address;
use crate::text::escaped;

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    Some(match case.code {
        "algorithm_not_allowed" => not_allowed(case),
        "key_unknown" => unknown(case),
        "key_unsuitable" => Hint::new(
            format!(
                "the issuer's key {} is not made for {}",
                key_id(case),
                case.token.header_text("alg").map_or("the token's algorithm".to_owned(), quoted)
            ),
            "a forged token, or a wrong `alg` in the issuer's key set: `portcullis keys <issuer>` shows it",
        ),
        "key_ambiguous" => Hint::new(
            "more than 4 keys of the issuer fit the token",
            "have the issuer write `kid` into its tokens and give each key its own: `portcullis keys <issuer>` shows them",
        ),
        "signature_invalid" => signature(case),
        "keys_not_loaded" | "keys_expired" => unavailable(case),
        _ => return None,
    })
}

fn not_allowed(case: &Case<'_>) -> Hint {
    let algorithm = match case.rejection() {
        Some(Rejection::AlgorithmNotAllowed(algorithm)) => Some(*algorithm),
        _ => case.token.header_text("alg").and_then(Algorithm::from_name),
    };
    match algorithm {
        Some(algorithm) if algorithm.key_type() == KeyType::Oct => Hint::new(
            format!(
                "the token is signed with {algorithm}, a shared secret; this service trusts the issuer's public keys"
            ),
            "no published key can check it, and a public key taken for a secret would let anybody sign: a forged token, or a client secret in the place of the issuer's key (Auth0: set the API's signing algorithm to RS256)",
        ),
        algorithm => {
            let name = algorithm.map_or("an algorithm".to_owned(), |algorithm| algorithm.name().to_owned());
            Hint::new(
                format!("the token is signed with {name}, which this service does not allow for the issuer"),
                format!(
                    "if the issuer really signs with it, allow it: `--algorithm {name}` here, `Issuer::algorithms` in the service"
                ),
            )
        }
    }
}

fn unknown(case: &Case<'_>) -> Hint {
    let known = published(case);
    let has = list(&known, "no key that can be used");
    let Some(kid) = case.token.header_text("kid") else {
        return Hint::new(
            format!("the token names no key (`kid`), and none of the issuer's fits it; the issuer has {has}"),
            "have the issuer write `kid`, or look whether the token's algorithm is that of its keys",
        );
    };
    let skipped = case.status.iter().flat_map(|status| &status.skipped);
    let mut skipped =
        skipped.filter(|skipped| skipped.key_id.as_deref() == Some(kid)).map(|skipped| skipped.error.code());
    let cause = format!("the token is signed with the key {}; the issuer has {has}", quoted(kid));
    let advice = match skipped.next() {
        Some(code) => format!("the key is in the issuer's set and is not used: {code}; `portcullis keys <issuer>` says more"),
        None if !known.is_empty() && known.iter().all(|known| shape(known) != shape(kid)) => {
            "the names do not even look alike, so it is probably a token of another environment or another issuer: compare `iss` and where the token came from".to_owned()
        }
        None => "the key was withdrawn after the token was issued (get a new token), or it is a token of another environment: `portcullis keys <issuer>` shows what there is".to_owned(),
    };
    Hint::new(cause, advice)
}

/// What sort of name a key id is: its length and what it is made of.
fn shape(kid: &str) -> (usize, bool, bool) {
    let is_hex = kid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    (kid.len() / 8, is_hex, kid.contains('-'))
}

fn signature(case: &Case<'_>) -> Hint {
    let own_key =
        case.token.header.as_ref().and_then(|header| {
            ["jwk", "jku", "x5u", "x5c"].into_iter().find(|name| header.get(name).is_some())
        });
    let cause = format!("the signature was not made with the issuer's key {} over this text", key_id(case));
    if let Some(member) = own_key {
        return Hint::new(
            cause,
            format!(
                "the header brings a key along (`{member}`), which is never believed: a forged token, or an issuer whose published keys are not those it signs with"
            ),
        );
    }
    Hint::new(
        cause,
        "the token was changed or cut off after it was issued, or signed by somebody else: take it anew, unchanged. From Entra ID, a token with `nonce` in its header is for Microsoft Graph and cannot be checked by others",
    )
}

fn unavailable(case: &Case<'_>) -> Hint {
    let failing = case.status.iter().find(|status| !status.state.can_verify());
    let issuer = failing.map_or("<issuer>".to_owned(), |status| escaped(&status.issuer, 200));
    let why = failing.and_then(|status| status.last_error.as_deref()).unwrap_or("no answer yet");
    let cause = match case.code {
        "keys_expired" => format!(
            "nothing is known about the token: the keys of {} could not be renewed for too long ({why})",
            quoted(&issuer)
        ),
        _ => format!(
            "nothing is known about the token: the keys of {} could not be had ({why})",
            quoted(&issuer)
        ),
    };
    let code = why.split(':').next().unwrap_or_default();
    let meaning = match (code, &case.expected.named) {
        ("discovery_issuer_mismatch", Some(named)) => {
            let near = difference(&issuer, named).map_or(String::new(), |near| format!(": {near}"));
            format!(
                "its metadata calls it {}{near}; trust exactly that name, if it is the one that you mean",
                quoted(named)
            )
        }
        _ => advice(code).unwrap_or("the service will try again").to_owned(),
    };
    let place = case.expected.keys.as_deref().map_or(issuer, |keys| escaped(&shown_address(keys), 200));
    Hint::new(
        cause,
        format!(
            "{meaning}{} `portcullis keys {place}` looks at it closely; the service answers 503 until keys come",
            if meaning.ends_with('?') { "" } else { ";" }
        ),
    )
}

fn key_id(case: &Case<'_>) -> String {
    case.token.header_text("kid").map_or(String::new(), quoted)
}

/// The ids of the keys in use.
fn published(case: &Case<'_>) -> Vec<String> {
    let keys =
        case.status.iter().filter(|status| case.token.issuer().is_none_or(|issuer| issuer == status.issuer));
    let ids = keys
        .flat_map(|status| &status.keys)
        .map(|key| key.key_id.clone().unwrap_or_else(|| "(without kid)".to_owned()));
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids.dedup();
    ids.truncate(MAX_LISTED);
    ids
}

const MAX_LISTED: usize = 8;
