//! One table for everything, with the target beside the figure and a mark where it is missed.

/// What was measured, in its unit.
#[derive(Clone, Copy)]
pub enum Figure {
    /// Of one time or rate to another.
    Ratio(f64),
    /// Nanoseconds.
    Time(f64),
    /// Heap allocations a call.
    Allocations(u64),
    /// Bytes.
    Bytes(f64),
    /// Of those that there are, in percent.
    Share(f64),
}

/// What it should be, in the unit of the figure.
#[derive(Clone, Copy)]
pub enum Target {
    None,
    AtMost(f64),
    AtLeast(f64),
}

use Figure::{Allocations, Bytes, Ratio, Share, Time};

impl Figure {
    fn value(self) -> f64 {
        match self {
            Ratio(value) | Time(value) | Bytes(value) | Share(value) => value,
            Allocations(count) => count as f64,
        }
    }

    fn with(self, value: f64) -> Self {
        match self {
            Ratio(_) => Ratio(value),
            Time(_) => Time(value),
            Allocations(_) => Allocations(value as u64),
            Bytes(_) => Bytes(value),
            Share(_) => Share(value),
        }
    }

    fn text(self) -> String {
        match self {
            Ratio(value) => format!("{value:.3} ×"),
            Time(nanos) if nanos.abs() < 1_000.0 => format!("{nanos:.0} ns"),
            Time(nanos) => format!("{:.2} µs", nanos / 1e3),
            Allocations(1) => "1 alloc".to_owned(),
            Allocations(count) => format!("{count} allocs"),
            Bytes(bytes) => format!("{bytes:.0} B"),
            Share(percent) => format!("{percent:.1} %"),
        }
    }
}

/// The lines so far, as far as they were judged.
#[derive(Default)]
pub struct Table {
    met: usize,
    missed: Vec<String>,
    section: String,
}

impl Table {
    pub fn section(&mut self, name: &str, what: &str) {
        println!("\n{name}: {what}");
        name.clone_into(&mut self.section);
    }

    /// One line: the figure, the target if there is one, and what explains it.
    pub fn line(&mut self, name: &str, figure: Figure, target: Target, detail: &str) {
        let (met, bound) = match target {
            Target::None => (None, String::new()),
            Target::AtMost(bound) => {
                (Some(figure.value() <= bound), format!("≤ {}", figure.with(bound).text()))
            }
            Target::AtLeast(bound) => {
                (Some(figure.value() >= bound), format!("≥ {}", figure.with(bound).text()))
            }
        };
        let mark = match met {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        };
        println!("  {name:44} {:>11}  {bound:>13}  {mark:6}  {detail}", figure.text());
        match met {
            None => {}
            Some(true) => self.met += 1,
            Some(false) => self.missed.push(format!("{}, {name}: {} ({bound})", self.section, figure.text())),
        }
    }

    /// The lines whose target is missed, once more.
    pub fn end(&self) {
        println!("\n{} targets met, {} missed", self.met, self.missed.len());
        for line in &self.missed {
            println!("  MISSED  {line}");
        }
    }
}

/// Two times of a pair, for the detail of a line.
pub fn versus(first: &str, pair: super::timing::Pair, second: &str) -> String {
    format!("{first} {}, {second} {}", Time(pair.first).text(), Time(pair.second).text())
}
