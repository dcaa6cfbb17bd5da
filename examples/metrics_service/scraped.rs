//! What a scrape has brought.

/// The lines of Prometheus's text format, without those that describe.
pub(crate) struct Scraped<'t>(Vec<(&'t str, f64)>);

impl<'t> Scraped<'t> {
    pub(crate) fn parse(text: &'t str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &'t str| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series, value.parse().ok()?))
        };
        Self(lines.filter_map(sample).collect())
    }

    /// The sum over all series of this name that have these labels; `None` if there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |series: &str| {
            let (found, rest) = series.split_once('{').unwrap_or((series, ""));
            let rest = rest.trim_end_matches('}');
            found == name
                && labels.iter().all(|(label, value)| {
                    let wanted = format!("{label}=\"{value}\"");
                    rest.split(',').any(|part| part == wanted)
                })
        };
        let values: Vec<_> =
            self.0.iter().filter(|(series, _)| has(series)).map(|(_, value)| *value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}
