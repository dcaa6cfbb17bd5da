//! Decisions in the traces of OpenTelemetry: a guarded service, its callers, and the collector that receives its spans, all on
//! loopback.
//!
//! `cargo run` sends requests that continue their callers' traces, ends the service, and looks at what the collector has. It
//! prints a line for each request and fails if any is not as it must be: this run is the package's test.
//!
//! The exporter goes by the environment, as in production: where `HTTP_PROXY` is set, `NO_PROXY=127.0.0.1` keeps it on loopback.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod calls;
mod collector;
mod judged;
mod service;
mod telemetry;

use std::error::Error;
use std::process::ExitCode;

use collector::Collector;
use judged::Judged;
use portcullis::audit::{Audit, TracingSink};
use portcullis::testkit::TestIssuer;
use portcullis::{Issuer, Verifier};
use service::Service;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let collector = Collector::start().await?;
    let provider = telemetry::install(Some(&format!("http://{}", collector.address())))?;

    let server = TestIssuer::start().await;
    let issuer = Issuer::discover(server.identifier())?.audience(server.audience());
    // Only to see that what names users stays out of the traces. In production the key is a secret of 32 random bytes.
    let audit = Audit::new(TracingSink, vec![7; 32])?;
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).audit(audit).build()?;
    let service = Service::start(&verifier).await?;

    let calls = calls::of(&server);
    let client = reqwest::Client::builder().no_proxy().build()?;
    for call in &calls {
        let status = call.send(&client, service.address()).await?;
        if status != call.status {
            return Err(format!("{}: {status} in place of {}", call.what, call.status).into());
        }
    }
    drop(client);

    service.stop().await?;
    telemetry::flush(provider).await?;
    let judged = Judged::of(&calls, &collector.export()?, &server);
    print!("{judged}");
    Ok(if judged.is_as_it_must_be() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
