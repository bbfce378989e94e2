//! What an approval shows and takes: nothing that cannot be understood, changes with a cap, edits, answers and words.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    approval::{Edits, Standing},
    catalogue::{ActionSpec, Catalogue, Idempotency, Risk},
    check::{Severity, check},
    run::{
        Actor, CheckpointEvent, DecidedWith, Effect, Event, Input, OpenApproval, Opened, Outcome, Refusal, Verdict,
        Version,
    },
};
use serde_json::{Value, json};
use support::{Play, person, workflow};

fn strict() -> Catalogue {
    let input = json!({
        "type": "object", "required": ["amount"], "additionalProperties": false,
        "properties": { "amount": { "type": "integer", "minimum": 1 }, "note": { "type": "string" } },
    });
    Catalogue::new(["bank.pay", "shop.read"].map(|name| ActionSpec {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        risk: if name == "bank.pay" { Risk::High } else { Risk::Read },
        risk_by: None,
        idempotency: Idempotency::Header { name: "Idempotency-Key".into() },
        look_up: None,
        input: if name == "bank.pay" { input.clone() } else { json!({}) },
        output: json!({}),
    }))
}

const REFUND: &str = "
schema: 1
name: Refund
vars: { amount: 100, order: A-1, note: null }
start: ask
steps:
  ask:
    type: approval
    summary: 'Refund {{ amount }} for order {{ order }}'
    facts:
      - { label: Order, value: '{{ order }}' }
      - { label: Note, value: '{{ note }}', optional: true }
    guards: [pay]
    editable: { pay: [/amount, /note] }
    MORE
    timeout: { after: 1h, outcome: rejected }
    on_approve: pay
    on_reject: no
    on_changes: look
    changes_max: 2
  look: { type: tool_call, action: shop.read, input: { why: '{{ steps.ask.output.comment }}' }, next: ask }
  pay: { type: tool_call, action: bank.pay, input: { amount: '{{ amount }}' }, next: done }
  done: { type: end, output: '{{ steps.ask.output }}' }
  no: { type: end, status: rejected }
";

fn started(more: &str, vars: Value) -> Play {
    let mut document = workflow(&REFUND.replace("MORE", more));
    for (name, value) in vars.as_object().unwrap() {
        document.vars.insert(name.clone(), value.clone());
    }
    let mut play = Play::of(Version::compile(document, &strict(), false).unwrap());
    play.start(json!({})).unwrap();
    play
}

fn failed(play: &Play) -> (String, String) {
    assert!(play.state.grants.steps().next().is_none(), "nobody was asked");
    let error = play.state.ended().and_then(|ended| ended.error.clone()).expect("it failed");
    (error.code, error.message)
}

fn decide(play: &mut Play, verdict: Verdict, by: Actor, with: DecidedWith) -> Result<(), Refusal> {
    let visit = play.visit();
    play.take(Input::Decided { visit, verdict, comment: String::new(), by, with: Box::new(with) })
}

fn edits(fields: Value) -> DecidedWith {
    let edits = Edits::from([("pay".to_owned(), fields.as_object().cloned().unwrap())]);
    DecidedWith { edits, ..DecidedWith::default() }
}

fn someone(id: &str) -> Actor {
    person(id, &["operator"])
}

fn sent(play: &Play) -> Option<Value> {
    match play.effects.first() {
        Some(Effect::InvokeAction { action, input, .. }) if action == "bank.pay" => Some(input.clone()),
        _ => None,
    }
}

#[test]
fn what_cannot_be_understood_is_not_asked() {
    for (vars, code, word) in [
        (json!({ "amount": null }), "unclear_approval", "amount"),
        (json!({ "order": "  " }), "unclear_approval", "order"),
        (json!({ "amount": "much" }), "request_invalid", "pay"),
        (json!({ "amount": 0 }), "request_invalid", "minimum"),
    ] {
        let play = started("", vars.clone());
        let (found, message) = failed(&play);
        assert_eq!(found, code, "{vars}: {message}");
        assert!(message.contains(word), "{vars}: {message}");
    }
    // Where the author allowed it; the request must fit all the same.
    let play = started("allow_empty: true", json!({ "amount": null }));
    assert_eq!(failed(&play).0, "request_invalid");
    let play = Play::started(
        "{ schema: 1, name: x, start: ask, steps: { ask: { type: approval, summary: '{{ input.x }}', \
         allow_empty: true, on_approve: done, on_reject: done }, done: { type: end } } }",
    );
    assert_eq!(play.step_id(), "ask");
}

#[test]
fn a_fact_that_is_empty_is_left_out_or_fails() {
    let play = started("", json!({}));
    let Opened::Approval { facts, .. } = play.state.phase.approval().unwrap().opened.as_ref() else { panic!() };
    let facts: Vec<_> = facts.iter().map(|fact| (fact.label.as_str(), fact.value.as_str())).collect();
    assert_eq!(facts, [("Order", "A-1")]);
    let document = REFUND.replace("MORE", "").replace("for order {{ order }}", "");
    let mut document = workflow(&document);
    document.vars.insert("order".to_owned(), Value::Null);
    let mut play = Play::of(Version::compile(document, &strict(), false).unwrap());
    play.start(json!({})).unwrap();
    assert!(failed(&play).1.contains("`Order` is empty"));
}

#[test]
fn changes_are_asked_for_with_words_and_not_for_ever() {
    let mut play = started("comment_required: [changes]", json!({}));
    for round in 1..=2 {
        let visit = play.visit();
        let with = Box::default();
        let silent = Input::Decided { visit, verdict: Verdict::Changes, comment: " ".into(), by: someone("a"), with };
        assert_eq!(play.take(silent), Err(Refusal::CommentNeeded(Verdict::Changes)));
        let (comment, with) = (format!("round {round}"), Box::default());
        play.take(Input::Decided { visit, verdict: Verdict::Changes, comment, by: someone("a"), with }).unwrap();
        let Effect::InvokeAction { action, input, .. } = &play.effects[0] else { panic!("{:?}", play.effects) };
        assert_eq!((action.as_str(), &input["why"]), ("shop.read", &json!(format!("round {round}"))));
        play.succeed(json!({})).unwrap();
    }
    let refused = play.decide("changes", someone("a"));
    let offered = vec!["approved".to_owned(), "rejected".to_owned()];
    assert_eq!(refused, Err(Refusal::NotOffered { outcome: "changes".into(), offered }));
    let open = OpenApproval::of(&play.version, &play.state).unwrap();
    assert_eq!((open.changes_left(), open.outcomes().len()), (Some(0), 2));
    play.decide("approved", someone("a")).unwrap();
    assert!(sent(&play).is_some());
}

#[test]
fn what_was_edited_is_what_is_sent() {
    let mut play = started("", json!({}));
    for (bad, word) in [
        (json!({ "/amount": "much" }), "integer"),
        (json!({ "/amount": 0 }), "minimum"),
        (json!({ "/to": "me" }), "may not be changed"),
        (json!({ "": {} }), "may not be changed"),
        (json!({ "/note": "a\u{0}b" }), "U+0000"),
    ] {
        let refused = decide(&mut play, Verdict::Approved, someone("a"), edits(bad.clone()));
        let Err(Refusal::InvalidForm { problems }) = refused else { panic!("{bad}: {refused:?}") };
        assert!(problems.iter().any(|problem| problem.message.contains(word)), "{bad}: {problems:?}");
    }
    let no = decide(&mut play, Verdict::Rejected, someone("a"), edits(json!({ "/amount": 50 })));
    assert!(matches!(no, Err(Refusal::InvalidForm { .. })), "only a yes changes something: {no:?}");
    decide(&mut play, Verdict::Approved, someone("a"), edits(json!({ "/amount": 50, "/note": "half" }))).unwrap();
    assert_eq!(play.last_events()[..2], ["request_edited", "checkpoint_closed"]);
    let half = json!({ "amount": 50, "note": "half" });
    assert_eq!(sent(&play), Some(half.clone()));
    assert!(play.state.contributors.includes(&someone("a")));
    play.succeed(json!({})).unwrap();
    let output = play.state.ended().unwrap().output.clone();
    assert_eq!((&output["edited"]["pay"], play.status()), (&half, "completed"));
}

#[test]
fn whoever_edits_is_not_the_other_pair_of_eyes() {
    let mut play = started("approvers: { exclude_requester: true }", json!({}));
    decide(&mut play, Verdict::Approved, someone("a"), edits(json!({ "/amount": 50 }))).unwrap();
    assert_eq!((play.last_events(), sent(&play)), (vec!["request_edited"], None));
    let Opened::Approval { requests, edited, .. } = play.state.phase.approval().unwrap().opened.as_ref() else {
        panic!()
    };
    assert_eq!(requests[0].input, json!({ "amount": 50 }));
    assert_eq!((&edited[0].approved, &edited[0].now), (&json!({ "amount": 100 }), &json!({ "amount": 50 })));
    assert!(matches!(play.decide("approved", someone("a")), Err(Refusal::NotAnApprover(_))));
    // Back to what it was is a change again, of another person.
    decide(&mut play, Verdict::Approved, someone("b"), edits(json!({ "/amount": 60 }))).unwrap();
    assert!(matches!(play.decide("approved", someone("b")), Err(Refusal::NotAnApprover(_))));
    play.decide("approved", someone("c")).unwrap();
    assert_eq!(sent(&play), Some(json!({ "amount": 60 })));
}

#[test]
fn an_edit_voids_the_yes_of_those_who_saw_another_request() {
    let mut play = started("approvers: { quorum: 2 }", json!({}));
    play.decide("approved", someone("a")).unwrap();
    decide(&mut play, Verdict::Approved, someone("b"), edits(json!({ "/amount": 50 }))).unwrap();
    assert_eq!(sent(&play), None, "a saw 100");
    let grant = play.state.grants.about("pay").unwrap()["ask"].clone();
    assert_eq!((grant.standing, grant.request.input), (Standing::Asked, json!({ "amount": 50 })));
    play.decide("approved", someone("a")).unwrap();
    assert_eq!(sent(&play), Some(json!({ "amount": 50 })));
}

#[test]
fn a_no_takes_the_edit_back() {
    let mut play = started("approvers: { exclude_requester: true }", json!({}));
    decide(&mut play, Verdict::Approved, someone("a"), edits(json!({ "/amount": 50 }))).unwrap();
    play.decide("changes", someone("b")).unwrap();
    play.succeed(json!({})).unwrap();
    let wait = play.state.phase.approval().unwrap();
    assert_eq!((wait.requests[0].input.clone(), play.state.edited.len()), (json!({ "amount": 100 }), 0));
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    let mut play = started("approvers: { exclude_requester: true }", json!({}));
    decide(&mut play, Verdict::Approved, someone("a"), edits(json!({ "/amount": 100 }))).unwrap();
    assert_eq!(sent(&play), Some(json!({ "amount": 100 })));
}

#[test]
fn an_approver_fills_in_what_the_form_takes() {
    let form = "form: { type: object, required: [reason], properties: { reason: { enum: [damaged, late] } } }";
    let mut play = started(form, json!({}));
    assert!(matches!(play.decide("approved", someone("a")), Err(Refusal::InvalidForm { .. })));
    let with = |values: Value| DecidedWith { values, ..DecidedWith::default() };
    let wrong = decide(&mut play, Verdict::Approved, someone("a"), with(json!({ "reason": "mood" })));
    assert!(matches!(wrong, Err(Refusal::InvalidForm { .. })));
    let no = decide(&mut play, Verdict::Rejected, someone("a"), with(json!({ "reason": "late" })));
    assert!(matches!(no, Err(Refusal::InvalidForm { .. })), "a no takes no answers: {no:?}");
    decide(&mut play, Verdict::Approved, someone("a"), with(json!({ "reason": "late" }))).unwrap();
    play.succeed(json!({})).unwrap();
    assert_eq!(play.state.ended().unwrap().output["values"], json!({ "reason": "late" }));
    let yes = Outcome::Decided(Verdict::Approved);
    let closed = play.log.iter().flat_map(|entry| &entry.events).any(|event| {
        matches!(event, Event::Checkpoint { what: CheckpointEvent::Closed { outcome, values, .. }, .. }
            if *outcome == yes && *values == json!({ "reason": "late" }))
    });
    assert!(closed, "what was filled in is on the record");
}

#[test]
fn what_may_be_changed_must_be_there() {
    let codes = |more: &str, pointers: &str| -> Vec<String> {
        let text = REFUND.replace("MORE", more).replace("{ pay: [/amount, /note] }", pointers);
        let found = check(&workflow(&text), &strict());
        let errors = found.into_iter().filter(|it| it.severity == Severity::Error);
        errors.map(|it| format!("{} {}", it.code, it.pointer)).collect()
    };
    assert_eq!(codes("", "{ pay: [/amount, /note, /amount/x] }"), Vec::<String>::new());
    assert_eq!(codes("", "{ pay: [amount] }"), ["not_editable /steps/ask/editable/pay/0"]);
    assert_eq!(codes("", "{ look: [/why] }"), ["not_editable /steps/ask/editable/look"]);
    assert_eq!(codes("form: { type: string }", "{}"), ["form_schema /steps/ask/form"]);
}
