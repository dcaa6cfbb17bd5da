//! Tokens of another kind than the service takes.

use portcullis::Rejection;

use super::{Case, Hint, quoted};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    Some(match case.code {
        "type_not_allowed" => wrong_type(case),
        "not_access_token" => Hint::new(
            format!("this is not an access token but an ID token or another kind{}", evidence(case)),
            "send the member `access_token` of the issuer's answer, not `id_token` or `refresh_token`",
        ),
        "not_id_token" => Hint::new(
            format!("this is not an ID token{}, and the service asks for one", evidence(case)),
            "send the ID token, or set the service's profile to that of access tokens",
        ),
        "confirmation_unsupported" => Hint::new(
            "the token is bound to a key (`cnf`: DPoP or a client certificate), and possession is not checked here",
            "ask for a plain bearer token: turn off DPoP or certificate binding for this client",
        ),
        "token_revoked" => Hint::new(
            "the token is good by itself and has been revoked",
            "get a new one; who revoked it is known to the service's revocation check",
        ),
        "revocation_unknown" => Hint::new(
            "whether the token was revoked is not known at the moment",
            "try again; look at what keeps the service's list of revoked tokens current",
        ),
        "claims_mismatch" => Hint::new(
            "the token is good, and its claims do not have the shape that the handler asks for",
            "make the members of the handler's `Claims<T>` optional, or have the issuer write the claims",
        ),
        _ => return None,
    })
}

fn wrong_type(case: &Case<'_>) -> Hint {
    let found = match case.token.header_text("typ") {
        Some(found) => format!("the token's `typ` is {}", quoted(found)),
        None => "the token has no `typ`".to_owned(),
    };
    let cause = format!("{found}; an access token by RFC 9068 says `at+jwt`");
    if let Some(mark) = ["nonce", "at_hash", "c_hash"]
        .into_iter()
        .find(|name| case.token.claims.as_ref().is_some_and(|claims| claims.get(name).is_some()))
    {
        return Hint::new(
            format!("{cause}; by its claim `{mark}` it is an ID token"),
            "send the member `access_token` of the issuer's answer, not `id_token`",
        );
    }
    Hint::new(
        cause,
        "many providers do not mark access tokens so: try `--profile lenient`, and set `Profile::Lenient` in the service; docs/providers.md says who needs it",
    )
}

fn evidence(case: &Case<'_>) -> String {
    match case.rejection() {
        Some(Rejection::NotAccessToken { evidence } | Rejection::NotIdToken { evidence }) => {
            format!(", as its `{evidence}` gives away")
        }
        _ => String::new(),
    }
}
