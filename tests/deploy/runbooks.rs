//! Each alert has a runbook in docs/operations.md, and each runbook an alert.

use crate::rules::alerts;
use crate::tools::promtool_parses;

const PAGE: &str = include_str!("../../docs/operations.md");

/// The parts below a heading of the second level, by their headings of the third.
fn sections(heading: &str) -> Vec<(&'static str, &'static str)> {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let body = rest.split("\n## ").next().unwrap();
    body.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap()).collect()
}

/// The queries in runbooks and scenarios: what stands in backticks and names a series of ours.
pub(crate) fn queries() -> Vec<String> {
    let (_, page) = PAGE.split_once("\n## Runbooks\n").unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    // `portcullis::keys` is a target of the log, and a file's name ends in `.yml`.
    let is_query = |text: &&str| {
        (text.contains("portcullis_") || text.contains("portcullis:"))
            && !text.contains("::")
            && !text.ends_with(".yml")
    };
    quoted.filter(is_query).map(str::to_owned).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn each_alert_has_a_runbook_and_each_runbook_an_alert() {
    let alerts = alerts();
    let runbooks = sections("Runbooks");
    for alert in &alerts {
        let count = runbooks.iter().filter(|(name, _)| *name == alert.name).count();
        assert_eq!(count, 1, "{}", alert.name);
    }
    for (name, text) in &runbooks {
        assert!(alerts.iter().any(|alert| alert.name == *name), "{name} is no alert");
        let mut rest = *text;
        for part in ["**Means.** ", "**See.** ", "**Do.** ", "**Do not.** "] {
            rest = rest.split_once(&format!("\n{part}")).unwrap_or_else(|| panic!("{name}: no {part}")).1;
        }
    }
}

#[test]
fn each_alert_is_found_by_what_users_see() {
    let (_, rest) = PAGE.split_once("\n## Runbooks\n").unwrap();
    let table = rest.split("\n### ").next().unwrap();
    for alert in alerts() {
        let link = format!("](#{})", alert.name.to_lowercase());
        assert_eq!(table.matches(&link).count(), 1, "{}", alert.name);
    }
}

#[test]
fn scenarios_name_the_alerts_by_which_they_show() {
    let alerts = alerts();
    let scenarios = sections("Scenarios");
    for expected in [
        "Key rotation, planned",
        "Key rotation, emergency",
        "IdP outage",
        "Clock drift",
        "Leaked token",
        "Scope over-privilege",
    ] {
        assert!(scenarios.iter().any(|(name, _)| *name == expected), "{expected}");
    }
    for (name, text) in scenarios {
        assert!(alerts.iter().any(|alert| text.contains(alert.name)), "{name} names no alert");
        assert!(text.contains("Do not "), "{name} does not say what not to do");
    }
}

#[test]
fn links_to_headings_lead_somewhere() {
    for (page, text) in [
        ("", PAGE),
        ("keys.md", include_str!("../../docs/keys.md")),
        ("reason-codes.md", include_str!("../../docs/reason-codes.md")),
    ] {
        let anchors = anchors(text);
        for rest in PAGE.split(&format!("]({page}#")).skip(1) {
            let target = rest.split_once(')').unwrap().0;
            assert!(anchors.iter().any(|anchor| anchor == target), "{page}#{target}");
        }
    }
}

#[test]
fn promtool_understands_the_queries() {
    let queries = queries();
    assert!(queries.len() > 20, "{queries:#?}");
    promtool_parses(&queries);
}
