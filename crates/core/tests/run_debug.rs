//! A run at any point of its log, and how it goes on from any step with changed state.
#![allow(clippy::unwrap_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    approval::Contributors,
    difference::json::difference,
    log::{FailureClass, at_point, evaluate_at, point_of_visit, points},
    moves::{asked_again, repeats},
    run::{Again, Continuation, Input, Refusal, RunState, Start, StateEdit, apply, step},
};
use serde_json::{Value, json};
use support::{Play, person, version};

const GUARDED: &str = "
schema: 1
name: Guarded
vars: { amount: 5, seen: null }
start: look
steps:
  look: { type: tool_call, action: shop.read, input: {}, set: { seen: '{{ output.id }}' }, next: ask }
  ask: { type: approval, summary: 'pay {{ amount }}', guards: [pay], approvers: {}, timeout: { after: 1h, outcome: rejected }, on_approve: pay, on_reject: no }
  pay: { type: tool_call, action: shop.keyed, input: { amount: '{{ amount }}' }, next: log }
  log: { type: tool_call, action: shop.unkeyed, input: {}, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

/// Looked, approved, paid; writing it down failed.
fn paid() -> Play {
    let mut play = Play::started(GUARDED);
    play.succeed(json!({ "id": 7 })).unwrap();
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.succeed(json!({ "receipt": 1 })).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.status(), "failed");
    play
}

#[test]
fn every_point_is_the_fold_of_the_events_before_it() {
    let play = paid();
    let all = points(&play.version, &play.log);
    let mut state = RunState::default();
    for (event, point) in play.log.iter().flat_map(|entry| &entry.events).zip(&all) {
        apply(&mut state, event);
        let reached = at_point(&play.log, point.point);
        assert_eq!((reached.point, reached.seq, &reached.state), (point.point, point.seq, &state));
    }
    assert_eq!(at_point(&play.log, 0).state, RunState::default());
    assert_eq!(at_point(&play.log, u32::MAX).state, play.state);
    let of_pay: Vec<&str> =
        all.iter().filter(|point| point.step.as_deref() == Some("pay")).map(|point| point.kind.as_str()).collect();
    assert_eq!(of_pay, ["step_entered", "call_requested", "call_succeeded", "step_completed"]);
    let before = point_of_visit(&play.log, 3).unwrap();
    assert_eq!(all[before as usize].kind, "step_entered");
    assert_eq!(point_of_visit(&play.log, 99), None);
}

#[test]
fn an_expression_sees_what_was_known_then() {
    let play = paid();
    let all = points(&play.version, &play.log);
    let completed = |name: &str| {
        let at = |point: &&countersign_core::log::Point| {
            point.kind == "step_completed" && point.step.as_deref() == Some(name)
        };
        all.iter().find(at).unwrap().point
    };
    let value = |point: u32, source: &str| evaluate_at(&at_point(&play.log, point), source).unwrap();
    let looked = completed("look");
    assert_eq!(value(looked - 1, "seen"), Some(Value::Null));
    assert_eq!(value(looked - 1, "output.id"), Some(json!(7)));
    assert_eq!(value(looked, "seen + amount"), Some(json!(12)));
    assert_eq!(value(looked, "steps.pay.output.receipt"), None);
    assert_eq!(value(completed("pay"), "steps.pay.output.receipt"), Some(json!(1)));
    assert_eq!(evaluate_at(&at_point(&play.log, looked), "1 +").unwrap_err().code(), "expression_parse");
    let (before, after) = (at_point(&play.log, looked - 1).state.shown(), at_point(&play.log, looked).state.shown());
    let changed: Vec<String> = difference(&before, &after).into_iter().map(|change| change.pointer).collect();
    assert!(changed.contains(&"/vars/seen".to_owned()), "{changed:?}");
    assert!(!changed.iter().any(|pointer| pointer.starts_with("/input")), "{changed:?}");
}

#[test]
fn what_would_be_done_again_is_named() {
    let play = paid();
    let names = |from: &str| {
        let found = repeats(&play.version, &play.log, &play.version, from);
        found.into_iter().map(|repeat| (repeat.step, repeat.certain)).collect::<Vec<_>>()
    };
    // A call that was refused did not happen, and a read changes nothing.
    assert_eq!(names("log"), []);
    assert_eq!(names("pay"), [("pay".to_owned(), true)]);
    assert_eq!(names("look"), [("pay".to_owned(), true)]);
    assert_eq!(asked_again(&play.version, "look"), ["pay"]);
    assert_eq!(asked_again(&play.version, "log"), [""; 0]);
    // The step has another name by now: it is known by what it does.
    let renamed = version(&GUARDED.replace("pay", "charge").replace("'charge {{", "'pay {{"));
    let found = repeats(&play.version, &play.log, &renamed, "look");
    assert_eq!(found.iter().map(|repeat| repeat.step.as_str()).collect::<Vec<_>>(), ["pay"]);
}

#[test]
fn what_would_be_done_again_is_refused_by_the_decision_itself() {
    let mut play = paid();
    let asks = |play: &Play, from: &str, agreed: &[&str]| {
        let agreed: Vec<String> = agreed.iter().map(|step| (*step).to_owned()).collect();
        Again::read(&play.version, &play.log, from, &agreed)
    };
    let retry = |from: &str, again: Again| {
        let (step, edit, by) = (Some(from.to_owned()), StateEdit::default(), person("op", &["operator"]));
        Input::RetryRequested { step, edit, again, by }
    };
    let unasked = asks(&play, "pay", &[]);
    let Err(Refusal::WouldRepeat { repeats }) = play.take(retry("pay", unasked)) else { panic!("it was repeated") };
    assert_eq!(repeats.iter().map(|repeat| repeat.step.as_str()).collect::<Vec<_>>(), ["pay"]);
    // What was read for another step says nothing of this one.
    let other = asks(&play, "log", &[]);
    assert_eq!(play.take(retry("pay", other)), Err(Refusal::Stale));
    // Two people have the same page open. One retries and the call is made; what the other saw is old.
    let (first, second) = (asks(&play, "log", &[]), asks(&play, "log", &[]));
    play.take(retry("log", first)).unwrap();
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
    assert_eq!(play.take(retry("log", second)), Err(Refusal::Stale));
    let now = asks(&play, "log", &[]);
    assert!(matches!(play.take(retry("log", now)), Err(Refusal::WouldRepeat { .. })));
    let agreed = asks(&play, "log", &["log"]);
    play.take(retry("log", agreed)).unwrap();
}

#[test]
fn a_call_in_doubt_counts_until_it_is_settled() {
    let mut play = paid();
    play.retry(Some("log"), json!({})).unwrap();
    play.fail(FailureClass::Unknown).unwrap();
    let doubt = |play: &Play| repeats(&play.version, &play.log, &play.version, "log");
    assert_eq!(doubt(&play).iter().map(|repeat| repeat.certain).collect::<Vec<_>>(), [false]);
    let by = person("op", &["operator"]);
    let id = countersign_core::run::CallId { visit: play.visit(), call: 0, attempt: 1 };
    let answer = countersign_core::run::UnknownAnswer::NotHappened;
    play.take(Input::UnknownResolved { id, answer, comment: String::new(), by, for_others: Vec::new() }).unwrap();
    assert_eq!(doubt(&play), []);
}

#[test]
fn a_retry_uses_no_earlier_approval() {
    let mut play = paid();
    let first_key = "r1.3.0";
    play.retry(Some("pay"), json!({ "amount": 5 })).unwrap();
    assert_eq!(play.step_id(), "ask", "the same request needs a new yes");
    play.decide("approved", person("op", &["operator"])).unwrap();
    let countersign_core::run::Effect::InvokeAction { key, .. } = &play.effects[0] else { panic!() };
    assert_ne!(&**key, first_key, "a new entry of the step is a new call");
}

#[test]
fn nobody_is_led_around_an_approval() {
    let mut play = Play::started(GUARDED);
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.status(), "failed");
    play.retry(Some("pay"), json!({})).unwrap();
    assert_eq!(play.step_id(), "ask", "it was never approved");
    assert_eq!(play.effects, []);
}

#[test]
fn edits_are_on_the_record_and_replay() {
    let mut play = paid();
    let steps = json!({ "look": { "output": { "id": 8 } } });
    let vars = json!({ "amount": 6, "new": [1] });
    let edit = StateEdit::towards(&play.state, vars.as_object().unwrap(), &steps);
    assert_eq!((edit.vars.len(), edit.unset.as_slice()), (2, &["seen".to_owned()][..]));
    let (again, by) = (play.agreed(Some("log")), person("op", &["operator"]));
    play.take(Input::RetryRequested { step: Some("log".into()), edit, again, by }).unwrap();
    assert_eq!(Value::Object(play.state.vars.clone()), vars);
    assert_eq!(play.state.steps, steps);
    assert!(StateEdit::towards(&play.state, vars.as_object().unwrap(), &steps).is_empty());
}

#[test]
fn a_new_run_goes_on_where_another_ended() {
    let before = paid();
    let mut play = Play::new(GUARDED);
    let start = Start {
        run: "r2".into(),
        workflow: "w1".into(),
        version: 2,
        trigger: json!({ "type": "manual" }),
        input: json!({}),
        customer: Value::Null,
        conversation: Value::Null,
        started_by: None,
    };
    let from = |step: &str| Continuation {
        of: "r1".into(),
        point: None,
        step: step.into(),
        vars: before.state.vars.clone(),
        steps: before.state.steps.clone(),
        error: before.state.error.clone(),
        edit: StateEdit::default(),
        repeats: Vec::new(),
        by: person("op", &["operator"]),
        contributors: Contributors::default(),
    };
    let input = |name: &str| Input::Continued { start: Box::new(start.clone()), from: Box::new(from(name)) };
    let refused = step(&play.version, Box::new(play.state.clone()), input("nowhere"), play.now).map_err(Refusal::from);
    assert!(matches!(refused, Err(Refusal::NotRetryable(_))));
    play.take(input("pay")).unwrap();
    assert_eq!(play.step_id(), "ask", "an approval of another run counts for nothing here");
    assert_eq!(play.state.vars["seen"], 7);
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.succeed(json!({})).unwrap();
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
}
