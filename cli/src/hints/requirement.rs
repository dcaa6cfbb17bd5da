//! Good tokens that are not enough for a route.

use portcullis::Rejection;

use super::{Case, Hint, quoted};

pub(super) fn hint(case: &Case<'_>) -> Option<Hint> {
    let needed = needed(case);
    let grant = |what: &str, claim: &str, who: &str| {
        Hint::new(
            format!("the token is good and lacks {what}{needed}; it has {}", has(case, &[claim])),
            who.to_owned(),
        )
    };
    let roles = "somebody has to grant it to the user or the client; then get a new token";
    Some(match case.code {
        "scope_missing" => Hint::new(
            format!("the token is good and lacks a scope{needed}; it has {}", has(case, &["scope", "scp"])),
            "ask the issuer for the scope when the token is requested, and look whether client and user may have it",
        ),
        "authentication_insufficient" => Hint::new(
            format!("the user has to log in in another way, or anew{needed}"),
            "request a token with the `acr_values` and `max_age` of the challenge (RFC 9470)",
        ),
        "role_missing" => grant("a role", "roles", roles),
        "group_missing" => grant("a group", "groups", roles),
        "entitlement_missing" => grant("an entitlement", "entitlements", roles),
        "claim_not_met" => Hint::new(
            format!("the token is good and a claim is not as the route asks for{needed}"),
            "compare the claim above with what the route asks for",
        ),
        "issuer_not_met" => Hint::new(
            format!(
                "the route is for tokens of another issuer{needed}; this one is of {}",
                has(case, &["iss"])
            ),
            "get the token from that issuer",
        ),
        "client_not_met" => Hint::new(
            format!(
                "the route is for another client{needed}; this token was issued to {}",
                has(case, &["client_id", "azp"])
            ),
            "use that client, or let the route know this one",
        ),
        "audience_not_met" => Hint::new(
            format!(
                "the route is for tokens with another audience as well{needed}; this one is for {}",
                has(case, &["aud"])
            ),
            "ask for the token with that audience",
        ),
        "authentication_method_missing" => Hint::new(
            format!(
                "the user did not authenticate by the method that the route asks for{needed}; the token has {}",
                has(case, &["amr"])
            ),
            "have the user log in with it; a route that asks for `acr` can tell clients how",
        ),
        "authorization_detail_missing" => Hint::new(
            format!("the token has no authorization detail of the type that the route asks for{needed}"),
            "have the client ask for one in `authorization_details` (RFC 9396)",
        ),
        "requirement_impossible" => Hint::new(
            "no token can meet what the route asks for",
            "look at the route's requirement: `any` of nothing, two classes of authentication at once, or a gRPC method that the table does not name",
        ),
        _ => return None,
    })
}

fn needed(case: &Case<'_>) -> String {
    match case.rejection() {
        Some(Rejection::ScopeMissing { required: needed } | Rejection::RequirementUnmet { needed, .. }) => {
            format!(" (needed: {needed})")
        }
        Some(error @ Rejection::AuthenticationInsufficient { .. }) => format!(" ({error})"),
        _ => String::new(),
    }
}

/// What the token has under the first of these names that it has at all.
fn has(case: &Case<'_>, names: &[&str]) -> String {
    let claims = case.token.claims.as_ref();
    let found = names.iter().find_map(|name| claims?.get(name));
    found.map_or("none".to_owned(), |value| match value.as_str() {
        Some(text) => quoted(text),
        None => crate::text::escaped(&value.to_string(), 200),
    })
}
