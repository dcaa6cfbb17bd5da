//! The program, started as people start it.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use portcullis::{Issuer, Verifier};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// A running issuer. Its standard input is ours, so it ends with the test, however that ends.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it told at its start.
    pub(crate) start: Value,
    pub(crate) client: Client,
}

impl Program {
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).args(["--json", "--until-eof"]).spawn().unwrap();
        let stdin = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut program = Self { child, stdin, lines, start: Value::Null, client };
        program.start = program.line().await;
        program
    }

    /// The next object that it prints.
    pub(crate) async fn line(&mut self) -> Value {
        let line = within(self.lines.next_line()).await.unwrap().expect("the program goes on printing");
        serde_json::from_str(&line).unwrap()
    }

    pub(crate) async fn command(&mut self, line: &str) -> Value {
        self.type_in(line).await;
        self.line().await
    }

    pub(crate) async fn type_in(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        within(stdin.write_all(format!("{line}\n").as_bytes())).await.unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// How it ended, and what it printed since it was last read.
    pub(crate) async fn ended(mut self) -> (ExitStatus, Vec<String>) {
        let status = within(self.child.wait()).await.unwrap();
        let mut rest = Vec::new();
        while let Some(line) = within(self.lines.next_line()).await.unwrap() {
            rest.push(line);
        }
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).await.unwrap();
        rest.extend(errors.lines().map(str::to_owned));
        (status, rest)
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub(crate) fn told(&self, member: &str) -> &str {
        self.start[member].as_str().unwrap()
    }

    /// `http://127.0.0.1:…`, without a slash.
    pub(crate) fn origin(&self) -> &str {
        self.told("page").trim_end_matches('/')
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.origin()))
    }

    /// A call of the page's, as a script makes it.
    pub(crate) fn post(&self, path: &str, body: impl Into<String>) -> RequestBuilder {
        let url = format!("{}{path}", self.origin());
        self.client.post(url).header("content-type", "application/json").body(body.into())
    }

    pub(crate) async fn api(&self, call: &str, body: Value) -> Value {
        let answer = self.post(&format!("/api/{call}"), body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{call}");
        answer.json().await.unwrap()
    }

    /// The codes of failed checks, and the outcome's.
    pub(crate) async fn code(&self, token: &str) -> Value {
        self.api("check", serde_json::json!({ "token": token })).await["code"].clone()
    }

    /// A verifier as a service has it, that has not asked for the keys yet.
    pub(crate) fn verifier(&self) -> Verifier {
        let issuer = Issuer::discover(self.told("issuer")).unwrap().audience(self.told("audience"));
        Verifier::builder().issuer(issuer).build().unwrap()
    }
}

/// The program, with all that it writes to be read.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.arg("issuer").args(arguments).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What must come, and fails the test if it does not.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("it comes in time")
}

const DEADLINE: Duration = Duration::from_secs(60);
