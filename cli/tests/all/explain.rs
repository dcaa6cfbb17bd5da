//! `portcullis explain`, as a script or a person runs it.

use std::time::Duration;

use super::support::{NOW, Run, portcullis, signature};
use portcullis::Algorithm;
use portcullis::testkit::{Answer, Flaw, TestIssuer};
use serde_json::json;

/// Judges a token as a service of this issuer would, and looks that nothing of the signature is told.
fn explain(issuer: &TestIssuer, token: &str, more: &[&str]) -> Run {
    let always =
        ["explain", "-", "--at", NOW, "--issuer", issuer.identifier(), "--audience", issuer.audience()];
    let run = portcullis(&[&always, more].concat(), token);
    keeps_the_signature(&run, token);
    run
}

fn keeps_the_signature(run: &Run, token: &str) {
    if let Some(signature) = signature(token) {
        for part in signature.split('.').filter(|part| part.len() > 8) {
            assert!(!run.stdout.contains(part) && !run.stderr.contains(part), "{}{}", run.stdout, run.stderr);
        }
    }
}

fn code(run: &Run) -> String {
    run.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_is_named_with_its_cause_within_one_command() {
    let issuer = TestIssuer::start().await;
    let good = explain(&issuer, &issuer.token().mint(), &["--json"]);
    assert_eq!((good.exit, good.json()["outcome"].as_str()), (0, Some("accepted")), "{}", good.stdout);
    assert_eq!(good.json()["code"], json!(null));
    assert!(good.stderr.is_empty(), "{}", good.stderr);
    for flaw in Flaw::ALL {
        let token = issuer.token().flawed(*flaw);
        let run = explain(&issuer, &token, &["--json"]);
        assert_eq!((run.exit, code(&run).as_str()), (1, flaw.expected_code()), "{flaw:?}: {}", run.stdout);
        for member in ["cause", "hint"] {
            assert!(
                run.json()[member].as_str().is_some_and(|text| text.len() > 10),
                "{flaw:?}: {}",
                run.stdout
            );
        }
        let json = run.json();
        let failed = json["checks"].as_array().unwrap().iter().filter(|check| check["verdict"] == "fail");
        assert_eq!(failed.count(), 1, "{flaw:?}: {}", run.stdout);
        let read = explain(&issuer, &token, &[]);
        assert!(read.stdout.lines().any(|line| line.starts_with("FAIL ")), "{flaw:?}: {}", read.stdout);
        assert!(
            read.stdout.contains(&format!("refused: {}", flaw.expected_code())),
            "{flaw:?}: {}",
            read.stdout
        );
        assert!(
            read.stdout.lines().last().is_some_and(|line| line.starts_with("hint ")),
            "{flaw:?}: {}",
            read.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cause_is_said_in_plain_words() {
    let issuer = TestIssuer::start().await;
    let token = || issuer.token();
    for (token, words) in [
        (
            token().flawed(Flaw::Expired),
            &["expired 60 min ago", "2025-12-31 23:00:00 UTC", "compare clocks"][..],
        ),
        (token().flawed(Flaw::NotYetValid), &["not valid yet", "in 60 min", "clocks"]),
        (
            token().flawed(Flaw::WrongAudience),
            &["https://other-api.example.com", issuer.audience(), "ask for the token with"],
        ),
        (token().flawed(Flaw::WrongIssuer), &["https://other-issuer.example.com", issuer.identifier()]),
        (
            token().claim("iss", format!("{}/", issuer.identifier())).mint(),
            &["only the trailing slash differs", "byte for byte"],
        ),
        (token().flawed(Flaw::MissingType), &["no `typ`", "--profile lenient"]),
        (token().flawed(Flaw::IdToken), &["ID token", "access_token"]),
        (token().flawed(Flaw::DisguisedIdToken), &["ID token", "at_hash", "access_token"]),
        (token().flawed(Flaw::UnknownKey), &["unknown-key", "key-1", "another environment"]),
        (token().flawed(Flaw::AlgNone), &["not signed", "alg", "none"]),
        (token().flawed(Flaw::HmacWithPublicKey), &["HS256", "shared secret", "forged"]),
        (token().flawed(Flaw::EmbeddedJwk), &["brings a key along", "jwk"]),
        (token().flawed(Flaw::TamperedPayload), &["was not made with the issuer's key", "changed"]),
        (token().flawed(Flaw::MissingSubject), &["`sub` is missing", "lenient"]),
        (token().flawed(Flaw::DuplicateClaim), &["\"sub\" stands twice", "mapper"]),
        (token().flawed(Flaw::TwoSegments), &["2 segments", "cut off"]),
        (token().flawed(Flaw::PaddedBase64), &["base64url", "padding"]),
        (token().flawed(Flaw::Garbage), &["not a JWT", "introspection is not supported"]),
        (token().flawed(Flaw::BoundToKey), &["bound to a key", "DPoP"]),
        (token().flawed(Flaw::TooLarge), &["bytes", "fewer claims"]),
        (
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..QUFBQQ.QUFBQUFBQUE.QUFBQUFBQUFB".to_owned(),
            &["encrypted", "JWE"],
        ),
    ] {
        let run = explain(&issuer, &token, &[]);
        assert_eq!(run.exit, 1, "{}", run.stdout);
        for word in words {
            assert!(run.stdout.contains(word), "{word:?} is not in\n{}", run.stdout);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_a_route_asks_for_is_judged_too() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().scope("orders:read").mint();
    let met = explain(&issuer, &token, &["--json", "--scope", "orders:read"]);
    assert_eq!((met.exit, code(&met).as_str()), (0, ""), "{}", met.stdout);
    let unmet = explain(&issuer, &token, &["--scope", "orders:read", "--scope", "orders:write", "--json"]);
    assert_eq!((unmet.exit, code(&unmet).as_str()), (1, "scope_missing"));
    assert_eq!(unmet.json()["status"], 403);
    assert!(unmet.json()["cause"].as_str().unwrap().contains("orders:write"), "{}", unmet.stdout);
    assert_eq!(explain(&issuer, &token, &["--scope", "a\"b"]).exit, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_service_change_the_answer() {
    let issuer = TestIssuer::start().await;
    let untyped = issuer.token().flawed(Flaw::MissingType);
    assert_eq!(explain(&issuer, &untyped, &["--profile", "lenient"]).exit, 0);
    assert_eq!(explain(&issuer, &issuer.token().mint(), &["--algorithm", "RS256", "--json"]).exit, 1);
    let late = issuer.token().expired_for(Duration::from_secs(100)).mint();
    assert_eq!(
        (explain(&issuer, &late, &[]).exit, explain(&issuer, &late, &["--skew", "200s"]).exit),
        (1, 0)
    );
    let client = explain(&issuer, &issuer.token().mint(), &["--client", "client-2", "--json"]);
    assert_eq!((client.exit, code(&client).as_str()), (1, "client_mismatch"));
    assert_eq!(explain(&issuer, &issuer.token().mint(), &["--client", "client-1"]).exit, 0);
    for arguments in
        [&["--algorithm", "none"][..], &["--skew", "301s"], &["--at", "yesterday"], &["--profile", "any"]]
    {
        let run = explain(&issuer, &issuer.token().mint(), arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{arguments:?}: {}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_comes_as_people_paste_it() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    for text in [
        format!("Bearer {token}\n"),
        format!("  'Authorization: Bearer {token}'  "),
        format!("{{\"access_token\": \"{token}\", \"token_type\": \"Bearer\"}}"),
    ] {
        assert_eq!(explain(&issuer, &text, &[]).exit, 0, "{text:?}");
    }
    let arguments = ["--at", NOW, "--issuer", issuer.identifier(), "--audience", issuer.audience()];
    let pasted = portcullis(&[&["explain", "Authorization:", "Bearer", &token], &arguments[..]].concat(), "");
    assert_eq!(pasted.exit, 0, "{}", pasted.stderr);
    let empty = portcullis(&[&["explain", "-"], &arguments[..]].concat(), "\n");
    assert_eq!((empty.exit, empty.stdout.as_str()), (2, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_said_is_taken_from_the_token_and_marked() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    let run = portcullis(&["explain", "-", "--at", NOW, "--json"], &token);
    assert_eq!((run.exit, &run.json()["assumed"]), (0, &json!(["issuer", "audience"])), "{}", run.stdout);
    assert!(run.json()["notes"][0].as_str().unwrap().contains("trust was taken from the token itself"));
    let read = portcullis(&["explain", "-", "--at", NOW], &token);
    assert!(read.stdout.starts_with("accepted, with its own issuer and audience"), "{}", read.stdout);
    let nameless = portcullis(&["explain", "-", "--at", NOW], &issuer.token().without("iss").mint());
    assert_eq!(nameless.exit, 2);
    assert!(nameless.stderr.contains("--issuer"), "{}", nameless.stderr);
    let elsewhere = portcullis(
        &["explain", "-", "--at", NOW],
        &issuer.token().claim("iss", "accounts.example.com").mint(),
    );
    assert_eq!(elsewhere.exit, 2);
    assert!(elsewhere.stderr.contains("--jwks"), "{}", elsewhere.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_nothing_is_decided() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    for (answer, words) in [
        (Answer::Status(404), "discovery_status"),
        (Answer::Html, "discovery_not_json"),
        (
            Answer::Body(
                r#"{"issuer":"https://other.example.com","jwks_uri":"https://other.example.com/k"}"#
                    .to_owned(),
            ),
            "discovery_issuer_mismatch",
        ),
        (Answer::Down, "fetch_"),
    ] {
        issuer.answer_discovery(answer.clone());
        let run = explain(&issuer, &token, &["--json"]);
        assert_eq!((run.exit, code(&run).as_str()), (3, "keys_not_loaded"), "{answer:?}: {}", run.stdout);
        assert!(run.json()["cause"].as_str().unwrap().contains(words), "{answer:?}: {}", run.stdout);
        assert!(
            run.json()["hint"].as_str().unwrap().contains("portcullis keys http://127.0.0.1"),
            "{answer:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_settings_of_the_service_are_its_rules_here() {
    let issuer = TestIssuer::builder().algorithm(Algorithm::EdDSA).start().await;
    let folder = std::env::temp_dir().join(format!("portcullis-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (settings, snapshot) = (folder.join("service.toml"), folder.join("snapshot"));
    let text = format!(
        "[[issuers]]\nidentifier = \"{}\"\naudiences = [\"{}\"]\nkeys = {{ snapshot = {{ file = {snapshot:?} }} }}\n\
         [requirements]\nwrite = {{ scope = \"orders:write\" }}\n",
        issuer.identifier(),
        issuer.audience()
    );
    std::fs::write(&settings, text).unwrap();
    let run = |token: &str, more: &[&str]| {
        let always = ["explain", "-", "--json", "--at", NOW, "--settings", settings.to_str().unwrap()];
        let run = portcullis(&[&always, more].concat(), token);
        keeps_the_signature(&run, token);
        run
    };
    let token = issuer.token().scope("orders:read").mint();
    assert_eq!(run(&token, &[]).exit, 0);
    assert_eq!(code(&run(&token, &["--requirement", "write"])), "scope_missing");
    assert_eq!(run(&issuer.token().scope("orders:write").mint(), &["--requirement", "write"]).exit, 0);
    let other = run(&issuer.token().flawed(Flaw::WrongAudience), &[]);
    assert!(other.json()["cause"].as_str().unwrap().contains(issuer.audience()), "{}", other.stdout);
    for arguments in [&["--requirement", "read"][..], &["--issuer", "https://id.example.com"]] {
        assert_eq!(run(&token, arguments).exit, 2, "{arguments:?}");
    }
    assert!(!snapshot.exists(), "the service's snapshot is its own");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_a_file_or_an_address_too() {
    let issuer = TestIssuer::start().await;
    issuer.answer_discovery(Answer::Status(404));
    let token = issuer.token().mint();
    assert_eq!(explain(&issuer, &token, &["--jwks", &issuer.jwks_url()]).exit, 0);
    let file = std::env::temp_dir().join(format!("portcullis-cli-{}.json", std::process::id()));
    std::fs::write(&file, issuer.jwks_json()).unwrap();
    assert_eq!(explain(&issuer, &token, &["--jwks", file.to_str().unwrap()]).exit, 0);
    std::fs::remove_file(&file).unwrap();
    let missing = explain(&issuer, &token, &["--jwks", file.to_str().unwrap(), "--json"]);
    assert_eq!(missing.exit, 3);
    assert!(missing.stdout.contains("fetch_file"), "{}", missing.stdout);
    let place = format!("portcullis keys {}", file.display());
    assert!(missing.json()["hint"].as_str().unwrap().contains(&place), "{}", missing.stdout);
}

#[test]
fn no_error_of_the_command_line_repeats_a_signature() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    for arguments in [
        &[token][..],
        &["explane", token],
        &["explain", token, "--audience"],
        &["explain", token, "--issuer", token],
        &["explain", "-", "--algorithm", token],
        &["explain", "-", "--settings", token],
        &["keys", token],
        &["keys", token, token],
        &["completions", token],
    ] {
        let run = portcullis(arguments, "");
        assert!(run.exit == 2 || run.exit == 3, "{arguments:?}: {}", run.exit);
        assert_eq!(run.stdout, "");
        assert!(!run.stderr.is_empty());
        keeps_the_signature(&run, token);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_terminal_would_obey_is_written() {
    let issuer = TestIssuer::start().await;
    let hostile = "https://\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let token = || issuer.token().claim("iss", hostile).header("kid", hostile).claim(hostile, hostile);
    let missing = ["explain", "-", "--at", NOW, "--jwks", "no-such-file"];
    for (token, arguments) in [
        (token().mint(), &["explain", "-", "--at", NOW][..]),
        (token().mint(), &missing),
        (token().mint(), &[&missing[..], &["--json"]].concat()),
        (
            token().audience(hostile).mint(),
            &["explain", "-", "--at", NOW, "--issuer", issuer.identifier(), "--json"],
        ),
        (
            token().header("typ", hostile).mint(),
            &["explain", "-", "--at", NOW, "--issuer", issuer.identifier()],
        ),
    ] {
        let run = portcullis(arguments, &token);
        for text in [&run.stdout, &run.stderr] {
            let odd = text
                .chars()
                .find(|character| (character.is_control() && *character != '\n') || *character == '\u{202e}');
            assert_eq!(odd, None, "{arguments:?}: {text}");
        }
        assert!(
            run.stdout.contains("owned") || run.stderr.contains("owned"),
            "{arguments:?}: {}",
            run.stdout
        );
    }
}

#[test]
fn a_pasted_refusal_is_explained_by_its_reason() {
    let challenge = r#"WWW-Authenticate: Bearer error="invalid_token", reason="audience_mismatch""#;
    let run = portcullis(&["explain", "-", "--json"], challenge);
    assert_eq!((run.exit, code(&run).as_str()), (1, "audience_mismatch"));
    assert_eq!(portcullis(&["explain", "-"], r#"reason="no_such_reason""#).exit, 2);
    let told = portcullis(&["explain", "-", "--audience", "https://orders.example", "--json"], challenge);
    assert!(told.json()["cause"].as_str().unwrap().contains("https://orders.example"), "{}", told.stdout);
}

#[test]
fn a_requirement_without_the_settings_that_define_it_is_a_mistake() {
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwOi8vMTI3LjAuMC4xOjkifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ";
    for more in [&[][..], &["--issuer", "https://id.example.com", "--audience", "a"]] {
        let run = portcullis(&[&["explain", "-", "--requirement", "write"], more].concat(), token);
        assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{more:?}");
        assert!(run.stderr.contains("--settings"), "{}", run.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_piped_in_needs_no_dash_and_a_file_is_not_taken_for_a_token() {
    let issuer = TestIssuer::start().await;
    let (token, rules) = (issuer.token().mint(), ["--at", NOW, "--issuer", issuer.identifier()]);
    assert_eq!(portcullis(&[&["explain"], &rules[..]].concat(), &token).exit, 0);
    let empty = portcullis(&[&["explain"], &rules[..]].concat(), "");
    assert!(empty.exit == 2 && empty.stderr.contains("PORTCULLIS_TOKEN"), "{}", empty.stderr);
    let file = std::env::temp_dir().join(format!("portcullis-cli-token-{}", std::process::id()));
    std::fs::write(&file, &token).unwrap();
    let named = portcullis(&[&["explain", file.to_str().unwrap()], &rules[..]].concat(), "");
    std::fs::remove_file(&file).unwrap();
    assert!(named.exit == 2 && named.stderr.contains("is a file"), "{}", named.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_of_another_issuer_is_told_by_its_name() {
    let issuer = TestIssuer::start().await;
    let other = format!("{}/", issuer.identifier());
    let metadata = json!({"issuer": other, "jwks_uri": issuer.jwks_url()});
    issuer.answer_discovery(Answer::Body(metadata.to_string()));
    let run = explain(&issuer, &issuer.token().mint(), &["--json"]);
    let hint = run.json()["hint"].as_str().unwrap().to_owned();
    assert!(run.exit == 3 && hint.contains(&other) && hint.contains("only the trailing slash"), "{hint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_are_called_unverified_until_they_are_verified() {
    let issuer = TestIssuer::start().await;
    let (good, bad) = (issuer.token().mint(), issuer.token().flawed(Flaw::TamperedPayload));
    let (good, bad) = (explain(&issuer, &good, &[]), explain(&issuer, &bad, &[]));
    assert!(good.exit == 0 && !good.stdout.contains("UNVERIFIED"), "{}", good.stdout);
    assert!(good.stdout.contains("If a service refuses it all the same"), "{}", good.stdout);
    assert!(bad.exit == 1 && bad.stdout.contains("UNVERIFIED"), "{}", bad.stdout);
}

#[test]
fn no_error_of_the_command_line_repeats_what_a_terminal_would_obey() {
    let hostile = "--\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    for arguments in [&["explain", hostile][..], &["explain", "-", "--skew", hostile], &[hostile]] {
        let run = portcullis(arguments, "");
        let odd = run.stderr.chars().find(|char| (char.is_control() && *char != '\n') || *char == '\u{202e}');
        assert!(run.exit == 2 && odd.is_none() && run.stderr.contains("31m"), "{}", run.stderr);
    }
}
