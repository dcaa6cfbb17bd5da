//! The rules, as text: they are written in one form of YAML, so that a reader of lines can read them.

use std::collections::BTreeSet;

use crate::expression::selectors;
use crate::tools::{kit, promtool};

const RULES: &str = include_str!("../../deploy/prometheus/portcullis.rules.yml");
pub(crate) const TESTS: &str = include_str!("../../deploy/prometheus/portcullis.tests.yml");

/// A recording or an alert rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) is_alert: bool,
    pub(crate) expression: String,
    text: &'static str,
}

impl Rule {
    /// A value on one line.
    pub(crate) fn field(&self, name: &str) -> Option<&'static str> {
        let line = self.text.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")))?;
        Some(line.trim_matches('"'))
    }
}

pub(crate) fn rules() -> Vec<Rule> {
    let rules = RULES.split("\n      - ").skip(1).map(|text| {
        let (kind, name) = text.lines().next().unwrap().split_once(": ").unwrap();
        let expression = text.split_once("        expr: ").unwrap().1;
        let expression = match expression.strip_prefix("|\n") {
            Some(block) => block
                .lines()
                .take_while(|line| line.starts_with("          "))
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" "),
            None => expression.lines().next().unwrap().to_owned(),
        };
        Rule { name, is_alert: kind == "alert", expression, text }
    });
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 30, "{}", rules.len());
    rules
}

pub(crate) fn alerts() -> Vec<Rule> {
    rules().into_iter().filter(|rule| rule.is_alert).collect()
}

#[test]
fn promtool_accepts_the_rules_and_the_sample_configuration() {
    promtool(&["check", "rules", kit("prometheus/portcullis.rules.yml").to_str().unwrap()]);
    promtool(&["check", "config", kit("prometheus/prometheus.yml").to_str().unwrap()]);
}

#[test]
fn the_unit_tests_of_the_rules_pass() {
    promtool(&["test", "rules", kit("prometheus/portcullis.tests.yml").to_str().unwrap()]);
}

#[test]
fn each_alert_has_a_case_that_fires_and_a_quiet_twin_and_each_recording_rule_a_value() {
    for rule in rules() {
        if rule.is_alert {
            let expectations: Vec<_> = TESTS.split(&format!("alertname: {}\n", rule.name)).skip(1).collect();
            assert!(!expectations.is_empty(), "{}", rule.name);
            let fires = expectations.iter().any(|text| text.starts_with("        exp_alerts:\n"));
            assert!(fires, "{} fires in no test", rule.name);
            // Either a test in which it does not fire, or verifiers or jobs that are not among those who are alerted.
            let quiet = expectations.iter().any(|text| text.starts_with("        exp_alerts: []"));
            assert!(quiet || has_quiet_twin(rule.name), "{} is quiet in no test", rule.name);
        } else {
            assert!(TESTS.contains(&format!("expr: round({}, ", rule.name)), "{}", rule.name);
        }
    }
}

/// Whether some test's input has a verifier or a job that the expected alerts do not name.
fn has_quiet_twin(alert: &str) -> bool {
    TESTS.split("\n  - interval: ").skip(1).any(|group| {
        let Some((input, expected)) = group.split_once("    alert_rule_test:") else { return false };
        let named = |start: &str, end: char| -> BTreeSet<&str> {
            input.split(start).skip(1).map(|rest| rest.split_once(end).unwrap().0).collect()
        };
        let twins = named("verifier=\"", '"').into_iter().chain(named("job=\"", '"'));
        let alerted = |name: &str| {
            expected.lines().any(|line| {
                line.trim().strip_prefix("verifier: ").or(line.trim().strip_prefix("job: ")) == Some(name)
            })
        };
        expected.contains(&format!("alertname: {alert}\n")) && twins.into_iter().any(|name| !alerted(name))
    })
}

#[test]
fn each_alert_says_how_bad_it_is_what_it_is_and_where_to_read_on() {
    let repository = env!("CARGO_PKG_REPOSITORY");
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert.name;
        assert!(names.insert(name), "{name} stands twice");
        assert!(name.starts_with("Portcullis"), "{name}");
        assert!(matches!(alert.field("severity"), Some("critical" | "warning")), "{name}");
        for text in ["summary", "description"] {
            assert!(alert.field(text).is_some_and(|text| text.len() > 20), "{name} has no {text}");
        }
        let address = format!("{repository}/blob/main/docs/operations.md#{}", name.to_lowercase());
        assert_eq!(alert.field("runbook_url"), Some(address.as_str()), "{name}");
    }
    assert!(names.len() >= 20, "{names:?}");
}

#[test]
fn what_rules_record_is_there_before_rules_read_it() {
    let mut recorded = BTreeSet::new();
    for rule in rules() {
        for selector in selectors(&rule.expression, "portcullis:") {
            assert!(recorded.contains(selector.name.as_str()), "{} reads {}", rule.name, selector.name);
        }
        if !rule.is_alert {
            recorded.insert(rule.name);
        }
    }
}
