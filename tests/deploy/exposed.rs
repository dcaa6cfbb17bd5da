//! What the kit names is what a service exposes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::timeout;

use crate::dashboard;
use crate::expression::{Selector, grouped_by, selectors};
use crate::rules::{TESTS, rules};
use crate::runbooks;
use crate::stage::Stage;

/// The exposed series: a name and labels.
struct Exposed(Vec<(String, BTreeMap<String, String>)>);

impl Exposed {
    fn parse(text: &str) -> Self {
        let series = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (series, _) = line.rsplit_once(' ')?;
            let selector = selectors(series, "portcullis_").into_iter().next()?;
            // As Prometheus adds them when it scrapes.
            let added = ["job", "instance"].map(|label| (label.to_owned(), "added".to_owned()));
            let labels =
                selector.matchers.into_iter().map(|matcher| (matcher.label, matcher.value)).chain(added);
            Some((selector.name, labels.collect()))
        });
        Self(series.collect())
    }

    /// Whether there is one that the selector selects, and that has these labels.
    fn has(&self, selector: &Selector, labels: impl IntoIterator<Item = String> + Clone) -> bool {
        self.0.iter().any(|(name, present)| {
            *name == selector.name
                && selector
                    .matchers
                    .iter()
                    .all(|matcher| present.get(&matcher.label).is_some_and(|value| matcher.fits(value)))
                && labels.clone().into_iter().all(|label| present.contains_key(&label))
        })
    }
}

/// What the rules, the dashboard, the runbooks and the rules' tests name, with the labels that they go by.
fn named() -> Vec<(Selector, Vec<String>)> {
    let expressions = rules().into_iter().map(|rule| rule.expression);
    let shown = dashboard::expressions().into_iter().map(|(_, expression)| expression);
    let mut named = Vec::new();
    for expression in expressions.chain(shown).chain(runbooks::queries()) {
        let labels = grouped_by(&expression);
        for mut selector in selectors(&expression, "portcullis_") {
            selector.matchers.retain(|matcher| matcher.value != ".*");
            // `le` is of buckets alone; an expression that has no buckets and goes by it is found by Prometheus.
            let is_bucket = selector.name.ends_with("_bucket");
            let labels = labels.iter().filter(|label| is_bucket || *label != "le").cloned();
            named.push((selector, labels.collect()));
        }
    }
    // The tests make up values; names of series and labels have to be real.
    for line in TESTS.lines().filter_map(|line| line.trim().strip_prefix("- series: ")) {
        for selector in selectors(line.trim_matches('\''), "portcullis_") {
            let labels = selector.matchers.into_iter().map(|matcher| matcher.label).collect();
            named.push((Selector { name: selector.name, matchers: Vec::new() }, labels));
        }
    }
    named.sort();
    named.dedup();
    named
}

#[tokio::test(flavor = "multi_thread")]
async fn every_series_that_the_kit_names_is_exposed_with_its_labels() {
    let stage = Stage::start().await;
    let named = named();
    assert!(named.len() > 60, "{}", named.len());
    let mut missing = named.clone();
    let all = async {
        while !missing.is_empty() {
            stage.round().await;
            let exposed = Exposed::parse(&stage.scrape().await);
            missing.retain(|(selector, labels)| !exposed.has(selector, labels.iter().cloned()));
        }
    };
    let in_time = timeout(PATIENCE, all).await;
    assert!(in_time.is_ok(), "never exposed: {missing:#?}");
}

const PATIENCE: Duration = Duration::from_secs(60);
