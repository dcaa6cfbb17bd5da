//! A guarded service whose metrics Prometheus can scrape, as the rules and the dashboard of `deploy/` expect them.
//!
//! `cargo run --example metrics_service` sends requests of many kinds, scrapes, and fails if a number is not as it must be.
//! `cargo run --example metrics_service -- --serve` goes on sending them and prints the address to scrape, for a look at
//! the dashboard; a port may follow.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod judged;
mod scraped;
mod service;
mod traffic;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use judged::Judged;
use scraped::Scraped;
use service::Service;
use traffic::Traffic;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (serve, port) = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => (false, 0),
        (Some("--serve"), port) => (true, port.map_or(Ok(0), |port| port.parse())?),
        _ => return Err("the arguments are none, or --serve and a port, if it is to be a certain one".into()),
    };

    let exposition = service::exposition()?;
    let issuers = traffic::issuers().await;
    let verifier = traffic::verifier(&issuers)?;
    let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let service = Service::start(place, &verifier, exposition).await?;
    let traffic = Traffic::to(service.address(), issuers);

    traffic.round().await?;
    if serve {
        println!("http://{}/metrics is there to be scraped", service.address());
        loop {
            traffic.round().await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    let judged = Judged::of(&Scraped::parse(&traffic.scrape().await?));
    print!("{judged}");
    Ok(if judged.is_as_it_must_be() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
