#![allow(clippy::unwrap_used)]

mod approvals;

use super::*;
use crate::catalogue::{ActionSpec, Idempotency, Risk};
use serde_json::{Value, json};

fn action(name: &str, risk: Risk) -> ActionSpec {
    ActionSpec {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        risk,
        risk_by: None,
        idempotency: Idempotency::Natural,
        look_up: None,
        input: json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": { "id": { "type": "string" }, "amount": { "type": "integer" } },
        }),
        output: json!({}),
    }
}

fn catalogue() -> Catalogue {
    Catalogue::new([
        action("shop.read", Risk::Read),
        action("shop.order.update", Risk::Write),
        action("shop.refund", Risk::High),
    ])
}

/// A good document: look up, ask, refund or not.
fn good() -> Value {
    json!({
        "schema": 1, "name": "Refund", "start": "look",
        "vars": { "amount": 0 },
        "steps": {
            "look": { "type": "tool_call", "action": "shop.read", "input": { "id": "{{ input.id }}" },
                      "set": { "amount": "{{ output.amount }}" }, "next": "large" },
            "large": { "type": "condition", "branches": [{ "when": "amount > 100", "next": "ask" }], "otherwise": "no" },
            "ask": { "type": "approval", "summary": "Refund {{ amount }}?", "guards": ["refund"],
                     "approvers": { "roles": ["manager"] },
                     "timeout": { "after": "4h", "outcome": "rejected" }, "on_approve": "refund", "on_reject": "no" },
            "refund": { "type": "tool_call", "action": "shop.refund",
                        "input": { "id": "{{ steps.look.output.id }}", "amount": "{{ amount }}" }, "next": "done" },
            "done": { "type": "end" },
            "no": { "type": "end", "status": "rejected", "message": "Sorry, {{ customer.name }}" },
        },
    })
}

fn found(document: &Value) -> Vec<(&'static str, String)> {
    let (workflow, diagnostics) = check_source(&document.to_string(), &catalogue());
    assert!(workflow.is_some(), "{diagnostics:?}");
    assert!(diagnostics.iter().all(|it| !it.message.is_empty() && !it.help.is_empty()));
    for diagnostic in &diagnostics {
        // Some pointers name a field that is missing; its parent is there.
        let parent = diagnostic.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(document.pointer(&diagnostic.pointer).or_else(|| document.pointer(parent)).is_some(), "{diagnostic:?}");
    }
    diagnostics.into_iter().map(|it| (it.code, it.pointer)).collect()
}

/// The good document with the values at these pointers replaced; a pointer to nothing adds a member.
fn with(changes: &[(&str, Value)]) -> Vec<(&'static str, String)> {
    let mut document = good();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(members) => {
                members.insert(name.to_owned(), value.clone());
            }
            Value::Array(items) => items.push(value.clone()),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => panic!("{other}"),
        }
    }
    found(&document)
}

#[track_caller]
fn finds(changes: &[(&str, Value)], expected: &[(&'static str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(code, pointer)| (*code, (*pointer).to_owned())).collect();
    assert_eq!(with(changes), expected);
}

#[test]
fn a_good_document_has_nothing_to_say() {
    finds(&[], &[]);
}

#[test]
fn names_and_targets() {
    finds(&[("/name", json!(" "))], &[("name_empty", "/name")]);
    finds(&[("/step_limit", json!(0))], &[("step_limit_range", "/step_limit")]);
    finds(&[("/vars/steps", json!(0))], &[("reserved_name", "/vars/steps")]);
    finds(&[("/vars/my var", json!(0))], &[("variable_name", "/vars/my var")]);
    finds(&[("/start", json!("lok"))], &[("unknown_start", "/start")]);
    finds(
        &[("/steps/refund/next", json!("don"))],
        &[("unknown_step", "/steps/refund/next"), ("no_end", "/steps/refund"), ("unreachable_step", "/steps/done")],
    );
    finds(&[("/steps/ask/timeout/next", json!("nowhere"))], &[("unknown_step", "/steps/ask/timeout/next")]);
    finds(
        &[("/steps/large/branches", json!([]))],
        &[
            ("no_branches", "/steps/large/branches"),
            ("unreachable_step", "/steps/ask"),
            ("unreachable_step", "/steps/refund"),
            ("unreachable_step", "/steps/done"),
        ],
    );
    let mut empty = good();
    empty["steps"] = json!({});
    assert_eq!(found(&empty), [("no_steps", "/steps".to_owned())]);
    let mut odd = good();
    odd["steps"]["1/x"] = json!({ "type": "end" });
    assert_eq!(found(&odd), [("step_id", "/steps/1~1x".to_owned()), ("unreachable_step", "/steps/1~1x".to_owned())]);
}

#[test]
fn a_loop_without_a_way_out() {
    finds(
        &[("/steps/done", json!({ "type": "notify", "channels": ["sms"], "body": "x", "next": "done" }))],
        &[("no_end", "/steps/refund"), ("no_end", "/steps/done")],
    );
}

#[test]
fn calls() {
    finds(&[("/steps/look/action", json!("shop.raed"))], &[("unknown_action", "/steps/look/action")]);
    finds(&[("/steps/look/input", Value::Null)], &[("action_input", "/steps/look/input")]);
    finds(&[("/steps/look/input/id", json!(7))], &[("action_input", "/steps/look/input/id")]);
    finds(&[("/steps/look/input/idd", json!(7))], &[("action_input", "/steps/look/input")]);
    finds(&[("/steps/look/input/all_pages", json!(7))], &[("not_paged", "/steps/look/input/all_pages")]);
    finds(
        &[("/steps/look/retry", json!({ "attempts": 0, "initial": "2m" }))],
        &[("retry_range", "/steps/look/retry/attempts"), ("retry_range", "/steps/look/retry/initial")],
    );
    finds(&[("/steps/look/timeout", json!("0s"))], &[("timeout_range", "/steps/look/timeout")]);
}

#[test]
fn expressions_and_templates() {
    let when = "/steps/large/branches/0/when";
    for (text, code) in [
        ("amount >", "expression_parse"),
        ("", "expression_parse"),
        ("amuont > 1", "unknown_name"),
        ("output.amount > 1", "unknown_name"),
        ("steps.loook.output.amount > 1", "unknown_name"),
        ("steps.look.amount > 1", "unknown_name"),
        ("$contians(amount, 'x')", "unknown_name"),
        ("$limit > 1", "unknown_name"),
        ("$random() > 0.5", "expression_random"),
        ("$eval('1')", "expression_random"),
        ("steps.refund.output.amount > 1", "output_before_step"),
        ("steps.large.output.amount > 1", "output_before_step"),
    ] {
        let mut document = good();
        *document.pointer_mut(when).unwrap() = json!(text);
        assert_eq!(found(&document), [(code, when.to_owned())], "{text}");
    }
    for text in [
        "input.x = 1 and steps.look.output.x = 1 and customer.x and conversation.x and trigger.x and run.x and error.x",
        "$exists(steps.look.error) or $count(customer.orders[price > 5]) > 1",
        "($limit := 100; amount > $limit)",
        "$map(customer.orders, function($o) { $o.price })[0] > 1",
        "$now() > '2020'",
        "customer.orders.(price * count)",
    ] {
        let mut document = good();
        *document.pointer_mut(when).unwrap() = json!(text);
        assert_eq!(found(&document), [], "{text}");
    }
    finds(&[("/steps/no/message", json!("Hi {{ customer.name"))], &[("expression_parse", "/steps/no/message")]);
    finds(&[("/steps/no/output", json!({ "a/b": ["{{ amuont }}"] }))], &[("unknown_name", "/steps/no/output/a~1b/0")]);
    finds(&[("/steps/look/set/extra", json!("{{ steps.look.output.x & output.y }}"))], &[]);
    finds(
        &[("/steps/no/message", json!("{{ steps.ask.output.comment }}"))],
        &[("output_before_step", "/steps/no/message")],
    );
}

#[test]
fn waits() {
    finds(&[("/steps/ask/timeout", Value::Null)], &[("wait_without_timeout", "/steps/ask")]);
    finds(&[("/steps/ask/timeout/after", json!("0s"))], &[("timeout_range", "/steps/ask/timeout/after")]);
    finds(&[("/steps/ask/remind_after", json!("4h"))], &[("remind_after_timeout", "/steps/ask/remind_after")]);
}

fn with_form(form: Value) -> Vec<(&'static str, String)> {
    let step = json!({ "type": "collect_form", "form": form, "next": "large", "prefill": { "id": "{{ input.id }}" },
                       "timeout": { "after": "1h", "next": "no" } });
    let read = json!({ "type": "tool_call", "action": "shop.read", "input": { "id": "{{ input.id }}" },
                       "set": { "amount": "{{ output.amount }}" }, "next": "form" });
    with(&[("/steps/look", read), ("/steps/form", step)])
}

#[test]
fn forms() {
    let field = json!({ "type": "string" });
    assert_eq!(with_form(json!({ "type": "object", "properties": { "id": field } })), []);
    for (form, code, pointer) in [
        (json!({ "type": "string" }), "form_schema", ""),
        (json!(7), "form_schema", ""),
        (json!({ "type": "object", "properties": { "id": { "type": "strnig" } } }), "form_schema", ""),
        (
            json!({ "type": "object", "properties": { "id": { "$ref": "https://example.com/x.json" } } }),
            "form_schema",
            "",
        ),
        (json!({ "type": "object", "required": ["x"], "properties": { "id": field } }), "form_schema", "/required"),
        (json!({ "type": "object", "properties": { "id": { "type": "object" } } }), "form_channel", "/properties/id"),
        (json!({ "type": "object", "properties": { "id": { "type": "array" } } }), "form_channel", "/properties/id"),
    ] {
        assert_eq!(with_form(form.clone()), [(code, format!("/steps/form/form{pointer}"))], "{form}");
    }
    let paged = |pages: Value| {
        with_form(json!({ "type": "object", "pages": pages, "properties": { "id": field, "name": field } }))
    };
    assert_eq!(paged(json!([["id"], ["name"]])), []);
    for (pages, place) in [(json!([["id"]]), ""), (json!([["id"], ["id", "name"]]), "/1/0"), (json!({}), "")] {
        assert_eq!(paged(pages.clone()), [("form_pages", format!("/steps/form/form/pages{place}"))], "{pages}");
    }
    let other = json!({ "type": "object", "properties": { "name": field } });
    assert_eq!(with_form(other), [("form_prefill", "/steps/form/prefill/id".to_owned())]);
    finds(&[("/input", json!({ "type": "nonsense" }))], &[("input_schema", "/input")]);
}

#[test]
fn what_is_filled_in_to_hand_back() {
    let found = |form: Value, read: &str| {
        let hand = json!({ "type": "human_handoff", "form": form, "next": "large", "timeout": { "after": "1h", "next": "no" } });
        let read = json!({ "type": "condition", "branches": [{ "when": read, "next": "no" }], "otherwise": "no" });
        let look = json!({ "type": "tool_call", "action": "shop.read", "input": { "id": "{{ input.id }}" },
                           "set": { "amount": "{{ output.amount }}" }, "next": "hand" });
        with(&[
            ("/steps/look", look),
            ("/steps/hand", hand),
            ("/steps/read", read),
            ("/steps/hand/next", json!("read")),
        ])
    };
    let form = json!({ "type": "object", "required": ["sure"], "properties": { "sure": { "type": "boolean" }, "parts": { "type": "object" } } });
    let codes = |found: Vec<(&'static str, String)>| found.into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    let fine = codes(found(form.clone(), "steps.hand.output.values.sure"));
    let wrong = codes(found(form.clone(), "steps.hand.output.values.sure = 'yes'"));
    assert!(!fine.contains(&"form_channel"), "no channel of a customer shows it: {fine:?}");
    assert!(!fine.contains(&"form_schema"), "{fine:?}");
    assert_ne!(fine, wrong, "the type is known");
    assert!(codes(found(json!({ "type": "string" }), "true")).contains(&"form_schema"));
}

#[test]
fn triggers() {
    let at = |trigger: Value| {
        let mut document = good();
        document["triggers"] = json!([trigger]);
        found(&document)
    };
    assert_eq!(at(json!({ "type": "message", "when": "$contains($lowercase(text), 'x') and channel = 'sms'" })), []);
    assert_eq!(at(json!({ "type": "message", "when": "text =" })), [("trigger_when", "/triggers/0/when".into())]);
    assert_eq!(at(json!({ "type": "message", "when": "amount" })), [("unknown_name", "/triggers/0/when".into())]);
    assert_eq!(at(json!({ "type": "message", "when": "$upper(text)" })), [("unknown_name", "/triggers/0/when".into())]);
    assert_eq!(at(json!({ "type": "webhook", "path": "a/b" })), [("trigger_path", "/triggers/0/path".into())]);
    let signed = |verify: &str, hmac: Value| at(json!({ "type": "webhook", "verify": verify, "hmac": hmac }));
    let written = json!({ "header": "X-Hub-Signature", "algorithm": "sha1", "encoding": "base64", "prefix": "v1=" });
    assert_eq!(signed("hmac", written.clone()), []);
    assert_eq!(signed("github", written), [("hmac_unused", "/triggers/0/hmac".into())]);
    for header in ["", "two words", "x:y", "ключ", "x'y", "x`id`", "$x"] {
        let found = signed("hmac", json!({ "header": header }));
        assert_eq!(found, [("hmac_header", "/triggers/0/hmac/header".into())], "{header}");
    }
    for prefix in [" v1", "v1\n", "ключ", "'", "\"v1", "`id`", "$(id)"] {
        let found = signed("hmac", json!({ "prefix": prefix }));
        assert_eq!(found, [("hmac_prefix", "/triggers/0/hmac/prefix".into())], "{prefix}");
    }
    let mut weak = good();
    weak["triggers"] = json!([{ "type": "webhook", "verify": "hmac", "hmac": { "algorithm": "md5" } }]);
    assert!(check_source(&weak.to_string(), &catalogue()).0.is_none(), "nobody signs by it");
    let ends = |dedup: Value| at(json!({ "type": "webhook", "respond": "end", "dedup": dedup }));
    assert_eq!(ends(Value::Null), [("respond_repeated", "/triggers/0/respond".into())]);
    assert_eq!(ends(json!("body.id")), []);
    assert_eq!(at(json!({ "type": "schedule", "cron": "0 9 * * MON", "time_zone": "Europe/Berlin" })), []);
    assert_eq!(
        at(json!({ "type": "schedule", "cron": "0 25 * * *", "time_zone": "x y" })),
        [("trigger_cron", "/triggers/0/cron".to_owned()), ("trigger_cron", "/triggers/0/time_zone".to_owned()),]
    );
    let mut twice = good();
    twice["triggers"] = json!([{ "type": "webhook", "path": "a" }, { "type": "webhook", "path": "a" }]);
    assert_eq!(found(&twice), [("duplicate_trigger", "/triggers/1".to_owned())]);
}

#[test]
fn messages() {
    let at = |notify: Value| {
        let mut document = good();
        document["steps"]["refund"]["next"] = json!("tell");
        let mut step = json!({ "type": "notify", "next": "done" });
        step.as_object_mut().unwrap().extend(notify.as_object().unwrap().clone());
        document["steps"]["tell"] = step;
        found(&document)
    };
    let one = |code, pointer: &str| vec![(code, format!("/steps/tell{pointer}"))];
    assert_eq!(at(json!({ "channels": ["sms", "email"], "subject": "s", "body": "b" })), []);
    assert_eq!(at(json!({ "channels": [], "body": "b" })), one("notify_no_channel", "/channels"));
    assert_eq!(at(json!({ "channels": ["sms", "sms"], "body": "b" })), one("duplicate_channel", "/channels/1"));
    assert_eq!(at(json!({ "channels": ["email"], "body": "b" })), one("notify_subject", "/subject"));
    assert_eq!(at(json!({ "channels": ["sms"], "body": " " })), one("notify_empty", "/body"));
    assert_eq!(at(json!({ "channels": ["sms"], "body": "b", "to": { "email": "{{ a }}" } })).len(), 2);
    let to = |to: Value| at(json!({ "channels": ["email"], "subject": "s", "body": "b", "to": to }));
    assert_eq!(to(json!({ "email": "Ada <ada@example.com>" })), one("notify_address", "/to/email"));
    assert_eq!(to(json!({ "email": "ada@example.com", "phone": "12" })), one("notify_address", "/to/phone"));
    assert_eq!(to(json!({ "email": "ada@example.com", "phone": "+4930123456" })), []);
}

#[test]
fn what_cannot_be_read_is_a_diagnostic() {
    let codes = |text: &str| {
        let (workflow, diagnostics) = check_source(text, &catalogue());
        assert!(workflow.is_none());
        diagnostics.into_iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("schema: 2"), ["schema_newer"]);
    assert_eq!(codes("a: ["), ["syntax"]);
    assert_eq!(
        codes("schema: 1\nname: x\nstart: a\nsteps: { a: { type: end, x: 1 }, b: { type: what } }"),
        ["unknown_field", "wrong_type",]
    );
}

/// A document in which everything is wrong and large.
fn large(steps: usize) -> Workflow {
    let mut all = serde_json::Map::new();
    for index in 0..steps {
        let next = format!("s{}", (index * 7 + 1) % steps);
        let step = match index % 5 {
            0 => {
                json!({ "type": "tool_call", "action": "shop.refund", "input": { "id": 1, "x": "{{ steps.s3.output.y }}" }, "next": next })
            }
            1 => {
                json!({ "type": "condition", "branches": [{ "when": "amuont > 1 and steps.s9.output.a = 2", "next": next }],
                         "otherwise": format!("s{}", (index + 1) % steps) })
            }
            2 => {
                json!({ "type": "approval", "summary": "{{ nobody }}", "guards": [format!("s{}", (index + 3) % steps)],
                         "on_approve": next, "on_reject": format!("s{}", (index + 1) % steps) })
            }
            3 => json!({ "type": "notify", "channels": ["email"], "body": "Hello {{ customer.name }}", "next": next }),
            _ => {
                json!({ "type": "collect_form", "form": { "type": "object", "properties": { "a": { "type": "string" } } },
                         "next": format!("s{}", (index + 1) % steps) })
            }
        };
        all.insert(format!("s{index}"), step);
    }
    serde_json::from_value(json!({ "schema": 1, "name": "Large", "start": "s0", "steps": all })).unwrap()
}

#[test]
fn large_documents_have_bounded_diagnostics() {
    let workflow = large(5_000);
    let first = check(&workflow, &catalogue());
    assert_eq!(first.len(), DIAGNOSTICS_MAX);
    assert!(first.iter().all(|it| it.severity == Severity::Error), "errors are kept before warnings");
    assert_eq!(first, check(&workflow, &catalogue()));
}

/// What is found of a workflow with this trigger that takes this input.
fn triggered(trigger: &Value, input: Value) -> Vec<(&'static str, String)> {
    let mut document = good();
    document["triggers"] = json!([trigger]);
    if !input.is_null() {
        document["input"] = input;
    }
    found(&document)
}

#[test]
fn a_trigger_that_nothing_fires() {
    let at = |trigger: Value, input: Value| triggered(&trigger, input);
    for when in [
        "false",
        "1 = 2",
        "''",
        "$not(true)",
        "text = 5",
        "text = null",
        "text.body = 'x'",
        "$contains(text.body, 'x')",
        "$contains($lowercase(text), 'Upgrade')",
        "'Upgrade' = $lowercase(text)",
        "$contains($uppercase(text), 'upgrade') and true",
        "channel = 'whatsap'",
        "channel in ['fax', 'letter']",
        "text = 'a' and (channel = 'fax')",
        "channel = 'fax' or $contains($lowercase(text), 'X')",
        "$contains('abc', 'x')",
        "first = 'yes'",
        "first.of_all and true",
    ] {
        let found = at(json!({ "type": "message", "when": when }), Value::Null);
        assert_eq!(found, [("trigger_never", "/triggers/0/when".to_owned())], "{when}");
    }
    for when in [
        "true",
        "text",
        "first and channel = 'web'",
        "first = false",
        "text = 'Upgrade'",
        "$contains(text, 'Upgrade')",
        "$contains($lowercase(text), 'upgrade') or channel = 'fax'",
        "channel in ['fax', 'sms']",
        "channel = 'web' and customer.tier = 'gold'",
        "$not(channel = 'fax')",
        "channel != 'fax'",
        "$lowercase(text) in ['a', 'B']",
        "$now() > '2020'",
        "$contains($lowercase(text), /Up/)",
        "$contains($lowercase(text), '5 €')",
    ] {
        assert_eq!(at(json!({ "type": "message", "when": when }), Value::Null), [], "{when}");
    }
    let filter = |filter: &str| at(json!({ "type": "webhook", "filter": filter }), Value::Null);
    let never = [("trigger_never", "/triggers/0/filter".to_owned())];
    assert_eq!(filter("headers.\"X-Topic\" = 'orders/paid'"), never);
    assert_eq!(filter("query.page = 5"), never);
    assert_eq!(filter("$lowercase(body.kind) = 'Paid'"), never);
    assert_eq!(filter("headers.\"x-topic\" = 'orders/paid' and body.Amount = 5"), []);
    // A day that never comes.
    let found = at(json!({ "type": "schedule", "cron": "0 9 30 2 *", "time_zone": "UTC" }), Value::Null);
    assert_eq!(found, [("trigger_cron", "/triggers/0/cron".to_owned())]);
    // Started by whoever presses start or asks the API.
    let mut none = good();
    none["triggers"] = json!([]);
    assert_eq!(self::found(&none), []);
}

#[test]
fn what_a_trigger_brings_fits_what_the_workflow_takes() {
    let at = |trigger: Value, input: Value| triggered(&trigger, input);
    let takes = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let daily = |input: Value| json!({ "type": "schedule", "cron": "0 9 * * *", "time_zone": "UTC", "input": input });
    let code = |found: Vec<(&'static str, String)>| found.into_iter().map(|(_, pointer)| pointer).collect::<Vec<_>>();
    let found = at(json!({ "type": "message", "when": "text" }), takes.clone());
    assert_eq!(found, [("trigger_input", "/triggers/0".to_owned())]);
    assert_eq!(code(at(daily(json!({ "id": 5 })), takes.clone())), ["/triggers/0/input"]);
    assert_eq!(at(daily(json!({ "id": "5" })), takes.clone()), []);
    let bare = json!({ "type": "schedule", "cron": "0 9 * * *", "time_zone": "UTC" });
    assert_eq!(code(at(bare, takes.clone())), ["/triggers/0"]);
    assert_eq!(code(at(json!({ "type": "webhook", "input": "{ 'id': 5 }" }), takes.clone())), ["/triggers/0/input"]);
    assert_eq!(at(json!({ "type": "webhook", "input": "{ 'id': body.id }" }), takes.clone()), []);
    assert_eq!(at(json!({ "type": "webhook" }), takes.clone()), []);
    assert_eq!(at(json!({ "type": "api" }), takes), []);
}

#[test]
fn a_branch_that_never_holds() {
    let at = "/steps/large/branches/0/when";
    for when in ["false", "steps.no.output.x = 1", "$lowercase(customer.name) = 'Ada'", "amount > 1 and null"] {
        let mut document = good();
        *document.pointer_mut(at).unwrap() = json!(when);
        assert!(found(&document).contains(&("never_holds", at.to_owned())), "{when}");
    }
}

#[test]
fn bounds_of_what_is_written_out() {
    let schema = json!({ "type": "object", "properties": {
        "amount": { "type": "integer", "minimum": 1 }, "code": { "type": "string", "pattern": "^[A-Z]+$" },
        "tags": { "type": "array", "minItems": 2, "maxItems": 3, "items": { "type": "string" } },
    }, "if": { "required": ["code"] }, "then": { "required": ["amount"] } });
    let found = |input: Value| {
        literal::problems(&input, &schema).into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
    };
    assert_eq!(found(json!({ "amount": 0, "code": "{{ x }}" })), ["/amount"]);
    assert_eq!(found(json!({ "code": "abc", "amount": "{{ x }}" })), ["/code"]);
    assert_eq!(found(json!({ "tags": ["a"] })), ["/tags"]);
    assert_eq!(found(json!({ "tags": ["a", "{{ b }}"] })), [""; 0]);
    assert_eq!(found(json!({ "tags": ["a", "b", "c", "{{ d }}"] })), [""; 0]);
    assert_eq!(found(json!({ "tags": ["a", "b", "c", "d"] })), ["/tags"]);
    assert_eq!(found(json!({ "code": "A" })), [""], "the whole of it is looked at where it is all there");
    assert_eq!(found(json!({ "code": "A", "amount": 1 })), [""; 0]);
}

#[test]
fn the_case_names_what_is_there() {
    let mut document = good();
    document["case"] = json!("Order {{ steps.look.output.name }} · {{ amount }}");
    assert_eq!(found(&document), vec![], "a step that has not run yet is no problem there");
    document["case"] = json!("{{ ammount }} {{ steps.lok.output.name }}");
    let unknown = ("unknown_name", "/case".to_owned());
    assert_eq!(found(&document), vec![unknown.clone(), unknown]);
    document["case"] = json!("{{ 1 + }}");
    assert_eq!(found(&document), vec![("expression_parse", "/case".to_owned())]);
    document["case"] = json!("x".repeat(501));
    assert_eq!(found(&document), vec![("case_too_long", "/case".to_owned())]);
}
