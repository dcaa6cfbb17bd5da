//! Which of several things that a token lacks is answered.

use std::time::Duration;

use portcullis::require::{self, acr, acr_any, amr, claim, group, issuer, max_age, role, scope};
use portcullis::{Rejection, Requirement, Status, Unmet};
use serde_json::{Value, json};

use crate::stage::{ISSUER, rejected, second};

fn scopes(required: &str) -> Rejection {
    Rejection::ScopeMissing { required: required.into() }
}

fn step_up(acr_values: &str, max_age: Option<u64>, scope: &str) -> Rejection {
    let max_age = max_age.map(Duration::from_secs);
    Rejection::AuthenticationInsufficient { acr_values: acr_values.into(), max_age, scope: scope.into() }
}

fn unmet(lacking: Unmet, needed: &str) -> Rejection {
    Rejection::RequirementUnmet { lacking, needed: needed.into() }
}

fn minutes(count: u64) -> Requirement {
    max_age(Duration::from_secs(60 * count))
}

#[test]
fn what_no_client_can_ask_for_is_told_first_then_the_authentication_with_the_scopes() {
    let all = || scope("a").and(acr("gold")).and(minutes(5)).and(role("admin")).and(claim("x").equals(1));
    let now = second(0);
    for (name, claims, want) in [
        ("nothing", json!({}), unmet(Unmet::Role, "role admin and claim x is 1")),
        ("the role alone", json!({"roles": ["admin"]}), unmet(Unmet::Claim, "claim x is 1")),
        ("what is given", json!({"roles": "admin", "x": 1}), step_up("gold", Some(300), "a")),
        ("and the scope", json!({"roles": "admin", "x": 1, "scope": "a"}), step_up("gold", Some(300), "")),
        (
            "and the class, too long ago",
            json!({"roles": "admin", "x": 1, "scope": "a", "acr": "gold", "auth_time": now - 3_600}),
            step_up("gold", Some(300), ""),
        ),
        (
            "all but the scope",
            json!({"roles": "admin", "x": 1, "acr": "gold", "auth_time": now}),
            scopes("a"),
        ),
    ] {
        assert_eq!(rejected(&all(), &claims), want, "{name}");
    }
    assert_eq!(
        rejected(&scope("a").and(scope("b")).and(acr("x")), &json!({"scope": "a"})),
        step_up("x", None, "a b")
    );
}

#[test]
fn the_nearest_way_is_one_that_the_client_can_go() {
    let none = json!({});
    for (name, requirement, claims, want) in [
        ("first named among equals", scope("a").or(scope("b")), &none, scopes("a")),
        ("the shorter", scope("a").and(scope("b")).or(scope("c")), &none, scopes("c")),
        ("a scope rather than a role", role("r").or(scope("a")), &none, scopes("a")),
        ("two scopes rather than a role", role("r").or(scope("a").and(scope("b"))), &none, scopes("a b")),
        ("a step-up rather than a method", amr("otp").or(acr("x")), &none, step_up("x", None, "")),
        (
            "fewer that cannot be had",
            role("r").and(group("g")).or(claim("c").equals(1).and(scope("a"))),
            &none,
            unmet(Unmet::Claim, "claim c is 1"),
        ),
        (
            "a part that is named twice counts and is told once",
            claim("c").equals(1).and(group("g")).or(role("r").and(role("r"))),
            &none,
            unmet(Unmet::Role, "role r"),
        ),
        (
            "a way that a mistake closes is none",
            scope("a b").or(role("r")),
            &none,
            unmet(Unmet::Role, "role r"),
        ),
        (
            "whatever else stands on it",
            role("r").and(scope("a b")),
            &none,
            unmet(Unmet::Impossible, r#"role r and scope "a b" (not a scope name)"#),
        ),
        (
            "no way at all",
            require::any(Vec::<Requirement>::new()),
            &none,
            unmet(Unmet::Impossible, "the impossible"),
        ),
    ] {
        assert_eq!(rejected(&requirement, claims), want, "{name}");
    }
}

#[test]
fn tokens_of_several_issuers_each_have_their_own_way() {
    let here = |part: Requirement| issuer(ISSUER).and(part);
    let there = |part: Requirement| issuer("https://partner.example").and(part);
    let requirement = here(scope("a")).or(there(role("partner")));
    assert_eq!(rejected(&requirement, &json!({})), scopes("a"));
    assert_eq!(
        rejected(&requirement, &json!({"roles": ["partner"]})),
        scopes("a"),
        "a role of another issuer"
    );
    let requirement = there(scope("a")).or(here(role("staff")));
    assert_eq!(rejected(&requirement, &json!({"scope": "a"})), unmet(Unmet::Role, "role staff"));
}

#[test]
fn a_step_up_names_what_will_do_for_all_that_is_asked() {
    let none = json!({});
    for (name, requirement, want) in [
        ("one class", acr("a"), step_up("a", None, "")),
        ("any of several, in order", acr_any(["b", "a"]), step_up("b a", None, "")),
        (
            "what two have in common",
            acr_any(["a", "b", "c"]).and(acr_any(["c", "b"])),
            step_up("b c", None, ""),
        ),
        ("nothing in common", acr("a").and(acr("b")), unmet(Unmet::Impossible, "acr a and acr b")),
        ("the shortest age", minutes(5).and(minutes(1)).and(minutes(9)), step_up("", Some(60), "")),
        ("of alternatives, the first", minutes(5).or(acr("a")), step_up("", Some(300), "")),
    ] {
        assert_eq!(rejected(&requirement, &none), want, "{name}");
    }
    let stale: Value = json!({"acr": "a", "auth_time": second(-3_600)});
    assert_eq!(rejected(&acr("a").and(minutes(5)), &stale), step_up("a", Some(300), ""), "the class as well");
}

#[test]
fn each_answer_has_its_status() {
    for (requirement, want) in [
        (scope("a"), Status::InsufficientScope),
        (role("a"), Status::InsufficientScope),
        (acr("a"), Status::InsufficientAuthentication),
        (scope("a").and(acr("a")), Status::InsufficientAuthentication),
        (role("a").and(acr("a")), Status::InsufficientScope),
    ] {
        assert_eq!(rejected(&requirement, &json!({})).status(), want, "{requirement}");
    }
}
