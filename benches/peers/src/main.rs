//! Measures portcullis beside the other Rust crates that verify access tokens.
//!
//! `cargo run --release` measures everything, prints the tables and writes `results.json` and `docs/speed.svg`;
//! `-- quick` does the same with fewer samples and writes nothing; `-- redraw` prints and draws the results at hand again;
//! `-- material` makes the token and key of the projects in `minimal/`.
//!
//! # What makes it fair
//!
//! 1. **The same token and key for all**, made afresh for each run: 447 bytes of claims under the header that RFC 9068 asks
//!    for, RSA keys of 2,048 bits.
//! 2. **The same checks**: signature, `iss`, `aud`, `exp`, `nbf`, with 60 s of skew where a peer knows a skew. Where a peer
//!    leaves one to the application, as jwtk does with `iss` and `aud`, the bench does it as an application would.
//! 3. **Refusals come first.** Before a peer is measured it must refuse a token with another audience, an expired one, one
//!    with a spoilt signature, one of another issuer and one that is not valid yet. Who does not is listed with that remark.
//! 4. **Each as its own documentation says**, with the backend that its default features choose; two rows where the user
//!    has to choose. Claims go into a small type of the service wherever the user chooses the type, which is less than
//!    portcullis and josekit read.
//! 5. **Keys are loaded before**, in the most prepared form that a peer can hold. Nothing is fetched: who wants an address
//!    gets the answer from memory.
//! 6. **Turns.** In each round every peer runs a short batch, another one beginning each time, so that a machine that
//!    changes its mind affects all alike. A ratio is the median over the rounds of peer / reference in the same round. The
//!    first calls of a batch are not timed.
//! 7. **Results are used**: acceptance is asserted and the subject read at each call.
//!
//! The reference is the signature alone: aws-lc-rs with a key that was parsed before.
//!
//! jsonwebtoken's backend is one for the whole process; see `peers/jsonwebtoken.rs` for how both take turns nevertheless.
//! jwt-simple (BoringSSL) and jwtk's default backend cannot be linked with the others and answer through a pipe from a
//! process of their own, which measures with the same code; the pipe is outside of what is timed.
//!
//! Allocations are those that Rust code makes; what C code takes from `malloc` (BoringSSL, OpenSSL, AWS-LC) is not counted,
//! which favours the crates that use these. Counting costs each allocation some 2 ns in all figures.

mod apart;
mod chart;
mod costs;
mod layers;
mod machine;
mod measure;
mod peers;
mod report;
mod results;
mod subject;

use std::path::Path;
use std::{env, fs};

use measure::Effort;
use portcullis_peer_bench_shared::Algorithm;
use results::Results;
use subject::Subject;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (file, chart) = (root.join("results.json"), root.join("../../docs/speed.svg"));
    // Nothing of it is polled: some of the peers look for a runtime when they are made.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a bare runtime");
    let _inside = runtime.enter();
    match env::args().nth(1).as_deref() {
        None => {
            let results = measure::all(Effort::Full);
            let text = serde_json::to_string_pretty(&results).expect("plain data");
            fs::write(&file, text + "\n").expect("benches/peers can be written");
            chart::draw(&results, &chart);
            report::print(&results);
            println!("\nwritten: benches/peers/results.json, docs/speed.svg");
        }
        Some("quick") => report::print(&measure::all(Effort::Quick)),
        Some("redraw") => {
            let text = fs::read_to_string(&file).expect("results.json of an earlier run");
            let results: Results = serde_json::from_str(&text).expect("results.json of this version");
            chart::draw(&results, &chart);
            report::print(&results);
        }
        Some("material") => material(&root.join("minimal")),
        Some(other) => panic!("unknown argument {other:?}: nothing, quick, redraw or material"),
    }
}

/// The token is good until 2100, and the private key is thrown away.
fn material(folder: &Path) {
    let subject = Subject::generate(Algorithm::Rs256);
    for (name, text) in [
        ("token.txt", &subject.task.token),
        ("jwk.json", &subject.task.jwk),
        ("jwks.json", &subject.task.jwks()),
    ] {
        fs::write(folder.join(name), text).expect("the folder can be written");
    }
}
