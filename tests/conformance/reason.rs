//! Our answers in words: the reason code, and behind it the claim, member or segment that it is about.

use portcullis::{KeyError, MemberFault, Rejection, TokenFault};

/// `ok`, or why the token is refused.
pub fn of_verdict<T>(verdict: Result<T, Rejection>) -> String {
    match verdict {
        Ok(_) => "ok".to_owned(),
        Err(rejection) => of_rejection(&rejection),
    }
}

fn of_rejection(rejection: &Rejection) -> String {
    let about = match rejection {
        Rejection::TokenMalformed(TokenFault::Segments { found }) => format!("{found} segments"),
        Rejection::TokenMalformed(TokenFault::Encoding { segment }) => segment.to_string(),
        Rejection::HeaderMalformed(fault) => of_member(fault),
        Rejection::HeaderUnsupported { member } => (*member).to_owned(),
        Rejection::ClaimMissing { claim } | Rejection::ClaimType { claim } => (*claim).to_owned(),
        Rejection::ClaimRepeated { claim } => claim.unwrap_or("another").to_owned(),
        Rejection::NotAccessToken { evidence } => (*evidence).to_owned(),
        _ => return rejection.code().to_owned(),
    };
    format!("{}: {about}", rejection.code())
}

/// Why a key is not used.
pub fn of_key(error: &KeyError) -> String {
    let about = match error {
        KeyError::Malformed(fault) => of_member(fault),
        KeyError::Encoding { member } | KeyError::Length { member, .. } => (*member).to_owned(),
        _ => return error.code().to_owned(),
    };
    format!("{}: {about}", error.code())
}

fn of_member(fault: &MemberFault) -> String {
    match fault {
        MemberFault::Json => "not an object".to_owned(),
        MemberFault::Missing { member } => format!("{member} missing"),
        MemberFault::WrongType { member } => format!("type of {member}"),
        MemberFault::Repeated { member } => format!("{} repeated", member.unwrap_or("another")),
        MemberFault::TooLong { member, .. } => format!("{member} too long"),
        other => panic!("no word for {other:?}"),
    }
}
