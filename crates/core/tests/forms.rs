//! What forms ask for: each kind of field, from its check to its answer.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use countersign_core::{
    check::check_source,
    play::rehearsal::{Act, Opening, Script, rehearse},
    run::{CheckpointEvent, EndedStatus, Event, HandedBack, Input, Opened, Refusal, StepEvent},
    time::Timestamp,
};
use serde_json::{Value, json};
use support::{Play, catalogue, person};

const FORM: &str = r##"
schema: 1
name: All kinds
triggers: [{ type: message, when: "$contains(text, 'all')" }]
vars: { order: "#1001", mail: ada@example.com }
start: ask
steps:
  ask:
    type: collect_form
    prompt: Details
    submit: Send
    form:
      type: object
      required: [agree, paid, at, items]
      additionalProperties: false
      properties:
        told: { type: "null", title: Your order, description: "Order {{ order }}" }
        agree: { type: boolean, const: true, title: Terms }
        news: { type: boolean, const: true, title: News }
        paid: { type: string, format: money, currency: EUR, title: Paid }
        at: { type: string, format: time, title: When }
        items: { type: array, uniqueItems: true, items: { type: string, enum: [Mug, Lamp] }, title: Items }
        stars: { type: integer, format: rating, minimum: 1, maximum: 5, title: Stars }
    prefill: { agree: true, news: true, paid: "42.60" }
    timeout: { after: 1h, next: done }
    next: done
  done: { type: end, message: Thanks, output: "{{ steps.ask.output }}" }
"##;

fn good() -> Value {
    json!({ "agree": true, "paid": "42.60", "at": "14:30", "items": ["Mug"], "stars": 5 })
}

/// The problems of these answers, by their place.
fn problems(values: &Value) -> Vec<String> {
    let mut play = Play::started(FORM);
    let visit = play.visit();
    match play.take(Input::FormSubmitted { visit, values: values.clone(), by: person("c", &[]) }) {
        Ok(()) => Vec::new(),
        Err(Refusal::InvalidForm { problems }) => problems.into_iter().map(|one| one.pointer).collect(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn words_to_read_are_filled_in_and_nothing_is_agreed_to_beforehand() {
    let play = Play::started(FORM);
    let mut seen = Vec::new();
    for event in play.log.iter().flat_map(|entry| &entry.events) {
        if let Event::Step { what: StepEvent::Said { form: Some(form), .. }, .. } = event {
            seen.push((form.schema.clone(), form.prefill.clone()));
        }
        if let Event::Checkpoint { what: CheckpointEvent::Opened { opened, .. }, .. } = event
            && let Opened::Form { schema, prefill, .. } = opened
        {
            seen.push((schema.clone(), prefill.clone()));
        }
    }
    assert_eq!(seen.len(), 2);
    for (schema, prefill) in seen {
        assert_eq!(schema["properties"]["told"]["description"], "Order #1001");
        assert_eq!(prefill, json!({ "paid": "42.60" }));
    }
}

#[test]
fn a_consent_in_a_group_is_not_prefilled_either() {
    let group = "terms: { type: object, properties: { agree: { type: boolean, const: true }, by: { type: string } } }";
    let text = FORM.replace("told: { type: \"null\"", &format!("{group}\n        told: {{ type: \"null\""));
    let text = text.replace("prefill: { agree", "prefill: { terms: { agree: true, by: Ada }, agree");
    let play = Play::started(&text);
    let mut prefills = Vec::new();
    for event in play.log.iter().flat_map(|entry| &entry.events) {
        if let Event::Checkpoint { what: CheckpointEvent::Opened { opened, .. }, .. } = event
            && let Opened::Form { prefill, .. } = opened
        {
            prefills.push(prefill.clone());
        }
    }
    assert_eq!(prefills, [json!({ "terms": { "by": "Ada" }, "paid": "42.60" })]);
}

#[test]
fn each_kind_takes_what_it_says() {
    assert_eq!(problems(&good()), [""; 0]);
    let with = |name: &str, value: Value| {
        let mut values = good();
        values[name] = value;
        problems(&values)
    };
    for (name, value) in [
        ("paid", json!("42")),
        ("paid", json!("42.6")),
        ("at", json!("00:00")),
        ("at", json!("14:30:00Z")),
        ("items", json!(["Lamp", "Mug"])),
        ("items", json!([])),
        ("stars", json!(1)),
        ("told", Value::Null),
    ] {
        assert_eq!(with(name, value.clone()), [""; 0], "{name} {value}");
    }
    for (name, value) in [
        ("paid", json!("42.605")),
        ("paid", json!("42,60")),
        ("paid", json!(42.6)),
        ("paid", json!("-1")),
        ("paid", json!("42.60 USD")),
        ("at", json!("24:00")),
        ("at", json!("25:00")),
        ("at", json!("2 pm")),
        ("stars", json!(0)),
        ("stars", json!(6)),
        ("stars", json!(1.5)),
        ("agree", json!(false)),
        ("news", json!(false)),
        ("told", json!("an answer")),
    ] {
        assert_eq!(with(name, value.clone()), [format!("/{name}")], "{name} {value}");
    }
    assert_eq!(with("items", json!(["Mug", "Mug"])), ["/items"]);
    assert_eq!(with("items", json!(["Cup"])), ["/items/0"]);
    let mut values = good();
    values.as_object_mut().unwrap().remove("agree");
    assert_eq!(problems(&values), [""], "a consent that is required is asked for");
}

/// What the checks say of a form with this field in place of `told`.
fn found(field: &str) -> Vec<(String, String)> {
    let told = r#"told: { type: "null", title: Your order, description: "Order {{ order }}" }"#;
    assert!(FORM.contains(told));
    let text = FORM.replace(told, field).replace("prefill: { agree: true, news: true,", "prefill: {");
    let (_, found) = check_source(&text, &catalogue());
    let at = |pointer: &str| pointer.trim_start_matches("/steps/ask/form").to_owned();
    found.into_iter().map(|one| (one.code.to_owned(), at(&one.pointer))).collect()
}

#[test]
fn fields_that_nobody_could_answer_are_found() {
    let news = ("form_field".to_owned(), "/properties/news".to_owned());
    for (field, code, place) in [
        ("x: { type: string, format: money }", "form_field", "/properties/x/currency"),
        ("x: { type: string, format: money, currency: EUX }", "form_field", "/properties/x/currency"),
        ("x: { type: number, format: money, currency: EUR }", "form_field", "/properties/x/type"),
        ("x: { type: integer, format: rating, minimum: 1, maximum: 50 }", "form_field", "/properties/x"),
        ("x: { type: integer, format: rating }", "form_field", "/properties/x"),
        ("x: { type: boolean, const: true, default: true }", "form_field", "/properties/x/default"),
        (r#"x: { type: "null" }"#, "form_field", "/properties/x"),
        (
            "x: { type: object, properties: { y: { type: boolean, const: true, default: true } } }",
            "form_field",
            "/properties/x/properties/y/default",
        ),
        (
            "x: { type: object, default: { y: true }, properties: { y: { type: boolean, const: true } } }",
            "form_field",
            "/properties/x/properties/y/default",
        ),
        ("x: { type: array, items: { type: string, enum: [] } }", "form_field", "/properties/x/items/enum"),
        (r#"x: { type: "null", description: "{{ oder }}" }"#, "unknown_name", "/properties/x/description"),
    ] {
        let mut found = found(field);
        found.retain(|one| one != &news && one.1 != "/properties/x" || one.0 == code && one.1 == place);
        assert_eq!(found, [(code.to_owned(), place.to_owned())], "{field}");
    }
    // That one can do without a consent is told, and what cannot be filled in beforehand.
    let (_, all) = check_source(FORM, &catalogue());
    let found: Vec<_> = all.iter().map(|one| (one.code, one.pointer.as_str())).collect();
    let prefilled = |name| ("form_prefill", ["/steps/ask/prefill/agree", "/steps/ask/prefill/news"][name]);
    assert_eq!(found, [("form_field", "/steps/ask/form/properties/news"), prefilled(0), prefilled(1)]);
}

#[test]
fn a_form_that_is_only_read_asks_for_nothing() {
    let text = r#"
schema: 1
name: Read
triggers: [{ type: message, when: "true" }]
start: ask
steps:
  ask:
    type: collect_form
    prompt: Details
    form: { type: object, properties: { told: { type: "null", description: "Read this." } } }
    timeout: { after: 1h, next: done }
    next: done
  done: { type: end }
"#;
    let (_, found) = check_source(text, &catalogue());
    assert_eq!(found.iter().map(|one| one.pointer.as_str()).collect::<Vec<_>>(), ["/steps/ask/form/properties"]);
}

const WHEN: &str = r#"
schema: 1
name: Asked for
triggers: [{ type: message, when: "true" }]
start: ask
steps:
  ask:
    type: collect_form
    prompt: Details
    form:
      type: object
      required: [why, note]
      additionalProperties: false
      properties:
        why: { type: string, enum: [late, broken] }
        note: { type: string, maxLength: 5, when: { why: broken } }
    timeout: { after: 1h, next: silent }
    next: hand
  hand:
    type: human_handoff
    form: { type: object, required: [sure, why], properties: { sure: { type: boolean }, why: { type: string, when: { sure: false } } } }
    timeout: { after: 1h, next: silent }
    next: done
  silent: { type: end, status: rejected }
  done: { type: end, output: ["{{ steps.ask.output }}", "{{ steps.hand.output.values }}"] }
"#;

#[test]
fn what_is_asked_for_by_an_answer_is_required_then_and_left_out_otherwise() {
    let (_, found) = check_source(WHEN, &catalogue());
    assert!(found.is_empty(), "{found:?}");
    let submit = |play: &mut Play, values: Value| {
        let visit = play.visit();
        play.take(Input::FormSubmitted { visit, values, by: person("c", &[]) })
    };
    let mut play = Play::started(WHEN);
    for values in [json!({ "why": "broken" }), json!({ "why": "broken", "note": "too long" }), json!({ "note": "x" })] {
        let Err(Refusal::InvalidForm { problems }) = submit(&mut play, values.clone()) else { panic!("{values}") };
        assert_eq!(problems.len(), 1, "{values}: {problems:?}");
    }
    // What was filled in before the reason changed is neither held against the form nor kept.
    submit(&mut play, json!({ "why": "late", "note": "too long" })).unwrap();
    let hand = |play: &mut Play, values: Value| {
        let visit = play.visit();
        let (back, by) = (HandedBack::Returned, person("op", &["operator"]));
        play.take(Input::HandedBack { visit, back, comment: String::new(), values, by })
    };
    let Err(Refusal::InvalidForm { problems }) = hand(&mut play, json!({ "sure": false })) else { panic!() };
    assert_eq!(problems[0].message, "\"why\" is a required property");
    hand(&mut play, json!({ "sure": true, "why": "no" })).unwrap();
    assert_eq!(play.state.ended().unwrap().output, json!([{ "why": "late" }, { "sure": true }]));
}

#[test]
fn a_condition_on_nothing_is_found() {
    let text = WHEN
        .replace("when: { why: broken }", "when: { wy: broken }")
        .replace("when: { sure: false }", "when: { sure: maybe }");
    let (_, found) = check_source(&text, &catalogue());
    let found: Vec<_> = found.iter().map(|one| (one.code, one.pointer.as_str())).collect();
    let note = ("form_when", "/steps/ask/form/properties/note/when/wy");
    assert_eq!(found, [note, ("form_when", "/steps/hand/form/properties/why/when/sure")]);
}

const UNUSABLE: &str = r#"
schema: 1
name: No answer
triggers: [{ type: message, when: "true" }]
start: ask
steps:
  ask:
    type: collect_form
    prompt: Which order?
    form: { type: object, required: [order], properties: { order: { type: integer } } }
    timeout: { after: 1h, next: silent }
    on_unusable: { replies: 3, next: gone }
    next: done
  silent: { type: end, status: rejected }
  gone: { type: end, status: rejected, message: A colleague will write to you., output: "{{ steps.ask.output }}" }
  done: { type: end }
"#;

fn wrote(play: &mut Play, reply: &str) -> Result<(), Refusal> {
    let visit = play.visit();
    play.take(Input::ReplyUnusable { visit, reply: reply.to_owned(), by: person("c", &[]) })
}

#[test]
fn too_many_replies_that_are_no_answer_lead_on() {
    let (_, found) = check_source(UNUSABLE, &catalogue());
    assert!(found.is_empty(), "{found:?}");
    let mut play = Play::started(UNUSABLE);
    wrote(&mut play, "m1").unwrap();
    assert_eq!(play.last_events(), ["reply_unusable"]);
    assert_eq!(wrote(&mut play, "m1"), Err(Refusal::Stale), "the same message counts once");
    wrote(&mut play, "m2").unwrap();
    assert_eq!(play.step_id(), "ask", "the form stays open");
    wrote(&mut play, "m3").unwrap();
    let events = ["reply_unusable", "checkpoint_closed", "step_completed"];
    assert_eq!(play.last_events()[..3], events);
    let notes: Vec<_> = play.log.last().unwrap().events.iter().filter_map(Event::note).take(3).collect();
    assert_eq!(notes, ["3 of 3", "unusable", "unusable"]);
    assert_eq!((play.status(), &play.state.ended().unwrap().output), ("rejected", &Value::Null));
    assert_eq!(wrote(&mut play, "m4"), Err(Refusal::RunOver));
    // An answer in between is an answer; the form is asked anew when it comes around.
    let mut play = Play::started(UNUSABLE);
    wrote(&mut play, "m1").unwrap();
    wrote(&mut play, "m2").unwrap();
    let visit = play.visit();
    play.take(Input::FormSubmitted { visit, values: json!({ "order": 1 }), by: person("c", &[]) }).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn replies_are_counted_only_where_the_step_does() {
    let text = UNUSABLE.replace("    on_unusable: { replies: 3, next: gone }\n", "");
    let mut play = Play::started(&text);
    assert_eq!(wrote(&mut play, "m1"), Err(Refusal::Stale));
    for (replies, code) in [(0, "unusable_range"), (21, "unusable_range")] {
        let (_, found) = check_source(&UNUSABLE.replace("replies: 3", &format!("replies: {replies}")), &catalogue());
        let found: Vec<_> = found.iter().map(|one| (one.code, one.pointer.as_str())).collect();
        assert_eq!(found, [(code, "/steps/ask/on_unusable/replies")]);
    }
    let (_, found) = check_source(&UNUSABLE.replace("next: gone }", "next: nowhere }"), &catalogue());
    let found: Vec<_> = found.iter().map(|one| (one.code, one.pointer.as_str())).collect();
    assert!(found.contains(&("unknown_step", "/steps/ask/on_unusable/next")), "{found:?}");
}

#[test]
fn a_rehearsal_counts_what_the_customer_writes() {
    let version = support::version(UNUSABLE);
    let says = |text: &str| Act::Says { text: text.to_owned() };
    let acts = vec![says("why?"), says("who?"), says("what?")];
    let opening = Opening { message: Some("hello".to_owned()), ..Opening::default() };
    let script = Script { opening, acts };
    let played = rehearse(&version, &catalogue(), &script, Timestamp(1_000_000));
    assert_eq!(played.refused, None);
    assert_eq!(played.ended.unwrap().status, EndedStatus::Rejected);
}
