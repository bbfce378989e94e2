//! What others' users stumbled over, from door to door.

use crate::support::{Client, TestApp};
use countersign_store::Role;
use serde_json::{Value, json};

const BOM: &str =
    "\u{FEFF}schema: 1\nname: Bom\ntriggers: [{ type: api }]\nstart: done\nsteps:\n  done: { type: end }\n";

fn asks(form: Value) -> Value {
    json!({
        "schema": 1, "name": "Forms", "triggers": [{ "type": "api" }], "start": "ask",
        "steps": {
            "ask": { "type": "collect_form", "prompt": "Details", "form": form,
                     "timeout": { "after": "1h", "next": "done" }, "next": "done" },
            "done": { "type": "end", "output": { "v": "{{ steps.ask.output }}" } },
        },
    })
}

/// What a run that asks for this form says to these values.
async fn submitted(test: &TestApp, admin: &Client, form: Value, values: Value) -> (u16, Value) {
    let mut document = asks(form);
    document["name"] = json!(format!("Forms {values}"));
    let workflow = test.publish(admin, document).await;
    let run = admin.post("/runs", json!({ "workflow": workflow })).await.is(201).id();
    let open = admin.get(&format!("/checkpoints?status=open&run={run}")).await.is(200).json.clone();
    let checkpoint = open["items"][0]["id"].as_str().unwrap();
    let decision = json!({ "outcome": "submitted", "values": values });
    let answer = admin.post(&format!("/checkpoints/{checkpoint}/decision"), decision).await;
    (answer.status.as_u16(), answer.json)
}

#[tokio::test]
async fn a_byte_order_mark_before_a_document_is_read_over() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let checked = builder.post("/check", json!({ "source": BOM })).await;
    assert_eq!(checked.is(200).json["diagnostics"], json!([]), "{}", checked.text);
    let made = builder.post("/workflows", json!({ "source": BOM })).await;
    assert_eq!(made.is(201).json["name"], "Bom", "{}", made.text);
}

#[tokio::test]
async fn an_address_with_a_name_is_no_e_mail_address_in_a_form() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let form = json!({ "type": "object", "required": ["email"], "properties": { "email": { "type": "string", "format": "email" } } });
    let (status, said) = submitted(&test, &admin, form.clone(), json!({ "email": "Ada <ada@example.com>" })).await;
    assert_eq!(status, 422, "{said}");
    let (status, said) = submitted(&test, &admin, form, json!({ "email": "ada@example.com" })).await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn a_list_with_a_least_length_can_be_left_out() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let form = json!({
        "type": "object", "required": ["email"], "additionalProperties": false,
        "properties": {
            "email": { "type": "string", "format": "email" },
            "items": { "type": "array", "minItems": 1, "items": { "type": "string" } },
        },
    });
    let (status, said) = submitted(&test, &admin, form.clone(), json!({ "email": "ada@example.com" })).await;
    assert_eq!(status, 200, "{said}");
    let (status, said) = submitted(&test, &admin, form, json!({ "email": "ada@example.com", "items": [] })).await;
    assert_eq!(status, 422, "{said}");
}

#[tokio::test]
async fn a_choice_without_a_type_is_a_choice() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let choice =
        json!({ "title": "Choice", "oneOf": [{ "const": "a", "title": "A" }, { "const": "b", "title": "B" }] });
    let form = json!({ "type": "object", "required": ["choice"], "properties": { "choice": choice } });
    let checked = admin.post("/check", json!({ "document": asks(form.clone()) })).await;
    assert_eq!(checked.is(200).json["diagnostics"], json!([]), "{}", checked.text);
    let (status, said) = submitted(&test, &admin, form.clone(), json!({ "choice": "c" })).await;
    assert_eq!(status, 422, "{said}");
    let (status, said) = submitted(&test, &admin, form, json!({ "choice": "b" })).await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn a_name_with_spaces_around_starts_what_was_published() {
    let test = TestApp::start().await;
    let admin = test.key(Role::Admin).await;
    let mut document = crate::support::echo();
    document["name"] = json!(" padded push ");
    test.publish(&admin, document).await;
    for name in [" padded push ", "padded push"] {
        admin.post("/runs", json!({ "workflow": name })).await.is(201);
    }
}
