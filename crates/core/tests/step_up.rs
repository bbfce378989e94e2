//! Who decides gave their password lately, where the policy or the case says so.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    check::check,
    log::FailureClass,
    run::{Actor, CheckpointEvent, Event, Input, Refusal, UnknownAnswer, Via},
    time::Timestamp,
};
use serde_json::json;
use support::{Play, catalogue, person, workflow};

const ASK: &str = "
schema: 1
name: Pay
vars: { amount: 100 }
start: ask
steps:
  ask:
    type: approval
    summary: 'Pay {{ amount }}'
    approvers: { roles: [manager] }
    tiers: [{ when: amount > 1000, approvers: { roles: [manager], step_up: { minutes: 5 } } }]
    on_approve: done
    on_reject: done
  done: { type: end }
";

fn large() -> String {
    ASK.replace("amount: 100 ", "amount: 5000 ")
}

fn manager(play: &Play, minutes_ago: i64) -> Actor {
    Actor { signed_in_at: Some(Timestamp(play.now.0 - minutes_ago * 60_000)), ..person("m", &["manager"]) }
}

fn decided_by(play: &Play) -> String {
    let closed = play
        .log
        .iter()
        .flat_map(|entry| &entry.events)
        .find(|event| matches!(event, Event::Checkpoint { what: CheckpointEvent::Closed { .. }, .. }));
    serde_json::to_string(closed.unwrap()).unwrap()
}

#[test]
fn the_case_says_whether_it_takes_a_password() {
    let mut small = Play::started(ASK);
    let by = manager(&small, 600);
    small.decide("approved", by).unwrap();
    assert!(!decided_by(&small).contains("signed_in_at"), "what was not asked for is not kept");

    let mut play = Play::started(&large());
    let stale = manager(&play, 6);
    assert_eq!(play.decide("approved", stale), Err(Refusal::StepUp { minutes: 5 }));
    assert_eq!(play.decide("rejected", person("m", &["manager"])), Err(Refusal::StepUp { minutes: 5 }), "a no too");
    let by = manager(&play, 5);
    play.decide("approved", by).unwrap();
    assert!(decided_by(&play).contains("\"signed_in_at\""));
}

#[test]
fn a_program_never_has_one() {
    let mut play = Play::started(&large());
    let key = Actor { via: Via::Api, ..manager(&play, 0) };
    assert_eq!(play.decide("approved", key), Err(Refusal::NoStepUp));
    let key = Actor { made_by: "m".into(), ..manager(&play, 0) };
    assert_eq!(play.decide("approved", key), Err(Refusal::NoStepUp));
}

#[test]
fn of_links_only() {
    let yaml = large().replace("minutes: 5", "minutes: 5, links_only: true");
    for (via, good) in [(Via::Portal, true), (Via::Api, true), (Via::Link, false), (Via::Channel, false)] {
        let mut play = Play::started(&yaml);
        let decided = play.decide("approved", Actor { via, ..person("m", &["manager"]) });
        assert_eq!(decided.is_ok(), good, "{via:?}: {decided:?}");
    }
}

#[test]
fn what_became_of_a_call_may_take_one() {
    let mut play = Play::started(
        "{schema: 1, name: n, start: pay, steps: {pay: {type: tool_call, action: shop.unkeyed, input: {},
          unknown_outcome: {roles: [manager], step_up: {minutes: 5}}, next: done}, done: {type: end}}}",
    );
    play.fail(FailureClass::Unknown).unwrap();
    let id = play.state.phase.call().unwrap().id();
    let answer = || UnknownAnswer::Happened { result: json!({}) };
    let said = |by| Input::UnknownResolved { id, answer: answer(), comment: String::new(), by, for_others: Vec::new() };
    assert_eq!(play.take(said(person("m", &["manager"]))), Err(Refusal::StepUp { minutes: 5 }));
    let by = manager(&play, 1);
    play.take(said(by)).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn the_checks_say_what_can_never_be() {
    let found = |yaml: &str| check(&workflow(yaml), &catalogue());
    for (minutes, good) in [(0, false), (1, true), (60, true), (61, false)] {
        let found = found(&large().replace("minutes: 5", &format!("minutes: {minutes}")));
        let at = "/steps/ask/tiers/0/approvers/step_up/minutes";
        assert_eq!(found.iter().any(|one| one.code == "step_up_range" && one.pointer == at), !good, "{found:?}");
    }
    let standing = "standing: { step: pay, field: /amount, max: 5, per_day: 1, days: 1 }";
    let with = |policy: &str| {
        let yaml =
            ASK.replace("    on_approve: done", &format!("    guards: [pay]\n    {standing}\n    on_approve: pay"));
        yaml.replace("approvers: { roles: [manager] }\n", &format!("approvers: {{ roles: [manager]{policy} }}\n"))
            .replace(
                "  done:",
                "  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }\n  done:",
            )
    };
    let never = |policy: &str| found(&with(policy)).iter().any(|one| one.code == "step_up_standing");
    assert!(!never("") && never(", step_up: { minutes: 5 }") && !never(", step_up: { minutes: 5, links_only: true }"));
}
