//! What is printed, what is typed, and how it ends.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::program::{Program, command, within};

#[tokio::test]
async fn one_object_has_all_that_a_script_needs() {
    let program = Program::start(&[
        "--subject",
        "ada",
        "--scope",
        "a b",
        "--ttl",
        "5m",
        "--api",
        "http://127.0.0.1:9/it's",
    ])
    .await;
    let start = &program.start;
    assert_eq!(
        (&start["subject"], &start["scope"], &start["expires_in"]),
        (&json!("ada"), &json!("a b"), &json!(300))
    );
    assert_eq!(start["jwks_uri"], format!("{}/jwks", program.told("issuer")));
    assert!(program.told("warning").contains("anybody who reaches this port gets a token"));
    let call = start["curl"]["api"].as_str().unwrap();
    assert!(call.contains(&format!("'Authorization: Bearer {}'", program.told("token"))), "{call}");
    assert!(call.ends_with(r"'http://127.0.0.1:9/it'\''s'"), "{call}");
    let trust = program.told("rust");
    assert!(trust.contains(&format!("Issuer::discover(\"{}\")?", program.told("issuer"))), "{trust}");
}

#[tokio::test]
async fn people_are_told_in_sentences() {
    let mut child = command(&["--until-eof"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"help\nrotate\nquit\n").await.unwrap();
    let output = within(child.wait_with_output()).await.unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("For development: anybody who reaches this port gets a token.\n"), "{text}");
    for part in [
        "\ncurl -i -H 'Authorization: Bearer ey",
        "\ncurl -d grant_type=",
        "Issuer::discover(\"http://127.0.0.1:",
        " published\n",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn commands_are_heard() {
    let mut program = Program::start(&[]).await;
    for (line, code) in [
        ("token", Value::Null),
        ("expired token", json!("token_expired")),
        ("wrong audience", json!("audience_mismatch")),
    ] {
        let told = program.command(line).await;
        assert_eq!(told["command"], line);
        assert_eq!(program.code(told["token"].as_str().unwrap()).await, code, "{line}");
    }
    assert_eq!(program.command("r").await["keys"][1]["signs"], true);
    assert_eq!(program.command("withdraw").await["keys"].as_array().unwrap().len(), 1);
    assert_eq!(program.command("no such thing").await["command"], "unknown");
    program.type_in("quit").await;
    let (status, rest) = program.ended().await;
    assert_eq!((status.code(), rest), (Some(0), Vec::new()));
}

#[tokio::test]
async fn the_end_of_input_ends_it_only_if_asked() {
    let mut program = Program::start(&[]).await;
    program.close_stdin();
    assert_eq!(program.ended().await.0.code(), Some(0));

    let mut child = command(&["--json"]).spawn().unwrap();
    drop(child.stdin.take());
    let mut byte = [0];
    let mut start = Vec::new();
    let stdout = child.stdout.as_mut().unwrap();
    while byte != *b"\n" {
        within(stdout.read_exact(&mut byte)).await.unwrap();
        start.push(byte[0]);
    }
    let start: Value = serde_json::from_slice(&start).unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    // It has seen the end by the time that it has answered several times, and is still there.
    for _ in 0..10 {
        let answer = client.get(start["jwks_uri"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    child.kill().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn signals_end_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let program = Program::start(&[]).await;
        let status =
            std::process::Command::new("kill").args([signal, &program.process().to_string()]).status();
        assert!(status.unwrap().success());
        assert_eq!(program.ended().await.0.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn keys_rotate_by_themselves_if_asked() {
    let mut program = Program::start(&["--rotate-every", "1s"]).await;
    let rotated = program.line().await;
    assert_eq!(rotated["command"], "rotate");
    assert_eq!(rotated["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_visitors_send_is_told_to_nobody() {
    let mut program = Program::start(&[]).await;
    let secret = "eyJ2aXNpdG9yIjoic2VjcmV0In0";
    program.api("check", json!({ "token": secret })).await;
    program.api("mint", json!({ "subject": secret })).await;
    program.get(&format!("/{secret}?token={secret}")).bearer_auth(secret).send().await.unwrap();
    program.close_stdin();
    assert_eq!(program.ended().await.1, Vec::<String>::new());
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused() {
    let program = Program::start(&[]).await;
    let port = program.origin().rsplit(':').next().unwrap();
    for (arguments, code) in [
        (vec!["--port", port], 2),
        (vec!["--algorithm", "HS256"], 2),
        (vec!["--algorithm", "none"], 2),
        (vec!["--ttl", "0s"], 2),
        (vec!["--issuer-path", "../x"], 2),
        (vec!["--audience", ""], 2),
        (vec!["--port", "65536"], 2),
    ] {
        let output = within(command(&arguments).output()).await.unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}
