#![allow(clippy::unwrap_used)]

use super::*;
use crate::{
    Registry,
    manifest::{Auth, Encoding, IdempotencyManifest, Style},
    oauth2::Grant,
};
use countersign_core::catalogue::Risk;
use serde_json::json;

fn import(document: &Value) -> Imported {
    let imported = Manifest::from_openapi(document).unwrap();
    // What is imported can be used.
    Registry::only([imported.manifest.clone()]).unwrap();
    let text = serde_norway::to_string(&imported.manifest).unwrap();
    assert_eq!(Manifest::parse("again", &text).unwrap(), imported.manifest);
    imported
}

fn with_paths(paths: Value) -> Value {
    json!({ "openapi": "3.1.0", "info": { "title": "Shop" }, "servers": [{ "url": "https://shop.example.com" }], "paths": paths })
}

#[test]
fn a_document_becomes_a_manifest_that_compiles() {
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Pet Store" },
        "servers": [{ "url": "https://pets.example.com/v1/" }],
        "components": {
            "securitySchemes": { "key": { "type": "apiKey", "in": "header", "name": "X-Api-Key" } },
            "schemas": {
                "Pet": { "type": "object", "required": ["id", "name"], "properties": {
                    "id": { "type": "integer", "readOnly": true }, "parent": { "$ref": "#/components/schemas/Pet" },
                    "name": { "type": "string" }, "pin": { "type": "string", "writeOnly": true },
                    "nick": { "type": "string", "nullable": true } } },
            },
        },
        "paths": {
            "/pets/{petId}": {
                "parameters": [{ "name": "petId", "in": "path", "required": true, "schema": { "type": "string" } }],
                "get": { "operationId": "getPet", "responses": { "200": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Pet" } } } } } },
                "delete": { "summary": "Delete a pet", "responses": {} },
            },
            "/pets": { "post": {
                "operationId": "createPet",
                "parameters": [
                    { "name": "dry run", "in": "query", "schema": { "type": "boolean" } },
                    { "name": "Idempotency-Key", "in": "header" }],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Pet" } } } },
                "responses": {} } },
            "/loose/{gone}": { "get": { "responses": {} } },
        },
    });
    let imported = import(&document);
    assert_eq!(imported.left_out, []);
    assert_eq!(
        imported.warnings,
        ["/paths/~1loose~1{gone}/get: `gone` of the path is described nowhere: it is taken for a text"]
    );
    let names: Vec<_> = imported.manifest.actions.keys().collect();
    assert_eq!(names, ["get_pet", "delete_pets_pet_id", "create_pet", "get_loose_gone"]);
    let create = &imported.manifest.actions["create_pet"];
    assert_eq!(create.idempotency, IdempotencyManifest::Header { name: "Idempotency-Key".to_owned() });
    let pet = &create.input["$defs"]["Pet"];
    assert_eq!(pet["properties"]["nick"]["type"], json!(["string", "null"]));
    assert_eq!(pet["required"], json!(["name"]), "what is read only is not demanded");
    assert!(pet["properties"].get("id").is_none() && pet["properties"].get("pin").is_some());
    let answer = &imported.manifest.actions["get_pet"].output["$defs"]["Pet"];
    assert!(answer["properties"].get("id").is_some() && answer["properties"].get("pin").is_none());
    let delete = &imported.manifest.actions["delete_pets_pet_id"];
    assert_eq!(delete.risk, Risk::High);
    let gone = ["http_404", "http_410"].map(str::to_owned).to_vec();
    let natural = IdempotencyManifest::Natural { done_codes: vec![], repeated_codes: gone };
    assert_eq!(delete.idempotency, natural, "what a repetition does not find was deleted before");
}

#[test]
fn a_broken_operation_is_left_out_and_the_rest_stands() {
    let imported = import(&with_paths(json!({
        "/good": { "get": { "operationId": "good" }, "connect": {} },
        "/bad": { "get": 7, "additionalOperations": { "COPY": {} },
            "post": { "operationId": "bad", "requestBody": { "$ref": "#/components/requestBodies/Gone" } } },
        "/gone": { "$ref": "#/components/pathItems/Gone" },
    })));
    assert_eq!(imported.manifest.actions.keys().collect::<Vec<_>>(), ["good"]);
    let places: Vec<_> = imported.left_out.iter().map(|left| left.pointer.as_str()).collect();
    assert_eq!(
        places,
        ["/paths/~1bad/get", "/paths/~1bad/post", "/paths/~1bad/additionalOperations/COPY", "/paths/~1gone"]
    );
    assert!(imported.left_out[1].reason.contains("Gone"));
}

#[test]
fn path_items_may_be_references_and_operations_override_their_parameters() {
    let mut document = with_paths(json!({
        "/stations": { "$ref": "#/components/pathItems/stations" },
        "/items/{id}": {
            "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }],
            "get": { "operationId": "one", "parameters": [
                { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }] } },
    }));
    document["components"] = json!({ "pathItems": { "stations": { "get": { "operationId": "listStations" } } } });
    let imported = import(&document);
    assert!(imported.manifest.actions.contains_key("list_stations"));
    assert_eq!(imported.manifest.actions["one"].input["properties"]["id"]["type"], "integer");
}

#[test]
fn one_name_in_several_places_is_told_apart() {
    let at = |place: &str| json!({ "name": "id", "in": place, "required": place == "path", "schema": {} });
    let imported = import(&with_paths(json!({ "/a/{id}": { "post": {
        "operationId": "a",
        "parameters": [at("query"), at("header"), at("cookie"), at("path"),
            { "name": "body", "in": "query", "schema": {} }, { "name": "filter[name]", "in": "query", "schema": {} },
            { "name": "$top", "in": "query", "schema": {} }],
        "requestBody": { "content": { "application/json": {} } },
    } } })));
    let action = &imported.manifest.actions["a"];
    assert_eq!(action.path.as_deref(), Some("/a/{input.id}"));
    assert_eq!(
        action.query,
        json!({ "id": "$input.id_query", "body": "$input.body", "filter[name]": "$input.filter_name", "$top": "$input.top" })
    );
    assert_eq!(action.headers, json!({ "id": "$input.id_header" }));
    assert_eq!(action.cookies, json!({ "id": "$input.id_cookie" }));
    assert_eq!(action.body.as_ref().unwrap().value, "$input.body_content");
}

#[test]
fn servers_their_variables_and_servers_of_operations() {
    let mut document = with_paths(json!({
        "/files": { "get": { "operationId": "files" }, "post": { "operationId": "upload",
            "servers": [{ "url": "https://upload.example.com/" }] } },
        "/old": { "servers": [{ "url": "/v0" }], "get": { "operationId": "old" } },
    }));
    document["servers"] = json!([
        { "url": "{protocol}://{host}:{port}/{basePath}", "variables": { "protocol": { "default": "https" },
            "host": { "default": "files.example.com" }, "port": { "default": "8443", "enum": ["8443", "9090"] },
            "basePath": { "default": "filemanagement" } } },
        { "url": "https://eu.example.com" }]);
    let manifest = import(&document).manifest;
    let template = "{settings.protocol}://{settings.host}:{settings.port}/{settings.basePath}";
    assert_eq!(manifest.base_url, template);
    assert!(!manifest.needs_account(), "every variable has a default");
    let settings = &manifest.settings["properties"];
    assert_eq!(settings["base_url"]["examples"][1], "https://eu.example.com");
    assert_eq!(settings["base_url"].get("default"), None, "it would win over the variables");
    assert_eq!(
        settings["port"],
        json!({ "type": "string", "title": "port", "default": "8443", "enum": ["8443", "9090"] })
    );
    let server = |action: &str| {
        let name = manifest.actions[action].server.as_ref()?;
        Some(settings[name]["default"].clone())
    };
    assert_eq!(server("files"), None);
    assert_eq!(server("upload"), Some("https://upload.example.com".into()));
    assert_eq!(server("old"), Some("https://files.example.com:8443/v0".into()));
}

#[test]
fn every_security_scheme_alternatives_and_overrides() {
    let mut document = with_paths(json!({
        "/a": { "get": { "operationId": "both" } },
        "/open": { "get": { "operationId": "open", "security": [] } },
        "/own": { "get": { "operationId": "own", "security": [{ "q": [] }] } },
    }));
    document["components"] = json!({ "securitySchemes": {
        "key": { "type": "apiKey", "in": "header", "name": "X-Key" }, "app": { "type": "apiKey", "in": "header", "name": "X-App" },
        "q": { "type": "apiKey", "in": "query", "name": "key" }, "c": { "type": "apiKey", "in": "cookie", "name": "sid" },
        "login": { "type": "http", "scheme": "basic" }, "oauth": { "type": "oauth2", "flows": {} } } });
    document["security"] = json!([{ "key": [], "app": [] }, { "oauth": ["read"] }]);
    let manifest = import(&document).manifest;
    let header = |name: &str, secret: &str| Auth::Header { name: name.into(), secret: secret.into(), required: true };
    assert_eq!(
        manifest.auth,
        Auth::Any {
            of: vec![
                Auth::All { of: vec![header("X-Key", "key"), header("X-App", "app")] },
                Auth::Bearer { secret: "oauth".into(), required: true },
            ]
        }
    );
    assert_eq!(manifest.actions["both"].auth, None);
    assert_eq!(manifest.actions["open"].auth, Some(Auth::None));
    let query = Auth::Query { name: "key".into(), secret: "q".into(), required: true };
    assert_eq!(manifest.actions["own"].auth, Some(query));
}

#[test]
fn oauth_flows_become_a_client_and_what_cannot_be_used_is_told() {
    let mut document = with_paths(json!({
        "/a": { "get": { "operationId": "a" } },
        "/b": { "get": { "operationId": "b", "security": [{ "oauth": ["write", "read"] }] } },
        "/c": { "get": { "operationId": "c", "security": [{ "oauth": [] }, {}] } },
    }));
    let flow = json!({ "authorizationUrl": "https://id.example.com/agree", "tokenUrl": "/token", "scopes": { "read": "", "all": "" } });
    document["components"] = json!({ "securitySchemes": {
        "oauth": { "type": "oauth2", "flows": { "implicit": flow, "authorizationCode": flow, "clientCredentials": flow } },
        "other": { "type": "oauth2", "flows": { "clientCredentials": flow } },
        "old": { "type": "oauth2", "flows": { "password": flow } },
    } });
    document["security"] = json!([{ "oauth": ["read"] }]);
    let Imported { manifest, warnings, .. } = import(&document);
    let Auth::Oauth2(oauth2) = &manifest.auth else { panic!("{:?}", manifest.auth) };
    assert_eq!((oauth2.grant, oauth2.required), (Grant::AuthorizationCode, true));
    assert_eq!((oauth2.authorize_url.as_str(), oauth2.token_url.as_str()), ("https://id.example.com/agree", "/token"));
    assert_eq!(oauth2.scopes, ["read", "write"], "what operations demand, not all there is");
    assert_eq!(manifest.actions["b"].auth, None, "the same client");
    assert!(matches!(&manifest.actions["c"].auth, Some(Auth::Oauth2(oauth2)) if !oauth2.required));
    let secrets = manifest.secrets["properties"].as_object().unwrap();
    assert_eq!(secrets.keys().collect::<Vec<_>>(), ["client_id", "client_secret", "other", "old"]);
    assert_eq!(manifest.secrets["required"], json!(["client_id"]));
    assert!(manifest.settings["properties"]["scopes"].is_object());
    let schemes = "/components/securitySchemes";
    for told in [
        format!("{schemes}/oauth/flows/implicit: this flow of OAuth cannot be used"),
        format!("{schemes}/oauth: OAuth: a person agrees; for `client_credentials` change `grant` in the manifest"),
        format!("{schemes}/other: a second OAuth client: of this one the connection takes an access token"),
        format!("{schemes}/old/flows/password: this flow of OAuth cannot be used"),
        format!("{schemes}/old: OAuth without a flow that can be used: the connection takes an access token"),
    ] {
        assert!(warnings.contains(&told), "{told} is not in {warnings:#?}");
    }
}

#[test]
fn the_flow_of_swagger_becomes_a_client() {
    for (flow, grant) in [("accessCode", Grant::AuthorizationCode), ("application", Grant::ClientCredentials)] {
        let document = json!({
            "swagger": "2.0", "info": { "title": "Old", "version": "1" }, "host": "api.example.com",
            "paths": { "/a": { "get": { "operationId": "a", "responses": {} } } },
            "securityDefinitions": { "o": { "type": "oauth2", "flow": flow, "scopes": {},
                "authorizationUrl": "https://id.example.com/agree", "tokenUrl": "https://id.example.com/token" } },
            "security": [{ "o": ["read"] }],
        });
        let manifest = import(&document).manifest;
        let Auth::Oauth2(oauth2) = &manifest.auth else { panic!("{:?}", manifest.auth) };
        assert_eq!((oauth2.grant, oauth2.scopes.as_slice()), (grant, &["read".to_owned()][..]));
    }
}

#[test]
fn parameters_keep_their_style() {
    let list = json!({ "type": "array", "items": { "type": "integer" } });
    let object = json!({ "type": "object", "properties": { "role": { "type": "string" } } });
    let imported = import(&with_paths(json!({ "/search": { "get": { "operationId": "search", "parameters": [
        { "name": "ids", "in": "query", "style": "form", "explode": false, "schema": list },
        { "name": "pipes", "in": "query", "style": "pipeDelimited", "explode": false, "schema": list },
        { "name": "filter", "in": "query", "style": "deepObject", "explode": true, "schema": object },
        { "name": "who", "in": "query", "schema": object },
        { "name": "q", "in": "query", "content": { "application/json": { "schema": object } } },
        { "name": "tags[]", "in": "query", "schema": list },
        { "name": "X-Ids", "in": "header", "schema": list },
        { "name": "Accept", "in": "header", "required": true }, { "name": "authorization", "in": "header", "required": true },
    ] } } })));
    assert_eq!(imported.warnings, [] as [&str; 0]);
    let action = &imported.manifest.actions["search"];
    let styles: Vec<_> = action.styles.query.iter().map(|(name, style)| (name.as_str(), *style)).collect();
    assert_eq!(
        styles,
        [
            ("ids", Style::Comma),
            ("pipes", Style::Pipe),
            ("filter", Style::Brackets),
            ("who", Style::Spread),
            ("q", Style::Json)
        ]
    );
    assert_eq!(action.styles.headers["X-Ids"], Style::Comma);
    assert!(action.input.get("required").is_none(), "headers of the protocol are no parameters");
}

#[test]
fn bodies_of_every_kind() {
    let body = |kind: &str, media: Value| json!({ "post": { "operationId": kind, "requestBody": { "content": { kind: media } } } });
    let imported = import(&with_paths(json!({
        "/1": body("application/merge-patch+json", json!({})),
        "/2": body("application/x-www-form-urlencoded", json!({ "encoding": { "items": { "style": "deepObject" } } })),
        "/3": body("multipart/form-data", json!({ "schema": { "type": "object", "properties": {
            "photo": { "type": "string", "format": "binary" } } } })),
        "/4": body("application/octet-stream", json!({})),
        "/5": body("application/xml", json!({})),
    })));
    let bodies: Vec<_> = imported.manifest.actions.values().map(|action| action.body.clone().unwrap()).collect();
    let kinds: Vec<_> = bodies.iter().map(|body| (body.encoding, body.content_type.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (Encoding::Json, "application/merge-patch+json"),
            (Encoding::Fields, ""),
            (Encoding::Multipart, ""),
            (Encoding::Bytes, "application/octet-stream"),
            (Encoding::Text, "application/xml"),
        ]
    );
    assert_eq!(bodies[1].styles["items"], Style::Brackets);
    let photo = &imported.manifest.actions["multipart_form_data"].input["properties"]["body"]["properties"]["photo"];
    assert!(photo["properties"].get("base64").is_some());
}

#[test]
fn schemas_that_the_validator_would_refuse_are_put_right() {
    let mut document = with_paths(json!({ "/a": { "post": { "operationId": "a", "requestBody": { "content": {
        "application/json": { "schema": { "type": "object", "required": true, "properties": {
            "gone": { "$ref": "#/components/schemas/Gone" },
            "middle": { "$ref": "#/components/schemas/Deep/properties/inner" },
            "word": { "type": "string", "pattern": "(?<bad" },
            "when": { "type": "datetime" }, "what": { "type": "any" }, "n": { "type": "integer", "maxLength": -1, "minimum": "0" },
            "old": { "type": "number", "minimum": 0, "exclusiveMinimum": true },
            "maybe": { "allOf": [{ "$ref": "#/components/schemas/Deep" }], "nullable": true },
            "choice": { "enum": ["a", "a", "b"], "nullable": true },
            "tuple": { "type": "array", "items": [{ "type": "string" }] },
        } } } } } } } }));
    document["components"] = json!({ "schemas": { "Deep": { "properties": { "inner": { "type": "boolean" } } } } });
    let imported = import(&document);
    let body = &imported.manifest.actions["a"].input["properties"]["body"];
    assert_eq!(body["properties"]["middle"], json!({ "$ref": "#/$defs/inner" }));
    assert_eq!(body["properties"]["gone"], json!({}));
    assert_eq!(body["properties"]["old"], json!({ "type": "number", "exclusiveMinimum": 0 }));
    assert_eq!(body["properties"]["choice"]["enum"], json!(["a", "b", null]));
    assert_eq!(body["properties"]["maybe"]["anyOf"][1], json!({ "type": "null" }));
    let said = imported.warnings.join("\n");
    for place in ["/properties/gone", "/properties/word", "/properties/what"] {
        assert!(said.contains(place), "{place} in {said}");
    }
}

#[test]
fn swagger_2_becomes_the_same() {
    let document = json!({
        "swagger": "2.0", "info": { "title": "Swagger Two" }, "host": "api.example.com", "basePath": "/v1",
        "schemes": ["https"], "securityDefinitions": { "key": { "type": "apiKey", "in": "header", "name": "X-Key" } },
        "security": [{ "key": [] }],
        "parameters": { "Limit": { "name": "limit", "in": "query", "type": "integer" },
            "Whole": { "name": "whole", "in": "body", "schema": { "$ref": "#/definitions/Pet" } } },
        "paths": {
            "/pets/{petId}": { "get": { "operationId": "getPet", "parameters": [
                { "name": "petId", "in": "path", "required": true, "type": "integer", "format": "int64" },
                { "name": "tags", "in": "query", "type": "array", "items": { "type": "string" } },
                { "$ref": "#/parameters/Limit" }],
                "responses": { "200": { "description": "ok", "schema": { "$ref": "#/definitions/Pet" } } } } },
            "/pets": { "post": { "operationId": "addPet", "parameters": [{ "$ref": "#/parameters/Whole" }] } },
            "/login": { "post": { "operationId": "login", "parameters": [
                { "name": "user", "in": "formData", "required": true, "type": "string" }] } },
            "/photo": { "post": { "operationId": "photo", "parameters": [{ "name": "file", "in": "formData", "type": "file" }] } },
        },
        "definitions": { "Pet": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } } },
    });
    let imported = import(&document);
    assert_eq!((imported.warnings.len(), imported.left_out.len()), (0, 0), "{:?}", imported.warnings);
    let manifest = imported.manifest;
    assert_eq!(manifest.base_url, "https://api.example.com/v1");
    assert!(matches!(&manifest.auth, Auth::Header { name, .. } if name == "X-Key"));
    let get = &manifest.actions["get_pet"];
    assert_eq!(get.input["properties"]["petId"], json!({ "type": "integer", "format": "int64" }));
    assert_eq!(get.styles.query["tags"], Style::Comma);
    assert_eq!(get.query["limit"], "$input.limit");
    assert_eq!(get.output["$defs"]["Pet"]["required"], json!(["name"]));
    let encoding = |action: &str| manifest.actions[action].body.as_ref().map(|body| body.encoding);
    assert_eq!(encoding("add_pet"), Some(Encoding::Json));
    assert_eq!(encoding("login"), Some(Encoding::Fields));
    assert_eq!(encoding("photo"), Some(Encoding::Multipart));
    assert_eq!(manifest.actions["login"].input["required"], json!(["body"]));
}

#[test]
fn what_is_no_openapi_document_is_refused() {
    for document in [json!({}), json!({ "swagger": "1.2" }), json!({ "openapi": "4.0.0" }), json!([1])] {
        assert!(Manifest::from_openapi(&document).is_err(), "{document}");
    }
    assert!(Manifest::import("\u{feff}openapi: 3.1.0\ninfo: {title: X}\npaths: {}").is_ok());
    assert!(Manifest::import("- : [").is_err());
}

#[test]
fn what_is_put_in_has_a_name_and_something_to_call() {
    let read = |document: Value, name| {
        Manifest::read_or_import(&document.to_string(), name).map_err(|error| error.to_string())
    };
    let both = read(json!({ "openapi": "3.0.0" }), None).unwrap_err();
    assert!(both.contains("`info.title`") && both.contains("`paths`"), "{both}");
    let get = json!({ "/a": { "get": {} } });
    for title in [json!(null), json!("  "), json!("犬")] {
        let untitled = json!({ "openapi": "3.0.0", "info": { "title": title }, "paths": get });
        assert!(read(untitled.clone(), None).unwrap_err().contains("give a name"), "{title}");
        assert_eq!(read(untitled, Some("dogs")).unwrap().manifest.name, "dogs");
    }
    let empty = json!({ "openapi": "3.0.0", "info": { "title": "X" }, "paths": { "/a": { "get": 7 } } });
    assert!(read(empty, None).unwrap_err().contains("/paths/~1a/get: is not an operation"));
}

#[test]
fn parameters_that_are_no_list_are_told() {
    let path = |version: &str| {
        json!({ version: if version == "swagger" { "2.0" } else { "3.0.0" }, "info": { "title": "X" }, "paths": {
            "/a": { "parameters": 7, "get": { "parameters": { "id": {} }, "operationId": "a" } },
        } })
    };
    for version in ["openapi", "swagger"] {
        let told = import(&path(version)).warnings;
        let lists = ["/paths/~1a/parameters", "/paths/~1a/get/parameters"];
        let wanted = lists.map(|place| format!("{place}: is no list: no parameter is taken from it"));
        assert!(wanted.iter().all(|warning| told.contains(warning)), "{version}: {told:?}");
    }
}

#[test]
fn a_large_document_has_all_its_operations() {
    let paths: serde_json::Map<String, Value> = (0..700).map(|n| (format!("/r{n}"), json!({ "get": {} }))).collect();
    assert_eq!(import(&with_paths(Value::Object(paths))).manifest.actions.len(), 700);
}
