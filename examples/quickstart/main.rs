//! A protected API and its authorization server, both real and both on loopback, and a story played over HTTP.
//!
//! `cargo run --example quickstart` plays the story and prints a line for each request; it fails if any answer is not
//! as it must be. `cargo run --example quickstart -- --serve` keeps both servers up and prints lines to paste.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod api;
mod story;
mod table;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use portcullis::keys::remote::Remote;
use portcullis::testkit::{TestClock, TestIssuer};
use portcullis::{Issuer, Verifier};

const AUDIENCE: &str = "https://api.example.com";

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let serve = std::env::args().any(|argument| argument == "--serve");
    let clock = if serve { TestClock::system() } else { TestClock::new() };

    // An authorization server. In production this is yours, and the next two statements are all that you write.
    let server = TestIssuer::builder().audience(AUDIENCE).clock(clock).start().await;

    // Finds the keys by the issuer's name and keeps them current. An hour of rotations happens here within seconds, so
    // unknown keys may be asked for every second; the default, 10 s, suits production.
    let keys = Remote::discover(server.identifier())?.unknown_key_interval(Duration::from_secs(1));
    let verifier = Verifier::builder()
        .issuer(Issuer::new(server.identifier(), keys).audience(AUDIENCE))
        .clock(server.clock())
        .build()?;
    verifier.ready(Duration::from_secs(5)).await?;

    let address = api::start(&verifier).await?;
    if serve {
        story::print_lines_to_paste(&server, address);
        std::future::pending::<()>().await;
    }
    let table = story::play(&server, address).await?;
    print!("{table}");
    Ok(if table.is_as_it_must_be() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
