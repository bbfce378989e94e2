//! The built-in manifests: what each action sends, and that every connector can be configured.
#![allow(clippy::unwrap_used, missing_docs)]

mod contracts;

use contracts::Table;
use countersign_connectors::{Connection, IdempotencyManifest, Invoker, Manifest, Registry, Secrets};
use countersign_core::catalogue::Risk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn table(connector: &str) -> Table {
    Table::of(connector).unwrap_or_else(|| panic!("no table for {connector}"))
}

fn connection(connector: &str) -> Connection {
    table(connector).connection(connector, None)
}

/// A plausible input of each action.
fn input(action: &str) -> Value {
    let (connector, name) = action.split_once('.').unwrap();
    let case = table(connector).actions.remove(name);
    case.unwrap_or_else(|| panic!("no example for {action}")).input
}

#[test]
fn every_action_renders_as_promised() {
    let invoker = Invoker::new(Registry::built_in().unwrap(), countersign_outbound::Outbound::with_private());
    let catalogue = invoker.registry().catalogue();
    let rendered: BTreeMap<&str, Value> = catalogue
        .actions()
        .map(|action| {
            let name = action.name.as_str();
            let connector = name.split('.').next().unwrap();
            let connection = (connector != "http").then(|| connection(connector));
            let input = input(name);
            let render = || {
                invoker.render(name, &input, connection.as_ref()).unwrap_or_else(|error| panic!("{name}: {error:?}"))
            };
            assert_eq!(render(), render());
            (name, serde_json::to_value(render()).unwrap())
        })
        .collect();
    assert!(!serde_json::to_string(&rendered).unwrap().contains("a-secret-value"));
    insta::assert_json_snapshot!("rendered_requests", rendered);
}

#[test]
fn the_catalogue_is_what_documents_rely_on() {
    let registry = Registry::built_in().unwrap();
    let catalogue = registry.catalogue();
    let lines: Vec<String> = catalogue
        .actions()
        .map(|action| {
            let look_up = action.look_up.as_deref().unwrap_or("-");
            format!("{} {:?} {:?} look-up {look_up}", action.name, action.risk, action.idempotency)
        })
        .collect();
    insta::assert_json_snapshot!("catalogue", lines);
    for action in catalogue.actions().filter(|action| action.risk == Risk::High) {
        assert!(action.repeatable(&Value::Null) || action.look_up.is_some(), "{} cannot be made sure of", action.name);
    }
}

#[test]
fn connections_are_checked_against_their_schemas() {
    let registry = Registry::built_in().unwrap();
    for name in ["identity", "shopify", "slack", "stripe"] {
        assert_eq!(registry.check_connection(&connection(name)), [], "{name}");
    }
    let mut shopify = connection("shopify");
    shopify.settings.insert("shop".to_owned(), "evil.com/".into());
    shopify.secrets = Secrets::default();
    let pointers: Vec<String> = registry.check_connection(&shopify).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/settings/shop", "/secrets"]);
    let invoker = Invoker::new(registry, countersign_outbound::Outbound::with_private());
    shopify.secrets = Secrets::from_iter([("access_token", "t0ken")]);
    let refused = invoker.render("shopify.order.get", &input("shopify.order.get"), Some(&shopify)).unwrap_err();
    assert_eq!(refused.code, "url_invalid");
    let refused = invoker.render("shopify.order.get", &input("shopify.order.get"), None).unwrap_err();
    assert_eq!(refused.code, "connection_missing");
}

#[test]
fn manifests_that_make_no_sense_are_refused() {
    let base = r#"
name: demo
title: Demo
base_url: https://demo.example.com
actions:
  act: { title: Act, method: POST, path: /act, risk: write, idempotency: { kind: none } }
"#;
    let refused = |from: &str, to: &str| {
        let manifest = Manifest::parse("demo", &base.replace(from, to)).unwrap();
        Registry::only([manifest]).unwrap_err().to_string()
    };
    assert!(Registry::only([Manifest::parse("demo", base).unwrap()]).is_ok());
    assert!(refused("name: demo", "name: De mo").contains("name: must be"));
    assert!(refused("POST", "BREW").contains("actions.act.method: `BREW`"));
    assert!(refused("path: /act", "path: act").contains("must begin with `/`"));
    assert!(refused("kind: none", "kind: key, place: body").contains("needs `$key`"));
    assert!(refused("path: /act", "path: /act, query: { a: $secrets.x }").contains("is not a path"));
    assert!(refused("path: /act", "path: /act, input: { type: 7 }").contains("JSON Schema"));
    let lost = "path: /act, look_up: { action: demo.no, input: {}, happened_when: { all: [{ at: $output.id }] } }";
    assert!(refused("path: /act", lost).contains("names no action"));
    assert!(Manifest::parse("demo", "name: x\nsurprise: 1").is_err());
}

#[test]
fn manifests_survive_json() {
    for manifest in Registry::built_in().unwrap().connectors() {
        let json = serde_json::to_string(manifest).unwrap();
        assert_eq!(&Manifest::parse(&manifest.name, &json).unwrap(), manifest);
        for (name, action) in &manifest.actions {
            if action.idempotency == (IdempotencyManifest::None) {
                assert!(action.risk >= Risk::Write, "{name}: a read is natural");
            }
        }
    }
}

fn with_probe(probe: Value) -> Result<Registry, String> {
    let action = |risk: &str| {
        json!({
            "title": "Room", "method": "GET", "path": "/rooms/{input.room}", "risk": risk, "idempotency": { "kind": "natural" },
            "input": { "type": "object", "properties": { "room": { "type": "string" } }, "required": ["room"] },
        })
    };
    let manifest = json!({
        "name": "rooms", "title": "Rooms", "base_url": "https://rooms.example.com", "probe": probe,
        "actions": { "get": action("read"), "sweep": action("write") },
    });
    let manifest = Manifest::parse("rooms", &manifest.to_string()).map_err(|error| error.to_string())?;
    Registry::only([manifest]).map_err(|error| error.to_string())
}

#[test]
fn a_probe_is_a_read_of_the_same_connector_that_takes_its_input() {
    with_probe(json!({ "action": "rooms.get", "input": { "room": "1" } })).unwrap();
    let refusals = [
        (json!({ "action": "halls.get" }), "probe.action: `halls.get` must be of the same connector"),
        (json!({ "action": "rooms.paint" }), "probe.action: `rooms.paint` names no action"),
        (
            json!({ "action": "rooms.sweep", "input": { "room": "1" } }),
            "probe.action: `rooms.sweep` must be a read action",
        ),
        (json!({ "action": "rooms.get" }), "probe.input: `rooms.get` does not take it"),
        (json!({ "action": "rooms.get", "inputs": {} }), "unknown field `inputs`"),
    ];
    for (probe, why) in refusals {
        let error = with_probe(probe.clone()).map(|_| ()).unwrap_err();
        assert!(error.contains(why), "{probe}: {error}");
    }
}

#[test]
fn an_imported_api_is_asked_by_the_read_that_tells_whose_credentials_they_are() {
    let operation =
        |parameters: Value| json!({ "parameters": parameters, "responses": { "200": { "description": "ok" } } });
    let needs = json!([{ "name": "since", "in": "query", "required": true, "schema": { "type": "string" } }]);
    let paths = |secured: bool| {
        json!({
            "openapi": "3.1.0", "info": { "title": "Rooms", "version": "1" }, "servers": [{ "url": "https://r.example.com" }],
            "security": if secured { json!([{ "token": [] }]) } else { json!([]) },
            "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
            "paths": {
                "/log": { "get": operation(needs.clone()) }, "/rooms": { "get": operation(json!([])), "post": operation(json!([])) },
                "/me": { "get": operation(json!([])) },
            },
        })
        .to_string()
    };
    let probe = |secured| Manifest::read_or_import(&paths(secured), Some("halls")).unwrap().manifest.probe;
    let found = probe(true).unwrap();
    assert!(found.action.starts_with("halls.") && found.action.contains("me"), "{found:?}");
    assert_eq!(probe(false), None);
}
