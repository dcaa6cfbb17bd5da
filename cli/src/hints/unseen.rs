//! What a reason code says by itself, where it was pasted without the token: nothing is said of what was not seen.

use super::{Case, Hint, list, quoted};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    let expected = case.expected;
    let trusts = |things: &[String], verb: &str| match things {
        [] => String::new(),
        things => format!("; this service {verb} {}", list(things, "")),
    };
    let (cause, advice) = match case.code {
        "token_too_large" => (
            "the token is larger than the service looks at".to_owned(),
            "have the issuer put fewer claims into it (groups and roles, mostly), or raise `max_token_bytes`",
        ),
        "token_malformed" => (
            "what was sent is not three segments of canonical base64url".to_owned(),
            "it is an opaque, encrypted or cut-off token, or has something beside it",
        ),
        "header_malformed" => (
            "the first segment of the token is not the header of a JWT".to_owned(),
            "a broken issuer or a forged token: ask the issuer for a new one, and send it unchanged",
        ),
        "algorithm_unknown" => (
            "the token names none of the known algorithms; `none` is not one".to_owned(),
            "have the issuer sign with RS256, PS256, ES256 or EdDSA",
        ),
        "algorithm_not_allowed" => (
            "the token is signed with an algorithm that this service does not allow for the issuer"
                .to_owned(),
            "have the issuer sign with RS256 or ES256, or allow what it really signs with: `Issuer::algorithms`",
        ),
        "type_not_allowed" => (
            "the token's `typ` is not that of an access token; RFC 9068 says `at+jwt`".to_owned(),
            "look whether an ID token was sent; many providers do not mark access tokens so, and then the service needs `Profile::Lenient`",
        ),
        "issuer_unknown" => (
            format!("the token is of an issuer that is not trusted{}", trusts(&expected.issuers, "trusts")),
            "compare it with the token's `iss` character by character: another environment or tenant, a slash, http for https",
        ),
        "key_unknown" => (
            "the token is signed with a key that the issuer does not publish".to_owned(),
            "a token of another environment, or of a key that was withdrawn (get a new one); compare its `kid` with `portcullis keys <issuer>`",
        ),
        "key_unsuitable" => (
            "the key that the token names is not made for the token's algorithm".to_owned(),
            "a forged token, or a wrong `alg` in the issuer's key set: `portcullis keys <issuer>` shows it",
        ),
        "signature_invalid" => (
            "the signature was not made with the issuer's key over this text".to_owned(),
            "the token was changed or cut off after it was issued, or signed by somebody else: take it anew, unchanged",
        ),
        "audience_mismatch" => return Some(audience(case)),
        "client_mismatch" => (
            format!("the token was issued to another client{}", trusts(&expected.clients, "takes tokens of")),
            "use a client that the service takes tokens of, or let it know this one: `Issuer::client`, `clients` in its settings",
        ),
        "token_expired" => (
            "the token expired".to_owned(),
            "get a new one, and let the client renew it ahead of `exp`; if it is new, compare the clocks of issuer and service",
        ),
        "token_not_yet_valid" => (
            "the token is not valid yet, by its `nbf`".to_owned(),
            "compare the clocks of issuer and service, which differ by more than the skew",
        ),
        "token_issued_in_future" => (
            "the token says that it was issued in the future, by its `iat`".to_owned(),
            "compare the clocks of issuer and service, which differ by more than the skew",
        ),
        "keys_not_loaded" => (
            format!(
                "nothing is known about the token: the service could not get the keys of {}",
                whose(case)
            ),
            "`portcullis keys <issuer>` says what is in the way; the service answers 503 until keys come",
        ),
        "keys_expired" => (
            format!(
                "nothing is known about the token: the service could not renew the keys of {} for too long",
                whose(case)
            ),
            "`portcullis keys <issuer>` says what is in the way; the service answers 503 until keys come",
        ),
        code => return lacking(code),
    };
    Some(Hint::new(cause, advice))
}

/// Good tokens that do not have what the route asks for.
fn lacking(code: &str) -> Option<Hint> {
    let (cause, advice) = match code {
        "scope_missing" => (
            "the token is good and lacks a scope; the challenge names what the route asks for in `scope`",
            "ask the issuer for it when the token is requested, and look whether client and user may have it",
        ),
        "role_missing" => ("the token is good and lacks a role that the route asks for", GRANT),
        "group_missing" => ("the token is good and lacks a group that the route asks for", GRANT),
        "entitlement_missing" => {
            ("the token is good and lacks an entitlement that the route asks for", GRANT)
        }
        "issuer_not_met" => ("the route is for tokens of another issuer", "get the token from that issuer"),
        "client_not_met" => {
            ("the route is for another client", "use that client, or let the route know this one")
        }
        "audience_not_met" => {
            ("the route is for tokens with another audience as well", "ask for the token with that audience")
        }
        "authentication_method_missing" => (
            "the user did not authenticate by the method that the route asks for",
            "have the user log in with it; a route that asks for `acr` can tell clients how",
        ),
        _ => return None,
    };
    Some(Hint::new(cause, advice))
}

fn audience(case: &Case<'_>) -> Hint {
    let Some(wanted) = case.expected.audiences.first() else {
        return Hint::new(
            "the token is meant for another audience",
            "compare its `aud` with what the service expects, and ask for a token with that (`audience` at Auth0, `resource` by RFC 8707, a scope of this API at Entra ID and Okta)",
        );
    };
    Hint::new(
        format!(
            "the token is meant for another audience; this service expects {}",
            list(&case.expected.audiences, "")
        ),
        format!(
            "ask for the token with {} (`audience` at Auth0, `resource` by RFC 8707, a scope of this API at Entra ID and Okta)",
            quoted(wanted)
        ),
    )
}

fn whose(case: &Case<'_>) -> String {
    list(&case.expected.issuers, "the issuer")
}

const GRANT: &str = "somebody has to grant it to the user or the client; then get a new token";
