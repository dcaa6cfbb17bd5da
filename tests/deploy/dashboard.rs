//! The dashboard: Grafana would import it, and Prometheus would understand what it asks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::expression::selectors;
use crate::rules::{alerts, rules};
use crate::tools::promtool_parses;

const DASHBOARD: &str = include_str!("../../deploy/grafana/portcullis.json");

fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).unwrap()
}

fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter()
}

/// What it asks: the panel's title, and the expression with Grafana's variables put in.
pub(crate) fn expressions() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let shown = panels(&dashboard).filter(|panel| panel["type"] != "row");
    let asked = shown.flat_map(|panel| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().unwrap().iter();
        targets.map(move |target| (title.clone(), target["expr"].as_str().unwrap().to_owned()))
    });
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let queries = variables.filter(|variable| variable["type"] == "query").map(|variable| {
        let (name, query) =
            (variable["name"].as_str().unwrap(), variable["query"]["query"].as_str().unwrap());
        let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
        let (series, label) = inner.rsplit_once(", ").unwrap();
        (format!("variable {name}"), format!("group by ({label}) ({series})"))
    });
    asked.chain(queries).map(|(title, expression)| (title, filled_in(&expression))).collect()
}

fn filled_in(expression: &str) -> String {
    ["$job", "$verifier", "$issuer"]
        .into_iter()
        .fold(expression.to_owned(), |text, variable| text.replace(variable, ".*"))
        .replace("$__rate_interval", "10s")
        .replace("$__range", "1m")
}

#[test]
fn it_is_of_the_form_that_grafana_imports() {
    let dashboard = dashboard();
    assert_eq!(dashboard["schemaVersion"], 39);
    assert_eq!(dashboard["id"], Value::Null, "an id belongs to one Grafana");
    let names: Vec<_> =
        dashboard["templating"]["list"].as_array().unwrap().iter().map(|v| &v["name"]).collect();
    assert_eq!(names, ["datasource", "job", "verifier", "issuer"]);
    let rows: Vec<_> =
        panels(&dashboard).filter(|panel| panel["type"] == "row").map(|p| &p["title"]).collect();
    assert_eq!(rows, ["Executive", "On call", "Debug"]);
    let mut ids = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id stands twice");
        if panel["type"] == "row" {
            continue;
        }
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        let references: BTreeSet<_> =
            targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert_eq!(references.len(), targets.len(), "{title}: a refId stands twice");
        for source in targets.iter().map(|target| &target["datasource"]).chain([&panel["datasource"]]) {
            assert_eq!(*source, json!({ "type": "prometheus", "uid": "${datasource}" }), "{title}");
        }
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(defaults["unit"].is_string() && defaults["thresholds"]["steps"].is_array(), "{title}");
    }
}

#[test]
fn panels_lie_beside_each_other() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    for panel in panels(&dashboard) {
        let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
        assert!(side("w") > 0 && side("h") > 0 && side("x") + side("w") <= 24, "{}", panel["title"]);
        for x in side("x")..side("x") + side("w") {
            for y in side("y")..side("y") + side("h") {
                assert!(taken.insert((x, y)), "{} covers another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn each_alert_is_linked_from_a_panel_and_each_link_leads_to_a_runbook() {
    let dashboard = dashboard();
    let runbooks: BTreeSet<_> = alerts().iter().map(|alert| alert.field("runbook_url").unwrap()).collect();
    let links = panels(&dashboard).flat_map(|panel| panel["links"].as_array().into_iter().flatten());
    let linked: BTreeSet<_> = links.map(|link| link["url"].as_str().unwrap()).collect();
    assert_eq!(linked, runbooks);
}

#[test]
fn it_reads_what_rules_record() {
    let recorded: BTreeSet<_> = rules().into_iter().map(|rule| rule.name).collect();
    for (title, expression) in expressions() {
        assert!(!expression.contains('$'), "{title}: a variable that nobody fills in: {expression}");
        for selector in selectors(&expression, "portcullis:") {
            assert!(recorded.contains(selector.name.as_str()), "{title}: {}", selector.name);
        }
    }
}

#[test]
fn promtool_understands_what_it_asks() {
    let asked: Vec<_> = expressions().into_iter().map(|(_, expression)| expression).collect();
    assert!(asked.len() > 40, "{}", asked.len());
    promtool_parses(&asked);
}
