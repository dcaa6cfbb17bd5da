//! Scopes alone, without tokens: the algebra by itself.

use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;
use crate::require::scope;

fn judged(requirement: &Requirement, granted: &str) -> Result<(), String> {
    let has = |scope: &Scope| granted.split(' ').any(|name| name == scope.as_str());
    let is_met = |leaf: &Leaf| matches!(leaf, Leaf::Scope(scope) if scope.is_met_by(has));
    requirement.judge(&is_met).map_err(|rejection| match rejection {
        Rejection::ScopeMissing { required } => required.to_string(),
        other => other.code().to_owned(),
    })
}

const IMPOSSIBLE: &str = "requirement_impossible";

fn none() -> [Requirement; 0] {
    []
}

#[test]
fn the_truth_table() {
    for (name, requirement, granted, want) in [
        ("one, granted", scope("a"), "a", Ok(())),
        ("one, not granted", scope("a"), "b", Err("a")),
        ("a name that only starts like it", scope("orders:read"), "orders", Err("orders:read")),
        ("a name in another case", scope("a"), "A", Err("a")),
        ("both of two", scope("a").and(scope("b")), "b a", Ok(())),
        ("one of both", scope("a").and(scope("b")), "a", Err("a b")),
        ("one of two that do", scope("a").or(scope("b")), "b", Ok(())),
        ("none of two that do", scope("a").or(scope("b")), "c", Err("a")),
        ("nothing asked", all(none()), "", Ok(())),
        ("nothing would do", any(none()), "a", Err(IMPOSSIBLE)),
        ("nothing would do beside one", scope("a").and(any(none())), "a", Err(IMPOSSIBLE)),
        ("a name that is none", scope("a b"), "a b", Err(IMPOSSIBLE)),
        ("a name that is none, as it stands in a token", scope("a\"b"), "a\"b", Err(IMPOSSIBLE)),
        ("a name that is none, with another way", scope("a b").or(scope("c")), "x", Err("c")),
        ("the empty name", scope(""), "", Err(IMPOSSIBLE)),
    ] {
        assert_eq!(judged(&requirement, granted), want.map_err(str::to_owned), "{name}");
    }
}

#[test]
fn the_challenge_asks_for_the_nearest_way() {
    let either = any([all([scope("a"), scope("b"), scope("c")]), all([scope("d"), scope("e")])]);
    for (name, granted, want) in [
        ("nothing yet", "", "d e"),
        ("as near by both ways", "a", "a b c"),
        ("nearer by the first", "a b", "a b c"),
        ("nearer by the second", "d", "d e"),
    ] {
        assert_eq!(judged(&either, granted), Err(want.to_owned()), "{name}");
    }
    let repeated = scope("a").and(scope("b").or(scope("a"))).and(scope("a"));
    assert_eq!(judged(&repeated, ""), Err("a b".to_owned()), "each scope once, in order");
}

#[test]
fn shown_with_parentheses_where_and_meets_or() {
    for (requirement, want) in [
        (scope("a"), "scope a"),
        (scope("a").and(scope("b")).and(scope("c")), "scope a and scope b and scope c"),
        (scope("a").and(scope("b").or(scope("c"))), "scope a and (scope b or scope c)"),
        (scope("a").and(scope("b")).or(scope("c")), "(scope a and scope b) or scope c"),
        (all(none()), "nothing"),
        (any(none()).and(scope("a")), "the impossible and scope a"),
        (scope("a b"), "scope \"a b\" (not a scope name)"),
    ] {
        assert_eq!(requirement.to_string(), want);
    }
}

#[test]
fn a_mistake_is_found_at_any_depth() {
    let requirement = scope("a").and(scope("b").or(scope("c d")));
    let mistake = requirement.mistake().map(ToString::to_string);
    assert_eq!(mistake.as_deref(), Some("scope \"c d\" (not a scope name)"));
    assert_eq!(scope("a").and(scope("b").or(scope("c"))).mistake(), None);
}

fn requirements() -> impl Strategy<Value = Requirement> {
    let leaf = prop_oneof![8 => "[a-f]".prop_map(scope), 1 => Just(scope("not a name"))];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(all),
            prop::collection::vec(inner, 0..4).prop_map(any),
        ]
    })
}

fn grants() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-f]", 0..6).prop_map(|names| names.join(" "))
}

proptest! {
    #![proptest_config(crate::testing::cases(256))]

    #[test]
    fn order_and_grouping_do_not_change_the_outcome(
        x in requirements(), y in requirements(), z in requirements(), granted in grants(),
    ) {
        let met = |requirement: &Requirement| judged(requirement, &granted).is_ok();
        let (x, y, z) = (&x, &y, &z);
        let and = |x: &Requirement, y: &Requirement| x.clone().and(y.clone());
        let or = |x: &Requirement, y: &Requirement| x.clone().or(y.clone());
        prop_assert_eq!(met(&and(x, y)), met(x) && met(y));
        prop_assert_eq!(met(&or(x, y)), met(x) || met(y));
        prop_assert_eq!(met(&and(x, y)), met(&and(y, x)));
        prop_assert_eq!(met(&or(x, y)), met(&or(y, x)));
        prop_assert_eq!(met(&and(x, &or(y, z))), met(&or(&and(x, y), &and(x, z))));
        // Grouping is gone once it is built, so the challenge is the same as well.
        prop_assert_eq!(and(&and(x, y), z), and(x, &and(y, z)));
        prop_assert_eq!(or(&or(x, y), z), or(x, &or(y, z)));
        prop_assert_eq!(and(x, &all(none())), x.clone());
        prop_assert_eq!(or(x, &any(none())), x.clone());
        prop_assert!(!met(&and(x, &any(none()))));
        prop_assert!(met(&or(x, &all(none()))));
    }

    #[test]
    fn what_the_challenge_asks_for_is_enough(x in requirements(), granted in grants()) {
        if let Err(required) = judged(&x, &granted)
            && required != IMPOSSIBLE
        {
            prop_assert_eq!(judged(&x, &required), Ok(()));
            let names: Vec<_> = required.split(' ').collect();
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), names.len());
        }
    }

    #[test]
    fn more_grants_never_close_a_route(x in requirements(), granted in grants(), more in "[a-f]") {
        let wider = format!("{granted} {more}");
        prop_assert!(judged(&x, &granted).is_err() || judged(&x, &wider).is_ok());
    }
}
