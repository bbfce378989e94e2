//! Rehearsals: the example on every path, the clock, what cannot be played, and random scripts on random documents.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_core::{
    catalogue::{ActionSpec, Catalogue, Idempotency, Risk},
    document::parse,
    play::rehearsal::{Act, Opening, Rehearsal, Script, Suite, TestCase, Waiting, rehearse},
    run::{EndedStatus, Version},
    time::{Span, Timestamp},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const UPGRADE: &str = include_str!("../../../examples/subscription-upgrade.yaml");
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn catalogue() -> Catalogue {
    let spec = |name: &str, risk, look_up: Option<&str>| ActionSpec {
        name: name.into(),
        title: String::new(),
        description: String::new(),
        risk,
        risk_by: None,
        idempotency: Idempotency::Header { name: "Idempotency-Key".into() },
        look_up: look_up.map(str::to_owned),
        input: json!({}),
        output: json!({ "type": "object", "properties": { "amount_due": { "type": "integer", "examples": [4260] } } }),
    };
    Catalogue::new([
        spec("identity.verify", Risk::Read, None),
        spec("stripe.subscription.preview", Risk::Read, None),
        spec("stripe.subscription.update", Risk::High, Some("stripe.subscription.get")),
    ])
}

fn upgrade() -> Version {
    Version::compile(parse(UPGRADE).unwrap(), &catalogue(), false).unwrap()
}

fn acts(values: Value) -> Vec<Act> {
    serde_json::from_value(values).unwrap()
}

fn script(values: Value) -> Script {
    let customer = json!({ "name": "Ada Example", "email": "ada@example.com" });
    let opening = Opening {
        message: Some("I want to UPGRADE".into()),
        customer: customer.as_object().unwrap().clone(),
        ..Opening::default()
    };
    Script { opening, acts: acts(values) }
}

fn play(values: Value) -> Rehearsal {
    rehearse(&upgrade(), &catalogue(), &script(values), NOW)
}

fn to_approval() -> Vec<Value> {
    let who = json!({ "name": "Ada Example", "phone": "+15555550101", "plan": "pro", "customer_id": "cus_ada",
        "subscription_id": "sub_ada", "subscription_item_id": "si_ada" });
    vec![
        json!({ "act": "submits", "values": { "email": "ada@example.com" } }),
        json!({ "act": "answers", "step": "verify", "answer": { "kind": "output", "output": who } }),
        json!({ "act": "answers", "step": "preview",
            "answer": { "kind": "output", "output": { "amount_due": 4260, "proration_date": 1_800_000_000 } } }),
    ]
}

fn then(more: Value) -> Value {
    let mut all = to_approval();
    all.extend(more.as_array().unwrap().clone());
    Value::Array(all)
}

fn path(rehearsal: &Rehearsal) -> Vec<&str> {
    rehearsal.steps.iter().map(|step| step.step.as_str()).collect()
}

fn ended(rehearsal: &Rehearsal) -> Option<EndedStatus> {
    rehearsal.ended.as_ref().map(|ended| ended.status)
}

#[test]
fn it_waits_for_each_thing_in_turn_and_shows_it() {
    let begun = play(json!([]));
    let Waiting::Form { prefill, schema, due, .. } = &begun.waiting else { panic!("{:?}", begun.waiting) };
    assert_eq!(prefill["email"], "ada@example.com");
    assert_eq!(schema["required"], json!(["email"]));
    assert_eq!(*due, Some(NOW.plus(Span::seconds(86_400))));
    assert_eq!(begun.said[0].text, "I want to UPGRADE");
    let sent = play(json!([{ "act": "submits", "values": { "email": "ada@example.com" } }]));
    let Waiting::Answer(call) = &sent.waiting else { panic!("{:?}", sent.waiting) };
    assert_eq!((call.action.as_str(), &call.input), ("identity.verify", &json!({ "email": "ada@example.com" })));
    assert_eq!(call.sample, json!({ "amount_due": 4260 }));
    let asked = play(then(json!([])));
    let Waiting::Approval { summary, requests, roles, on_approve, on_reject, outcomes, .. } = &asked.waiting else {
        panic!("{:?}", asked.waiting)
    };
    assert_eq!(summary, "Ada Example to Enterprise, $42.60 prorated");
    assert_eq!(requests[0].input["proration_date"], 1_800_000_000);
    assert_eq!((roles.as_slice(), outcomes.len()), (["manager".to_owned()].as_slice(), 2));
    assert_eq!((on_approve[0].step.as_str(), on_reject[0].step.as_str()), ("execute", "explain"));
    assert_eq!(asked.steps[1].output.as_ref().unwrap()["plan"], "pro");
}

#[test]
fn approved_the_change_is_sent_and_both_messages_go_out() {
    let done = play(then(json!([
        { "act": "decides", "outcome": "approved" },
        { "act": "answers", "step": "execute", "answer": { "kind": "output", "output": { "amount_due": 4260 } } },
    ])));
    assert_eq!((done.refused.as_ref(), ended(&done)), (None, Some(EndedStatus::Completed)));
    assert_eq!(path(&done), ["ask", "verify", "eligible", "preview", "approve", "execute", "confirm", "done"]);
    let channels: Vec<_> = done.said.iter().map(|said| said.channel.as_str()).collect();
    assert_eq!(channels, ["conversation", "conversation", "conversation", "whatsapp", "email", "conversation"]);
    let sent: Vec<_> = done.requests.iter().map(|sent| (sent.step.as_str(), sent.action.as_str())).collect();
    assert_eq!(sent[2], ("execute", "stripe.subscription.update"));
    assert_eq!(done.waiting, Waiting::Nothing);
}

#[test]
fn rejected_and_timed_out_nothing_is_changed() {
    let rejected = play(then(json!([{ "act": "decides", "outcome": "rejected", "comment": "not now" }])));
    assert_eq!(ended(&rejected), Some(EndedStatus::Rejected));
    assert!(rejected.said.last().unwrap().text.contains("not now"));
    let late = play(then(json!([{ "act": "waits", "duration": "4h" }])));
    assert_eq!((ended(&late), late.now), (Some(EndedStatus::Rejected), NOW.plus(Span::seconds(4 * 3600))));
    assert!(path(&late).contains(&"too_late"));
    assert!(late.requests.iter().all(|sent| sent.action != "stripe.subscription.update"));
}

#[test]
fn the_clock_goes_timer_by_timer_and_stops_at_a_call() {
    let reminded = play(then(json!([{ "act": "waits" }])));
    assert_eq!(reminded.now, NOW.plus(Span::seconds(30 * 60)));
    let over = play(then(json!([{ "act": "waits" }, { "act": "waits" }])));
    assert_eq!((ended(&over), over.now), (Some(EndedStatus::Rejected), NOW.plus(Span::seconds(4 * 3600))));
    let flaky = json!({ "act": "answers", "step": "verify", "answer": { "kind": "error", "class": "retryable", "code": "http_503" } });
    let form = json!({ "act": "submits", "values": { "email": "ada@example.com" } });
    let backing_off = play(json!([form, flaky]));
    assert!(matches!(backing_off.waiting, Waiting::Retry { attempt: 2, .. }), "{:?}", backing_off.waiting);
    let again = play(json!([form, flaky, { "act": "waits", "duration": "2h" }]));
    assert!(matches!(&again.waiting, Waiting::Answer(call) if call.attempt == 2), "{:?}", again.waiting);
    assert!(again.now < NOW.plus(Span::seconds(60)), "the answer decides what comes");
    assert_eq!(again.requests.len(), 1, "a second try is the same request");
}

#[test]
fn not_eligible_not_verified_and_a_failing_service() {
    let form = json!({ "act": "submits", "values": { "email": "ada@example.com" } });
    let answer = |answer: Value| play(json!([form, { "act": "answers", "step": "verify", "answer": answer }]));
    let there = answer(json!({ "kind": "output", "output": { "plan": "enterprise" }, "given": "sample" }));
    assert_eq!(path(&there), ["ask", "verify", "eligible", "already_there"]);
    let unknown = answer(json!({ "kind": "error", "code": "not_found", "message": "no such customer" }));
    assert_eq!(path(&unknown), ["ask", "verify", "not_verified"]);
    assert_eq!(unknown.steps[1].error.as_ref().unwrap().code, "not_found");
}

#[test]
fn an_unknown_outcome_is_looked_up_then_asked() {
    let mut begun = to_approval();
    begun.push(json!({ "act": "decides", "outcome": "approved" }));
    for _ in 0..5 {
        begun.push(json!({ "act": "answers", "step": "execute", "answer": { "kind": "timeout" } }));
        begun.push(json!({ "act": "waits" }));
    }
    begun.pop();
    let looking = play(Value::Array(begun.clone()));
    assert!(matches!(looking.waiting, Waiting::LookUp(_)), "{:?}", looking.waiting);
    let mut wrong = begun.clone();
    wrong.push(json!({ "act": "answers", "answer": { "kind": "output", "output": {} } }));
    assert!(play(Value::Array(wrong)).refused.unwrap().message.contains("look-up"));
    begun.push(json!({ "act": "answers", "answer": { "kind": "unclear" } }));
    let asked = play(Value::Array(begun.clone()));
    assert!(matches!(asked.waiting, Waiting::UnknownOutcome { .. }), "{:?}", asked.waiting);
    begun.push(json!({ "act": "resolves", "answer": { "outcome": "happened", "result": { "amount_due": 4260 } } }));
    assert_eq!(ended(&play(Value::Array(begun))), Some(EndedStatus::Completed));
}

#[test]
fn a_message_that_cannot_be_delivered_fails_its_step() {
    let failed = play(then(json!([
        { "act": "decides", "outcome": "approved" },
        { "act": "answers", "step": "execute", "answer": { "kind": "output", "output": { "amount_due": 4260 } } },
        { "act": "answers", "step": "confirm", "answer": { "kind": "error", "code": "no_such_number" } },
    ])));
    assert_eq!(failed.refused, None);
    assert_eq!(failed.ended.as_ref().unwrap().error.as_ref().unwrap().code, "no_such_number");
}

#[test]
fn what_cannot_be_played_is_said_and_changes_nothing() {
    let bad = play(json!([{ "act": "submits", "values": { "email": 7 } }, { "act": "waits", "duration": "30h" }]));
    let refused = bad.refused.as_ref().unwrap();
    assert_eq!((refused.act, bad.played, refused.problems[0].pointer.as_str()), (Some(0), 0, "/email"));
    assert_eq!(bad.waiting, play(json!([])).waiting);
    let early = play(json!([{ "act": "decides", "outcome": "approved" }]));
    assert!(early.refused.unwrap().message.contains("does not wait for this"));
    let other = play(json!([{ "act": "submits", "values": { "email": "a@b.co" } },
        { "act": "answers", "step": "preview", "answer": { "kind": "timeout" } }]));
    assert_eq!(other.refused.unwrap().message, "`verify` waits for its answer, not `preview`");
    let clerk = json!({ "act": "decides", "outcome": "approved", "by": { "name": "Clerk", "roles": ["operator"] } });
    assert!(play(then(json!([clerk]))).refused.unwrap().message.contains("manager"));
    let mut unwanted = script(json!([]));
    unwanted.opening.message = Some("hello".into());
    let silent = rehearse(&upgrade(), &catalogue(), &unwanted, NOW);
    assert!(matches!(&silent.waiting, Waiting::Start { reason } if reason.contains("trigger")), "{:?}", silent.waiting);
}

#[test]
fn a_kept_rehearsal_passes_until_the_draft_breaks_it() {
    let script = script(then(json!([
        { "act": "decides", "outcome": "approved" },
        { "act": "answers", "step": "execute", "answer": { "kind": "output", "output": { "amount_due": 4260 } } },
    ])));
    let case = TestCase::keep("approved".into(), script.clone(), &rehearse(&upgrade(), &catalogue(), &script, NOW));
    let suite = Suite { tests: vec![case] };
    let read = Suite::parse(&suite.to_yaml()).unwrap();
    let case = read.tests.into_iter().next().unwrap();
    // The proration date is the clock's: the instant the rehearsal began at is kept.
    assert_eq!(case.opening.at, Some(NOW));
    let verdict = case.run(&upgrade(), &catalogue());
    assert!(verdict.passed(), "{verdict:#?}");
    let broken = UPGRADE.replace("current_plan != 'enterprise'", "current_plan = 'enterprise'");
    let broken = Version::compile(parse(&broken).unwrap(), &catalogue(), false).unwrap();
    let verdict = case.run(&broken, &catalogue());
    let what: Vec<_> = verdict.failures.iter().map(|failure| failure.what.as_str()).collect();
    assert!(what.contains(&"act") && what.contains(&"status") && what.contains(&"path"), "{verdict:#?}");
}

#[test]
fn a_step_that_only_leads_on_is_no_other_path_and_one_that_does_something_is() {
    let on = |source: &str| Version::compile(parse(source).unwrap(), &catalogue(), false).unwrap();
    let source = "
schema: 1
name: Greets
triggers: [{ type: message, when: 'true' }]
start: hello
steps:
  hello: { type: notify, channels: [conversation], body: Hello, next: done }
  done: { type: end }
";
    let script = Script { opening: Opening { message: Some("hi".into()), ..Opening::default() }, acts: Vec::new() };
    let case = TestCase::keep("greets".into(), script.clone(), &rehearse(&on(source), &catalogue(), &script, NOW));
    assert_eq!(case.expect.path.as_deref().unwrap(), ["hello", "done"]);
    let same = case.run(&on(source), &catalogue());
    assert_eq!((same.passed(), same.other_path), (true, false));

    // A condition before it, and another silent end: nothing else is done.
    let which = "start: which\nsteps:\n  which: { type: condition, branches: [], otherwise: hello }\n";
    let through = source.replace("start: hello\nsteps:\n", which).replace("next: done", "next: over");
    let through = on(&through.replace("  done:", "  over:"));
    let passed = case.run(&through, &catalogue());
    assert_eq!((passed.passed(), passed.other_path), (true, true), "{passed:#?}");
    assert_eq!(passed.path, ["which", "hello", "over"]);
    // And back: what was only passed through may go. Without the calls written down, a step that is gone is a difference.
    let kept = TestCase::keep("greets".into(), script.clone(), &rehearse(&through, &catalogue(), &script, NOW));
    assert_eq!((kept.run(&on(source), &catalogue()).passed(), kept.expect.requests.is_some()), (true, true));
    let mut by_path = kept;
    by_path.expect.requests = None;
    assert!(!by_path.run(&on(source), &catalogue()).passed());

    // Another message on the way, and last words: both are told.
    let twice = source
        .replace("next: done", "next: again")
        .replace("  done:", "  again: { type: notify, channels: [conversation], body: Again, next: done }\n  done:");
    let verdict = case.run(&on(&twice), &catalogue());
    assert_eq!((verdict.failures.len(), verdict.failures[0].what.as_str()), (1, "path"), "{verdict:#?}");
    let farewell = source.replace("  done: { type: end }", "  bye: { type: end, message: Bye }").replace("done", "bye");
    assert!(!case.run(&on(&farewell), &catalogue()).passed());
    let ends = source.replace("{ type: end }", "{ type: end, status: rejected }");
    assert_eq!(case.run(&on(&ends), &catalogue()).failures[0].what, "status");
}

#[test]
fn expectations_look_only_at_what_they_name() {
    let case = |expect: Value| {
        let case = json!({ "name": "x", "opening": { "message": "upgrade" }, "expect": expect });
        serde_json::from_value::<TestCase>(case).unwrap().run(&upgrade(), &catalogue())
    };
    assert!(case(json!({ "status": "waiting", "path": ["ask"], "messages": [{ "text": "Which account" }] })).passed());
    assert!(case(json!({})).passed());
    for wrong in [
        json!({ "status": "completed" }),
        json!({ "passes": ["ask", "verify"] }),
        json!({ "avoids": ["ask"] }),
        json!({ "requests": [{ "action": "identity.verify" }] }),
        json!({ "messages": [{ "channel": "email", "text": "Which" }] }),
        json!({ "output": { "plan": "enterprise" } }),
    ] {
        assert_eq!(case(wrong.clone()).failures.len(), 1, "{wrong}");
    }
    assert!(Suite::parse("tests: [{ name: a }, { name: a }]").unwrap_err().message.contains("two test cases"));
    let unknown = Suite::parse("tests:\n  - name: a\n    nonsense: 1\n").unwrap_err();
    assert!(unknown.line.is_some(), "{unknown:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_script_plays_the_same_twice_and_undo_is_leaving_out(document in support::documents::document(), acts in support::acts::random()) {
        let Ok(version) = Version::compile(serde_json::from_value(document).unwrap(), &support::catalogue(), true) else {
            return Ok(());
        };
        // Acts that do not fit are taken out one by one, as a person would.
        let mut script = Script { opening: Opening::default(), acts: Vec::new() };
        let mut before = rehearse(&version, &support::catalogue(), &script, NOW);
        for act in acts {
            script.acts.push(act);
            let after = rehearse(&version, &support::catalogue(), &script, NOW);
            prop_assert_eq!(&after, &rehearse(&version, &support::catalogue(), &script, NOW));
            prop_assert!(after.now >= before.now);
            prop_assert_eq!(after.ended.is_some(), after.waiting == Waiting::Nothing);
            if after.refused.is_some() {
                script.acts.pop();
                let undone = rehearse(&version, &support::catalogue(), &script, NOW);
                prop_assert_eq!(&undone, &before);
                continue;
            }
            prop_assert_eq!(after.played, script.acts.len());
            prop_assert!(after.steps.len() >= before.steps.len());
            before = after;
        }
        let case = TestCase::keep("kept".into(), script, &before);
        let text = serde_json::to_string(&case).unwrap();
        let read: TestCase = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &case);
        let verdict = case.run(&version, &support::catalogue());
        prop_assert!(verdict.passed(), "{:#?}", verdict);
    }
}
