//! `docs/settings.schema.json` and the tables of `docs/settings.md`, made from the types and kept equal to them.
//!
//! `PORTCULLIS_WRITE_DOCS=1 cargo test --all-features --lib settings::tests::reference` writes them anew.

use std::path::Path;

use serde_json::Value;

use super::super::Settings;
use super::round_trip::{described, minimal};

#[test]
fn the_schema_and_the_tables_of_the_documentation_are_those_of_the_code() {
    let schema = serde_json::to_value(schemars::schema_for!(Settings)).unwrap();
    let pretty = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    kept("docs/settings.schema.json", |_| pretty);
    kept("docs/settings.md", |page| {
        let page = between(&page, "settings", &settings_table(&schema));
        let page = between(&page, "requirements", &requirements_table(&schema));
        between(&page, "presets", &presets_table(&schema))
    });
}

/// Compares a file with what it should be; or writes it, when asked to.
fn kept(name: &str, wanted: impl FnOnce(String) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(found.clone());
    if std::env::var_os("PORTCULLIS_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(
            found == wanted,
            "{name} is not what the code says; the head of reference.rs tells how to write it anew"
        );
    }
}

fn between(page: &str, marker: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- {marker}: made by a test -->\n"), format!("<!-- end of {marker} -->"));
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no {marker} in the page"));
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{start}\n{table}\n{end}{after}")
}

fn settings_table(schema: &Value) -> String {
    let minimal = minimal();
    let mut defaults = serde_json::to_value(described(&minimal.builder().unwrap(), &minimal)).unwrap();
    defaults["http"] = serde_json::to_value(super::http::plain()).unwrap();
    let mut rows = vec!["| setting | type | default | |".to_owned(), "|---|---|---|---|".to_owned()];
    members(schema, schema, "", &defaults, &mut rows);
    rows.join("\n") + "\n"
}

fn members(schema: &Value, table: &Value, prefix: &str, defaults: &Value, rows: &mut Vec<String>) {
    let required: Vec<_> =
        table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in in_order(table, prefix) {
        let path = format!("{prefix}{name}");
        let (value, repeated) = resolved(schema, property);
        let (known, default) = (&value["properties"], &defaults[name]);
        let needed = required.contains(&name);
        let words = property["description"].as_str().unwrap_or_default().replace('\n', " ");
        let default = if needed { "needed".to_owned() } else { shown(default, &path) };
        let kind = kind(property, value, repeated);
        rows.push(format!("| `{path}` | {kind} | {default} | {words} |"));
        if known.is_object() && !["shared_secret", "seal", "all", "any"].contains(&name) {
            let below = if repeated { format!("{path}[].") } else { format!("{path}.") };
            let defaults = if repeated { &defaults[name][0] } else { &defaults[name] };
            members(schema, value, &below, defaults, rows);
        }
    }
}

/// In the order of the type, which the schema sorts away and a refusal lists.
fn in_order<'t>(table: &'t Value, prefix: &str) -> Vec<(&'t str, &'t Value)> {
    let members = table["properties"].as_object().unwrap();
    let unknown = serde_json::json!({ "?": 0 });
    let refused =
        prefix.split_terminator('.').rev().fold(unknown, |inner, part| match part.strip_suffix("[]") {
            Some(list) => serde_json::json!({ list: [inner] }),
            None => serde_json::json!({ part: inner }),
        });
    let refusal = Settings::from_json(&refused.to_string()).unwrap_err().to_string();
    let place =
        |name: &str| refusal.find(&format!("`{name}`")).unwrap_or_else(|| panic!("{name}: {refusal}"));
    let mut members: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    members.sort_by_key(|(name, _)| place(name));
    members
}

fn shown(default: &Value, path: &str) -> String {
    match default {
        // Those of the minimal file itself are no defaults.
        _ if ["issuers[].identifier", "issuers[].audiences"].contains(&path) => String::new(),
        _ if ["backend", "http.realm"].contains(&path) => String::new(),
        Value::Array(items) => {
            let words: Vec<_> =
                items.iter().filter_map(Value::as_str).map(|word| format!("`{word}`")).collect();
            words.join(" ")
        }
        Value::String(text) => format!("`{text}`"),
        Value::Null | Value::Object(_) => String::new(),
        other => format!("`{other}`"),
    }
}

/// What a property holds, and whether it is a list of it.
fn resolved<'s>(schema: &'s Value, property: &'s Value) -> (&'s Value, bool) {
    if property["items"].is_object() {
        return (resolved(schema, &property["items"]).0, true);
    }
    let reference = property["anyOf"][0]["$ref"].as_str().or(property["$ref"].as_str());
    match reference.and_then(|reference| reference.strip_prefix("#")) {
        Some(pointer) => (schema.pointer(pointer).unwrap(), false),
        None => (property, false),
    }
}

fn kind(property: &Value, value: &Value, repeated: bool) -> String {
    let reference = property["anyOf"][0]["$ref"]
        .as_str()
        .or(property["$ref"].as_str())
        .or(property["items"]["$ref"].as_str())
        .and_then(|reference| reference.rsplit('/').next());
    let kind = match (reference, &value["enum"], &value["properties"]) {
        // A table whose members the operator names.
        _ if property["additionalProperties"].is_object() => "table of requirements".to_owned(),
        _ if property["patternProperties"].is_object() => "table of lists of scopes".to_owned(),
        (Some("TokenSourceSettings"), ..) => "token source".to_owned(),
        (Some("requirement"), ..) => "requirement".to_owned(),
        (Some("SecretReference"), ..) => "secret".to_owned(),
        (Some("Preset"), ..) => "preset".to_owned(),
        (Some("algorithm"), ..) => "algorithm".to_owned(),
        (_, Value::Array(words), _) => words
            .iter()
            .filter_map(Value::as_str)
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        (_, _, Value::Object(_)) => "table".to_owned(),
        (Some(name), ..) if name.chars().all(char::is_lowercase) => name.to_owned(),
        _ if value["type"].to_string().contains("boolean") => "`true`, `false`".to_owned(),
        _ => "text".to_owned(),
    };
    let plural = if kind.ends_with('s') { "es" } else { "s" };
    if repeated { format!("list of {kind}{plural}") } else { kind }
}

/// What stands in one requirement.
fn requirements_table(schema: &Value) -> String {
    let mut rows = Vec::new();
    let prefix = "requirements.name.";
    members(schema, &schema["$defs"]["requirement"], prefix, &Value::Null, &mut rows);
    let head = ["| member | type | |", "|---|---|---|"].map(str::to_owned);
    // Nothing in a requirement has a default.
    let row = |row: String| {
        row.replacen(prefix, "", 1).replacen(" |  | ", " | ", 1).replacen(" | needed | ", " | ", 1)
    };
    head.into_iter().chain(rows.into_iter().map(row)).collect::<Vec<_>>().join("\n") + "\n"
}

fn presets_table(schema: &Value) -> String {
    let mut rows = vec!["| preset | arguments | |".to_owned(), "|---|---|---|".to_owned()];
    for variant in schema["$defs"]["Preset"]["oneOf"].as_array().unwrap() {
        let (name, arguments) = variant["properties"].as_object().unwrap().iter().next().unwrap();
        let arguments = in_order(arguments, &format!("issuers[].preset.{name}."));
        let arguments: Vec<_> = arguments.into_iter().map(|(name, _)| format!("`{name}`")).collect();
        let words = variant["description"].as_str().unwrap().replace('\n', " ");
        rows.push(format!("| `{name}` | {} | {words} |", arguments.join(", ")));
    }
    rows.join("\n") + "\n"
}
