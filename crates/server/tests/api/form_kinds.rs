//! Every kind of field outside the chat: question by question in text messages, and on the form's page without script.

use crate::{
    channels::Town,
    chat::open,
    form_pages::{filled, link},
    support::{Client, TestApp},
};
use countersign_store::Role;
use serde_json::{Value, json};

fn document(form: &Value, more: &Value) -> Value {
    let mut ask = json!({ "type": "collect_form", "title": "Your claim", "prompt": "What happened?", "next": "done", "form": form });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({
        "schema": 1, "name": "Claim", "start": "ask", "triggers": [{ "type": "message", "when": "text = 'claim'" }],
        "vars": { "order": "#1001" },
        "steps": {
            "ask": ask,
            "done": { "type": "end", "message": "Taken: {{ $string(steps.ask.output) }}" },
            "person": { "type": "end", "message": "A colleague will write to you." },
        },
    })
}

fn kinds() -> Value {
    json!({
        "type": "object", "required": ["items", "agree", "paid"], "additionalProperties": false,
        "properties": {
            "told": { "type": "null", "title": "Your order", "description": "Order {{ order }} <b>" },
            "items": { "type": "array", "title": "Damaged", "items": { "enum": ["Mug", "Lamp"] }, "uniqueItems": true },
            "lamp": { "type": "string", "title": "Which lamp?", "when": { "items": "Lamp" } },
            "agree": { "type": "boolean", "const": true, "title": "I agree", "description": "To our terms." },
            "paid": { "type": "string", "format": "money", "currency": "EUR", "title": "Paid" },
            "at": { "type": "string", "format": "time", "title": "When" },
            "stars": { "type": "integer", "format": "rating", "minimum": 1, "maximum": 5, "title": "Stars" },
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_answered_in_text_messages() {
    let town = Town::start().await;
    town.test.publish(&town.admin, document(&kinds(), &json!({}))).await;
    let who = ("sms", "+15555550107");
    town.act(who, json!({ "text": "claim" })).await;
    town.reads(who, "Your order\nOrder #1001 <b>\n\n(1/5) Damaged\n1. Mug\n2. Lamp").await;
    for (reply, next) in [
        ("1, 2", "(2/6) Which lamp?"),
        ("the small one", "(3/6) I agree\nTo our terms."),
        ("no", "Without a yes to this it cannot be sent."),
        ("yes", "(4/6) Paid (EUR)"),
        ("42.605", "this is no amount in EUR, such as 42.60."),
        ("42,6", "(5/6) When"),
        ("2:30 pm", "(6/6) Stars"),
        (
            "4",
            r#"Taken: {"items":["Mug","Lamp"],"lamp":"the small one","agree":true,"paid":"42.60","at":"14:30","stars":4}"#,
        ),
    ] {
        town.act(who, json!({ "text": reply })).await;
        town.reads(who, next).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_filled_in_on_the_page_and_nothing_is_ticked_beforehand() {
    let town = Town::start().await;
    let more = json!({ "prefill": { "agree": true, "paid": "10.00" } });
    town.test.publish(&town.admin, document(&kinds(), &more)).await;
    let who = ("sms", "+15555550108");
    let link = link(&town, who).await;
    let (status, html) = town.page(&link, None).await;
    assert_eq!(status, 200);
    for there in [
        "Order #1001 &lt;b&gt;",
        "<input type=\"checkbox\" name=\"/agree\" value=\"0\" required>I agree",
        ">Paid (EUR)</label>",
        "value=\"10.00\"",
        "type=\"time\"",
        "name=\"/stars\" value=\"4\"",
        "<div data-only=\"/lamp\"><p class=\"note only\">Only for Damaged: “Lamp”</p>",
        "form:has([name=\"/items\"][value=\"1\"]:checked",
    ] {
        assert!(html.contains(there), "{there}: {html}");
    }
    let good = [("/items", "0"), ("/agree", "0"), ("/paid", "42,6"), ("/at", "14:30"), ("/stars", "3")];
    let with = |name: &str, value: &str| {
        let mut pairs: Vec<(&str, &str)> = good.iter().filter(|(known, _)| *known != name).copied().collect();
        pairs.push((name, value));
        filled(&pairs)
    };
    for (name, value, told) in [
        ("/agree", "", "is a required property"),
        ("/paid", "42.605", "no amount in EUR, such as 42.60"),
        ("/at", "25:00", "Please write a time such as 14:30."),
    ] {
        let (status, html) = town.page(&link, with(name, value)).await;
        assert!(status == 422 && html.contains(told) && html.contains("role=\"alert\""), "{name}: {html}");
    }
    // An answer to what was not asked for is left out.
    let (status, html) = town.page(&link, with("/lamp", "the small one")).await;
    assert_eq!(status, 200, "{html}");
    town.reads(who, r#"Taken: {"items":["Mug"],"agree":true,"paid":"42.60","at":"14:30","stars":4}"#).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_nothing_leads_to_are_passed_over() {
    let town = Town::start().await;
    let form = json!({
        "type": "object", "required": ["why", "photo", "more"], "pages": [["why"], ["photo"], ["more"], ["last"]],
        "properties": {
            "why": { "enum": ["Late", "Broken"], "title": "Why" },
            "photo": { "type": "string", "title": "Photo", "when": { "why": "Broken" } },
            "more": { "type": "string", "title": "More" },
            "last": { "type": "string", "title": "Last", "when": { "why": "Broken" } },
        },
    });
    town.test.publish(&town.admin, document(&form, &json!({}))).await;
    let who = ("sms", "+15555550109");
    let link = link(&town, who).await;
    let page = async |pairs: &[(&str, &str)]| town.page(&link, filled(pairs)).await;
    let (_, html) = page(&[("/why", "1"), ("page", "0")]).await;
    assert!(html.contains("Page 2 of 4") && html.contains(">Photo</label>"), "{html}");
    let (status, html) = page(&[("/photo", ""), ("page", "1")]).await;
    assert!(status == 422 && html.contains("Page 2 of 4"), "it is required here: {html}");
    page(&[("/photo", "x"), ("page", "1")]).await;
    // Back, and another reason: the photo is not asked for any more.
    let (_, html) = page(&[("/why", "0"), ("page", "0")]).await;
    assert!(html.contains("Page 3 of 4"), "{html}");
    let (_, html) = page(&[("/more", "y"), ("page", "2"), ("back", "yes")]).await;
    assert!(html.contains("Page 1 of 4"), "{html}");
    page(&[("/why", "0"), ("page", "0")]).await;
    let (status, html) = page(&[("/more", "y"), ("page", "2")]).await;
    assert!(status == 200 && html.contains("Nothing more is asked.") && html.contains(">Send<"), "{html}");
    let (status, html) = page(&[("page", "3")]).await;
    assert_eq!(status, 200, "{html}");
    town.reads(who, r#"Taken: {"why":"Late","more":"y"}"#).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_too_many_replies_that_are_no_answer_the_run_goes_on() {
    let town = Town::start().await;
    let form = json!({ "type": "object", "required": ["seats"], "properties": { "seats": { "type": "integer", "title": "Seats" } } });
    let more = json!({ "on_unusable": { "replies": 3, "next": "person" } });
    let workflow = town.test.publish(&town.admin, document(&form, &more)).await;
    let who = ("sms", "+15555550110");
    town.act(who, json!({ "text": "claim" })).await;
    town.reads(who, "Seats").await;
    let begun = town.phone(who).await.len();
    for (count, reply) in ["what is this?", "who are you?", "hello?"].into_iter().enumerate() {
        town.act(who, json!({ "text": reply })).await;
        for _ in 0..400 {
            if town.phone(who).await.len() > begun + count {
                break;
            }
            town.a_moment().await;
        }
        let last = town.phone(who).await.pop().unwrap();
        let told = if count < 2 { "Please answer with a number." } else { "A colleague will write to you." };
        assert!(last["text"].as_str().unwrap().contains(told), "{reply}: {last}");
    }
    assert_eq!(counted(&town.admin, &workflow).await, 3);
}

/// A form that the second reply which is no answer leads away from: with its workflow, and who built it.
async fn asks_twice() -> (TestApp, Client, String) {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let form = json!({ "type": "object", "required": ["seats"], "properties": { "seats": { "type": "integer" } } });
    let more = json!({ "on_unusable": { "replies": 2, "next": "person" } });
    let workflow = test.publish(&builder, document(&form, &more)).await;
    (test, builder, workflow)
}

/// How many replies that are no answer are in the history of the one run.
async fn counted(admin: &Client, workflow: &str) -> usize {
    let runs = admin.get(&format!("/runs?workflow={workflow}")).await.json;
    let run = runs["items"][0]["id"].as_str().unwrap();
    let events = admin.get(&format!("/runs/{run}/events")).await.is(200).json.clone();
    let entries = events["items"].as_array().unwrap();
    let unusable = |event: &Value| event["type"] == "reply_unusable";
    entries.iter().filter(|one| unusable(one)).count()
}

#[tokio::test]
async fn what_is_written_in_the_chat_beside_an_open_form_counts_too() {
    let (test, builder, workflow) = asks_twice().await;
    let (visitor, path) = open(&test).await;
    let say = async |body: &str, id: &str| {
        let said = json!({ "body": body, "client_id": id });
        visitor.post(&format!("{path}/messages"), said).await.is(201).json.clone()
    };
    say("claim", "1").await;
    say("why?", "2").await;
    // The same message twice is one.
    say("why?", "2").await;
    assert_eq!(counted(&builder, &workflow).await, 1);
    let view = visitor.get(&path).await.is(200).json.clone();
    assert_eq!(view["messages"][1]["form"]["status"], "open", "{view}");
    say("but why?", "3").await;
    assert_eq!(counted(&builder, &workflow).await, 2);
    let view = visitor.get(&path).await.is(200).json.clone();
    let last = view["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["body"], &view["messages"][1]["form"]["status"]),
        (&json!("A colleague will write to you."), &json!("closed"))
    );
    // Nothing is under way any more: the same words may start the next run.
    say("claim", "4").await;
    let runs = builder.get(&format!("/runs?workflow={workflow}")).await.json;
    assert_eq!(runs["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_what_the_customer_writes_before_the_answer_counts() {
    let (test, builder, workflow) = asks_twice().await;
    let (visitor, path) = open(&test).await;
    let say = async |body: &str, id: &str| {
        visitor.post(&format!("{path}/messages"), json!({ "body": body, "client_id": id })).await.is(201);
    };
    say("claim", "1").await;
    say("why?", "2").await;
    let replies = path.replace("/chat/", "/") + "/messages";
    let operator = test.key(Role::Operator).await;
    operator.post(&replies, json!({ "body": "To know where you sit." })).await.is(201);
    assert_eq!(counted(&builder, &workflow).await, 1, "a colleague's words are no reply");
    let view = visitor.get(&path).await.is(200).json.clone();
    let submit = format!("{path}/forms/{}", view["messages"][1]["form"]["checkpoint"].as_str().unwrap());
    // What the form itself refuses is told there, and is no reply either.
    visitor.post(&submit, json!({ "values": { "seats": "many" } })).await.is_problem(422, "invalid_form");
    assert_eq!(counted(&builder, &workflow).await, 1);
    visitor.post(&submit, json!({ "values": { "seats": 2 } })).await.is(200);
    say("and now?", "3").await;
    say("why?", "2").await;
    assert_eq!(counted(&builder, &workflow).await, 1, "it was answered");
    let runs = builder.get(&format!("/runs?workflow={workflow}")).await.json;
    assert_eq!((runs["items"].as_array().unwrap().len(), &runs["items"][0]["status"]), (1, &json!("completed")));
    visitor.post(&submit, json!({ "values": { "seats": 3 } })).await.is_problem(409, "already_decided");
}

#[tokio::test]
async fn answers_are_taken_as_the_form_asks_for_them() {
    let test = TestApp::start().await;
    let builder = test.key(Role::Builder).await;
    let mut form = kinds();
    form["properties"]["items"]["minItems"] = json!(1);
    form["properties"]["items"]["maxItems"] = json!(1);
    test.publish(&builder, document(&form, &json!({}))).await;
    let (visitor, path) = open(&test).await;
    visitor.post(&format!("{path}/messages"), json!({ "body": "claim", "client_id": "1" })).await.is(201);
    let view = visitor.get(&path).await.is(200).json.clone();
    let submit = format!("{path}/forms/{}", view["messages"][1]["form"]["checkpoint"].as_str().unwrap());
    let good = json!({ "items": ["Mug"], "agree": true, "paid": "42.60" });
    for (name, value, pointer) in [
        ("paid", json!(42.6), "/paid"),
        ("paid", json!("-42.60"), "/paid"),
        ("paid", json!("42.605"), "/paid"),
        ("paid", json!("42.60 USD"), "/paid"),
        ("agree", json!(false), "/agree"),
        ("items", json!([]), "/items"),
        ("items", json!(["Mug", "Lamp"]), "/items"),
        ("items", json!(["Mug", "Mug"]), "/items"),
        ("items", json!(["Cup"]), "/items/0"),
        ("stars", json!(6), "/stars"),
        ("stars", json!(0), "/stars"),
        ("at", json!("24:00"), "/at"),
        ("told", json!("read it"), "/told"),
    ] {
        let mut values = good.clone();
        values[name] = value.clone();
        let refused = visitor.post(&submit, json!({ "values": values })).await;
        refused.is_problem(422, "invalid_form");
        assert_eq!(refused.json["errors"][0]["pointer"], pointer, "{name} {value}: {}", refused.text);
    }
    // What is not asked for is left out, whatever it is.
    let mut values = good;
    values["lamp"] = json!({ "not": "a text" });
    visitor.post(&submit, json!({ "values": values })).await.is(200);
    let view = visitor.get(&path).await.is(200).json.clone();
    let taken = json!({ "items": ["Mug"], "agree": true, "paid": "42.60" });
    assert_eq!(view["messages"][1]["form"]["values"], taken, "{view}");
}
