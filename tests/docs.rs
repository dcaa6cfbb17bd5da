//! What the documentation lists is what the code says.
#![allow(
    clippy::expect_used,
    reason = "clippy.toml allows it inside of tests; helpers of tests are meant too"
)]

/// The words after `=>` in the `code()` of a source file.
fn codes(source: &str) -> Vec<&str> {
    let body = source.split_once("pub const fn code(").expect("a code()").1;
    let body = body.split_once("\n    }\n").expect("its end").0;
    body.lines()
        .filter_map(|line| line.split_once("=> \"")?.1.split_once('"').map(|(code, _)| code))
        .collect()
}

#[test]
fn every_reason_code_is_documented_and_none_is_made_up() {
    let documented: Vec<_> = include_str!("../docs/reason-codes.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(code, _)| code))
        .collect();
    let mut known = codes(include_str!("../src/error/rejection.rs"));
    known.extend(codes(include_str!("../src/error/unavailable.rs")));
    assert!(known.len() > 25, "{known:?}");
    for code in &known {
        assert!(documented.contains(code), "{code} is not in docs/reason-codes.md");
    }
    for code in &documented {
        assert!(known.contains(code), "docs/reason-codes.md lists {code}, which no error has");
    }
}
