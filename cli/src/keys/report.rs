//! What was found, for people and for programs.

use std::fmt::Write as _;

use serde_json::json;

use super::finding::{Finding, Severity};
use super::gather::{Gathered, Place};
use super::members::listed;
use crate::source::shown_address;
use crate::terminal::{Ink, Paint};
use crate::text::{ascii_json, escaped};

pub(super) struct Report<'r> {
    pub(super) gathered: &'r Gathered,
    pub(super) findings: &'r [Finding],
}

impl Report<'_> {
    pub(super) fn json(&self) -> String {
        let (kind, place) = self.place();
        let address = |document: &Option<super::gather::Document>| {
            document.as_ref().map(|document| shown_address(&document.url))
        };
        let json = json!({
            "kind": kind,
            "place": place,
            "metadata": address(&self.gathered.metadata),
            "key_set": address(&self.gathered.set),
            "usable_keys": self.gathered.status.keys.len(),
            "keys": listed(self.gathered),
            "findings": self.findings,
        });
        ascii_json(&format!("{json:#}\n"))
    }

    pub(super) fn text(&self, paint: Paint) -> String {
        let mut text = String::new();
        let (kind, place) = self.place();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:9}{}", kind, escaped(&place, 300));
        for (name, document) in [("metadata", &self.gathered.metadata), ("key set", &self.gathered.set)] {
            let is_new = |url: &str| shown_address(url) != place;
            if let Some(document) =
                document.as_ref().filter(|document| is_new(&document.url) && kind != "file")
            {
                let _ = writeln!(text, "{name:9}{}", escaped(&shown_address(&document.url), 300));
            }
        }
        self.keys(&mut text, paint);
        if !self.findings.is_empty() {
            text.push('\n');
        }
        for finding in self.findings {
            let _ = writeln!(text, "{}", line(finding, paint));
        }
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        let errors = count(Severity::Error) + count(Severity::Failure);
        let ink = if errors > 0 { Ink::Bad } else { Ink::Good };
        let total = format!(
            "usable keys: {}; errors: {errors}, warnings: {}, notes: {}",
            self.gathered.status.keys.len(),
            count(Severity::Warning),
            count(Severity::Note)
        );
        let _ = writeln!(text, "\n{}", paint.text(ink, total));
        text
    }

    fn place(&self) -> (&'static str, String) {
        match &self.gathered.place {
            Place::Issuer(issuer) => ("issuer", issuer.clone()),
            Place::Address(url) => ("address", shown_address(url)),
            Place::File(path) => ("file", path.clone()),
        }
    }

    fn keys(&self, text: &mut String, paint: Paint) {
        let rows: Vec<_> = listed(self.gathered).iter().map(super::members::Listed::row).collect();
        if rows.is_empty() {
            return;
        }
        let head = ["kid", "kty", "alg", "use", "size", "thumbprint"].map(str::to_owned);
        let width = |column: usize| {
            let cells = rows.iter().chain([&head]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<_> = (0..head.len()).map(width).collect();
        let padded = |row: &[String; 6]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let _ = writeln!(text, "\n{}", paint.text(Ink::Strong, padded(&head)));
        for row in &rows {
            let _ = writeln!(text, "{}", padded(row));
        }
    }
}

fn line(finding: &Finding, paint: Paint) -> String {
    let ink = match finding.severity {
        Severity::Failure | Severity::Error => Ink::Bad,
        Severity::Warning => Ink::Warning,
        Severity::Note => Ink::Faint,
    };
    let whose = match (&finding.kid, finding.key) {
        (Some(kid), _) => format!(" [{}]", escaped(kid, 64)),
        (None, Some(index)) => format!(" [entry {index}]"),
        (None, None) => String::new(),
    };
    format!(
        "{} {}{whose}: {}",
        paint.text(ink, format_args!("{:8}", finding.severity.name())),
        finding.code,
        finding.message
    )
}
