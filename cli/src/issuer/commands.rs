//! Commands on standard input.

use std::io::{BufRead, Read};
use std::thread;

use tokio::sync::mpsc;

/// What a line asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Command {
    Token,
    ExpiredToken,
    WrongAudience,
    Rotate,
    Withdraw,
    Help,
    Quit,
    Unknown,
    /// There will be no more lines.
    End,
}

impl Command {
    /// What a line asks for; `None` for a blank one.
    fn parse(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).map_or("?!", str::trim).to_ascii_lowercase();
        Some(match line.as_str() {
            "" => return None,
            "t" | "token" => Self::Token,
            "e" | "expired" | "expired token" => Self::ExpiredToken,
            "a" | "wrong audience" | "wrong audience token" => Self::WrongAudience,
            "r" | "rotate" => Self::Rotate,
            "w" | "withdraw" => Self::Withdraw,
            "h" | "help" | "?" => Self::Help,
            "q" | "quit" | "exit" => Self::Quit,
            _ => Self::Unknown,
        })
    }
}

/// The commands, as they come.
///
/// Read on a thread that nobody waits for: a read of a terminal cannot be called off, and must not keep the program from
/// ending.
pub(super) fn from_stdin() -> mpsc::Receiver<Command> {
    let (sender, receiver) = mpsc::channel(WAITING);
    if !may_read() {
        return receiver;
    }
    // Without the thread there are no commands; everything else works.
    let _ = thread::Builder::new().name("commands".to_owned()).spawn(move || {
        read(std::io::stdin().lock(), |command| sender.blocking_send(command).is_ok());
    });
    receiver
}

/// Whether standard input can be read: a program that runs behind a shell's prompt would be stopped for reading from the
/// terminal.
#[cfg(unix)]
fn may_read() -> bool {
    use std::io::IsTerminal;
    let stdin = std::io::stdin();
    !stdin.is_terminal()
        || rustix::termios::tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}

#[cfg(not(unix))]
const fn may_read() -> bool {
    true
}

/// Reads commands until the input ends or nobody takes them any more.
fn read(mut input: impl BufRead, mut take: impl FnMut(Command) -> bool) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let command = match input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => {
                take(Command::End);
                return;
            }
            Ok(_) => Command::parse(&line),
        };
        if command.is_some_and(|command| !take(command)) {
            return;
        }
    }
}

/// Commands that wait for those before them.
const WAITING: usize = 16;
/// Bytes of a line. What is longer is no command, and neither is its rest.
const LONGEST_LINE: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<Command> {
        let mut commands = Vec::new();
        read(input, |command| {
            commands.push(command);
            true
        });
        commands
    }

    #[test]
    fn lines_become_commands() {
        use Command::*;
        assert_eq!(
            all(b"r\n Rotate \r\n\n\ntoken\nexpired token\nwrong audience\nwithdraw\nhelp\nquit"),
            [Rotate, Rotate, Token, ExpiredToken, WrongAudience, Withdraw, Help, Quit, End]
        );
        assert_eq!(all(b"rotated\nr r\n\xff\n"), [Unknown, Unknown, Unknown, End]);
    }

    #[test]
    fn a_line_without_end_is_read_in_pieces() {
        let commands = all(&[b'x'; 1_000]);
        assert_eq!(commands.len(), 5);
        assert!(commands.iter().take(4).all(|command| *command == Command::Unknown));
    }

    #[test]
    fn reading_stops_when_nobody_listens() {
        let mut taken = 0;
        read(&b"r\nr\nr\n"[..], |_| {
            taken += 1;
            false
        });
        assert_eq!(taken, 1);
    }
}
