//! Tokens of somebody else, or for somebody else.

use portcullis::Rejection;

use super::{Case, Hint, list, quoted};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    Some(match case.code {
        "issuer_unknown" => unknown(case),
        "audience_mismatch" => audience(case),
        "client_mismatch" => {
            let client = case.token.claim_text("client_id");
            Hint::new(
                format!(
                    "the token was issued to {}; this service takes tokens of {}",
                    client.map_or("another client".to_owned(), |client| format!(
                        "the client {}",
                        quoted(client)
                    )),
                    list(&case.expected.clients, "other clients")
                ),
                "use that client, or let the service know this one: `Issuer::client`, `clients` in its settings",
            )
        }
        "claim_not_allowed" => {
            let claim = match case.rejection() {
                Some(Rejection::ClaimNotAllowed { claim }) => format!("the claim `{claim}`"),
                _ => "a claim".to_owned(),
            };
            Hint::new(
                format!("{claim} has a value that the service's rules for this issuer do not allow"),
                "compare it with `Issuer::require_claim`, `required_claims` in the settings, or what the preset asks for",
            )
        }
        "tenant_unresolved" => Hint::new(
            "the issuer may be a tenant, and the service's resolver did not say in time",
            "look at the resolver's database, and at the event `tenant_unresolved` in the service's log",
        ),
        "tenants_busy" => Hint::new(
            "the issuer may be a tenant, and was not asked about: too many unknown names are asked for",
            "try again; see docs/multi-tenant.md for who is let in first",
        ),
        _ => return None,
    })
}

fn unknown(case: &Case<'_>) -> Hint {
    let expected = list(&case.expected.issuers, "other issuers");
    let Some(found) = case.token.issuer() else {
        return Hint::new(
            format!("the token does not say who issued it; this service trusts {expected}"),
            "have the issuer write `iss`",
        );
    };
    let cause = format!("the token is of the issuer {}; this service trusts {expected}", quoted(found));
    let near = case.expected.issuers.iter().find_map(|known| difference(known, found));
    let advice = match near {
        Some(difference) => format!("{difference}; the two are compared byte for byte, so write into the service exactly what `iss` says"),
        None => "use a token of that issuer (is this one of another environment or tenant?), or let the service trust this one; then write exactly what `iss` says: slash, scheme and case count".to_owned(),
    };
    Hint::new(cause, advice)
}

/// In which way two identifiers are nearly the same.
pub(crate) fn difference(known: &str, found: &str) -> Option<&'static str> {
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let rest = |text: &str| text.split_once("://").map(|(_, rest)| bare(rest));
    let is_v1 = |text: &str| text.contains("sts.windows.net/");
    let is_v2 = |text: &str| text.contains("login.microsoftonline.com/");
    if known == found {
        None
    } else if bare(known) == bare(found) {
        Some("only the trailing slash differs")
    } else if known.eq_ignore_ascii_case(found) {
        Some("only upper and lower case differ")
    } else if (is_v1(known) && is_v2(found)) || (is_v2(known) && is_v1(found)) {
        Some(
            "one is Entra ID's version 1 and the other version 2: `requestedAccessTokenVersion` (`accessTokenAcceptedVersion`) in the API's manifest says which it sends",
        )
    } else if is_v2(known)
        && is_v2(found)
        && bare(known) != bare(found)
        && without_version(known) == without_version(found)
    {
        Some("only the version at the end differs: Entra ID's identifiers of version 2 end in /v2.0")
    } else if rest(known).is_some() && rest(known) == rest(found) {
        Some("only http and https differ: is the issuer behind a proxy that does not tell it its scheme?")
    } else if host(known).is_some() && host(known).map(without_port) == host(found).map(without_port) {
        match host(known) == host(found) {
            true => Some(
                "the host is the same and the path differs: another realm, tenant or authorization server of it",
            ),
            false => Some(
                "the host is the same and the port differs: inside and outside of a container or proxy, perhaps",
            ),
        }
    } else if rest(found) == Some(bare(known)) || rest(known) == Some(bare(found)) {
        Some("only the scheme differs: one of them is written without it")
    } else {
        None
    }
}

fn host(identifier: &str) -> Option<&str> {
    identifier.split_once("://")?.1.split('/').next()
}

fn without_port(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn without_version(identifier: &str) -> &str {
    let bare = identifier.trim_end_matches('/');
    bare.strip_suffix("/v2.0").unwrap_or(bare)
}

fn audience(case: &Case<'_>) -> Hint {
    let found = case.token.audiences();
    let expected = list(&case.expected.audiences, "no audience at all (it judges by client)");
    let cause =
        format!("the token is for {}; this service expects {expected}", list(&found, "another audience"));
    let near =
        case.expected.audiences.iter().find_map(|known| found.iter().find_map(|found| nearly(known, found)));
    let advice = match near {
        Some(difference) => format!(
            "{difference}: the two are compared byte for byte, so write into the service exactly what `aud` says"
        ),
        None => match case.expected.audiences.first() {
            Some(wanted) => format!(
                "ask for the token with {} (`audience` at Auth0, `resource` by RFC 8707, a scope of this API at Entra ID and Okta), or call the API that this one is for",
                quoted(wanted)
            ),
            None => "ask for a token without `aud`, or name the audience in the service: `Issuer::audience`"
                .to_owned(),
        },
    };
    Hint::new(cause, advice)
}

fn nearly(known: &str, found: &str) -> Option<&'static str> {
    if known == found {
        return None;
    }
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let name = |text: &str| text.strip_prefix("api://").unwrap_or(text).to_owned();
    if bare(known) == bare(found) {
        Some("only the trailing slash differs")
    } else if known.eq_ignore_ascii_case(found) {
        Some("only upper and lower case differ")
    } else if name(known) == name(found) {
        Some(
            "only `api://` differs: Entra ID's version 1 writes the identifier URI, version 2 the application's id",
        )
    } else {
        None
    }
}
