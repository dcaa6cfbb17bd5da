//! Says which checks a token passes, and at which it fails.

use std::process::ExitCode;

use clap::Args;

/// Says which checks a token passes, and at which it fails.
#[derive(Args, Debug)]
pub(crate) struct Explain {}

impl Explain {
    pub(crate) async fn run(self) -> ExitCode {
        ExitCode::FAILURE
    }
}
