//! The manifest's JSON Schema and its reference are made from the types; what is committed is what they make.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

use serde_json::{Map, Value};
use std::{fmt::Write, path::Path};

const HEAD: &str = "# The manifest of a connector

Made from the types that read it; the same as JSON Schema is `connectors/manifest.schema.json` (also served at
`/api/v1/schemas/connector.json`). An editor that reads it completes and checks as you write: put
`# yaml-language-server: $schema=…/manifest.schema.json` on the first line. `countersign connector check FILE` says what does not fit, and where.

A **template** is any JSON. In it a text that is exactly `$input.a.b` stands for that value with its type and is left out where there is none;
`{input.a.b}` stands inside a text. Roots are `input`, `settings`, `key`, and where there is an answer `response.status`, `response.headers`,
`response.body`, `output`, `item`. `{ $first: [ … ] }` is the first that is there, `{ $each: …, as: … }` maps a list.
";

fn fresh(path: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(known == made, "{} is stale: UPDATE_REFERENCE=1 cargo test -p countersign-connectors", path.display());
}

#[test]
fn the_committed_schema_is_fresh() {
    let schema = countersign_connectors::manifest_schema();
    fresh("connectors/manifest.schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

#[test]
fn the_committed_reference_is_fresh_and_describes_everything() {
    let schema = countersign_connectors::manifest_schema();
    let mut page = HEAD.to_owned();
    part(&mut page, "Manifest", &schema);
    for (name, part_of) in schema["$defs"].as_object().unwrap() {
        part(&mut page, name, part_of);
    }
    fresh("docs/manifest.md", &page);
    let undescribed: Vec<&str> = page.lines().filter(|line| line.ends_with("|  |")).collect();
    assert!(undescribed.is_empty(), "{undescribed:?}");
}

fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn part(page: &mut String, name: &str, schema: &Value) {
    write!(page, "\n## {name}\n{}\n", words(schema)).unwrap();
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    if !properties.is_empty() {
        page.push_str("\n| field | what it takes | |\n|---|---|---|\n");
        fields(page, schema, properties);
    }
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    for (index, one) in alternatives.enumerate() {
        if index == 0 {
            page.push_str("\n| value | what it takes | |\n|---|---|---|\n");
        }
        let Some(members) = one["properties"].as_object() else {
            writeln!(page, "| `{}` | | {} |", one["const"].as_str().unwrap(), words(one)).unwrap();
            continue;
        };
        let (tag, kind) = members.iter().find(|(_, value)| value["const"].is_string()).unwrap();
        writeln!(page, "| `{tag}: {}` | | {} |", kind["const"].as_str().unwrap(), words(one)).unwrap();
        let rest = members.iter().filter(|(name, _)| *name != tag).map(|(name, value)| (name.clone(), value.clone()));
        fields(page, one, &rest.collect());
    }
}

fn fields(page: &mut String, schema: &Value, properties: &Map<String, Value>) {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    for (name, value) in properties {
        let mark = if required(name) { ", needed" } else { "" };
        let default = match &value["default"] {
            Value::Null => String::new(),
            default => format!(" (`{}` when absent)", default.to_string().replace('|', "\\|")),
        };
        writeln!(page, "| `{name}` | {}{mark}{default} | {} |", takes(value), words(value)).unwrap();
    }
}

/// What a value may be, in words.
fn takes(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(any) = schema["anyOf"].as_array() {
        return takes(any.iter().find(|one| one["type"] != "null").unwrap());
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
        _ => Vec::new(),
    };
    match kinds.first().copied() {
        Some("array") => format!("list of {}", takes(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("{} by name", takes(&schema["additionalProperties"]))
        }
        Some("string") => "text".to_owned(),
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("integer") => "whole number".to_owned(),
        Some(other) => other.to_owned(),
        None => "any JSON".to_owned(),
    }
}
