//! There is no door beside an approval: each way around one that somebody could think of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    log::FailureClass,
    run::{
        Actor, CallEvent, CallRequest, CheckpointEvent, Effect, Event, Input, Opened, Outcome, Refusal, StateEdit,
        StepEvent, Verdict, Via,
    },
};
use serde_json::{Value, json};
use support::{Play, person};

/// What was sent to an action so far, each with its input.
fn sent(play: &Play, wanted: &str) -> Vec<Value> {
    let events = play.log.iter().flat_map(|entry| &entry.events);
    let calls = events.filter_map(|event| match event {
        Event::Call { what: CallEvent::Requested { request, .. }, .. } => match request.as_ref() {
            CallRequest::Action { action, input, .. } if action == wanted => Some(input.clone()),
            _ => None,
        },
        _ => None,
    });
    calls.collect()
}

/// What the open approval shows for a step.
fn shown(play: &Play, step: &str) -> Value {
    let wait = play.state.phase.approval().expect("an approval is open");
    wait.requests.iter().find(|request| request.step == step).map_or(Value::Null, |request| request.input.clone())
}

fn yes(play: &mut Play, who: &str) {
    play.decide("approved", person(who, &["operator"])).unwrap();
}

fn edited(play: &mut Play, step: &str, vars: Value, who: &str) -> Result<(), Refusal> {
    let edit = StateEdit { vars: vars.as_object().cloned().unwrap(), ..StateEdit::default() };
    let again = play.agreed(Some(step));
    play.take(Input::RetryRequested { step: Some(step.to_owned()), edit, again, by: person(who, &["operator"]) })
}

const BETWEEN: &str = "
schema: 1
name: Work between the yes and what it allows
vars: { amount: 100, id: null }
start: ask
steps:
  ask: { type: approval, summary: 'Pay {{ amount }}', guards: [pay], on_approve: create, on_reject: no }
  create: { type: tool_call, action: shop.keyed, input: {}, set: { id: '{{ output.id }}' }, next: pay }
  pay: { type: tool_call, action: bank.pay, input: { id: '{{ id }}' }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

#[test]
fn asking_again_does_nothing_again() {
    let mut play = Play::started(BETWEEN);
    yes(&mut play, "a");
    play.succeed(json!({ "id": "c1" })).unwrap();
    assert_eq!(play.step_id(), "ask", "what would be paid was not what was approved");
    assert_eq!(shown(&play, "pay"), json!({ "id": "c1" }));
    yes(&mut play, "a");
    let Effect::InvokeAction { action, input, .. } = &play.effects[0] else { panic!("{:?}", play.effects) };
    assert_eq!((action.as_str(), input), ("bank.pay", &json!({ "id": "c1" })));
    play.succeed(json!({})).unwrap();
    assert_eq!((play.status(), sent(&play, "shop.keyed").len()), ("completed", 1));
}

#[test]
fn a_no_to_the_second_asking_takes_the_reject_branch() {
    let mut play = Play::started(BETWEEN);
    yes(&mut play, "a");
    play.succeed(json!({ "id": "c1" })).unwrap();
    play.decide("rejected", person("a", &["operator"])).unwrap();
    assert_eq!((play.status(), sent(&play, "bank.pay").len(), sent(&play, "shop.keyed").len()), ("rejected", 0, 1));
}

const TWO: &str = "
schema: 1
name: Two who must agree
vars: { amount: 100 }
start: legal
steps:
  legal: { type: approval, summary: 'Legal {{ amount }}', guards: [pay], on_approve: correct, on_reject: no }
  correct: { type: tool_call, action: shop.read, input: {}, set: { amount: '{{ output.amount }}' }, next: money }
  money: { type: approval, summary: 'Money {{ amount }}', guards: [pay], on_approve: pay, on_reject: no }
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

#[test]
fn a_later_yes_does_not_cover_for_an_earlier_one() {
    let mut play = Play::started(TWO);
    yes(&mut play, "l");
    play.succeed(json!({ "amount": 90_000 })).unwrap();
    yes(&mut play, "m");
    assert_eq!((play.step_id(), sent(&play, "bank.pay").len()), ("legal", 0), "legal saw 100");
    assert_eq!(shown(&play, "pay"), json!({ "amount": 90_000 }));
    yes(&mut play, "l");
    assert_eq!(sent(&play, "bank.pay"), [json!({ "amount": 90_000 })]);
}

#[test]
fn both_are_asked_about_what_an_edit_changed() {
    for from in ["money", "pay"] {
        let mut play = Play::started(TWO);
        yes(&mut play, "l");
        play.succeed(json!({ "amount": 100 })).unwrap();
        play.decide("rejected", person("m", &["operator"])).unwrap();
        edited(&mut play, from, json!({ "amount": 90_000 }), "op").unwrap();
        let mut asked = vec![];
        while play.effects.is_empty() {
            assert_eq!(shown(&play, "pay"), json!({ "amount": 90_000 }), "{from}");
            asked.push(play.step_id().to_owned());
            yes(&mut play, "x");
        }
        asked.sort();
        asked.dedup();
        assert_eq!(asked, ["legal", "money"], "{from}");
        assert_eq!(sent(&play, "bank.pay"), [json!({ "amount": 90_000 })], "{from}");
    }
}

#[test]
fn a_request_that_changes_between_two_askings_is_seen_by_both() {
    let mut play = Play::started(TWO);
    yes(&mut play, "l");
    play.succeed(json!({ "amount": 100 })).unwrap();
    yes(&mut play, "m");
    assert_eq!(sent(&play, "bank.pay"), [json!({ "amount": 100 })]);
    play.fail(FailureClass::Fatal).unwrap();
    // Each yes was used: sent on without a change, both are asked again.
    edited(&mut play, "pay", json!({}), "op").unwrap();
    assert_eq!((play.step_id(), sent(&play, "bank.pay").len()), ("legal", 1));
    yes(&mut play, "l");
    assert_eq!((play.step_id(), sent(&play, "bank.pay").len()), ("money", 1));
    yes(&mut play, "m");
    assert_eq!(sent(&play, "bank.pay").len(), 2);
}

const EITHER: &str = "
schema: 1
name: Small or large
vars: { amount: 100, times: 0 }
start: size
steps:
  size: { type: condition, branches: [{ when: amount > 1000, next: large }], otherwise: small }
  small: { type: approval, summary: Small, guards: [pay], on_approve: pay, on_reject: no }
  large: { type: approval, summary: Large, guards: [pay], approvers: { roles: [director] }, on_approve: pay, on_reject: no }
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, set: { amount: '{{ output.next }}' }, next: more }
  more: { type: condition, branches: [{ when: amount > 0, next: size }], otherwise: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

#[test]
fn only_the_approvals_on_the_way_are_asked() {
    let mut play = Play::started(EITHER);
    yes(&mut play, "a");
    play.succeed(json!({ "next": 5000 })).unwrap();
    assert_eq!(play.step_id(), "large");
    play.decide("approved", person("d", &["director"])).unwrap();
    play.succeed(json!({ "next": 7 })).unwrap();
    assert_eq!(play.step_id(), "small");
    yes(&mut play, "a");
    play.succeed(json!({ "next": 0 })).unwrap();
    assert_eq!((play.status(), sent(&play, "bank.pay").len()), ("completed", 3));
}

#[test]
fn a_run_that_passed_none_of_them_is_asked_by_all() {
    let mut play = Play::started(EITHER);
    play.take(Input::CancelRequested { reason: String::new(), by: person("op", &["operator"]) }).unwrap();
    edited(&mut play, "pay", json!({ "amount": 90_000 }), "op").unwrap();
    while play.effects.is_empty() {
        if play.step_id() == "large" {
            play.decide("approved", person("d", &["director"])).unwrap();
        } else {
            yes(&mut play, "a");
        }
    }
    let closed = play.log.iter().flat_map(|entry| &entry.events);
    let yes = Outcome::Decided(Verdict::Approved);
    let closed = closed.filter(|event| {
        matches!(event, Event::Checkpoint { what: CheckpointEvent::Closed { outcome, .. }, .. } if *outcome == yes)
    });
    assert!(closed.count() >= 1);
    assert_eq!(sent(&play, "bank.pay"), [json!({ "amount": 90_000 })]);
}

fn four_eyes(document: &str) -> String {
    document.replace("on_approve", "approvers: { exclude_requester: true }, on_approve")
}

#[test]
fn nobody_approves_what_they_had_a_hand_in() {
    let mut play = Play::started(&four_eyes(TWO));
    assert!(play.decide("approved", person("starter", &["operator"])).is_err());
    // A colleague's run is rejected, changed, sent on by the same person.
    play.decide("rejected", person("eve", &["operator"])).unwrap();
    edited(&mut play, "legal", json!({ "amount": 90_000 }), "eve").unwrap();
    for who in ["eve", "starter"] {
        let refused = play.decide("approved", person(who, &["operator"]));
        assert!(matches!(refused, Err(Refusal::NotAnApprover(_))), "{who}: {refused:?}");
    }
    // Nor by a key of theirs.
    let key = Actor { made_by: "eve".to_owned(), via: Via::Api, ..person("key-1", &["operator"]) };
    assert!(matches!(play.decide("approved", key), Err(Refusal::NotAnApprover(_))));
    yes(&mut play, "other");
}

const FORM: &str = "
schema: 1
name: A form before an approval
vars: { amount: 0 }
start: form
steps:
  form:
    type: collect_form
    prompt: How much?
    form: { type: object, properties: { amount: { type: integer } } }
    set: { amount: '{{ output.amount }}' }
    next: ask
  ask: { type: approval, summary: 'Pay {{ amount }}', guards: [pay], approvers: { exclude_requester: true }, on_approve: pay, on_reject: no }
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

#[test]
fn who_filled_the_customers_form_had_a_hand_in_it() {
    let mut play = Play::started(FORM);
    let values = json!({ "amount": 5 });
    play.take(Input::FormSubmitted { visit: 1, values, by: person("op", &["operator"]) }).unwrap();
    assert!(play.decide("approved", person("op", &["operator"])).is_err());
    yes(&mut play, "other");
}

#[test]
fn a_quorum_counts_people() {
    let document = TWO.replace("on_approve: correct", "approvers: { quorum: 2 }, on_approve: correct");
    let mut play = Play::started(&document);
    let key = |id: &str| Actor { made_by: "ada".to_owned(), via: Via::Api, ..person(id, &["admin"]) };
    play.decide("approved", key("key-1")).unwrap();
    assert!(matches!(play.decide("approved", key("key-2")), Err(Refusal::NotAnApprover(_))));
    assert!(matches!(play.decide("approved", person("ada", &["admin"])), Err(Refusal::NotAnApprover(_))));
    assert_eq!(play.step_id(), "legal");
    play.decide("approved", person("bob", &["admin"])).unwrap();
    assert_ne!(play.step_id(), "legal");
}

const GATE: &str = "
schema: 1
name: A gate
vars: { amount: 1 }
start: look
steps:
  look: { type: tool_call, action: shop.read, input: {}, next: ask }
  ask: { type: approval, summary: 'Go on with {{ amount }}?', on_approve: write, on_reject: no }
  write: { type: tool_call, action: shop.keyed, input: { amount: '{{ amount }}' }, next: tell }
  tell: { type: tool_call, action: shop.unkeyed, input: {}, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
";

#[test]
fn nobody_is_led_around_a_gate() {
    for step in ["write", "tell", "done"] {
        let mut play = Play::started(GATE);
        play.fail(FailureClass::Fatal).unwrap();
        edited(&mut play, step, json!({}), "op").unwrap();
        assert_eq!((play.step_id(), play.effects.len()), ("ask", 0), "{step}");
        yes(&mut play, "a");
        let mut entered = play.log.iter().flat_map(|entry| &entry.events).filter_map(|event| match event {
            Event::Step { what: StepEvent::Entered { step, .. }, .. } => Some(step.as_str()),
            _ => None,
        });
        assert_eq!(entered.next_back(), Some(step), "a yes leads to where the run was sent");
    }
}

#[test]
fn a_gate_was_passed_until_somebody_edits() {
    let past = || {
        let mut play = Play::started(GATE);
        play.succeed(json!({})).unwrap();
        yes(&mut play, "a");
        play.fail(FailureClass::Fatal).unwrap();
        play
    };
    let mut play = past();
    edited(&mut play, "write", json!({}), "op").unwrap();
    assert_eq!((play.step_id(), play.effects.len()), ("write", 1), "nothing was changed");
    let mut play = past();
    edited(&mut play, "write", json!({ "amount": 90_000 }), "op").unwrap();
    assert_eq!((play.step_id(), play.effects.len()), ("ask", 0));
    let mut play = past();
    edited(&mut play, "look", json!({}), "op").unwrap();
    play.succeed(json!({})).unwrap();
    play.decide("rejected", person("a", &["operator"])).unwrap();
    edited(&mut play, "tell", json!({}), "op").unwrap();
    assert_eq!((play.step_id(), play.effects.len()), ("ask", 0), "the last word was a no");
}

#[test]
fn silence_is_not_enough_for_what_cannot_be_undone() {
    let document = TWO.replace(
        "guards: [pay], on_approve: pay",
        "guards: [pay], timeout: { after: 1h, outcome: approved }, on_approve: pay",
    );
    let mut play = Play::started(&document);
    yes(&mut play, "l");
    play.succeed(json!({ "amount": 100 })).unwrap();
    play.pass(3_600_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!((play.step_id(), sent(&play, "bank.pay").len()), ("money", 0));
}

#[test]
fn a_yes_is_for_the_account_behind_the_connection_as_it_was() {
    let mut play = Play::new(
        "
schema: 1
name: One payment
start: ask
steps:
  ask: { type: approval, summary: 'Pay 100', guards: [pay], on_approve: pay, on_reject: no }
  pay: { type: tool_call, action: bank.pay, input: { amount: 100 }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
",
    );
    play.accounts.note("bank", None, "ours".into());
    play.start(json!({})).unwrap();
    // Somebody points the connection elsewhere between the asking and the yes.
    play.accounts.note("bank", None, "theirs".into());
    yes(&mut play, "a");
    assert_eq!((play.step_id(), sent(&play, "bank.pay").len()), ("ask", 0), "nobody approved that account");
    let wait = play.state.phase.approval().unwrap();
    let Opened::Approval { difference: Some(difference), .. } = wait.opened.as_ref() else { panic!("{wait:?}") };
    assert!(difference.account_changed && difference.approved == difference.now, "{difference:?}");
    yes(&mut play, "a");
    let Effect::InvokeAction { account, .. } = &play.effects[0] else { panic!("{:?}", play.effects) };
    assert_eq!(account.as_deref(), Some("theirs"), "seen by a person, and bound to the call");
}
