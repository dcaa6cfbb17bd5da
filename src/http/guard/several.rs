//! Which of several credentials counts, and which of several verifiers.

use super::{Admission, Check, Checked, Denial, Way};
use crate::error::{Error, Rejection};
use crate::http::source::{Head, TokenSource};
use crate::verify::Notes;

/// The ways of the one source that has a token, and the token of each.
///
/// # Errors
/// Why none counts: there is none, there are two, or what is there cannot be read.
pub(super) fn sent<'r, N: Notes>(ways: &[Way], head: Head<'r>) -> Result<Vec<(usize, &'r [u8])>, Denial<N>> {
    let mut absent = Rejection::CredentialsMissing;
    let mut found = Vec::new();
    let mut counted: Option<&TokenSource> = None;
    for (index, way) in of_kind(ways, false) {
        match way.source.sent(head) {
            Ok(_) if counted.is_some_and(|known| !known.is_same_place(&way.source)) => {
                return Err(Denial::by(index, Rejection::CredentialsRepeated));
            }
            Ok(token) => {
                counted = Some(&way.source);
                found.push((index, token));
            }
            Err(Rejection::CredentialsMissing) => {}
            Err(Rejection::SchemeUnsupported) => absent = Rejection::SchemeUnsupported,
            Err(rejection) => return Err(Denial::by(index, rejection)),
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    // Clients send these without meaning to, so the first counts and the others do not make it one too many.
    for (index, way) in of_kind(ways, true) {
        if counted.is_some_and(|known| !known.is_same_place(&way.source)) {
            continue;
        }
        match way.source.sent(head) {
            Ok(token) => {
                counted = Some(&way.source);
                found.push((index, token));
            }
            Err(Rejection::CredentialsMissing) => {}
            Err(rejection) => return Err(Denial::by(index, rejection)),
        }
    }
    if found.is_empty() { Err(Denial::by(0, absent)) } else { Ok(found) }
}

fn of_kind(ways: &[Way], ambient: bool) -> impl Iterator<Item = (usize, &Way)> {
    ways.iter().enumerate().filter(move |(_, way)| way.source.is_ambient() == ambient)
}

/// Good if it is by any way. Otherwise the answer is that nothing can be said, if one says so, then the reason of the
/// first that knows the token's issuer, then that of the first.
pub(super) fn judge<N: Notes>(ways: &[Way], sent: &[(usize, &[u8])]) -> Admission<N> {
    let mut denied: Option<Denial<N>> = None;
    let mut checks = Vec::new();
    for (index, token) in sent {
        let Some(way) = ways.get(*index) else { continue };
        match way.judge(*index, token) {
            Admission::Refused(denial) => denied = Some(worse(denied, denial)),
            // Nobody waits for keys whose token another verifier finds good without.
            Admission::Undecided(check) => checks.push(check),
            decided => return decided,
        }
    }
    if checks.is_empty() {
        return Admission::Refused(denied.unwrap_or_else(none));
    }
    Admission::Undecided(Box::pin(in_turn(denied, checks)))
}

async fn in_turn<N: Notes>(mut denied: Option<Denial<N>>, checks: Vec<Check<N>>) -> Checked<N> {
    for check in checks {
        match check.await {
            Ok(good) => return Ok(good),
            Err(denial) => denied = Some(worse(denied, denial)),
        }
    }
    Err(denied.unwrap_or_else(none))
}

fn none<N: Notes>() -> Denial<N> {
    Denial::by(0, Rejection::CredentialsMissing)
}

/// Which of two to answer with.
fn worse<N>(known: Option<Denial<N>>, next: Denial<N>) -> Denial<N> {
    let weight = |denial: &Denial<N>| match &denial.error {
        Error::Unavailable(_) => 2,
        Error::Rejected(Rejection::IssuerUnknown) => 0,
        Error::Rejected(_) => 1,
    };
    match known {
        Some(known) if weight(&known) >= weight(&next) => known,
        _ => next,
    }
}
