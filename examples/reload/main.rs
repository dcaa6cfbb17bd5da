//! A service that runs from a settings file and follows it: a file that changes takes over between two requests, and a
//! file that is refused changes nothing.
//!
//! `cargo run --example reload` plays a story over HTTP: clients never stop asking while the file is changed, broken and
//! mended under them. It fails if a request is dropped, or answered by anything but one whole file.
//! `cargo run --example reload -- --serve FILE` serves with your own file, on a free loopback port; it needs a requirement
//! named `report`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod current;
mod follow;
mod routes;
mod story;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use portcullis::Settings;

use current::Current;
use follow::Follower;
use routes::Rules;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("--serve"), Some(file)) => {
            serve(PathBuf::from(file)).await?;
            Ok(ExitCode::SUCCESS)
        }
        (None, _) => story::play().await,
        _ => Err("the arguments are none, or --serve FILE".into()),
    }
}

async fn serve(file: PathBuf) -> Result<(), Box<dyn Error>> {
    let follower = Follower::new(file.clone());
    // Without settings there is nothing to serve with, so the first file has to be good.
    let current = Current::new(Rules::of(&Settings::from_file(&file)?)?.guarded(1));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/orders is guarded by {}", listener.local_addr()?, file.display());
    tokio::spawn(follower.follow(current.clone()));
    Ok(axum::serve(listener, current.into_router()).await?)
}
