//! Requirements as values: what was written wrongly, how they print, when two are the same.

use std::time::Duration;

use portcullis::require::{
    AcrLadder, AuthorizationDetail, ScopeHierarchy, acr, acr_any, amr, audience, authorization_details,
    claim, claim_at, client, entitlement, group, issuer, max_age, predicate, role, scope,
};
use serde_json::json;

use crate::stage::judged;

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
