//! Plays an authorization server for development.

use std::process::ExitCode;

use clap::Args;

/// Plays an authorization server for development.
#[derive(Args, Debug)]
pub(crate) struct IssuerServer {}

impl IssuerServer {
    pub(crate) async fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
