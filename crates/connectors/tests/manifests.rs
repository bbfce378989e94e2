//! The built-in manifests: what each action sends, and that every connector can be configured.
#![allow(clippy::unwrap_used, missing_docs)]

use countersign_connectors::{Connection, IdempotencyManifest, Invoker, Manifest, Registry, Secrets};
use countersign_core::catalogue::Risk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn connection(connector: &str) -> Option<Connection> {
    let (settings, secret) = match connector {
        "identity" => (json!({ "base_url": "https://id.example.com/v2/" }), "token"),
        "shopify" => (json!({ "shop": "example-shop" }), "access_token"),
        "slack" => (json!({}), "bot_token"),
        "stripe" => (json!({}), "api_key"),
        _ => return None,
    };
    Some(Connection {
        id: String::new(),
        connector: connector.to_owned(),
        name: "main".to_owned(),
        settings: settings.as_object().unwrap().clone(),
        secrets: Secrets::from_iter([(secret, "a-secret-value")]),
        revision: String::new(),
    })
}

/// A plausible input of each action.
fn input(action: &str) -> Value {
    match action {
        "http.get" => json!({ "url": "https://api.example.com/things?limit=2", "query": { "tag": ["a", "b"] } }),
        "http.request" | "http.keyed_request" => {
            json!({ "method": "PATCH", "url": "https://api.example.com/things/1", "headers": { "X-Api-Key": "k" }, "body": { "name": "x" } })
        }
        "identity.verify" => json!({ "email": "ada@example.com" }),
        "shopify.order.find" => json!({ "number": "#1001" }),
        "shopify.order.find_by_email" => json!({ "email": "ada@example.com" }),
        "shopify.order.get" | "shopify.order.cancel" => json!({ "order": "gid://shopify/Order/1" }),
        "shopify.order.update_address" => json!({
            "order": "gid://shopify/Order/1", "address1": "2 New Street", "city": "Hamburg", "zip": "20095",
            "country_code": "DE",
        }),
        "shopify.refund.create" => json!({
            "order": "gid://shopify/Order/1",
            "transactions": [{ "amount": "10.00", "gateway": "bogus", "kind": "REFUND", "orderId": "gid://shopify/Order/1" }],
        }),
        "shopify.shop.get" | "slack.auth.test" => json!({}),
        "stripe.customer.list" => json!({ "email": "ada@example.com", "limit": 3 }),
        "slack.message.post" => json!({ "channel": "#billing", "text": "Upgrade waits for approval" }),
        "slack.message.update" => json!({ "channel": "C1", "ts": "1.000001", "text": "<!here> is approved" }),
        "slack.message.delete" => json!({ "channel": "C1", "ts": "1.000001" }),
        "slack.reaction.add" => json!({ "channel": "C1", "ts": "1.000001", "name": "white_check_mark" }),
        "slack.view.open" => json!({
            "trigger_id": "1.2.abc",
            "view": { "type": "modal", "title": { "type": "plain_text", "text": "Upgrade" }, "blocks": [] },
        }),
        "slack.user.find_by_email" => json!({ "email": "ada+x@example.com" }),
        "stripe.charge.get" => json!({ "charge": "ch_1" }),
        "stripe.refund.create" => json!({ "charge": "ch_1", "amount": 500, "reason": "requested_by_customer" }),
        "stripe.refund.list" => json!({ "charge": "ch_1" }),
        "stripe.subscription.preview" => json!({
            "customer": "cus_1", "subscription": "sub_1", "item": "si_1", "price": "price_b", "proration_date": 1_700_000_000 }),
        "stripe.subscription.update" => json!({
            "subscription": "sub_1", "item": "si_1", "price": "price_b", "proration_date": 1_700_000_000 }),
        "stripe.subscription.get" | "stripe.subscription.cancel" => json!({ "subscription": "sub_1" }),
        other => panic!("no example for {other}"),
    }
}

#[test]
fn every_action_renders_as_promised() {
    let invoker = Invoker::new(Registry::built_in().unwrap(), countersign_outbound::Outbound::with_private());
    let catalogue = invoker.registry().catalogue();
    let rendered: BTreeMap<&str, Value> = catalogue
        .actions()
        .map(|action| {
            let name = action.name.as_str();
            let connection = connection(name.split('.').next().unwrap());
            let render = || invoker.render(name, &input(name), connection.as_ref()).unwrap();
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
        assert_eq!(registry.check_connection(&connection(name).unwrap()), [], "{name}");
    }
    let mut shopify = connection("shopify").unwrap();
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
