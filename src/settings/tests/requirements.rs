//! Requirements out of settings, and back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::Settings;
use super::super::requirements::RequirementSettings;
use super::super::rule::{ClaimValueSettings, DetailSettings, Naming, Path, Rule, Test};
use super::super::values::{ScopeName, Span};
use super::http::scope_name;
use super::round_trip::{flatten, span, word};
use crate::require::described::Described;
use crate::testing::cases;

/// What a requirement was put together from, as settings that say all of it.
fn described(requirement: &Described<'_>) -> RequirementSettings {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    RequirementSettings(match requirement {
        Described::All(inner) => Rule::All(inner.iter().map(described).collect()),
        Described::Any(inner) => Rule::Any(inner.iter().map(described).collect()),
        Described::Scope { scope, .. } => Rule::Scope(ScopeName((*scope).clone())),
        Described::Named(kind, name) => {
            let naming = match *kind {
                "role" => Naming::Role,
                "group" => Naming::Group,
                "entitlement" => Naming::Entitlement,
                "issuer" => Naming::Issuer,
                "client" => Naming::Client,
                "audience" => Naming::Audience,
                other => panic!("settings have no word for {other}"),
            };
            Rule::Named(naming, (*name).to_owned())
        }
        Described::Claim { path, test, value } => {
            let test = if *test == "contains" { Test::Contains } else { Test::Equals };
            let members = path.iter().map(|member| member.to_string()).collect();
            Rule::Claim(Path::Members(members), test, ClaimValueSettings((*value).clone()))
        }
        Described::Acr(classes) => Rule::Acr(classes.iter().map(|class| class.to_string()).collect()),
        Described::Ladder(classes) => {
            let ladder: Vec<_> = classes.iter().map(|class| class.to_string()).collect();
            Rule::Ladder { at_least: ladder[0].clone(), ladder }
        }
        Described::Amr(method) => Rule::Amr((*method).to_owned()),
        Described::MaxAge(age) => Rule::MaxAge(Span(*age)),
        Described::Detail { kind, actions, locations } => Rule::AuthorizationDetails(DetailSettings {
            kind: (*kind).to_owned(),
            actions: texts(actions),
            locations: texts(locations),
        }),
        Described::CodeOnly(reason) => panic!("no settings lead to this: {reason}"),
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn every_part_is_read_as_it_is_meant(leaf in leaf()) {
        prop_assert_eq!(described(&leaf.requirement().described()), RequirementSettings(leaf));
    }

    /// Nesting that changes nothing is gone once it is built.
    #[test]
    fn a_requirement_written_down_again_means_the_same(rule in rule()) {
        let requirement = rule.requirement();
        prop_assert_eq!(described(&requirement.described()).0.requirement(), requirement);
    }

    #[test]
    fn numbers_and_truth_values_are_read_where_there_is_a_form_for_them(rule in rule_of(any_value().boxed())) {
        let rules = BTreeMap::from([("a".to_owned(), RequirementSettings(rule))]);
        let settings = Settings { requirements: rules, ..Settings::default() };
        let json = serde_json::to_string(&settings).unwrap();
        prop_assert_eq!(&Settings::from_json(&json).unwrap(), &settings);
        prop_assert_eq!(&Settings::from_toml(&toml::to_string(&settings).unwrap()).unwrap(), &settings);
        // The value of a variable is a text, whatever it looks like.
        let mut variables = Vec::new();
        flatten("A_", &serde_json::to_value(&settings).unwrap(), &mut variables);
        prop_assert!(Settings::from_env_pairs("A", variables).is_ok());
    }
}

#[test]
fn the_hierarchy_is_laid_over_every_scope() {
    let settings = Settings::from_toml(
        "[requirements]\nread = { any = [{ scope = 'read' }, { all = [{ role = 'a' }, { scope = 'write' }] }] }\n\
         [scope_hierarchy]\nwrite = ['read', 'list']\nadmin = ['write']",
    );
    let requirement = settings.unwrap().requirement("read").unwrap();
    let Described::Any(parts) = requirement.described() else { panic!("{requirement}") };
    let implied = |part: &Described<'_>| match part {
        Described::Scope { implied_by, .. } => implied_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        _ => panic!("{requirement}"),
    };
    let Described::All(both) = &parts[1] else { panic!("{requirement}") };
    assert_eq!(implied(&parts[0]), ["write", "admin"]);
    assert_eq!(implied(&both[1]), ["admin"]);
}

fn name() -> impl Strategy<Value = String> {
    word()
}

fn class() -> impl Strategy<Value = String> {
    "[a-z:/]{1,8}"
}

fn text_value() -> BoxedStrategy<ClaimValueSettings> {
    word().prop_map(|text| ClaimValueSettings(text.into())).boxed()
}

fn any_value() -> impl Strategy<Value = ClaimValueSettings> {
    prop_oneof![
        text_value(),
        any::<i64>().prop_map(|number| ClaimValueSettings(number.into())),
        any::<bool>().prop_map(|value| ClaimValueSettings(value.into())),
    ]
}

/// Every part that there is, with texts in the places of values.
fn leaf() -> impl Strategy<Value = Rule> {
    leaf_of(text_value())
}

fn leaf_of(value: BoxedStrategy<ClaimValueSettings>) -> impl Strategy<Value = Rule> {
    let naming = select(vec![
        Naming::Role,
        Naming::Group,
        Naming::Entitlement,
        Naming::Issuer,
        Naming::Client,
        Naming::Audience,
    ]);
    let test = select(vec![Test::Contains, Test::Equals]);
    let names = || prop::collection::vec(name(), 0..3);
    let ladder = prop::collection::btree_set(class(), 1..4);
    prop_oneof![
        scope_name().prop_map(Rule::Scope),
        (naming, name()).prop_map(|(naming, name)| Rule::Named(naming, name)),
        (prop::collection::vec(name(), 1..3), test, value).prop_map(|(members, test, value)| Rule::Claim(
            Path::Members(members),
            test,
            value
        )),
        prop::collection::vec(class(), 1..3).prop_map(Rule::Acr),
        ladder.prop_map(|ladder| {
            let ladder: Vec<_> = ladder.into_iter().collect();
            Rule::Ladder { at_least: ladder[0].clone(), ladder }
        }),
        name().prop_map(Rule::Amr),
        span().prop_map(Rule::MaxAge),
        (name(), names(), names()).prop_map(|(kind, actions, locations)| {
            Rule::AuthorizationDetails(DetailSettings { kind, actions, locations })
        }),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    rule_of(text_value())
}

fn rule_of(value: BoxedStrategy<ClaimValueSettings>) -> impl Strategy<Value = Rule> {
    leaf_of(value).prop_recursive(3, 12, 3, |inner| {
        let rules = || prop::collection::vec(inner.clone().prop_map(RequirementSettings), 1..4);
        prop_oneof![rules().prop_map(Rule::All), rules().prop_map(Rule::Any)]
    })
}

/// In names of variables there is room for two lists.
pub(super) fn requirements() -> impl Strategy<Value = BTreeMap<String, RequirementSettings>> {
    let shallow = prop_oneof![
        leaf(),
        prop::collection::vec(leaf().prop_map(RequirementSettings), 1..3).prop_map(Rule::All),
    ];
    prop::collection::btree_map("[a-z]{1,6}(_[a-z]{1,6})?", shallow.prop_map(RequirementSettings), 0..3)
}

pub(super) fn scope_hierarchy() -> impl Strategy<Value = BTreeMap<ScopeName, Vec<ScopeName>>> {
    prop::collection::btree_map(scope_name(), prop::collection::vec(scope_name(), 1..3), 0..3)
}
