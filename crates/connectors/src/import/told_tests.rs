//! Nothing is lost silently: what is not heeded is told with its place.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::Registry;

fn import(document: &Value) -> Imported {
    let imported = Manifest::from_openapi(document).unwrap();
    Registry::only([imported.manifest.clone()]).unwrap();
    imported
}

fn with(post: &Value) -> Value {
    json!({ "openapi": "3.2.0", "info": { "title": "Shop" }, "servers": [{ "url": "https://shop.example.com" }],
        "paths": { "/a": { "post": post } } })
}

fn told(document: &Value) -> Vec<String> {
    import(document).warnings
}

#[test]
fn what_is_not_heeded_is_told_with_its_place() {
    let body = |kind: &str, media: Value| json!({ "requestBody": { "content": { kind: media } } });
    let field = |encoding: Value| {
        body(
            "multipart/form-data",
            json!({ "schema": { "properties": { "f": { "type": "string" } } }, "encoding": { "f": encoding } }),
        )
    };
    let schema = |schema: Value| body("application/json", json!({ "schema": schema }));
    let multipart = "/paths/~1a/post/requestBody/content/multipart~1form-data/encoding/f";
    let json_body = "/paths/~1a/post/requestBody/content/application~1json/schema";
    let links = json!({ "links": { "next": { "operationId": "b" } } });
    let two = json!({ "content": { "application/json": {}, "application/xml": {} } });
    for (post, place, word) in [
        (json!({ "callbacks": { "paid": {} } }), "/paths/~1a/post/callbacks".to_owned(), "webhook trigger"),
        (json!({ "responses": { "201": links } }), "/paths/~1a/post/responses/201/links".to_owned(), "links"),
        (json!({ "requestBody": two }), "/paths/~1a/post/requestBody/content".to_owned(), "never as application/xml"),
        (field(json!({ "contentType": "image/png" })), format!("{multipart}/contentType"), "image/png"),
        (field(json!({ "headers": { "X-A": {} } })), format!("{multipart}/headers"), "not sent"),
        (field(json!({ "style": "deepObject" })), multipart.to_owned(), "style"),
        (schema(json!({ "discriminator": { "propertyName": "kind" } })), json_body.to_owned(), "`discriminator`"),
        (
            schema(json!({ "properties": { "n": { "maxLength": -1 } } })),
            format!("{json_body}/properties/n"),
            "`maxLength`",
        ),
        (schema(json!({ "$dynamicRef": "#node" })), json_body.to_owned(), "`$dynamicRef`"),
        (schema(json!({ "dependencies": {} })), json_body.to_owned(), "`dependencies`"),
    ] {
        let warnings = told(&with(&post));
        let one = warnings.iter().any(|warning| warning.starts_with(&format!("{place}: ")) && warning.contains(word));
        assert!(one && warnings.len() == 1, "{post}: {warnings:?}");
    }
    let quiet = [
        json!({ "callbacks": {}, "responses": { "201": { "links": {} } } }),
        field(json!({ "contentType": "text/plain" })),
        schema(
            json!({ "x-order": 1, "xml": {}, "nullable": true, "exclusiveMinimum": false, "minimum": 1, "required": [] }),
        ),
    ];
    for post in quiet {
        assert_eq!(told(&with(&post)), [] as [&str; 0], "{post}");
    }
    let mut document = with(&json!({}));
    document["webhooks"] = json!({ "paid": { "post": {} } });
    assert!(told(&document)[0].starts_with("/webhooks/paid: "));
}

#[test]
fn what_is_so_at_hundreds_of_places_is_counted() {
    let mut document = with(&json!({}));
    let content = json!({ "content": { "application/json": {}, "application/xml": {} } });
    for number in 0..300 {
        document["paths"][format!("/r{number}")] = json!({ "post": { "requestBody": content } });
    }
    document["webhooks"] = json!({ "paid": {} });
    let warnings = told(&document);
    assert_eq!(warnings.len(), 12, "{warnings:?}");
    let counted = "and at 290 more places: it is sent as application/json, never as application/xml";
    assert!(warnings.iter().any(|warning| warning == counted), "{warnings:?}");
}

#[test]
fn a_whole_query_is_an_object_of_its_own() {
    let parameter = |kind: &str, required: bool| {
        json!({ "name": "filter", "in": "querystring", "required": required, "content": { kind: { "schema": {
            "properties": { "tags": { "type": "array" }, "q": { "type": "string" } } } } } })
    };
    let form = "application/x-www-form-urlencoded";
    let imported = import(&with(&json!({ "operationId": "a", "parameters": [parameter(form, true)] })));
    let action = &imported.manifest.actions["a"];
    assert_eq!(imported.warnings, [] as [&str; 0]);
    assert_eq!(action.styles.query["filter"], crate::manifest::Style::Spread);
    assert_eq!(action.input["required"], json!(["filter"]));
    let other = import(&with(&json!({ "parameters": [parameter("application/json", false)] })));
    assert!(other.warnings[0].contains("application/json cannot be sent"), "{:?}", other.warnings);
    let needed = import(&with(&json!({ "parameters": [parameter("application/json", true)] })));
    assert_eq!(needed.left_out[0].pointer, "/paths/~1a/post");
}

#[test]
fn a_relative_server_is_where_the_document_was_read() {
    let mut document = json!({ "openapi": "3.1.0", "info": { "title": "Shop" }, "servers": [{ "url": "/v1" }],
        "paths": { "/a": { "get": { "operationId": "a" } },
            "/b": { "servers": [{ "url": "/v2" }], "get": { "operationId": "b" } } } });
    let at = "https://api.example.com/docs/openapi.json";
    let read = |document: &Value, at| Manifest::read_or_import_from(&document.to_string(), None, at).unwrap();
    let there = read(&document, Some(at)).manifest;
    assert_eq!(there.base_url, "https://api.example.com/v1");
    let setting = there.actions["b"].server.clone().unwrap();
    assert_eq!(there.settings["properties"][&setting]["default"], "https://api.example.com/v2");
    // Of a file nobody knows the host: the path is told, and what is asked for says it.
    let file = read(&document, None);
    assert_eq!(file.manifest.base_url, "");
    assert!(file.warnings.iter().any(|told| told.contains("ends with `/v1`")), "{:?}", file.warnings);
    assert!(file.warnings.iter().any(|told| told.starts_with("/paths/~1b/get/servers/0: ") && told.contains("`/v2`")));
    assert_eq!(file.manifest.settings["properties"]["base_url"]["title"], "Base URL, with /v1 at its end");
    assert_eq!(file.manifest.settings["required"], json!(["base_url"]));
    for (url, wanted) in [("v1", "https://api.example.com/docs/v1"), ("", "https://api.example.com")] {
        document["servers"] = json!([{ "url": url }]);
        assert_eq!(read(&document, Some(at)).manifest.base_url, wanted);
    }
    // None at all: it is served by what it describes.
    document.as_object_mut().unwrap().remove("servers");
    assert_eq!(read(&document, Some(at)).manifest.base_url, "https://api.example.com");
    let swagger =
        json!({ "swagger": "2.0", "info": { "title": "Old" }, "basePath": "/v3", "paths": { "/a": { "get": {} } } });
    assert_eq!(read(&swagger, Some(at)).manifest.base_url, "https://api.example.com/v3");
    assert!(read(&swagger, None).warnings[0].contains("`/v3`"));
}

#[test]
fn variables_that_cannot_be_settings_stand_at_their_defaults() {
    let mut document = with(&json!({ "operationId": "own", "servers": [
        { "url": "https://{where}.example.com", "variables": { "where": { "default": "up" } } }, { "url": "https://b.example.com" }] }));
    document["servers"] = json!([{ "url": "https://{region}.example.com{path}/{base_url}", "variables": {
        "region": { "default": "eu", "enum": ["us", "ap"], "description": "Where" },
        "path": { "default": "/a/b" }, "base_url": { "default": "v1" }, "unused": { "default": "x" } } }]);
    let Imported { manifest, warnings, .. } = import(&document);
    assert_eq!(manifest.base_url, "https://{settings.region}.example.com/a/b/{settings.base_url_2}");
    let settings = &manifest.settings["properties"];
    let region = json!({ "type": "string", "title": "region", "default": "eu", "enum": ["eu", "us", "ap"], "description": "Where" });
    assert_eq!(settings["region"], region);
    assert!(warnings.iter().any(|told| told.starts_with("/servers/0/variables/path: stands at its default")));
    assert!(warnings.iter().any(|told| told.starts_with("/paths/~1a/post/servers/0: its variables stand")));
    let own = manifest.actions["own"].server.clone().unwrap();
    assert_eq!(settings[&own]["default"], "https://up.example.com", "its name is not that of a variable: {own}");
}

#[test]
fn a_raised_risk_stays_with_the_name_wherever_the_action_calls() {
    let document = |path: &str, id: &str| {
        json!({ "openapi": "3.1.0", "info": { "title": "Shop" }, "servers": [{ "url": "https://shop.example.com" }],
            "paths": { path: { "get": { "operationId": id } }, "/notes": { "post": { "operationId": "addNote" } } } })
    };
    let said = |pairs: &[(&str, Risk)]| pairs.iter().map(|(name, risk)| ((*name).to_owned(), *risk)).collect();
    let guesses = |imported: &Imported| imported.guessed.iter().cloned().collect::<Vec<_>>();
    let mut first = import(&document("/v1/orders", "orders"));
    assert_eq!(guesses(&first), ["add_note", "orders"]);
    first.correct_risks(&said(&[("orders", Risk::High)]), None).unwrap();
    assert_eq!((first.manifest.actions["orders"].risk, guesses(&first)), (Risk::High, vec!["add_note".to_owned()]));

    let mut moved = import(&document("/v2/orders", "orders"));
    moved.correct_risks(&said(&[]), Some(&first.manifest)).unwrap();
    assert_eq!(moved.manifest.actions["orders"].risk, Risk::High, "its address is another, its name is not");
    assert_eq!(guesses(&moved), [""; 0], "kept from the revision before");

    // Another name is another action; a guess that is higher than what was is a guess again; what is said holds.
    let mut renamed = import(&document("/v2/orders", "listOrders"));
    let mut lower = first.manifest.clone();
    lower.actions["add_note"].set_risk(Risk::Read);
    renamed.correct_risks(&said(&[]), Some(&lower)).unwrap();
    assert_eq!(guesses(&renamed), ["add_note", "list_orders"]);
    assert_eq!(renamed.manifest.actions["add_note"].risk, Risk::Write);
    let mut again = import(&document("/v2/orders", "orders"));
    again.correct_risks(&said(&[("orders", Risk::Read)]), Some(&first.manifest)).unwrap();
    assert_eq!(again.manifest.actions["orders"].risk, Risk::Read);
    assert_eq!(again.correct_risks(&said(&[("gone", Risk::Read)]), None), Err("gone".to_owned()));
}

#[test]
fn a_manifest_is_no_guess_and_keeps_what_its_risk_depends_on_until_a_person_says_it() {
    let text = json!({ "name": "echo", "title": "Echo", "base_url": "https://echo.example.com", "actions": { "say": {
        "title": "Say", "method": "$input.method", "path": "/say", "risk": "write", "idempotency": { "kind": "none" },
        "risk_by": { "member": "method", "values": { "GET": "read", "DELETE": "high" } },
        "input": { "type": "object", "properties": { "method": { "type": "string" } } } } } });
    let read = || Manifest::read_or_import(&text.to_string(), None).unwrap();
    let mut quiet = read();
    quiet.correct_risks(&BTreeMap::new(), Some(&read().manifest)).unwrap();
    assert_eq!((&quiet.manifest, quiet.guessed.len()), (&read().manifest, 0));
    // Also where it is the risk that it has where nothing else is listed.
    for risk in [Risk::Read, Risk::Write, Risk::High] {
        let mut said = read();
        said.correct_risks(&BTreeMap::from([("say".to_owned(), risk)]), None).unwrap();
        assert_eq!((said.manifest.actions["say"].worst_risk(), &said.manifest.actions["say"].risk_by), (risk, &None));
    }
}
