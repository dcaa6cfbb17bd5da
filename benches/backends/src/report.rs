//! Tables, one column per algorithm.

use crate::material::Algorithm;
use crate::timing::Figure;

/// Everything measured of one library with one algorithm in one pass.
#[derive(Clone, Copy)]
pub struct Cell {
    pub warm: Figure,
    pub cold: Figure,
    pub allocations: Option<u64>,
}

/// One pass: a row per library, a column per algorithm, `None` where the library lacks it.
pub struct Pass {
    pub libraries: Vec<&'static str>,
    pub rows: Vec<Vec<Option<Cell>>>,
}

impl Pass {
    pub fn print(&self) {
        self.table("warm, µs (ratio to the first row)", |cell| with_ratio(cell.warm));
        self.table("cold, µs (ratio to the first row)", |cell| with_ratio(cell.cold));
        self.table("allocations per verification", |cell| {
            cell.allocations.map_or("?".into(), |n| n.to_string())
        });
    }

    fn table(&self, title: &str, show: impl Fn(&Cell) -> String) {
        print!("\n{title:<26}");
        for algorithm in Algorithm::ALL {
            print!("{:>15}", format!("{algorithm:?}"));
        }
        println!();
        for (library, row) in self.libraries.iter().zip(&self.rows) {
            print!("{library:<26}");
            for cell in row {
                print!("{:>15}", cell.as_ref().map_or("-".into(), &show));
            }
            println!();
        }
    }
}

/// Prints how far the ratios of two passes lie apart, the worst ones by name.
pub fn print_repeatability(first: &Pass, second: &Pass) {
    for (title, figure) in
        [("warm", (|cell: &Cell| cell.warm) as fn(&Cell) -> Figure), ("cold", |cell: &Cell| cell.cold)]
    {
        let mut drifts = Vec::new();
        for (row, library) in first.libraries.iter().enumerate().skip(1) {
            for (column, algorithm) in Algorithm::ALL.iter().enumerate() {
                let pair = (&first.rows[row][column], &second.rows[row][column]);
                if let (Some(one), Some(two)) = pair {
                    let drift = (figure(two).ratio / figure(one).ratio - 1.0).abs() * 100.0;
                    drifts.push((drift, format!("{library} {algorithm:?}")));
                }
            }
        }
        drifts.sort_by(|a, b| b.0.total_cmp(&a.0));
        println!("\n{title} ratios, pass 2 against pass 1, of {}:", drifts.len());
        for (drift, name) in drifts.iter().take(4) {
            println!("  {drift:5.1} %  {name}");
        }
        let (drift, _) = drifts[drifts.len() / 2];
        println!("  {drift:5.1} %  median");
    }
}

fn with_ratio(figure: Figure) -> String {
    format!("{:.1} ({:.2})", figure.nanoseconds / 1e3, figure.ratio)
}
