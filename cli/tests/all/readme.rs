//! What the README shows is what the program says.

use std::time::Duration;

use super::support::{NOW, portcullis};
use portcullis::testkit::TestIssuer;

/// The block behind a marker of the README.
fn block(marker: &str) -> &'static str {
    let (_, rest) =
        include_str!("../../README.md").split_once(&format!("<!-- {marker} -->\n```text\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// The same text, whatever port the issuer has, however columns are filled up for it, and however long it all took; keys
/// differ from run to run.
fn settled(text: &str, issuer: &TestIssuer) -> Vec<String> {
    let text = text.replace(issuer.identifier(), "https://id.example.com");
    text.lines().map(settled_line).collect()
}

fn settled_line(line: &str) -> String {
    let is_thumbprint = |word: &str| word.len() == 43 && !word.contains([':', '/', '.']);
    let words = line.split_whitespace().map(|word| if is_thumbprint(word) { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    match ["pass size", "pass form", "pass keys"].iter().any(|measured| line.starts_with(measured)) {
        true => line.chars().filter(|character| !character.is_ascii_digit()).collect(),
        false => line,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_what_the_program_says() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().expired_for(Duration::from_secs(12 * 60)).scope("orders:read").mint();
    let arguments =
        ["explain", "-", "--at", NOW, "--issuer", issuer.identifier(), "--audience", issuer.audience()];
    let run = portcullis(&arguments, &token);
    assert_eq!(settled(block("explain"), &issuer), settled(&run.stdout, &issuer), "{}", run.stdout);
    issuer.cache_control(Some("max-age=5"));
    let run = portcullis(&["keys", issuer.identifier()], "");
    assert_eq!(settled(block("keys"), &issuer), settled(&run.stdout, &issuer), "{}", run.stdout);
}

#[test]
fn every_finding_of_the_program_is_in_the_readme() {
    let readme = include_str!("../../README.md");
    let sources = [
        include_str!("../../src/keys/answered.rs"),
        include_str!("../../src/keys/members.rs"),
        include_str!("../../src/keys/metadata.rs"),
    ];
    let quoted =
        sources.iter().flat_map(|source| source.split("::warning(").chain(source.split("::note(")).skip(1));
    let codes: Vec<_> = quoted
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split_once('"').map(|(code, _)| code))
        .collect();
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        assert!(readme.contains(&format!("`{code}`")), "{code}");
    }
}
