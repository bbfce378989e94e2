//! What an approval does in the run machine: what a yes allows, whose, and what a no or silence does.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    approval::preview,
    log::{FailureClass, history},
    run::{self, Effect, Input, Phase, Refusal, Verdict, Version, Wait},
};
use serde_json::json;
use support::{Play, catalogue, person, workflow};

#[test]
fn a_no_takes_back_what_an_earlier_yes_allowed() {
    let approval = "type: approval, summary: pay, guards: [pay]";
    let mut play = Play::started(&format!(
        "{{schema: 1, name: n, start: one, steps: {{
            one: {{{approval}, on_approve: two, on_reject: no}}, two: {{{approval}, on_approve: pay, on_reject: pay}},
            pay: {{type: tool_call, action: bank.pay, input: {{}}, next: no}}, no: {{type: end}}}}}}"
    ));
    play.decide("approved", person("op", &["operator"])).unwrap();
    play.decide("rejected", person("op", &["operator"])).unwrap();
    assert!(
        play.effects.is_empty() && matches!(play.state.phase, Phase::Waiting(Wait::Approval(_))),
        "{:?}",
        play.state.phase
    );
}

const APPROVAL: &str = "
schema: 1
name: Pay
vars: { amount: 4260, again: false }
start: approve
steps:
  approve:
    type: approval
    summary: 'Pay {{ amount }}'
    guards: [pay]
    approvers: { roles: [manager], users: [boss@example.com], quorum: 1, exclude_requester: true }
    remind_after: 10m
    timeout: { after: 1h, outcome: rejected, next: late }
    on_approve: pay
    on_reject: no
    on_changes: approve
  pay:
    type: tool_call
    action: bank.pay
    input: { amount: '{{ amount }}' }
    next: loop
  loop:
    type: condition
    branches: [{ when: again, next: pay }]
    otherwise: done
  done: { type: end }
  no: { type: end, status: rejected, message: 'no: {{ steps.approve.output.comment }}' }
  late: { type: end, status: rejected, message: too late }
";

#[test]
fn an_approval_shows_and_grants_exactly_what_runs() {
    let mut play = Play::started(APPROVAL);
    let Some(wait) = play.state.phase.approval() else { panic!() };
    assert_eq!(wait.requests[0].input, json!({ "amount": 4260 }));
    play.decide("approved", person("m", &["manager"])).unwrap();
    assert!(matches!(&play.effects[0], Effect::InvokeAction { input, .. } if input["amount"] == 4260));
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn who_may_not_approve_changes_nothing() {
    let mut play = Play::started(APPROVAL);
    let before = play.state.clone();
    for by in [person("x", &["operator"]), person("y", &["admin"]), person("starter", &["manager"])] {
        assert!(matches!(play.decide("approved", by), Err(Refusal::NotAnApprover(_))));
    }
    assert!(matches!(play.decide("perhaps", person("m", &["manager"])), Err(Refusal::NotOffered { .. })));
    assert_eq!(play.state, before);
    play.decide("approved", person("boss", &[])).unwrap();
}

#[test]
fn a_grant_is_used_once() {
    let mut play = Play::started(&APPROVAL.replace("again: false", "again: true"));
    play.decide("approved", person("m", &["manager"])).unwrap();
    play.succeed(json!({})).unwrap();
    assert_eq!(play.step_id(), "approve", "the second payment needs its own approval");
    assert!(play.last_events().contains(&"approval_voided"));
}

#[test]
fn a_changed_request_voids_the_approval() {
    let mut play = Play::started(APPROVAL);
    play.decide("approved", person("m", &["manager"])).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.status(), "failed");
    play.retry(Some("pay"), json!({ "amount": 999_999 })).unwrap();
    assert_eq!(play.effects, [], "nothing is sent that nobody approved");
    let Some(wait) = play.state.phase.approval() else { panic!("{:?}", play.state.phase) };
    assert_eq!(wait.requests[0].input, json!({ "amount": 999_999 }));
    let text = serde_json::to_string(&play.log).unwrap();
    assert!(text.contains("\"approval_voided\""), "{text}");
}

#[test]
fn two_people_when_two_are_needed() {
    let mut play = Play::started(&APPROVAL.replace("quorum: 1", "quorum: 2"));
    play.decide("approved", person("m1", &["manager"])).unwrap();
    assert_eq!(play.step_id(), "approve");
    assert!(matches!(play.decide("approved", person("m1", &["manager"])), Err(Refusal::NotAnApprover(_))));
    play.decide("approved", person("m2", &["manager"])).unwrap();
    assert_eq!(play.step_id(), "pay");
}

#[test]
fn rejection_changes_and_silence_take_their_own_paths() {
    let mut play = Play::started(APPROVAL);
    let (visit, by) = (play.visit(), person("m", &["manager"]));
    let rejected =
        Input::Decided { visit, verdict: Verdict::Rejected, comment: "too much".into(), by, with: Box::default() };
    play.take(rejected).unwrap();
    assert_eq!(play.status(), "rejected");
    let said = play.log.last().unwrap().events.iter().find_map(|event| match event {
        run::Event::Step { what: run::StepEvent::Said { body, .. }, .. } => Some(body.clone()),
        _ => None,
    });
    assert_eq!(said.as_deref(), Some("no: too much"));

    let mut play = Play::started(APPROVAL);
    play.decide("changes", person("m", &["manager"])).unwrap();
    assert_eq!((play.step_id(), play.visit()), ("approve", 2));

    let mut play = Play::started(APPROVAL);
    play.pass(600_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.last_events(), ["checkpoint_reminded"]);
    play.pass(3_000_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.status(), "rejected");
    assert_eq!(play.decide("approved", person("m", &["manager"])), Err(Refusal::RunOver));
}

#[test]
fn escalation_lets_more_people_decide_and_then_rejects() {
    let yaml = APPROVAL.replace("outcome: rejected, next: late", "outcome: escalate, escalate_to: [director]");
    let mut play = Play::started(&yaml.replace("    remind_after: 10m\n", ""));
    assert!(play.decide("approved", person("d", &["director"])).is_err());
    play.pass(3_600_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.last_events(), ["checkpoint_escalated"]);
    let mut other = Play { log: play.log.clone(), state: play.state.clone(), ..Play::new(&yaml) };
    other.now = play.now;
    play.decide("approved", person("d", &["director"])).unwrap();
    assert_eq!(play.step_id(), "pay");
    other.pass(3_600_000);
    other.take(Input::TimerFired).unwrap();
    assert_eq!(other.status(), "rejected");
}

#[test]
fn a_high_risk_call_without_any_approval_fails_unless_it_was_allowed() {
    let yaml = "
schema: 1
name: Bare
start: pay
steps:
  pay: { type: tool_call, action: bank.pay, input: {}, next: done }
  done: { type: end }
";
    let play = Play::started(yaml);
    assert_eq!((play.status(), play.effects.len()), ("failed", 0));
    let mut play = Play::of(Version::compile(workflow(yaml), &catalogue(), true).unwrap());
    play.start(json!({})).unwrap();
    assert_eq!(play.effects.len(), 1);
}

#[test]
fn a_preview_shows_both_branches_before_the_decision() {
    let play = Play::started(APPROVAL);
    let yes = preview(&play.version, &play.state, "pay", play.now);
    assert_eq!(yes[0].input, Some(json!({ "amount": 4260 })));
    let no = preview(&play.version, &play.state, "no", play.now);
    assert_eq!((no.len(), no[0].message.is_some()), (1, true));
}

#[test]
fn the_history_tells_every_attempt_and_who_decided() {
    let mut play = Play::started(APPROVAL);
    play.pass(5000);
    play.decide("approved", person("m", &["manager"])).unwrap();
    play.fail(FailureClass::Retryable).unwrap();
    play.pass(60_000);
    play.take(Input::TimerFired).unwrap();
    play.pass(300);
    play.succeed(json!({ "paid": true })).unwrap();
    let told = history(&play.version, &play.log);
    let kinds: Vec<_> = told.iter().map(|step| (step.step.as_str(), step.status.as_str())).collect();
    assert_eq!(kinds, [("approve", "completed"), ("pay", "completed"), ("loop", "completed"), ("done", "completed")]);
    assert_eq!(told[0].checkpoints[0].outcome.as_ref().map(run::Outcome::word), Some("approved"));
    assert_eq!(told[0].checkpoints[0].id, "r1.1");
    assert_eq!(told[1].attempts.len(), 2);
    assert_eq!(told[1].output, Some(json!({ "paid": true })));
    assert_eq!(told[0].ended_at.unwrap().since(told[0].started_at), 5000);
}
