//! The values as JSON Schema describes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::super::values::{AlgorithmName, Count, Moment, Size, Span, UNITS};
use crate::Algorithm;

macro_rules! described_as {
    ($($value:ident as $name:literal: $schema:expr;)*) => {$(
        impl JsonSchema for $value {
            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

described_as! {
    Span as "duration": {
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
    Size as "size": json_schema!({
        "type": ["string", "integer"],
        "description": "A number of bytes, or text such as `16 KiB` or `1 MB`.",
        "pattern": "^[0-9]+ *(B|KB|KiB|MB|MiB)?$",
        "minimum": 0,
    });
    Count as "number": json_schema!({ "type": "integer", "minimum": 0 });
    Moment as "time": json_schema!({
        "type": "string",
        "description": "RFC 3339 in UTC, such as `2026-12-31T00:00:00Z`.",
        "format": "date-time",
        "pattern": "Z$",
    });
    AlgorithmName as "algorithm": {
        let names: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
        json_schema!({ "type": "string", "enum": names })
    };
}
