//! What the program says to scripts when it ends.

use std::process::ExitCode;

/// How a command ended, the same for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// The token is accepted; the keys are in order.
    Good,
    /// The token is refused; something about the keys is an error.
    Bad,
    /// The command cannot be carried out as it stands.
    Usage,
    /// Nothing could be found out: no keys, no answer.
    Undecided,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Bad => 1,
            Self::Usage => 2,
            Self::Undecided => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
