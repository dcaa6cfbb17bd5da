//! The chart of the README, from the results of a run.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use portcullis_peer_bench_shared::Algorithm;

use crate::report::short;
use crate::results::Results;

const WIDTH: u32 = 1_000;
const ROW: u32 = 30;
/// Above the bars, and below them.
const HEAD: u32 = 96;
const FOOT: u32 = 82;
/// The names, to the left of the bars.
const NAMES: u32 = 240;
const PANELS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es256];

// Painted on white, so that it reads the same on a dark page.
const PAPER: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(31, 41, 55);
const FAINT: RGBColor = RGBColor(100, 116, 139);
const LINES: RGBColor = RGBColor(226, 232, 240);
const OURS: RGBColor = RGBColor(29, 78, 216);
const OTHERS: RGBColor = RGBColor(148, 163, 184);
const SIGNATURE: RGBColor = RGBColor(51, 65, 85);

struct Bar {
    name: String,
    times: [Option<f64>; PANELS.len()],
    colour: RGBColor,
}

pub fn draw(results: &Results, file: &Path) {
    let bars = bars(results);
    let height = HEAD + FOOT + ROW * u32::try_from(bars.len()).expect("a page of rows");
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&PAPER).expect("an SVG is text");
    let write = |text: &str, at: (i32, i32), size: i32, colour: &RGBColor, side: HPos| {
        let style = ("sans-serif", size).into_font().color(colour).pos(Pos::new(side, VPos::Center));
        area.draw(&Text::new(text.to_owned(), at, style)).expect("an SVG is text");
    };
    write("Verifying one access token", (24, 28), 22, &INK, HPos::Left);
    write(
        "signature, issuer, audience and times; microseconds a call on one thread, logarithmic: less is better",
        (24, 54),
        14,
        &FAINT,
        HPos::Left,
    );
    let scale = Scale::of(&bars);
    let panel = (WIDTH - NAMES - 24) / 2;
    for (place, algorithm) in PANELS.iter().enumerate() {
        let left = NAMES + panel * u32::try_from(place).expect("two panels");
        let bottom = HEAD + ROW * u32::try_from(bars.len()).expect("a page of rows");
        // Room to the right for the figure behind the longest bar.
        let column = |time: f64| pixels(f64::from(left) + f64::from(panel - 70) * scale.share(time));
        write(algorithm.name(), (column(scale.low), 80), 16, &INK, HPos::Left);
        for tick in scale.ticks() {
            let line = vec![(column(tick), pixels(HEAD)), (column(tick), pixels(bottom))];
            area.draw(&PathElement::new(line, LINES)).expect("an SVG is text");
            write(&format!("{tick}"), (column(tick), pixels(bottom + 14)), 12, &FAINT, HPos::Center);
        }
        for (row, bar) in (0..).zip(&bars) {
            let middle = pixels(HEAD + ROW * row + ROW / 2);
            if place == 0 {
                let colour = if bar.colour == OTHERS { &INK } else { &bar.colour };
                write(&bar.name, (pixels(NAMES - 12), middle), 14, colour, HPos::Right);
            }
            let Some(time) = bar.times[place] else {
                write("not supported", (column(scale.low) + 4, middle), 12, &FAINT, HPos::Left);
                continue;
            };
            let corners = [(column(scale.low), middle - 9), (column(time), middle + 9)];
            area.draw(&Rectangle::new(corners, bar.colour.filled())).expect("an SVG is text");
            write(&short(time), (column(time) + 6, middle), 13, &INK, HPos::Left);
        }
    }
    let machine = &results.machine;
    write(
        "Seen before: the same token again, answered by portcullis' cache of verified tokens. First sight: without that cache.",
        (24, pixels(height - 38)),
        12,
        &FAINT,
        HPos::Left,
    );
    let foot = format!(
        "{}, {} threads, {}; medians of {} interleaved rounds, {}. Versions, rules and more figures: benches/peers.",
        machine.processor,
        machine.threads,
        machine.compiler.split(" (").next().unwrap_or_default(),
        results.rounds,
        machine.date
    );
    write(&foot, (24, pixels(height - 20)), 12, &FAINT, HPos::Left);
    area.present().expect("docs can be written");
}

/// The signature and the library calls, the fastest first.
fn bars(results: &Results) -> Vec<Bar> {
    let mut bars: Vec<_> = results
        .library
        .iter()
        .map(|row| Bar {
            name: row.name.clone(),
            times: PANELS.map(|algorithm| row.cells.get(&algorithm).map(|cell| cell.time)),
            colour: if row.name.starts_with("portcullis") { OURS } else { OTHERS },
        })
        .collect();
    bars.push(Bar {
        name: "the signature alone, aws-lc-rs".into(),
        times: PANELS.map(|algorithm| results.reference.get(&algorithm).map(|cell| cell.time)),
        colour: SIGNATURE,
    });
    let key = |bar: &Bar| bar.times[0].unwrap_or(f64::INFINITY);
    bars.sort_by(|one, other| key(one).total_cmp(&key(other)));
    bars
}

struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let times = || bars.iter().flat_map(|bar| bar.times).flatten();
        // Whole decades below, so that the left edge is a tick of its own.
        let low = 10_f64.powf(times().fold(f64::INFINITY, f64::min).log10().floor());
        Self { low, high: times().fold(low * 10.0, f64::max) }
    }

    fn share(&self, time: f64) -> f64 {
        (time / self.low).log10() / (self.high / self.low).log10()
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let powers = |step: &i32| self.low * 10_f64.powi(*step);
        (0..).map(move |step| powers(&step)).take_while(|tick| *tick <= self.high)
    }
}

fn pixels(value: impl Into<f64>) -> i32 {
    // Far below what either type can hold.
    value.into().round() as i32
}
