//! Completions for shells and the man page, out of the description of the arguments.

use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::{Arguments, terminal};

/// Writes completions for a shell to stdout.
///
/// For bash, for instance: `portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis`.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "portcullis", &mut script);
        terminal::answer(&String::from_utf8_lossy(&script), Exit::Good)
    }
}

/// Writes the man page, of all commands, to stdout.
///
/// To read it: `portcullis man | man -l -`.
#[derive(Args, Debug)]
pub(crate) struct Man {}

impl Man {
    pub(crate) fn run(self) -> Exit {
        match pages() {
            Ok(page) => terminal::answer(&String::from_utf8_lossy(&page), Exit::Good),
            Err(error) => terminal::refuse(Exit::Undecided, error),
        }
    }
}

/// One page with the program and a section for each command.
fn pages() -> io::Result<Vec<u8>> {
    let mut program = Arguments::command();
    program.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("portcullis {}", command.get_name());
        let man = clap_mangen::Man::new(command.clone());
        page.extend_from_slice(format!(".SH {}\n", name.to_uppercase()).as_bytes());
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_extra_section(&mut page)?;
    }
    Ok(page)
}
