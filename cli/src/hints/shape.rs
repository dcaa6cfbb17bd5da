//! Credentials that are no token, or none that can be read.

use portcullis::{Error, Rejection, TokenFault};

use super::{Case, Hint, quoted};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    Some(match case.code {
        "credentials_missing" => Hint::new(
            "the request had no Authorization header, or a proxy took it off",
            "send `Authorization: Bearer <token>`; curl drops it on a redirect to another host",
        ),
        "scheme_unsupported" => Hint::new(
            "the Authorization header has another scheme than Bearer",
            "send `Authorization: Bearer <token>`; look whether the client still has Basic credentials set",
        ),
        "credentials_repeated" => Hint::new(
            "the request had more than one Authorization header",
            "send one; look for a proxy or a library that adds its own",
        ),
        "credentials_malformed" => Hint::new(
            "the Authorization header is not `Bearer` and one token",
            "look for quotes, line ends, `Bearer Bearer`, `undefined` or `null`, or two tokens in the header",
        ),
        "token_too_large" => Hint::new(
            format!("the token has {} bytes, more than the service looks at", case.token.bytes),
            "have the issuer put fewer claims into it (groups and roles, mostly), or raise `max_token_bytes`",
        ),
        "token_malformed" => malformed(case),
        "header_too_large" => Hint::new(
            "the token's header is over 4 KiB",
            "have the issuer leave certificates (x5c) out of the header; they are not used",
        ),
        "header_malformed" => header_malformed(case),
        "header_unsupported" => Hint::new(
            format!("the token's header asks for an extension{}", member(case)),
            "no extension is understood (crit, b64, zip, enc): have the issuer send a plain signed token",
        ),
        "algorithm_unknown" => algorithm_unknown(case),
        "claims_malformed" => Hint::new(
            "the payload is not one JSON object in UTF-8 with unique members",
            "the issuer is broken, or the token was put together by hand: ask for a new one",
        ),
        "claim_repeated" => Hint::new(
            match case.token.claims.as_ref().and_then(|claims| claims.repeated()) {
                Some(name) => format!("the claim {} stands twice in the token", quoted(name)),
                None => "a claim stands twice in the token".to_owned(),
            },
            "look at the issuer's claim mappers: one of them writes a claim that is there already",
        ),
        "claim_type" => Hint::new(
            format!("{} has the wrong JSON type", claim(case)),
            "look at the issuer's claim mappers: times are numbers, `aud` is a string or a list of strings, the rest are strings",
        ),
        "claim_missing" => missing(case),
        _ => return None,
    })
}

fn malformed(case: &Case<'_>) -> Hint {
    let token = case.token;
    if token.is_encrypted() {
        return Hint::new(
            "the token is encrypted (a JWE: five segments, `enc` in the header), and only the issuer's intended reader can open it",
            "turn off token encryption for this API at the issuer; Auth0 calls the encryption JWE, Entra ID a token encryption key",
        );
    }
    if token.is_opaque() && token.segments != 3 {
        return Hint::new(
            "this is not a JWT: it is an opaque token, or no token at all",
            "introspection is not supported: have the issuer give out JWT access tokens; most do once the client asks for this API's audience (Auth0: `audience`, Okta: a custom authorization server, Entra ID: a scope of this API)",
        );
    }
    match case.error {
        Some(Error::Rejected(Rejection::TokenMalformed(TokenFault::Segments { found }))) => Hint::new(
            format!("the token has {found} segments, a signed JWT has 3"),
            match found {
                0..=2 => {
                    "it was cut off when it was copied or stored: take it anew, and look at the size of the column or cookie it comes from"
                }
                _ => "it is encrypted, or two texts were put together: take it anew",
            },
        ),
        Some(Error::Rejected(Rejection::TokenMalformed(TokenFault::Encoding { segment }))) => Hint::new(
            format!("the {segment} of the token is not canonical base64url"),
            "it was cut off or changed on its way (padding `=`, `+` and `/`, white space, a character lost when it was copied): take it anew; who makes such tokens must encode without padding",
        ),
        _ => Hint::new(
            "what was sent is not three segments of canonical base64url",
            "it is an opaque, encrypted or cut-off token: `portcullis explain` with the token itself says which",
        ),
    }
}

fn header_malformed(case: &Case<'_>) -> Hint {
    let what = match case.token.header.as_ref() {
        None => "the first segment is no JSON object".to_owned(),
        Some(header) => match header.repeated() {
            Some(name) => format!("the header has {} twice", quoted(name)),
            None => "a member of the header is missing or has the wrong type".to_owned(),
        },
    };
    Hint::new(what, "a broken issuer or a forged token: ask the issuer for a new one, and send it unchanged")
}

fn algorithm_unknown(case: &Case<'_>) -> Hint {
    match case.token.header_text("alg") {
        Some(name) if name.eq_ignore_ascii_case("none") => Hint::new(
            "the token is not signed: its `alg` is none",
            "nothing can be believed of it and no setting allows it: an attack, a test token, or a client that made its own",
        ),
        Some(name) => Hint::new(
            format!("the token names {} as its algorithm, which no service here can check", quoted(name)),
            "have the issuer sign with RS256, PS256, ES256 or EdDSA",
        ),
        None => Hint::new(
            "the token names no algorithm that is known",
            "have the issuer sign with RS256, PS256, ES256 or EdDSA",
        ),
    }
}

fn missing(case: &Case<'_>) -> Hint {
    let name = match case.rejection() {
        Some(Rejection::ClaimMissing { claim }) => claim,
        _ => "",
    };
    let advice = match name {
        "aud" => {
            "ask for the token with this API's audience (`audience` or `resource`, by the issuer), or let the service judge by client: `--client`"
        }
        "client_id" | "jti" | "iat" | "sub" => {
            "RFC 9068 asks for it; where the issuer does not follow that, try `--profile lenient` (`Profile::Lenient` in the service)"
        }
        "exp" => "a token that never expires is not accepted: have the issuer write `exp`",
        "iss" => "nothing says who issued it: have the issuer write `iss`",
        _ => "have the issuer write it, or look at the service's `require_claim` and `required_claims`",
    };
    Hint::new(format!("{} is missing", claim(case)), advice)
}

fn claim(case: &Case<'_>) -> String {
    match case.rejection() {
        Some(Rejection::ClaimMissing { claim } | Rejection::ClaimType { claim }) => {
            format!("the claim `{claim}`")
        }
        _ => "a claim".to_owned(),
    }
}

fn member(case: &Case<'_>) -> String {
    match case.rejection() {
        Some(Rejection::HeaderUnsupported { member }) => format!(": `{member}`"),
        _ => String::new(),
    }
}
