//! The program, run beside an issuer of the testkit.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What the clock of the testkit shows: 2026-01-01T00:00:00Z.
pub(crate) const NOW: &str = "1767225600";

/// How a run ended.
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

/// Runs the program with this on its stdin.
pub(crate) fn portcullis(arguments: &[&str], stdin: &str) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .env_remove("PORTCULLIS_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A run that ends before it has read its input is judged by how it ends.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run {
        exit: output.status.code().expect("no signal"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The segments behind the second dot.
pub(crate) fn signature(token: &str) -> Option<&str> {
    token.splitn(3, '.').nth(2).filter(|signature| signature.len() > 8)
}
