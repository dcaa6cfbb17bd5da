//! Texts that nobody writes by accident.

use portcullis::{Settings, SettingsError};

use crate::{json, one_issuer, toml, variables};

/// A word that stands in values, and so in no error.
const HIDDEN: &str = "hunter2";

fn syntax(error: SettingsError) -> (usize, usize, String) {
    match error {
        SettingsError::Syntax { line, column, reason, .. } => (line, column, reason),
        other => panic!("{other}"),
    }
}

#[test]
fn repeated_names_are_refused() {
    for (text, line) in [
        (r#"{"token_cache":1,"token_cache":2}"#, 1),
        ("{\"issuers\":[\n{\"clients\":[\"a\"],\n\"clients\":[\"b\"]}]}", 3),
        (r#"{"issuers":[{"preset":{"auth0":{"domain":"a"},"auth0":{"domain":"b"}}}]}"#, 1),
        (r#"{"token_cache":1,"token_\u0063ache":1}"#, 1),
    ] {
        let (found, _, reason) = syntax(json(text).unwrap_err());
        assert_eq!((found, reason.as_str()), (line, "a member stands twice"), "{text}");
    }
    for (text, want) in [
        ("token_cache = 1\ntoken_cache = 2", (2, 1, "duplicate key".to_owned())),
        ("[[issuers]]\n[issuers.keys]\n[issuers.keys]", (3, 10, "duplicate key".to_owned())),
    ] {
        assert_eq!(syntax(toml(text).unwrap_err()), want, "{text}");
    }
}

#[test]
fn nesting_ends() {
    let deep = |open: &str, close: &str, levels: usize| open.repeat(levels) + &close.repeat(levels);
    assert!(matches!(json(&deep("[", "]", 127)), Err(SettingsError::Field { .. })));
    let (_, _, reason) = syntax(json(&deep("[", "]", 128)).unwrap_err());
    assert_eq!(reason, "recursion limit exceeded");
    let (_, _, reason) = syntax(json(&deep("{\"a\":", "}", 100_000)).unwrap_err());
    assert_eq!(reason, "recursion limit exceeded");
    assert!(matches!(toml(&format!("a = {}", deep("[", "]", 70))), Err(SettingsError::Field { .. })));
    let (_, _, reason) = syntax(toml(&format!("a = {}", deep("[", "]", 100_000))).unwrap_err());
    assert_eq!(reason, "cannot recurse further; max recursion depth met");
    assert!(toml(&format!("{}a = 1", "a.".repeat(100_000))).is_err());
    let error = variables(&[(&format!("A{}", "__A".repeat(17)), "")]).unwrap_err().to_string();
    assert!(error.ends_with("the name of the variable is nested too deep"), "{error}");
}

#[test]
fn size_is_bounded_in_every_form() {
    let want = SettingsError::TooLarge { limit: 1024 * 1024 };
    let long = "#".repeat(1024 * 1024 + 1);
    assert_eq!(toml(&long), Err(want.clone()));
    assert_eq!(json(&long), Err(want.clone()));
    assert_eq!(variables(&[("BACKEND", &long)]), Err(want.clone()));
    let many = (0..200_000).map(|n| (format!("T_A__{n}"), "abc"));
    assert_eq!(Settings::from_env_pairs("T", many), Err(want));
}

#[test]
fn an_absurd_index_allocates_nothing() {
    for index in ["999999999", "18446744073709551615", "99999999999999999999999999"] {
        let name = format!("ISSUERS__{index}__IDENTIFIER");
        let error = variables(&[(&name, "a")]).unwrap_err().to_string();
        assert_eq!(error, "issuers: a list is numbered 0, 1, 2 and so on; 0 is missing");
    }
}

/// A feature of serde_json that any crate may turn on for all hands numbers over in this form.
#[test]
fn numbers_of_arbitrary_precision_are_numbers() {
    let read = |number: &str| {
        Settings::from_json(&format!(r#"{{"token_cache":{{"$serde_json::private::Number":"{number}"}}}}"#))
    };
    assert_eq!(read("7"), Settings::from_json(r#"{"token_cache":7}"#));
    for (number, want) in [
        ("-7", "token_cache: a number where a whole number is expected"),
        ("7.5", "token_cache: a number with a fraction or out of range where a whole number is expected"),
        (
            "99999999999999999999",
            "token_cache: a number with a fraction or out of range where a whole number is expected",
        ),
    ] {
        assert_eq!(read(number).unwrap_err().to_string(), want);
    }
}

#[test]
fn issuers_are_counted() {
    let many = |count: usize| {
        let issuers = (0..count)
            .map(|n| format!(r#"{{"identifier":"https://{n}.example","jwks_file":"/a","audiences":["a"]}}"#));
        format!(r#"{{"issuers":[{}]}}"#, issuers.collect::<Vec<_>>().join(","))
    };
    assert_eq!(json(&many(1_024)), Ok(()));
    let error = json(&many(1_025)).unwrap_err().to_string();
    assert_eq!(error, "issuers: at most 1024 issuers are listed; more are tenants, which a resolver finds");
    assert!(json(&many(10_000)).is_err());
}

/// Every place of a file, with a secret where something else belongs.
#[test]
fn no_error_and_no_debug_shows_a_value() {
    let fields = "identifier preset jwks_url jwks_file jwks public_key shared_secret audiences dangerous_any_audience clients \
        required_claims algorithms profile clock_skew max_token_age keys";
    let values = [
        "'hunter2'",
        "['hunter2']",
        "{ hunter1 = 'hunter2' }",
        "{ env = { a = 'hunter2' } }",
        "[[['hunter2']]]",
    ];
    let mut refused = 0;
    let mut look = |outcome: Result<(), SettingsError>, text: &str| {
        if let Err(error) = outcome {
            refused += 1;
            for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
                assert!(!shown.contains(HIDDEN), "{text}: {shown}");
            }
        }
    };
    for field in fields.split_whitespace() {
        for value in values {
            let text = one_issuer(&format!("{field} = {value}"));
            // An identifier, an address and a path are what an operator looks for, and are shown.
            if ["identifier", "jwks_file", "jwks_url"].contains(&field) && value == values[0] {
                continue;
            }
            look(toml(&text), &text);
            let below = one_issuer(&format!("keys = {{ {field} = {value} }}"));
            look(toml(&below), &below);
        }
    }
    for keys in ["max_stale", "snapshot", "embedded", "bearer_token", "unknown_key_interval", "wait_budget"] {
        for value in values {
            let text = one_issuer(&format!("[issuers.keys]\n{keys} = {value}"));
            look(toml(&text), &text);
        }
    }
    for text in [
        "token_cache = hunter2",
        "token_cache = 'hunter2",
        "hunter2",
        "= hunter2",
        "[hunter2",
        "a = \"\"\"hunter2",
        "a = 1hunter2",
        "a = 2026-hunter2",
        "a = {hunter2",
        "a = ['hunter2' 'hunter2']",
        "a = \"\\hunter2\"",
        "a.hunter2.b = 1\na.hunter2 = 2",
        "a = 'x'\na.hunter2 = 1",
        "[[a]]\n[a.hunter2]\n[a.hunter2]",
    ] {
        look(toml(text), text);
        look(json(text), text);
        look(json(&format!("{{\"token_cache\":{text}}}")), text);
    }
    assert!(refused > 100, "{refused}");
    let address = "https://user:hunter2@id.example.com/keys?code=hunter2";
    let settings = Settings::from_toml(&one_issuer(&format!("jwks_url = '{address}'"))).unwrap();
    assert!(!format!("{settings:?}").contains(HIDDEN), "{settings:?}");
    assert!(!settings.verifier().unwrap_err().to_string().contains(HIDDEN));
}

#[test]
fn what_a_name_holds_cannot_break_a_line_of_a_log() {
    let error = toml("\"a\\nb\\u001b[31m\" = 1").unwrap_err().to_string();
    assert!(error.starts_with("a?b?[31m (line 1): unknown field"), "{error}");
    let long = toml(&format!("{} = 1", "a".repeat(10_000))).unwrap_err().to_string();
    assert!(long.len() < 400, "{}", long.len());
}

#[test]
fn no_text_panics() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, RngSeed, TestRunner};
    let config =
        Config { cases: 2_000, rng_seed: RngSeed::Fixed(6), failure_persistence: None, ..Config::default() };
    let pieces = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        "[[issuers]]",
        "identifier",
        "=",
        "\"",
        "'",
        "\n",
        ".",
        ",",
        ":",
        "1",
        "-",
        "audiences",
        "keys",
        "2026-01-01",
        "preset",
        "shared_secret",
        "env",
        "\\u",
        "é",
        "\0",
        "true",
        "null",
        "1e999",
    ]);
    let texts = prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat());
    TestRunner::new(config)
        .run(&texts, |text| {
            let _ = toml(&text);
            let _ = json(&text);
            let _ = variables(&[(&text.replace('.', "__"), &text)]);
            Ok(())
        })
        .unwrap();
}
