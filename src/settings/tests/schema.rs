//! The values as JSON Schema describes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::super::requirements::RequirementSettings;
use super::super::rule::{ClaimValueSettings, Parts};
use super::super::values::{
    AlgorithmName, ChallengeText, Count, Moment, ScopeName, Size, Span, TokenName, UNITS,
};
use crate::Algorithm;

macro_rules! described_as {
    ($($value:ident as $name:literal: $schema:expr;)*) => {$(
        impl JsonSchema for $value {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let schema: fn(&mut SchemaGenerator) -> Schema = $schema;
                schema(generator)
            }
        }
    )*};
}

described_as! {
    Span as "duration": |_| {
        let mut units = UNITS.to_vec();
        // A pattern tries alternatives in order, and `m` is the start of `min`.
        units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
        let pattern = format!("^ *([0-9]+ *({}) *)+$", units.join("|"));
        json_schema!({
            "type": "string",
            "description": "Numbers, each with a unit, such as `90s`, `5 min` or `1h 30m`.",
            "pattern": pattern,
        })
    };
    Size as "size": |_| json_schema!({
        "type": ["string", "integer"],
        "description": "A number of bytes, or text such as `16 KiB` or `1 MB`.",
        "pattern": "^[0-9]+ *(B|KB|KiB|MB|MiB)?$",
        "minimum": 0,
    });
    Count as "number": |_| json_schema!({ "type": "integer", "minimum": 0 });
    Moment as "time": |_| json_schema!({
        "type": "string",
        "description": "RFC 3339 in UTC, such as `2026-12-31T00:00:00Z`.",
        "format": "date-time",
        "pattern": "Z$",
    });
    AlgorithmName as "algorithm": |_| {
        let names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    };    ScopeName as "scope": |_| json_schema!({
        "type": "string",
        "description": "The name of a scope.",
        "pattern": "^[!#-\\[\\]-~]+$",
    });
    TokenName as "name": |_| json_schema!({
        "type": "string",
        "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
    });
    ChallengeText as "challenge": |_| json_schema!({
        "type": "string",
        "pattern": "^[\\t -~]*[!-~][\\t -~]*$",
    });
    ClaimValueSettings as "value": |_| json_schema!({
        "type": ["string", "integer", "boolean"],
        "description": "Text, a whole number, `true` or `false`.",
    });
    RequirementSettings as "requirement": |generator| {
        let mut schema = Parts::json_schema(generator);
        let with = ["contains", "equals", "at_least"];
        let value = json!({ "oneOf": [{ "required": ["contains"] }, { "required": ["equals"] }] });
        let claim = json!({ "anyOf": [{ "required": ["claim"] }, { "required": ["claim_at"] }] });
        let properties = schema.get("properties").and_then(Value::as_object).unwrap();
        let one = properties.keys().filter(|name| !with.contains(&name.as_str()));
        let one: Vec<_> = one.map(|name| json!({ "required": [name] })).collect();
        schema.insert("oneOf".to_owned(), json!(one));
        schema.insert(
            "dependentRequired".to_owned(),
            json!({ "ladder": ["at_least"], "at_least": ["ladder"] }),
        );
        schema.insert(
            "dependentSchemas".to_owned(),
            json!({ "claim": value, "claim_at": value, "contains": claim, "equals": claim }),
        );
        schema
    };
}
