//! What a check takes from the heap: nothing, when it is met.

use std::time::Duration;

use allocation_counter::measure;
use portcullis::require::{
    AcrLadder, ScopeHierarchy, amr, audience, authorization_details, claim, client, group, issuer, max_age,
    role, scope,
};
use serde_json::json;

use crate::stage::{ISSUER, MINT, second, token};

#[test]
fn a_requirement_that_is_met_allocates_nothing() {
    let many: Vec<String> = (0..50).map(|number| format!("role-{number}")).collect();
    let wide: serde_json::Map<_, _> = (0..50).map(|number| (format!("m{number}"), json!(number))).collect();
    let token = token(&json!({
        "filler": "\"escaped\"", "wide": wide, "acr": "gold", "amr": ["pwd", "otp"], "auth_time": second(0),
        "authorization_details": [{"type": "payment"}], "roles": many, "groups": [{"value": "staff"}],
        "realm_access": {"roles": many}, "aud": [MINT.audience(), "reports"], "client_id": "web", "scope": "b",
    }));
    let requirement = scope("a")
        .or(ScopeHierarchy::new().implies("b", "a").scope("a"))
        .and(AcrLadder::new(["silver", "gold"]).at_least("silver"))
        .and(amr("otp"))
        .and(max_age(Duration::from_secs(60)))
        .and(authorization_details("payment"))
        .and(role("role-49"))
        .and(group("staff"))
        .and(claim("realm_access.roles").contains("role-49"))
        .and(audience("reports"))
        .and(client("web"))
        .and(issuer(ISSUER));
    let taken = measure(|| assert_eq!(requirement.check(&token), Ok(()))).count_total;
    assert_eq!(taken, 0);
}
