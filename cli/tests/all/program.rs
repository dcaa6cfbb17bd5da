//! The program as a whole: help, completions, man page.

use super::support::portcullis;

const COMMANDS: [&str; 5] = ["explain", "keys", "issuer", "completions", "man"];

#[test]
fn help_completions_and_man_page_name_every_command() {
    let shells = ["bash", "elvish", "fish", "powershell", "zsh"];
    let completions = shells.map(|shell| vec!["completions", shell]);
    for arguments in [vec!["--help"], vec!["man"]].into_iter().chain(completions) {
        let run = portcullis(&arguments, "");
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{arguments:?}");
        for command in COMMANDS {
            assert!(run.stdout.contains(command), "{arguments:?} does not name {command}");
        }
    }
    let man = portcullis(&["man"], "").stdout;
    assert!(man.contains("Exit status") && man.contains("PORTCULLIS_TOKEN"), "{man}");
    assert_eq!(portcullis(&["completions", "tcsh"], "").exit, 2);
    assert_eq!(portcullis(&[], "").exit, 2);
}

#[test]
fn help_never_shows_a_token_of_the_environment() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["explain", "--help"])
        .env("PORTCULLIS_TOKEN", "eyJh.eyJi.c2lnbmF0dXJl")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("PORTCULLIS_TOKEN") && !text.contains("eyJh"), "{text}");
    for code in ["0  the token is accepted", "1  the token is refused", "2  ", "3  nothing could be decided"]
    {
        assert!(text.contains(code), "{text}");
    }
}
