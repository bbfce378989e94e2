//! What customers are told while they wait: once, by the words of the document or of the workspace, and only when asked for.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    check::check,
    log::{FailureClass, LogEntry},
    play::rehearsal::{Script, rehearse},
    run::{Event, Input, Moment, StepEvent, Waiting, WaitingWords, step},
    time::Timestamp,
};
use serde_json::{Value, json};
use support::{Play, catalogue, person, version, workflow};

const PAY: &str = "
schema: 1
name: Pay
waiting_message: FAILURE
start: size
steps:
  size: { type: collect_form, prompt: Which size?, form: { type: object, properties: { size: { type: string } } }, next: approve }
  approve:
    type: approval
    summary: Pay
    waiting_message: APPROVAL
    guards: [pay]
    on_approve: pay
    on_reject: no
    on_changes: size
  pay: { type: tool_call, action: bank.pay, input: {}, retry: { attempts: 2 }, next: thanks }
  thanks: { type: notify, channels: [conversation], body: Paid, next: again }
  again: { type: tool_call, action: shop.keyed, input: {}, retry: { attempts: 1 }, next: done }
  done: { type: end }
  no: { type: end, status: failed, message: 'No, sorry' }
";

fn document(approval: &str, failure: &str) -> String {
    PAY.replace("APPROVAL", approval).replace("FAILURE", failure)
}

fn said_in(log: &[LogEntry]) -> Vec<(String, Option<Waiting>)> {
    let said = |event: &Event| match event {
        Event::Step { what: StepEvent::Said { body, waiting, .. }, .. } => Some((body.clone(), *waiting)),
        _ => None,
    };
    log.iter().flat_map(|entry| &entry.events).filter_map(said).collect()
}

/// What was said only because the customer waits.
fn courtesies(play: &Play) -> Vec<String> {
    said_in(&play.log).into_iter().filter(|(_, waiting)| waiting.is_some()).map(|(body, _)| body).collect()
}

fn submit(play: &mut Play) {
    let (visit, by) = (play.visit(), person("ada", &[]));
    play.take(Input::FormSubmitted { visit, values: json!({ "size": "m" }), by }).unwrap();
}

fn at_approval(approval: &str, failure: &str) -> Play {
    let mut play = Play::started(&document(approval, failure));
    submit(&mut play);
    assert_eq!(play.step_id(), "approve");
    play
}

#[test]
fn nothing_is_said_unless_the_document_asks_for_it() {
    for silent in ["false", "''", "'  '"] {
        let mut play = at_approval(silent, silent);
        play.decide("approved", person("op", &["operator"])).unwrap();
        play.fail(FailureClass::Fatal).unwrap();
        assert_eq!((play.status(), courtesies(&play).len()), ("failed", 0), "{silent}");
    }
    let absent = document("X", "X").replace("    waiting_message: X\n", "").replace("waiting_message: X\n", "");
    assert!(!version(&absent).leaves_words());
    let text = serde_json::to_string(&workflow(&absent)).unwrap();
    assert!(!text.contains("waiting_message"), "what is absent is written nowhere: {text}");
}

#[test]
fn the_words_are_the_documents_or_the_workspaces() {
    let own = at_approval("'{{ customer.name }}, we look at size {{ steps.size.output.size }}'", "true");
    assert_eq!(courtesies(&own), ["Ada Example, we look at size m"]);
    // Words that cannot be rendered give way to the usual ones.
    let broken = at_approval("'{{ $error(\"no\") }}'", "true");
    assert_eq!(courtesies(&broken), [WaitingWords::default().approval]);

    let mut play = Play::started(&document("true", "true"));
    let words = WaitingWords { approval: "Einen Moment bitte.".to_owned(), failure: String::new() };
    let by = person("ada", &[]);
    let input = Input::FormSubmitted { visit: play.visit(), values: json!({}), by };
    let moment = Moment { words: &words, ..play.now.into() };
    let decision = step(&play.version, Box::new(play.state.clone()), input, moment).unwrap();
    play.decided(decision);
    assert_eq!(courtesies(&play), ["Einen Moment bitte."]);
}

#[test]
fn it_is_said_once_until_the_customer_does_something() {
    let mut play = at_approval("wait", "sorry");
    play.decide("changes", person("op", &["operator"])).unwrap();
    submit(&mut play);
    assert_eq!(courtesies(&play), ["wait", "wait"], "they answered anew, so they wait anew");
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(courtesies(&play), ["wait", "wait", "sorry"]);
    for _ in 0..2 {
        // A retry asks the approval again; the customer is told nothing they do not know.
        play.retry(Some("approve"), json!({})).unwrap();
        assert_eq!(play.step_id(), "approve");
        play.decide("approved", person("op", &["operator"])).unwrap();
        play.fail(FailureClass::Fatal).unwrap();
    }
    assert_eq!(courtesies(&play).len(), 3);
    // It went on and said so; that it fails then is news.
    play.retry(Some("approve"), json!({})).unwrap();
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.succeed(json!({})).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(courtesies(&play), ["wait", "wait", "sorry", "sorry"]);
}

#[test]
fn asked_again_in_place_tells_the_customer_nothing() {
    let mut play = at_approval("wait", "sorry");
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    play.retry(Some("pay"), json!({})).unwrap();
    assert_eq!(play.step_id(), "approve", "{:?}", play.state.phase);
    assert_eq!(courtesies(&play), ["wait", "sorry"]);
}

#[test]
fn last_words_of_a_failure_are_the_ones() {
    let mut play = at_approval("false", "sorry");
    play.decide("rejected", person("op", &["operator"])).unwrap();
    assert_eq!((play.status(), courtesies(&play)), ("failed", vec!["No, sorry".to_owned()]));
    let wordless = document("false", "sorry").replace(", message: 'No, sorry'", "");
    let mut play = Play::started(&wordless);
    submit(&mut play);
    play.decide("rejected", person("op", &["operator"])).unwrap();
    assert_eq!(courtesies(&play), ["sorry"]);
    // A cancelled run did not fail.
    let mut play = at_approval("false", "sorry");
    play.take(Input::CancelRequested { reason: String::new(), by: person("op", &["operator"]) }).unwrap();
    assert_eq!((play.status(), courtesies(&play).len()), ("cancelled", 0));
}

#[test]
fn nobody_is_told_where_there_is_no_conversation() {
    let mut play = Play::new(&document("wait", "sorry").replace("start: size", "start: approve"));
    let mut start = play_start();
    start["conversation"] = Value::Null;
    play.take(Input::Started(serde_json::from_value(start).unwrap())).unwrap();
    assert_eq!((play.step_id(), said_in(&play.log).len()), ("approve", 0));
}

fn play_start() -> Value {
    json!({
        "run": "r1", "workflow": "w1", "version": 1, "trigger": { "type": "api" }, "input": {}, "customer": null,
        "conversation": { "id": "c1" }, "started_by": null,
    })
}

#[test]
fn what_is_no_courtesy_is_written_as_it_was() {
    let text = serde_json::to_string(&StepEvent::Said { body: "hello".to_owned(), form: None, waiting: None }).unwrap();
    assert!(!text.contains("waiting"), "{text}");
    let read: StepEvent = serde_json::from_str(&text).unwrap();
    assert!(matches!(read, StepEvent::Said { waiting: None, .. }));
}

#[test]
fn a_rehearsal_says_what_the_workspace_says() {
    let words = WaitingWords { approval: "Patience".to_owned(), failure: "Oh no".to_owned() };
    let version = version(&document("true", "true")).saying(words);
    let script: Script = serde_json::from_value(json!({
        "opening": {}, "acts": [{ "act": "submits", "values": { "size": "m" } }],
    }))
    .unwrap();
    let played = rehearse(&version, &catalogue(), &script, Timestamp(0));
    let texts: Vec<&str> = played.said.iter().map(|said| said.text.as_str()).collect();
    assert!(texts.contains(&"Patience"), "{texts:?} {:?}", played.refused);
}

#[test]
fn its_expressions_are_checked() {
    let document = workflow(&document("'{{ nobody }}'", "'{{ 1 + }}'"));
    let report = check(&document, &catalogue());
    let at = |pointer: &str| report.iter().any(|one| one.pointer == pointer);
    assert!(at("/steps/approve/waiting_message"), "{report:?}");
    assert!(at("/waiting_message"), "{report:?}");
}
