//! What a PromQL expression names, as far as a scan of its text can tell.

use std::collections::BTreeSet;

/// One series with its matchers: `name{label="value"}`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Selector {
    pub(crate) name: String,
    pub(crate) matchers: Vec<Matcher>,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Matcher {
    pub(crate) label: String,
    pub(crate) operator: String,
    pub(crate) value: String,
}

impl Matcher {
    /// Whether a label's value fits. Of regular expressions: alternatives, `.+` and `.*` at their end.
    pub(crate) fn fits(&self, value: &str) -> bool {
        let alternative = |pattern: &str| match (pattern.strip_suffix(".+"), pattern.strip_suffix(".*")) {
            (Some(start), _) => value.len() > start.len() && value.starts_with(start),
            (None, Some(start)) => value.starts_with(start),
            (None, None) => value == pattern,
        };
        match self.operator.as_str() {
            "=" => value == self.value,
            "!=" => value != self.value,
            "=~" => self.value.split('|').any(alternative),
            "!~" => !self.value.split('|').any(alternative),
            other => panic!("{other}"),
        }
    }
}

/// The series that an expression reads, which begin with `start`.
pub(crate) fn selectors(expression: &str, start: &str) -> BTreeSet<Selector> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    for (at, _) in expression.match_indices(start) {
        let (before, rest) = expression.split_at(at);
        if before.ends_with(word) {
            continue;
        }
        let (name, rest) = rest.split_at(rest.find(|c| !word(c)).unwrap_or(rest.len()));
        let matchers =
            rest.strip_prefix('{').map_or_else(Vec::new, |rest| matchers(rest.split_once('}').unwrap().0));
        found.insert(Selector { name: name.to_owned(), matchers });
    }
    found
}

/// `a="b",c!~"d"`; no value of ours has a comma, a brace or a quotation mark.
fn matchers(text: &str) -> Vec<Matcher> {
    let matcher = |part: &str| {
        let (left, value) = part.trim().split_once('"').unwrap();
        let label = left.trim_end_matches(['=', '!', '~']);
        let (label, operator) = left.split_at(label.len());
        Matcher {
            label: label.to_owned(),
            operator: operator.to_owned(),
            value: value.trim_end_matches('"').to_owned(),
        }
    };
    text.split(',').map(matcher).collect()
}

/// The labels that an expression groups by or joins on.
pub(crate) fn grouped_by(expression: &str) -> BTreeSet<String> {
    let mut labels = BTreeSet::new();
    for keyword in ["by (", "on ("] {
        for list in expression.split(keyword).skip(1).map(|rest| rest.split_once(')').unwrap().0) {
            labels.extend(list.split(',').map(|label| label.trim().to_owned()));
        }
    }
    labels
}

#[test]
fn selectors_and_labels_are_found() {
    let expression = r#"sum by (job, reason) (rate(a_total{x="1",y=~"b|c.+"}[5m])) / on (job) a_b - not_a_c"#;
    let found: Vec<_> = selectors(expression, "a_").into_iter().collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].name.as_str(), found[0].matchers.len()), ("a_b", 0));
    let [x, y] = &found[1].matchers[..] else { panic!("{found:?}") };
    assert!(x.fits("1") && !x.fits("2"));
    assert!(y.fits("b") && y.fits("cd") && !y.fits("c") && !y.fits("bb"));
    assert_eq!(grouped_by(expression), ["job", "reason"].map(str::to_owned).into());
}
