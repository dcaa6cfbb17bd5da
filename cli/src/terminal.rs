//! What is written where: answers to stdout, everything else to stderr.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use clap::builder::styling::{AnsiColor, Style};

use crate::exit::Exit;
use crate::text::{escaped, redacted};

/// Whether, and in which colours, text is painted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Paint {
    /// Somebody looks at it.
    Colour,
    /// A file, a pipe, or somebody who does not want colour.
    Plain,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ink {
    Good,
    Bad,
    Warning,
    Strong,
    Faint,
}

impl Paint {
    /// For stdout: colour where it is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        Self::of(io::stdout().is_terminal())
    }

    pub(crate) fn of_stderr() -> Self {
        Self::of(io::stderr().is_terminal())
    }

    fn of(is_terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if is_terminal && !unwanted { Self::Colour } else { Self::Plain }
    }

    pub(crate) fn text(self, ink: Ink, text: impl Display) -> String {
        let style = match ink {
            Ink::Good => Style::new().fg_color(Some(AnsiColor::Green.into())).bold(),
            Ink::Bad => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
            Ink::Warning => Style::new().fg_color(Some(AnsiColor::Yellow.into())).bold(),
            Ink::Strong => Style::new().bold(),
            Ink::Faint => Style::new().dimmed(),
        };
        match self {
            Self::Colour => format!("{style}{text}{style:#}"),
            Self::Plain => text.to_string(),
        }
    }
}

/// Writes an answer to stdout. A reader that has gone away has read enough.
pub(crate) fn answer(text: &str, exit: Exit) -> Exit {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => exit,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit,
        Err(error) => refuse(Exit::Undecided, format_args!("stdout: {error}")),
    }
}

/// Says why the command is not carried out. Whatever looks like a token loses its signature, and what a terminal would obey
/// is written out: a token may be quoted.
pub(crate) fn refuse(exit: Exit, why: impl Display) -> Exit {
    let label = Paint::of_stderr().text(Ink::Bad, "error:");
    tell(&format!("{label} {}\n", escaped(&redacted(&why.to_string()), MAX_REASON)));
    exit
}

/// Tells a person what takes its time. Scripts are told nothing.
pub(crate) fn progress(what: impl Display) {
    if io::stderr().is_terminal() {
        let what = escaped(&redacted(&what.to_string()), MAX_REASON);
        tell(&format!("{}\n", Paint::of_stderr().text(Ink::Faint, what)));
    }
}

pub(crate) fn tell(text: &str) {
    // Where nobody can be told, nothing is lost by it.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// More than any sentence of ours, and a bound on what is quoted in it.
const MAX_REASON: usize = 2_000;
