//! What a person allowed in advance: exactly that, within the policy, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    check::{Severity, check},
    run::{Actor, CheckpointEvent, DecidedWith, Effect, Event, Input, Refusal, StandingGrant, Verdict, Via},
    time::Timestamp,
};
use serde_json::json;
use support::{Play, catalogue, person, workflow};

const REFUND: &str = "
schema: 1
name: Refund
vars: { amount: 40, currency: usd }
start: ask
steps:
  ask:
    type: approval
    summary: 'Refund {{ amount }}'
    guards: [pay]
    approvers: { roles: [manager], exclude_requester: true }
    editable: { pay: [/amount] }
    standing: { step: pay, field: /amount, max: 100, when: \"currency = 'usd'\", per_day: 10, days: 7 }
    timeout: { after: 1h, outcome: rejected }
    on_approve: pay
    on_reject: no
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end, output: '{{ steps.ask.output.standing }}' }
  no: { type: end, status: rejected }
";

fn granter(id: &str, role: &str) -> Actor {
    Actor { via: Via::Standing, ..person(id, &[role]) }
}

fn allowed(document: &str) -> String {
    support::version(document).standing_hash("ask", None).unwrap()
}

fn try_it(play: &mut Play, by: Actor, amount_max: f64, until: i64) -> Result<(), Refusal> {
    let of = allowed(REFUND);
    let standing = Some(StandingGrant { id: "s1".into(), amount_max, until: Timestamp(until), of });
    let with = Box::new(DecidedWith { standing, ..DecidedWith::default() });
    let visit = play.visit();
    play.take(Input::Decided { visit, verdict: Verdict::Approved, comment: String::new(), by, with })
}

const LATE: i64 = 9_000_000;

#[test]
fn what_fits_is_decided_in_the_name_of_who_allowed_it() {
    let mut play = Play::started(REFUND);
    try_it(&mut play, granter("m", "manager"), 50.0, LATE).unwrap();
    let Effect::InvokeAction { input, .. } = &play.effects[0] else { panic!("{:?}", play.effects) };
    assert_eq!(input, &json!({ "amount": 40 }));
    let closed = play.log.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
        Event::Checkpoint { what: CheckpointEvent::Closed { standing, .. }, .. } => Some(standing.clone()),
        _ => None,
    });
    assert_eq!(closed, Some(Some("s1".to_owned())));
    play.succeed(json!({})).unwrap();
    assert_eq!(play.state.ended().unwrap().output, json!("s1"));
}

#[test]
fn the_rest_goes_to_a_person() {
    let refused = |change: (&str, &str), by: Actor, amount_max: f64, until: i64| {
        let mut play = Play::started(&REFUND.replace(change.0, change.1));
        let answer = try_it(&mut play, by, amount_max, until);
        assert!(matches!(answer, Err(Refusal::NotAnApprover(_))), "{change:?}: {answer:?}");
        assert!(play.effects.is_empty());
        play.decide("approved", person("p", &["manager"])).unwrap();
    };
    let manager = || granter("m", "manager");
    let same = ("amount: 40", "amount: 40");
    refused(same, manager(), 39.0, LATE);
    refused(same, manager(), 50.0, 1_000_000);
    refused(same, granter("m", "operator"), 50.0, LATE);
    refused(same, granter("starter", "manager"), 50.0, LATE);
    refused(("amount: 40", "amount: 101"), manager(), 1e9, LATE);
    refused(("amount: 40", "amount: -1"), manager(), 50.0, LATE);
    refused(("amount: 40", "amount: '40'"), manager(), 50.0, LATE);
    refused(("currency: usd", "currency: eur"), manager(), 50.0, LATE);
    refused(("currency: usd", "other: usd"), manager(), 50.0, LATE);
    refused(("field: /amount", "field: /total"), manager(), 50.0, LATE);
    // Where several must agree one yes in advance is none.
    let mut play = Play::started(&REFUND.replace("roles: [manager],", "roles: [manager], quorum: 2,"));
    assert!(matches!(try_it(&mut play, manager(), 50.0, LATE), Err(Refusal::NotAnApprover(_))));
    // Where the step says nothing of it neither.
    let text: String =
        REFUND.lines().filter(|line| !line.contains("standing:")).map(|line| format!("{line}\n")).collect();
    assert!(matches!(try_it(&mut Play::started(&text), manager(), 50.0, LATE), Err(Refusal::NotAnApprover(_))));
}

#[test]
fn what_was_allowed_is_not_another_call_of_the_same_name() {
    for (from, to) in [
        ("action: bank.pay", "action: shop.keyed"),
        ("action: bank.pay", "action: bank.pay, connection: mine"),
        ("{ amount: '{{ amount }}' }", "{ amount: '{{ amount }}', to: me }"),
        ("currency = 'usd'", "true"),
        ("guards: [pay]", "guards: [pay, more]"),
    ] {
        let more = "  more: { type: tool_call, action: shop.read, input: {}, next: done }\n  done: {";
        let mut play = Play::started(&REFUND.replace(from, to).replace("  done: {", more));
        let answer = try_it(&mut play, granter("m", "manager"), 50.0, LATE);
        assert!(matches!(answer, Err(Refusal::NotAnApprover(_))), "{to}: {answer:?}");
    }
    // Another title, and a step that has nothing to do with it, leave it as it is.
    let mut play = Play::started(
        &REFUND.replace("name: Refund", "name: Refunds").replace("type: end }", "type: end, message: Bye }"),
    );
    try_it(&mut play, granter("m", "manager"), 50.0, LATE).unwrap();
}

#[test]
fn what_a_person_changed_is_for_a_person() {
    let mut play = Play::started(REFUND);
    let edits = [("pay".to_owned(), json!({ "/amount": 30 }).as_object().cloned().unwrap())].into();
    let with = Box::new(DecidedWith { edits, ..DecidedWith::default() });
    let (visit, by) = (play.visit(), person("e", &["manager"]));
    play.take(Input::Decided { visit, verdict: Verdict::Approved, comment: String::new(), by, with }).unwrap();
    assert!(matches!(try_it(&mut play, granter("m", "manager"), 50.0, LATE), Err(Refusal::NotAnApprover(_))));
}

#[test]
fn limits_are_checked() {
    let errors = |from: &str, to: &str| -> Vec<String> {
        let found = check(&workflow(&REFUND.replace(from, to)), &catalogue());
        let bad = found.into_iter().filter(|it| it.severity == Severity::Error);
        bad.map(|it| format!("{} {}", it.code, it.pointer)).collect()
    };
    assert_eq!(errors("Refund", "Pay back"), Vec::<String>::new());
    assert_eq!(errors("step: pay", "step: no"), ["standing /steps/ask/standing/step"]);
    assert_eq!(errors("field: /amount", "field: amount"), ["standing /steps/ask/standing/field"]);
    assert_eq!(errors("per_day: 10", "per_day: 0"), ["standing /steps/ask/standing"]);
    assert_eq!(errors("exclude_requester: true", "quorum: 2"), ["standing /steps/ask/standing"]);
}
