//! Says why a token is refused, looks over an issuer's keys, and plays an authorization server for development.

mod exit;
mod explain;
mod generate;
mod hints;
mod issuer;
mod keys;
mod source;
mod terminal;
mod text;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;
use terminal::{Paint, answer, tell};
use text::{escaped, redacted};

/// Says why a token is refused, looks over an issuer's keys, and plays an authorization server for development.
#[derive(Parser)]
#[command(name = "portcullis", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Explain(Box<explain::Explain>),
    Keys(keys::Keys),
    Issuer(issuer::IssuerServer),
    Completions(generate::Completions),
    Man(generate::Man),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return told(&error).into(),
    };
    match arguments.command {
        Command::Explain(explain) => explain.run().await.into(),
        Command::Keys(keys) => keys.run().await.into(),
        Command::Issuer(issuer) => issuer.run().await,
        Command::Completions(completions) => completions.run().into(),
        Command::Man(man) => man.run().into(),
    }
}

/// Help, the version, or what is wrong with the arguments. They are quoted there, and a token may be among them.
fn told(error: &clap::Error) -> Exit {
    let paint = if error.use_stderr() { Paint::of_stderr() } else { Paint::of_stdout() };
    let text = match paint {
        Paint::Colour => error.render().ansi().to_string(),
        Paint::Plain => error.render().to_string(),
    };
    if error.use_stderr() {
        tell(&redacted(&if is_hostile() { without_controls(&error.render().to_string()) } else { text }));
        return Exit::Usage;
    }
    answer(&text, Exit::Good)
}

/// Whether an argument, which an error may quote, has in it what a terminal would obey: a token that somebody sent, perhaps.
fn is_hostile() -> bool {
    std::env::args_os().any(|argument| {
        let argument = argument.to_string_lossy();
        without_controls(&argument) != argument
    })
}

fn without_controls(text: &str) -> String {
    text.split('\n').map(|line| escaped(line, usize::MAX)).collect::<Vec<_>>().join("\n")
}
