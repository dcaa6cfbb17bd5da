//! Measures signature verification with the libraries that portcullis could build on.
//!
//! `cargo run --release` measures, twice over with fresh keys; `-- threads` asks how two threads share a key;
//! `-- limits` asks what each library accepts. What follows from the figures stands in
//! `docs/decisions/0001-signature-backend.md`.

mod allocations;
mod candidates;
mod limits;
mod material;
mod report;
mod timing;

use std::env;

use candidates::{Library, Prepared};
use material::{Algorithm, Subject};
use report::{Cell, Pass};

fn main() {
    match env::args().nth(1).as_deref() {
        None => {
            let passes = [measure(), measure()];
            for pass in &passes {
                pass.print();
            }
            report::print_repeatability(&passes[0], &passes[1]);
        }
        Some("threads") => threads(),
        Some("limits") => limits::print(),
        Some(other) => panic!("unknown argument {other:?}: nothing, threads, or limits"),
    }
}

fn measure() -> Pass {
    let libraries = candidates::all();
    let mut rows = vec![Vec::new(); libraries.len()];
    for algorithm in Algorithm::ALL {
        let subject = Subject::generate(algorithm);
        let (places, prepared) = ready(&libraries, &subject);
        let warm = timing::warm(&subject, &prepared);
        let cold = timing::cold(&subject, &prepared);
        for row in &mut rows {
            row.push(None);
        }
        for (index, place) in places.into_iter().enumerate() {
            let allocations = allocations::during(|| {
                prepared[index](&subject.message, &subject.signature);
            });
            let cell = Cell { warm: warm[index], cold: cold[index], allocations };
            *rows[place].last_mut().expect("pushed above") = Some(cell);
        }
    }
    let libraries = libraries.iter().map(|library| library.name()).collect();
    Pass { libraries, rows }
}

/// The candidates that have the algorithm, with their places in the list, after each has shown that it can tell a
/// good signature from a spoilt one.
fn ready(libraries: &[Box<dyn Library>], subject: &Subject) -> (Vec<usize>, Vec<Prepared>) {
    let spoilt = subject.spoilt_signature();
    let mut ready = (Vec::new(), Vec::new());
    for (place, library) in libraries.iter().enumerate() {
        let Ok(verify) = library.prepare(&subject.key) else {
            continue;
        };
        let what = format!("{} {:?}", library.name(), subject.key.algorithm);
        assert!(verify(&subject.message, &subject.signature), "{what}: good");
        assert!(!verify(&subject.message, &spoilt), "{what}: spoilt");
        ready.0.push(place);
        ready.1.push(verify);
    }
    ready
}

fn threads() {
    println!("throughput of two threads over one: one prepared key between them, one each");
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::Ed25519] {
        let subject = Subject::generate(algorithm);
        for library in candidates::all() {
            let prepare = || library.prepare(&subject.key);
            if let (Ok(first), Ok(second)) = (prepare(), prepare()) {
                let [shared, own] = timing::two_threads(&subject, &first, &second);
                let name = library.name();
                println!("{algorithm:>10?}  {name:<26} {shared:5.2} {own:5.2}");
            }
        }
    }
}
