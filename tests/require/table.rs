//! The truth table of the module's documentation: each leaf against a claim that is absent, of another type, of another
//! value, and right.

use std::collections::BTreeSet;
use std::time::Duration;

use portcullis::Requirement;
use portcullis::require::{
    AcrLadder, AuthorizationDetail, ScopeHierarchy, acr, acr_any, amr, audience, authorization_details,
    claim, claim_at, client, entitlement, group, issuer, max_age, predicate, role, scope,
};
use serde_json::{Value, json};

use crate::stage::{ISSUER, MINT, judged, second};

struct Row {
    name: &'static str,
    requirement: Requirement,
    refused_with: &'static str,
    refused: Vec<Value>,
    met: Vec<Value>,
}

fn rows() -> Vec<Row> {
    let orders = ScopeHierarchy::new().implies("admin", "write").implies("write", "read");
    let row = |name, requirement, refused_with, refused: &[Value], met: &[Value]| Row {
        name,
        requirement,
        refused_with,
        refused: refused.to_vec(),
        met: met.to_vec(),
    };
    let mut rows = vec![
        row(
            "scope",
            scope("read"),
            "scope_missing",
            &[json!({}), json!({"scope": "write"}), json!({"scope": "reader"}), json!({"scope": "Read"})],
            &[json!({"scope": "read"}), json!({"scp": ["write", "read"]})],
        ),
        row(
            "scope of a hierarchy",
            orders.scope("read"),
            "scope_missing",
            &[json!({}), json!({"scope": "administrator"})],
            &[json!({"scope": "read"}), json!({"scope": "write"}), json!({"scope": "admin"})],
        ),
        row(
            "the middle of a hierarchy",
            orders.over(scope("write")),
            "scope_missing",
            &[json!({"scope": "read"})],
            &[json!({"scope": "write"}), json!({"scope": "admin"})],
        ),
        row(
            "claim contains",
            claim("realm_access.roles").contains("admin"),
            "claim_not_met",
            &[
                json!({}),
                json!({"realm_access": null}),
                json!({"realm_access": {}}),
                json!({"realm_access": ["roles"]}),
                json!({"realm_access": "admin"}),
                json!({"realm_access": {"roles": {"admin": true}}}),
                json!({"realm_access": {"roles": [["admin"], {"value": "admin"}, 1, null]}}),
                json!({"realm_access": {"roles": ["administrator", "Admin", "user admin"]}}),
                json!({"realm_access": {"roles": "user admin"}}),
                json!({"realm_access.roles": ["admin"]}),
                json!({"roles": ["admin"]}),
            ],
            &[
                json!({"realm_access": {"roles": ["user", "admin"]}}),
                json!({"realm_access": {"x": {"roles": []}, "roles": ["admin"]}}),
                json!({"realm_access": {"roles": "admin"}}),
            ],
        ),
        row(
            "claim by members with dots",
            claim_at(["https://example.com/access", "roles"]).contains("admin"),
            "claim_not_met",
            &[json!({"https://example": {"com/access": {"roles": ["admin"]}}})],
            &[json!({"https://example.com/access": {"roles": ["admin"]}})],
        ),
        row(
            "claim equals a text",
            claim("tenant.name").equals("acme"),
            "claim_not_met",
            &[
                json!({"tenant": {"name": ["acme"]}}),
                json!({"tenant": {"name": "acme2"}}),
                json!({"tenant": {"name": {"acme": 1}}}),
            ],
            &[json!({"tenant": {"name": "acme"}})],
        ),
        row(
            "claim equals an integer",
            claim("tenant").equals(7),
            "claim_not_met",
            &[
                json!({"tenant": "7"}),
                json!({"tenant": 8}),
                json!({"tenant": 7.0}),
                json!({"tenant": -7}),
                json!({"tenant": [7]}),
                json!({"tenant": 70}),
            ],
            &[json!({"tenant": 7})],
        ),
        row(
            "claim equals a great integer",
            claim("tenant").equals(i64::MAX),
            "claim_not_met",
            &[json!({"tenant": i64::MAX - 1}), json!({"tenant": u64::MAX})],
            &[json!({"tenant": i64::MAX})],
        ),
        row(
            "claim contains an integer",
            claim("tenants").contains(-7),
            "claim_not_met",
            &[json!({"tenants": ["-7", 7]}), json!({"tenants": []})],
            &[json!({"tenants": [1, -7]}), json!({"tenants": -7})],
        ),
        row(
            "claim equals a boolean",
            claim("email_verified").equals(true),
            "claim_not_met",
            &[
                json!({"email_verified": false}),
                json!({"email_verified": "true"}),
                json!({"email_verified": 1}),
                json!({"email_verified": [true]}),
            ],
            &[json!({"email_verified": true})],
        ),
        row(
            "claim equals the other boolean",
            claim("suspended").equals(false),
            "claim_not_met",
            &[json!({}), json!({"suspended": true}), json!({"suspended": 0})],
            &[json!({"suspended": false})],
        ),
        row("issuer", issuer(ISSUER), "issuer_not_met", &[], &[json!({})]),
        row(
            "another issuer",
            issuer("https://id.example.com/"),
            "issuer_not_met",
            &[json!({}), json!({"issuer": "https://id.example.com/"})],
            &[],
        ),
        row(
            "client",
            client("web"),
            "client_not_met",
            &[
                json!({"client_id": null}),
                json!({"client_id": "web2"}),
                json!({"client_id": "app", "azp": "web"}),
                json!({"client_id": null, "azp": "app"}),
                json!({"client_id": null, "appid": "web"}),
            ],
            &[json!({"client_id": "web", "azp": "app"}), json!({"client_id": null, "azp": "web"})],
        ),
        row(
            "audience",
            audience("reports"),
            "audience_not_met",
            &[json!({}), json!({"aud": [MINT.audience(), "report"]})],
            &[json!({"aud": [MINT.audience(), "reports"]})],
        ),
        row(
            "acr",
            acr("gold"),
            "authentication_insufficient",
            &[json!({}), json!({"acr": "silver"}), json!({"acr": "Gold"}), json!({"acr": "gold "})],
            &[json!({"acr": "gold"})],
        ),
        row(
            "acr of several",
            acr_any(["gold", "platinum"]),
            "authentication_insufficient",
            &[json!({}), json!({"acr": "silver"})],
            &[json!({"acr": "gold"}), json!({"acr": "platinum"})],
        ),
        row(
            "acr of a ladder",
            AcrLadder::new(["bronze", "silver", "gold"]).at_least("silver"),
            "authentication_insufficient",
            &[json!({}), json!({"acr": "bronze"}), json!({"acr": "platinum"})],
            &[json!({"acr": "silver"}), json!({"acr": "gold"})],
        ),
        row(
            "amr",
            amr("otp"),
            "authentication_method_missing",
            &[
                json!({}),
                json!({"amr": ["pwd"]}),
                json!({"amr": ["otps", "OTP"]}),
                json!({"amr": [{"method": "otp"}]}),
                json!({"amr": {"otp": true}}),
            ],
            &[json!({"amr": ["pwd", "otp"]}), json!({"amr": "otp"})],
        ),
        row(
            "max_age",
            max_age(Duration::from_secs(300)),
            "authentication_insufficient",
            &[
                json!({}),
                json!({"auth_time": second(-3_600)}),
                json!({"auth_time": second(3_600)}),
                json!({"auth_time": second(0).to_string()}),
                json!({"auth_time": [second(0)]}),
            ],
            &[json!({"auth_time": second(-299)})],
        ),
        row(
            "authorization_details",
            authorization_details("payment"),
            "authorization_detail_missing",
            &[
                json!({}),
                json!({"authorization_details": {"type": "payment"}}),
                json!({"authorization_details": ["payment"]}),
                json!({"authorization_details": [{"type": "payments"}, {"type": ["payment"]}, {"Type": "payment"}]}),
                json!({"authorization_details": [[{"type": "payment"}]]}),
            ],
            &[
                json!({"authorization_details": [{"type": "account"}, {"x": {"type": "y"}, "type": "payment"}]}),
            ],
        ),
        row(
            "a narrower authorization detail",
            authorization_details(
                AuthorizationDetail::new("payment").action("start").location("https://a.example"),
            ),
            "authorization_detail_missing",
            &[
                json!({"authorization_details": [{"type": "payment"}]}),
                json!({"authorization_details": [{"type": "payment", "actions": ["start"]}]}),
                json!({"authorization_details": [{"type": "payment", "locations": ["https://a.example"]}]}),
                json!({"authorization_details": [{"type": "payment", "actions": "start", "locations": ["https://a.example"]}]}),
                json!({"authorization_details": [
                    {"type": "payment", "actions": ["start"]},
                    {"type": "account", "actions": ["start"], "locations": ["https://a.example"]},
                ]}),
            ],
            &[json!({"authorization_details": [
                {"locations": ["https://a.example"], "type": "payment", "actions": ["stop", "start"]},
            ]})],
        ),
        row(
            "predicate",
            predicate("employee_only", "the user is an employee", |token| {
                token.subject() == Some("employee")
            }),
            "employee_only",
            &[json!({"sub": "guest"})],
            &[json!({"sub": "employee"})],
        ),
    ];
    let listed = [
        ("roles", role("admin"), "role_missing"),
        ("groups", group("admin"), "group_missing"),
        ("entitlements", entitlement("admin"), "entitlement_missing"),
    ];
    for (member, requirement, code) in listed {
        rows.push(Row {
            name: member,
            requirement,
            refused_with: code,
            refused: vec![
                json!({}),
                json!({member: null}),
                json!({member: 1}),
                json!({member: {"value": ["admin"]}}),
                json!({member: {"admin": true}}),
                json!({member: ["administrator", "Admin", ["admin"], {"value": "user", "display": "admin"}]}),
                json!({member: "user admin"}),
                json!({"scope": "admin", "role": "admin", "realm_access": {member: ["admin"]}}),
            ],
            met: vec![
                json!({member: ["user", "admin"]}),
                json!({member: [{"display": "Boss", "value": "admin", "primary": true}]}),
                json!({member: "admin"}),
            ],
        });
    }
    rows
}

#[test]
fn each_leaf_is_met_by_its_claim_and_by_no_other() {
    for Row { name, requirement, refused_with, refused, met } in rows() {
        assert_eq!(requirement.mistake(), None, "{name}");
        for claims in refused {
            assert_eq!(judged(&requirement, &claims), Err(refused_with), "{name}: {claims}");
        }
        for claims in met {
            assert_eq!(judged(&requirement, &claims), Ok(()), "{name}: {claims}");
        }
    }
}

#[test]
fn the_documentation_has_each_code_in_its_table() {
    let docs = include_str!("../../src/require/mod.rs");
    let cells = docs
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [")?.trim_end_matches(" |").rsplit_once(" | "));
    let documented: BTreeSet<_> =
        cells.map(|(_, code)| code.trim_matches('`')).filter(|code| *code != "its own `code").collect();
    let rows: BTreeSet<_> =
        rows().iter().map(|row| row.refused_with).filter(|code| *code != "employee_only").collect();
    assert_eq!(documented, rows);
}
