//! A decision that is held for a moment: nothing happens meanwhile, who took it can take it back, and it counts once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    approval::{Roster, RosterMember, audience, deciders},
    check::{Severity, check},
    log::history,
    play::{
        BacktestVerdict, backtest,
        rehearsal::{Script, from_run, rehearse},
    },
    run::{Actor, DecidedWith, Input, OpenApproval, Outcome, Refusal, Verdict},
    time::Timestamp,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use support::{Play, catalogue, person, version, workflow};

const PAY: &str = "
schema: 1
name: Pay
vars: { amount: 100 }
start: ask
steps:
  ask:
    type: approval
    summary: 'Pay {{ amount }}'
    undo_seconds: 10
    guards: [pay]
    editable: { pay: [/amount] }
    approvers: { roles: [manager], quorum: 1 }
    remind_after: 5s
    timeout: { after: 15s, outcome: rejected, next: late }
    on_approve: pay
    on_reject: no
    on_changes: ask
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end }
  no: { type: end, status: rejected }
  late: { type: end, status: rejected, message: too late }
";

fn manager(id: &str) -> Actor {
    person(id, &["manager"])
}

fn back(play: &mut Play, by: &str) -> Result<(), Refusal> {
    let visit = play.visit();
    play.take(Input::DecisionTakenBack { visit, by: manager(by) })
}

/// What the approval asks, and when; without what was said about it.
fn asked(play: &Play) -> Value {
    let mut wait = serde_json::to_value(play.state.phase.approval().expect("an approval waits")).unwrap();
    wait["held"] = Value::Null;
    wait
}

#[test]
fn nothing_is_sent_before_the_time_is_over() {
    for (outcome, events, then) in [
        ("approved", ["checkpoint_closed", "step_completed"], "pay"),
        ("rejected", ["checkpoint_closed", "step_completed"], "no"),
        ("changes", ["checkpoint_closed", "step_completed"], "ask"),
    ] {
        let mut play = Play::started(PAY);
        let began = play.now;
        play.decide(outcome, manager("m")).unwrap();
        assert_eq!(play.last_events(), ["decision_held"]);
        assert!(play.effects.is_empty() && play.status() == "open");
        let held = play.state.phase.held().cloned().unwrap();
        assert_eq!((held.verdict.word(), held.at, held.until.0), (outcome, began, began.0 + 10_000));
        assert_eq!(play.state.wake_at(), Some(held.until), "no other timer runs meanwhile, the reminder neither");
        play.pass(9_999);
        assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotDue));
        assert!(play.effects.is_empty());
        play.pass(1);
        play.take(Input::TimerFired).unwrap();
        assert_eq!(play.last_events()[..2], events, "{outcome}");
        assert_eq!(history(&play.version, &play.log).last().unwrap().step, then, "{outcome}");
        assert_eq!(play.effects.len(), usize::from(outcome == "approved"), "{outcome}");
    }
}

#[test]
fn who_decided_takes_it_back_and_it_is_open_as_it_was() {
    let mut play = Play::started(PAY);
    play.pass(2_000);
    let before = asked(&play);
    play.decide("approved", manager("m")).unwrap();
    play.pass(9_999);
    back(&mut play, "m").unwrap();
    assert_eq!(play.last_events(), ["decision_taken_back"]);
    assert_eq!((asked(&play), play.state.phase.held()), (before, None));
    assert!(play.effects.is_empty());
    let record = history(&play.version, &play.log);
    let taken = &record[0].checkpoints[0].taken_back;
    assert_eq!((taken.len(), taken[0].verdict, taken[0].by.id.as_str()), (1, Verdict::Approved, "m"));
    assert_eq!((taken[0].said_at.0 + 9_999, record[0].checkpoints[0].held.is_none()), (taken[0].at.0, true));
    assert_eq!(back(&mut play, "m"), Err(Refusal::NothingHeld), "twice");
    // And decided again, otherwise, by the same person.
    play.decide("rejected", manager("m")).unwrap();
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.status(), "rejected");
    assert!(matches!(back(&mut play, "m"), Err(Refusal::RunOver)));
}

#[test]
fn only_who_decided_takes_it_back() {
    let mut play = Play::started(PAY);
    play.decide("approved", manager("m")).unwrap();
    assert!(matches!(back(&mut play, "n"), Err(Refusal::NotTheirs(held)) if held.by.id == "m"));
    let visit = play.visit();
    assert_eq!(play.take(Input::DecisionTakenBack { visit: visit + 1, by: manager("m") }), Err(Refusal::Stale));
    // A key of theirs is them: people are counted.
    let key = Actor { made_by: "m".into(), ..manager("key") };
    play.take(Input::DecisionTakenBack { visit, by: key }).unwrap();
    // So is who decided for somebody else, and not whom it was for.
    let for_other = manager("m").representing(&manager("n"));
    play.take(Input::Decided {
        visit,
        verdict: Verdict::Approved,
        comment: String::new(),
        by: for_other,
        with: Box::default(),
    })
    .unwrap();
    assert!(matches!(back(&mut play, "n"), Err(Refusal::NotTheirs(_))));
    back(&mut play, "m").unwrap();
}

#[test]
fn a_second_decider_hears_who_was_first() {
    let mut play = Play::started(PAY);
    play.decide("approved", manager("m")).unwrap();
    for (outcome, by) in [("approved", "n"), ("rejected", "n"), ("rejected", "m")] {
        let refused = play.decide(outcome, manager(by));
        assert!(matches!(&refused, Err(Refusal::Held(held)) if held.by.id == "m"), "{refused:?}");
        assert!(refused.unwrap_err().to_string().starts_with("approved by m"));
    }
    let open = OpenApproval::of(&play.version, &play.state).unwrap();
    assert!(open.why_not(&manager("n"), Verdict::Rejected).unwrap().contains("by m"));
    assert!(!audience(&play.version, &play.state).unwrap().includes(&manager("n"), &[]));
    let member = RosterMember { actor: manager("n"), hindered: None, away: false, stands_in_for: Vec::new() };
    let roster = Roster { members: vec![member] };
    assert_eq!(deciders(&play.version, &play.state, &roster), []);
    back(&mut play, "m").unwrap();
    assert!(audience(&play.version, &play.state).unwrap().includes(&manager("n"), &[]));
    assert_eq!(deciders(&play.version, &play.state, &roster).len(), 1);
}

#[test]
fn a_decision_made_in_time_counts_after_the_limit_too() {
    let mut play = Play::started(PAY);
    play.pass(14_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.last_events(), ["checkpoint_reminded"]);
    play.decide("approved", manager("m")).unwrap();
    play.pass(5_000);
    assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotDue), "the limit passed four seconds ago");
    play.pass(5_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.step_id(), "pay");
}

#[test]
fn taken_back_after_the_limit_the_limit_acts() {
    let mut play = Play::started(PAY);
    play.pass(14_000);
    play.decide("approved", manager("m")).unwrap();
    play.pass(5_000);
    back(&mut play, "m").unwrap();
    assert!(play.state.wake_at().is_some_and(|at| at <= play.now), "it is due at once");
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.status(), "rejected");
    assert_eq!(play.effects, []);
}

#[test]
fn the_last_instant_belongs_to_the_decision() {
    let mut play = Play::started(PAY);
    play.decide("approved", manager("m")).unwrap();
    play.pass(10_000);
    assert!(matches!(back(&mut play, "m"), Err(Refusal::HeldNoMore(_))));
    play.take(Input::TimerFired).unwrap();
    assert_eq!(back(&mut play, "m"), Err(Refusal::Stale));
    // A process that was away hands it over when it is back.
    let mut late = Play::started(PAY);
    late.decide("approved", manager("m")).unwrap();
    late.pass(3_600_000);
    assert!(matches!(back(&mut late, "m"), Err(Refusal::HeldNoMore(_))));
    assert!(matches!(late.decide("rejected", manager("n")), Err(Refusal::Held(_))));
    late.take(Input::TimerFired).unwrap();
    assert_eq!(late.step_id(), "pay");
    let closed = &history(&late.version, &late.log)[0].checkpoints[0];
    assert_eq!(closed.outcome, Some(Outcome::Decided(Verdict::Approved)));
}

#[test]
fn of_several_it_begins_with_the_one_that_is_enough() {
    let mut play = Play::started(&PAY.replace("quorum: 1", "quorum: 2"));
    play.decide("approved", manager("m1")).unwrap();
    assert_eq!(play.last_events(), ["approval_given"]);
    assert_eq!(back(&mut play, "m1"), Err(Refusal::NothingHeld), "one of several is not held");
    play.decide("approved", manager("m2")).unwrap();
    assert_eq!(play.last_events(), ["decision_held"]);
    back(&mut play, "m2").unwrap();
    let given: Vec<&str> = play.state.phase.approval().unwrap().given.iter().map(|by| by.id.as_str()).collect();
    assert_eq!(given, ["m1"], "what others said stands");
    play.decide("approved", manager("m3")).unwrap();
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.step_id(), "pay");
}

fn edit(amount: u32) -> Box<DecidedWith> {
    let fields = json!({ "/amount": amount }).as_object().cloned().unwrap();
    Box::new(DecidedWith { edits: BTreeMap::from([("pay".to_owned(), fields)]), ..DecidedWith::default() })
}

fn approve(play: &mut Play, by: Actor, with: Box<DecidedWith>) -> Result<(), Refusal> {
    let (visit, verdict, comment) = (play.visit(), Verdict::Approved, "less".to_owned());
    play.take(Input::Decided { visit, verdict, comment, by, with })
}

#[test]
fn an_edit_is_taken_back_with_the_decision() {
    let mut play = Play::started(PAY);
    let before = asked(&play);
    approve(&mut play, manager("m"), edit(40)).unwrap();
    assert_eq!((play.last_events(), asked(&play)), (vec!["decision_held"], before.clone()), "what is shown stays");
    back(&mut play, "m").unwrap();
    assert_eq!(asked(&play), before);
    approve(&mut play, manager("m"), edit(40)).unwrap();
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.last_events()[..3], ["request_edited", "checkpoint_closed", "step_completed"]);
    assert!(serde_json::to_string(&play.log).unwrap().contains("\"said_at\""));
    assert_eq!(
        (play.step_id(), play.state.steps["ask"]["output"]["edited"]["pay"]["amount"].clone()),
        ("pay", json!(40))
    );
    // Where another pair of eyes is demanded it decides nothing, so there is nothing to hold.
    let mut other = Play::started(&PAY.replace("quorum: 1", "quorum: 1, exclude_requester: true"));
    approve(&mut other, manager("m"), edit(40)).unwrap();
    assert_eq!(other.last_events(), ["request_edited"]);
    other.decide("approved", manager("n")).unwrap();
    assert_eq!(other.last_events(), ["decision_held"]);
}

#[test]
fn a_connection_that_changes_meanwhile_is_asked_about_again() {
    let mut play = Play::new(PAY);
    play.accounts.note("bank", None, "one".into());
    play.start(json!({})).unwrap();
    play.decide("approved", manager("m")).unwrap();
    play.accounts.note("bank", None, "two".into());
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.effects, [], "nothing goes where nobody said yes to");
    assert!(play.last_events().contains(&"approval_voided"));
    // Asked again in place it is held again.
    play.decide("approved", manager("m")).unwrap();
    assert_eq!(play.last_events(), ["decision_held"]);
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!((play.step_id(), play.effects.len()), ("pay", 1));
}

#[test]
fn a_run_that_is_cancelled_meanwhile_does_nothing() {
    let mut play = Play::started(PAY);
    play.decide("approved", manager("m")).unwrap();
    play.take(Input::CancelRequested { reason: "no".into(), by: manager("n") }).unwrap();
    assert_eq!((play.status(), play.effects.len()), ("cancelled", 0));
    assert_eq!(back(&mut play, "m"), Err(Refusal::RunOver));
    play.pass(10_000);
    assert_eq!(play.take(Input::TimerFired), Err(Refusal::RunOver));
}

#[test]
fn it_is_not_moved_meanwhile() {
    let mut play = Play::started(PAY);
    let other = || version(&PAY.replace("undo_seconds: 10", "undo_seconds: 20"));
    play.decide("approved", manager("m")).unwrap();
    let moved = play.move_to(other(), 2, &BTreeMap::new(), manager("n"));
    assert!(matches!(&moved, Err(Refusal::NotMovable(why)) if why.contains("by m")), "{moved:?}");
    back(&mut play, "m").unwrap();
    play.move_to(other(), 2, &BTreeMap::new(), manager("n")).unwrap();
    play.decide("approved", manager("m")).unwrap();
    assert_eq!(play.state.phase.held().unwrap().until.0, play.now.0 + 20_000);
    assert!(matches!(play.undo(version(PAY), manager("n")), Err(Refusal::NotMovable(_))));
}

#[test]
fn the_bounds_are_checked() {
    for (seconds, good) in [(0, false), (1, true), (60, true), (61, false)] {
        let document = workflow(&PAY.replace("undo_seconds: 10", &format!("undo_seconds: {seconds}")));
        let found = check(&document, &catalogue());
        let range = found.iter().find(|found| found.code == "undo_range");
        assert_eq!(range.is_none(), good, "{seconds}: {found:?}");
        assert!(
            range.is_none_or(|found| found.severity == Severity::Error && found.pointer == "/steps/ask/undo_seconds")
        );
    }
}

#[test]
fn a_rehearsal_and_a_test_case_do_not_wait_for_it() {
    let script: Script = serde_json::from_value(json!({
        "opening": {}, "acts": [{ "act": "decides", "outcome": "approved" }],
    }))
    .unwrap();
    let played = rehearse(&version(PAY), &catalogue(), &script, Timestamp(0));
    assert_eq!((played.refused, played.requests.len(), played.now), (None, 1, Timestamp(10_000)));
}

/// Taken back once, then decided: what was taken back is no act of the test case, and no voice of the recording.
#[test]
fn a_run_with_one_that_was_taken_back_is_copied_and_tested_against() {
    let mut play = Play::started(PAY);
    play.decide("rejected", manager("m")).unwrap();
    play.pass(3_000);
    back(&mut play, "m").unwrap();
    approve(&mut play, manager("m"), edit(40)).unwrap();
    play.pass(10_000);
    play.take(Input::TimerFired).unwrap();
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
    let made = from_run(&play.version, &catalogue(), &play.log, "a run".into()).unwrap();
    let again = rehearse(&play.version, &catalogue(), &made.case.script(), Timestamp(0));
    assert_eq!((again.refused, again.requests[0].input.clone()), (None, json!({ "amount": 40 })));
    for yaml in
        [PAY.to_owned(), PAY.replace("undo_seconds: 10", "undo_seconds: 60"), PAY.replace("undo_seconds: 10", "")]
    {
        let found = backtest(&play.log, &version(&yaml)).unwrap();
        assert_eq!(found.verdict, BacktestVerdict::Same, "{found:?}");
    }
}
