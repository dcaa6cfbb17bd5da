//! Looks over an issuer's keys.

mod answered;
mod finding;
mod gather;
mod members;
mod metadata;
mod report;

use std::path::PathBuf;

use clap::Args;

use crate::exit::Exit;
use crate::terminal::{Paint, answer, progress, refuse};
use finding::Severity;

/// Looks over the keys of an issuer: what a service could use of them, and what is wrong with them.
///
/// They are fetched as a service fetches them: https only, but to this very machine, no redirects, 256 KiB at most. Of private
/// keys that were published by mistake nothing is shown but that they are there.
#[derive(Args)]
#[command(after_long_help = CODES)]
pub(crate) struct Keys {
    /// The issuer, the address of a key set or of the issuer's metadata, a file, or `-` for stdin.
    #[arg(value_name = "ISSUER|URL|FILE")]
    place: String,
    /// Ends with status 1 for warnings too.
    #[arg(long)]
    strict: bool,
    /// Certificate authorities, in PEM, that alone are trusted to vouch for the server.
    #[arg(long, value_name = "FILE")]
    root_certificates: Option<PathBuf>,
    /// Prints one JSON object, and nothing else, to stdout.
    #[arg(long)]
    json: bool,
}

impl Keys {
    pub(crate) async fn run(self) -> Exit {
        progress(format_args!("looking at {} …", self.place));
        let gathered = match gather::gather(&self.place, self.root_certificates.as_deref()).await {
            Ok(gathered) => gathered,
            Err(why) => return refuse(why.exit, why.text),
        };
        let mut findings = metadata::findings(&gathered);
        findings.extend(answered::findings(&gathered));
        findings.extend(members::findings(&gathered));
        findings.sort_by_key(|finding| finding.severity);
        let worst = findings.iter().map(|finding| finding.severity).min();
        let exit = match worst {
            Some(Severity::Failure) => Exit::Undecided,
            Some(Severity::Error) => Exit::Bad,
            Some(Severity::Warning) if self.strict => Exit::Bad,
            _ => Exit::Good,
        };
        let report = report::Report { gathered: &gathered, findings: &findings };
        answer(&if self.json { report.json() } else { report.text(Paint::of_stdout()) }, exit)
    }
}

const CODES: &str = "\
Exit status:
  0  nothing is wrong; notes and, without --strict, warnings are allowed
  1  something is an error, or with --strict a warning
  2  the command cannot be carried out as it stands
  3  the keys could not be fetched";
