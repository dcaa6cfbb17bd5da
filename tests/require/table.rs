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
fn a_mistake_is_told_and_never_met() {
    let nothing: [&str; 0] = [];
    let longest = "a234567890123456789012345678901234567890123456789012345678901234";
    let long = "a2345678901234567890123456789012345678901234567890123456789012345";
    for (requirement, want) in [
        (scope("a b"), r#"scope "a b" (not a scope name)"#),
        (ScopeHierarchy::new().implies("a", "b c").scope("a"), r#"scope "b c" (not a scope name)"#),
        (ScopeHierarchy::new().implies("", "b").over(scope("a")), r#"scope "" (not a scope name)"#),
        (ScopeHierarchy::new().scope("a b"), r#"scope "a b" (not a scope name)"#),
        (claim("").contains("a"), r#"claim "" (not a path to a claim)"#),
        (claim("a..b").equals(1), r#"claim "a..b" (not a path to a claim)"#),
        (claim_at(nothing).equals(1), r#"claim "" (not a path to a claim)"#),
        (claim_at(["a", ""]).equals(1), r#"claim "a." (not a path to a claim)"#),
        (claim("a.b").equals(""), r#"claim "a.b" (compared with an empty text)"#),
        (claim("a").contains(""), r#"claim "a" (compared with an empty text)"#),
        (role(""), r#"role "" (an empty name)"#),
        (group(""), r#"group "" (an empty name)"#),
        (entitlement(""), r#"entitlement "" (an empty name)"#),
        (issuer(""), r#"issuer "" (an empty name)"#),
        (client(""), r#"client "" (an empty name)"#),
        (audience(""), r#"audience "" (an empty name)"#),
        (amr(""), r#"amr "" (an empty name)"#),
        (acr(""), r#"acr "" (not a class that a challenge can name)"#),
        (acr_any(["a", "b c"]), r#"acr "b c" (not a class that a challenge can name)"#),
        (acr_any(nothing), r#"acr "" (no class is named)"#),
        (AcrLadder::new(["a", "b"]).at_least("c"), r#"acr "c" (not on the ladder)"#),
        (AcrLadder::new(["a", "b", "a"]).at_least("b"), r#"acr "b" (on a ladder that names a class twice)"#),
        (AcrLadder::new(["a b", "c"]).at_least("c"), r#"acr "a b" (not a class that a challenge can name)"#),
        (AcrLadder::new(nothing).at_least("c"), r#"acr "" (no class is named)"#),
        (authorization_details(""), r#"authorization_details "" (an empty name)"#),
        (authorization_details(AuthorizationDetail::new("a").action("")), r#"action "" (an empty name)"#),
        (authorization_details(AuthorizationDetail::new("a").location("")), r#"location "" (an empty name)"#),
        (predicate("", "x", |_| true), r#"predicate "" (not a reason code)"#),
        (predicate("Own-Word", "x", |_| true), r#"predicate "Own-Word" (not a reason code)"#),
        (predicate("a b", "x", |_| true), r#"predicate "a b" (not a reason code)"#),
        (predicate(long, "x", |_| true), &format!("predicate {long:?} (not a reason code)")),
    ] {
        let mistake = requirement.mistake().unwrap_or_else(|| panic!("{want}"));
        assert_eq!(mistake.to_string(), want);
        assert_eq!(requirement.to_string(), want);
        let generous = json!({
            "scope": "a b", "acr": "a b", "amr": [""], "": "a", "a": "", "roles": [""], "groups": [""],
            "entitlements": [""], "client_id": "", "authorization_details": [{"type": "a", "actions": [""]}],
        });
        assert_eq!(judged(&requirement, &generous), Err("requirement_impossible"), "{want}");
    }
    assert_eq!(predicate(longest, "x", |_| true).mistake(), None, "64 characters");
}

#[test]
fn each_leaf_prints_as_the_set_up_wrote_it() {
    let ladder = AcrLadder::new(["bronze", "silver", "gold"]);
    let detail = AuthorizationDetail::new("payment").action("start").location("https://a.example");
    for (requirement, want) in [
        (scope("orders:read").and(ladder.at_least("silver")), "scope orders:read and acr ≥ silver"),
        (ladder.at_least("gold"), "acr ≥ gold"),
        (acr("gold").or(acr_any(["a", "b"])), "acr gold or acr one of a, b"),
        (amr("otp"), "amr otp"),
        (max_age(Duration::from_secs(300)), "authentication at most 300 s ago"),
        (claim("realm_access.roles").contains("admin"), "claim realm_access.roles contains admin"),
        (claim_at(["https://a.example/x", "y"]).equals(7), r#"claim "https://a.example/x".y is 7"#),
        (claim("a").equals(true), "claim a is true"),
        (role("a").or(group("b")).and(entitlement("c")), "(role a or group b) and entitlement c"),
        (issuer("https://a.example").and(client("b")), "issuer https://a.example and client b"),
        (audience("a"), "audience a"),
        (authorization_details("payment"), "authorization_details payment"),
        (
            authorization_details(detail),
            "authorization_details payment with action start and location https://a.example",
        ),
        (predicate("own_word", "the tenant is active", |_| true), "the tenant is active"),
        (ScopeHierarchy::new().implies("b", "a").scope("a"), "scope a"),
    ] {
        assert_eq!(requirement.to_string(), want);
    }
}

#[test]
fn requirements_are_compared_by_what_they_ask_for() {
    let own = predicate("own_word", "x", |_| true);
    assert_eq!(own, own.clone());
    assert_ne!(own, predicate("own_word", "x", |_| true), "nobody can tell whether two functions agree");
    assert_eq!(claim("a.b").equals(1), claim_at(["a", "b"]).equals(1));
    assert_ne!(claim("a").equals(1), claim("a").contains(1));
    assert_ne!(role("a"), group("a"));
    assert_eq!(acr("a"), acr_any(["a"]));
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
