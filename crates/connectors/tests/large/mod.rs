//! A document as large as the largest public ones, made up the same way every time.

use serde_json::{Map, Value, json};

/// Schemas that refer to each other.
const CLUSTER: usize = 20;
const SCHEMAS: usize = 1_000;

/// An OpenAPI document of so many operations and about 8 MB, as text.
pub fn document(operations: usize) -> String {
    let paths: Map<String, Value> = (0..operations / 2).map(path).collect();
    let schemas: Map<String, Value> = (0..SCHEMAS).map(|number| (format!("Schema{number}"), schema(number))).collect();
    json!({
        "openapi": "3.0.3", "info": { "title": "Large", "version": "1" }, "servers": [{ "url": "https://large.example.com" }],
        "paths": paths, "components": { "schemas": schemas },
    })
    .to_string()
}

fn words(about: &str, number: usize) -> String {
    format!("What is meant by {about} number {number}, which people read before they choose it in a list of many. ")
        .repeat(3)
}

fn path(number: usize) -> (String, Value) {
    let schema = json!({ "$ref": format!("#/components/schemas/Schema{}", number % SCHEMAS) });
    let content = json!({ "application/json": { "schema": schema } });
    let parameter = |name: &str, place: &str, kind: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": kind }, "description": words(name, number) });
    let parameters =
        [parameter("id", "path", "string"), parameter("limit", "query", "integer"), parameter("q", "query", "string")];
    let answer = json!({ "200": { "description": "ok", "content": content } });
    let get = json!({ "operationId": format!("readThing{number}"), "description": words("reading", number),
        "parameters": parameters, "responses": answer });
    let put = json!({ "operationId": format!("changeThing{number}"), "description": words("changing", number),
        "parameters": parameters, "requestBody": { "content": content }, "responses": answer });
    (format!("/things{number}/{{id}}"), json!({ "get": get, "put": put }))
}

fn schema(number: usize) -> Value {
    let other = |step: usize| {
        let within = number / CLUSTER * CLUSTER + (number + step) % CLUSTER;
        json!({ "$ref": format!("#/components/schemas/Schema{within}") })
    };
    let mut properties: Map<String, Value> = (0..8)
        .map(|at| {
            (
                format!("member_{at}"),
                json!({ "type": "string", "maxLength": 200, "description": words("a member", at) }),
            )
        })
        .collect();
    properties.insert("next".to_owned(), other(1));
    properties.insert("all".to_owned(), json!({ "type": "array", "items": other(7) }));
    json!({ "type": "object", "properties": properties, "required": ["member_1"] })
}

/// The most memory this process had, MiB; nothing where the system does not tell.
pub fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
}
