//! Says why a token is refused, looks over an issuer's keys, and plays an authorization server for development.

mod explain;
mod issuer;
mod keys;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Says why a token is refused, looks over an issuer's keys, and plays an authorization server for development.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(explain::Explain),
    Keys(keys::Keys),
    Issuer(issuer::IssuerServer),
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Explain(explain) => explain.run().await,
        Command::Keys(keys) => keys.run().await,
        Command::Issuer(issuer) => issuer.run().await,
    }
}
