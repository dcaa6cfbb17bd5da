//! The examples of the documentation, judged by the reader and by the schema, which know nothing of each other.

use boon::{Compiler, SchemaIndex, Schemas};
use portcullis::Settings;
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../docs/settings.md");

struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    fn new() -> Self {
        let schema: Value = serde_json::from_str(include_str!("../../docs/settings.schema.json")).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        compiler.add_resource("https://portcullis.example/settings.json", schema).unwrap();
        let index = compiler.compile("https://portcullis.example/settings.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }
}

fn fenced(language: &str) -> impl Iterator<Item = &'static str> {
    PAGE.split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect::<Vec<_>>()
        .into_iter()
}

#[test]
fn every_example_is_read_and_fits_the_schema() {
    let schema = Schema::new();
    let mut count = 0;
    for text in fenced("toml") {
        let settings = Settings::from_toml(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(schema.accepts(&toml::from_str(text).unwrap()), "{text}");
        assert!(schema.accepts(&serde_json::to_value(&settings).unwrap()), "{text}");
        count += 1;
    }
    for text in fenced("json") {
        assert!(Settings::from_json(text).unwrap().verifier().is_ok(), "{text}");
        assert!(schema.accepts(&serde_json::from_str(text).unwrap()), "{text}");
        count += 1;
    }
    for text in fenced("sh") {
        let variables = text.lines().map(|line| line.split_once('=').unwrap());
        assert!(Settings::from_env_pairs("ORDERS_AUTH", variables).unwrap().verifier().is_ok(), "{text}");
        count += 1;
    }
    assert_eq!(count, 5, "an example is in a language that nobody reads");
}

/// What the reader refuses for its form, the schema refuses too, and the other way round.
#[test]
fn reader_and_schema_agree() {
    let schema = Schema::new();
    let issuer = |member: &str, value: Value| json!({ "issuers": [{ "identifier": "a", member: value }] });
    let rule = |rule: Value| json!({ "requirements": { "a": rule } });
    for (value, want) in [
        (json!({}), true),
        (json!([]), false),
        (json!({ "issuers": {} }), false),
        (json!({ "token_cache": 7 }), true),
        (json!({ "token_cache": "7" }), false),
        (json!({ "token_cache": -7 }), false),
        (json!({ "token_cach": 7 }), false),
        (json!({ "max_token_bytes": 700 }), true),
        (json!({ "max_token_bytes": "7 KiB" }), true),
        (json!({ "max_token_bytes": "7 kB" }), false),
        (json!({ "backend": "ring" }), true),
        (json!({ "backend": "openssl" }), false),
        (issuer("clock_skew", json!("1h 30m")), true),
        (issuer("clock_skew", json!("1h30 min")), true),
        (issuer("clock_skew", json!("90")), false),
        (issuer("clock_skew", json!(90)), false),
        (issuer("clock_skew", json!("1 month")), false),
        (issuer("clock_skew", json!("1M")), false),
        (issuer("clock_skew", json!("1.5h")), false),
        (issuer("clock_skew", json!(null)), true),
        (issuer("audiences", json!("a")), false),
        (issuer("audiences", json!(["a"])), true),
        (issuer("algorithms", json!(["RS256"])), true),
        (issuer("algorithms", json!(["none"])), false),
        (issuer("profile", json!("lenient")), true),
        (issuer("profile", json!("Lenient")), false),
        (issuer("shared_secret", json!({ "env": "A" })), true),
        (issuer("shared_secret", json!({ "file": "/a", "encoding": "base64url" })), true),
        (issuer("shared_secret", json!({ "file": "/a", "env": "A" })), false),
        (issuer("shared_secret", json!({})), false),
        (issuer("shared_secret", json!("hunter2")), false),
        (issuer("preset", json!({ "firebase": { "project": "a" } })), true),
        (issuer("preset", json!({ "firebase": {} })), false),
        (issuer("preset", json!({ "firebase": { "project": "a" }, "hydra": { "identifier": "a" } })), false),
        (issuer("preset", json!("firebase")), false),
        (issuer("keys", json!({ "embedded": { "jwks": "", "until": "2026-12-31T00:00:00Z" } })), true),
        (issuer("keys", json!({ "embedded": { "jwks": "", "until": "2026-12-31T00:00:00+01:00" } })), false),
        (issuer("keys", json!({ "embedded": { "jwks": "", "until": "tomorrow" } })), false),
        (issuer("required_claims", json!([{ "claim": "a", "values": ["b"] }])), true),
        (issuer("required_claims", json!({ "a": ["b"] })), false),
        (issuer("required_claims", json!([{ "claim": "a" }])), true),
        (issuer("required_claims", json!([{ "values": ["b"] }])), false),
        (json!({ "http": {} }), true),
        (json!({ "http": [] }), false),
        (json!({ "http": { "detail": "code" } }), true),
        (json!({ "http": { "detail": "none" } }), false),
        (json!({ "http": { "token_sources": ["bearer", { "cookie": "a" }] } }), true),
        (json!({ "http": { "token_sources": ["cookie"] } }), false),
        (json!({ "http": { "token_sources": [{ "cookie": "a b" }] } }), false),
        (json!({ "http": { "token_sources": [{ "cookie": "a", "scheme": "b" }] } }), false),
        (json!({ "http": { "challenge_scopes": ["a:b"] } }), true),
        (json!({ "http": { "challenge_scopes": ["a b"] } }), false),
        (json!({ "http": { "challenge_scopes": ["a\\b"] } }), false),
        (json!({ "http": { "offers": ["Basic realm=\"a\""] } }), true),
        (json!({ "http": { "offers": [" "] } }), false),
        (json!({ "http": { "offers": ["a\nb"] } }), false),
        (json!({ "http": { "offers": ["é"] } }), false),
        (json!({ "http": { "protected_resource": {} } }), true),
        (json!({ "http": { "protected_resource": { "nam": "a" } } }), false),
        (json!({ "scope_hierarchy": { "a": ["b"] } }), true),
        (json!({ "scope_hierarchy": { "a": "b" } }), false),
        (json!({ "scope_hierarchy": { "a b": ["b"] } }), false),
        (rule(json!({ "scope": "a" })), true),
        (rule(json!({ "scope": "a b" })), false),
        (rule(json!({})), false),
        (rule(json!("scope")), false),
        (rule(json!({ "scope": "a", "role": "b" })), false),
        (rule(json!({ "all": [{ "scope": "a" }, { "any": [{ "role": "b" }] }] })), true),
        (rule(json!({ "all": [{ "scope": "a" }, { "any": [] }] })), false),
        (rule(json!({ "all": [] })), false),
        (rule(json!({ "claim": "a", "contains": "b" })), true),
        (rule(json!({ "claim": "a", "equals": 7 })), true),
        (rule(json!({ "claim": "a", "equals": true })), true),
        (rule(json!({ "claim": "a", "equals": 7.5 })), false),
        (rule(json!({ "claim": "a", "equals": ["b"] })), false),
        (rule(json!({ "claim": "a" })), false),
        (rule(json!({ "claim": "a", "contains": "b", "equals": "b" })), false),
        (rule(json!({ "claim_at": ["a"], "contains": "b" })), true),
        (rule(json!({ "claim_at": ["a"], "claim": "a", "contains": "b" })), false),
        (rule(json!({ "contains": "b" })), false),
        (rule(json!({ "role": "a", "contains": "b" })), false),
        (rule(json!({ "ladder": ["a"], "at_least": "a" })), true),
        (rule(json!({ "ladder": ["a"] })), false),
        (rule(json!({ "at_least": "a" })), false),
        (rule(json!({ "acr": "a" })), false),
        (rule(json!({ "max_age": "5 min" })), true),
        (rule(json!({ "max_age": 300 })), false),
        (rule(json!({ "authorization_details": { "type": "a", "actions": ["b"] } })), true),
        (rule(json!({ "authorization_details": "a" })), false),
    ] {
        assert_eq!(Settings::from_json(&value.to_string()).is_ok(), want, "reader: {value}");
        assert_eq!(schema.accepts(&value), want, "schema: {value}");
    }
}
