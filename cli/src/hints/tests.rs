use super::*;

fn by_code(code: &str) -> Option<Hint> {
    let (token, expected) = (Unverified::default(), Expected::default());
    let now = UnixTime::from_seconds(1_767_225_600);
    hint(&Case { code, error: None, token: &token, expected: &expected, status: &[], now })
}

/// The codes of the tables between two headings of docs/reason-codes.md.
fn documented(from: &str, to: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/reason-codes.md");
    let (_, rest) = page.split_once(from).unwrap();
    let (part, _) = rest.split_once(to).unwrap();
    part.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code)).collect()
}

#[test]
fn every_reason_for_which_a_request_can_be_refused_has_a_hint() {
    let codes = documented("## The credential is at fault", "## An attempt to renew the keys failed");
    assert!(codes.len() > 45, "{codes:?}");
    for code in &codes {
        let hint = by_code(code).unwrap_or_else(|| panic!("{code} has no hint"));
        assert!(hint.cause.len() > 15 && hint.advice.len() > 10, "{code}: {hint:?}");
    }
    assert_eq!(by_code("a_predicate_of_the_application"), None);
}

#[test]
fn a_reason_without_its_token_says_nothing_of_the_token_that_was_not_seen() {
    let codes = documented("## The credential is at fault", "## An attempt to renew the keys failed");
    let made_up = [
        "0 bytes",
        "has none",
        "of none",
        "to none",
        "for none",
        "does not say who",
        "names no key (",
        "no `typ`",
        "no audience",
        "an algorithm`",
        "key  ",
        "no key that",
        "\"<issuer>\"",
        "1970",
        "2026",
    ];
    for code in codes {
        let Some(Hint { cause, advice }) = by_code(code) else { continue };
        let found = made_up.iter().find(|words| cause.contains(**words) || advice.contains(**words));
        assert_eq!(found, None, "{code}: {cause}; {advice}");
    }
}

#[test]
fn hints_are_different_for_different_codes() {
    let codes = documented("## The credential is at fault", "## An attempt to renew the keys failed");
    let mut causes: Vec<_> = codes.iter().filter_map(|code| by_code(code)).map(|hint| hint.cause).collect();
    let all = causes.len();
    causes.sort();
    causes.dedup();
    assert_eq!(causes.len(), all);
}

#[test]
fn identifiers_that_are_nearly_the_same_are_told_apart() {
    for (known, found, want) in [
        ("https://id.example.com", "https://id.example.com/", "trailing slash"),
        ("https://id.example.com", "http://id.example.com/", "http and https"),
        ("https://id.example.com/T", "https://id.example.com/t", "upper and lower case"),
        ("https://id.example.com/a", "https://id.example.com/b", "path differs"),
        ("http://localhost:8080", "http://localhost:9090", "port differs"),
        ("https://sts.windows.net/T/", "https://login.microsoftonline.com/T/v2.0", "version 1"),
        (
            "https://login.microsoftonline.com/T",
            "https://login.microsoftonline.com/T/v2.0",
            "version at the end",
        ),
        ("https://accounts.google.com", "accounts.google.com", "scheme differs"),
    ] {
        let difference = difference(known, found).unwrap_or_default();
        assert!(difference.contains(want), "{known} {found}: {difference}");
    }
    assert_eq!(difference("https://a.example.com", "https://b.example.com"), None);
    assert_eq!(difference("https://a.example.com", "https://a.example.com"), None);
}
