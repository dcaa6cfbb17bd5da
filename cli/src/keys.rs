//! Looks over an issuer's keys.

use std::process::ExitCode;

use clap::Args;

/// Looks over an issuer's keys.
#[derive(Args, Debug)]
pub(crate) struct Keys {}

impl Keys {
    pub(crate) async fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
