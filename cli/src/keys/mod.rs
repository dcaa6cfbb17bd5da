//! Looks over an issuer's keys.

use clap::Args;

use crate::exit::Exit;

/// Looks over an issuer's keys.
#[derive(Args)]
pub(crate) struct Keys {}

impl Keys {
    pub(crate) async fn run(self) -> Exit {
        Exit::Usage
    }
}
