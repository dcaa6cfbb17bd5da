//! A guarded MCP server, an authorization server and rmcp's own client, all real but one and all on loopback.
//!
//! `cargo run` plays the client's way in, from a 401 to a tool call and on to a scope that it lacked, then what others
//! try. It prints a line for each check and fails if any is not as it must be.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod attempts;
mod server;
mod stand_in;
mod table;
mod way_in;

use std::error::Error;
use std::process::ExitCode;

use portcullis::testkit::TestIssuer;
use portcullis::{Issuer, Verifier};
use table::Table;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mcp = format!("http://{}/mcp", listener.local_addr()?);

    let server = TestIssuer::builder().audience(&mcp).start().await;
    stand_in::start(&server).await?;

    let issuer = Issuer::discover(server.identifier())?.audience(&mcp);
    let verifier = Verifier::builder().issuer(issuer).clock(server.clock()).build()?;
    let app = server::app(&verifier, "127.0.0.1")?;
    tokio::spawn(async move { axum::serve(listener, app).await });

    let mut table = Table::default();
    way_in::play(&server, &mcp, &mut table).await?;
    attempts::play(&server, &verifier, &mcp, &mut table).await?;
    print!("{table}");
    Ok(if table.is_as_it_must_be() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
