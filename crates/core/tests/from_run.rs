//! Test cases made of runs: what a run did comes again when its test case is played, and what cannot be said is refused.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use countersign_core::{
    catalogue::{ActionSpec, Catalogue, Idempotency, Risk},
    document::{StepKind, parse},
    log::{FailureClass, LogEntry},
    play::rehearsal::{
        Act, Answer, ExpectedStatus, FromRun, NotATest, Opening, Rehearsal, Script, Suite, from_run, rehearse_logged,
    },
    run::{Actor, CallId, Event, HandedBack, Input, LookUpResult, Phase, RunEvent, Stage, UnknownAnswer, Version},
    time::Timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;
use support::{Play, catalogue, person};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Every action of the document, each looked up and repeatable.
fn catalogue_of(source: &str) -> Catalogue {
    let steps = parse(source).unwrap().steps;
    Catalogue::new(steps.into_values().filter_map(|step| {
        let StepKind::ToolCall(call) = step.kind else { return None };
        Some(ActionSpec {
            name: call.action,
            title: String::new(),
            description: String::new(),
            risk: Risk::Write,
            risk_by: None,
            idempotency: Idempotency::Header { name: "Idempotency-Key".into() },
            look_up: Some("shop.read".into()),
            input: json!({}),
            output: json!({}),
        })
    }))
}

fn path(rehearsal: &Rehearsal) -> Vec<&str> {
    rehearsal.steps.iter().map(|step| step.step.as_str()).collect()
}

/// Plays a script as if it were a run, makes a test case of that and plays it.
fn round_trip(version: &Version, catalogue: &Catalogue, script: &Script) -> FromRun {
    let (first, log) = rehearse_logged(version, catalogue, script, NOW);
    let made = from_run(version, catalogue, &log, "a run".into()).unwrap_or_else(|error| panic!("{error}: {log:#?}"));
    let text = Suite { tests: vec![made.case.clone()] }.to_yaml();
    assert_eq!(Suite::parse(&text).unwrap().tests[0], made.case, "{text}");
    let (again, _) = rehearse_logged(version, catalogue, &made.case.script(), NOW);
    assert_eq!(again.refused, None);
    assert_eq!(path(&first), path(&again));
    let ended = |rehearsal: &Rehearsal| rehearsal.ended.as_ref().map(|ended| ended.status);
    assert_eq!(ended(&first), ended(&again));
    // An id of somebody who acted can be in what was said: that is told, and nothing else differs.
    let told = made.limits.iter().any(|limit| limit.code == "not_compared");
    if !told {
        assert_eq!((&first.requests, &first.ended, &first.vars), (&again.requests, &again.ended, &again.vars));
    }
    let waits_for = |rehearsal: &Rehearsal| serde_json::to_value(&rehearsal.waiting).unwrap()["for"].clone();
    assert_eq!(waits_for(&first), waits_for(&again), "{text}");
    assert_eq!(made.limits.iter().any(|limit| limit.code == "not_over"), first.ended.is_none());
    let verdict = made.case.run(version, catalogue);
    assert!(verdict.passed(), "{verdict:#?}");
    made
}

#[test]
fn every_test_case_of_the_examples_comes_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut played = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let Some(name) = file.to_string_lossy().strip_suffix(".tests.yaml").map(str::to_owned) else { continue };
        let source = std::fs::read_to_string(format!("{name}.yaml")).unwrap();
        let catalogue = catalogue_of(&source);
        let version = Version::compile(parse(&source).unwrap(), &catalogue, false).unwrap();
        for case in Suite::parse(&std::fs::read_to_string(&file).unwrap()).unwrap().tests {
            if case.expect.status == Some(ExpectedStatus::NotStarted) {
                continue;
            }
            let made = round_trip(&version, &catalogue, &case.script());
            assert_eq!(made.case.expect.status, case.expect.status, "{name}: {}", case.name);
            assert!(made.limits.iter().all(|limit| limit.code == "not_over"), "{name}: {:?}", made.limits);
            assert!(case.expect.path.is_none() || case.expect.path == made.case.expect.path, "{name}: {}", case.name);
            played += 1;
        }
    }
    assert!(played >= 24, "only {played}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_script_that_plays_comes_again(document in support::documents::document(), acts in support::acts::random()) {
        let Ok(version) = Version::compile(serde_json::from_value(document).unwrap(), &catalogue(), true) else {
            return Ok(());
        };
        let mut script = Script { opening: Opening::default(), acts: Vec::new() };
        for act in acts {
            script.acts.push(act);
            if rehearse_logged(&version, &catalogue(), &script, NOW).0.refused.is_some() {
                script.acts.pop();
            }
        }
        round_trip(&version, &catalogue(), &script);
    }
}

const SHOP: &str = "
schema: 1
name: Shop
vars: { order: null, tries: 0 }
start: look
steps:
  look: { type: tool_call, action: shop.read, input: { email: '{{ customer.email }}' }, set: { order: '{{ output.order }}' },
    retry: { attempts: 4, backoff: exponential, initial: 1s, max: 1m }, next: ask, on_error: { next: sorry } }
  ask: { type: approval, summary: ok?, guards: [pay], approvers: { roles: [manager] }, remind_after: 30m,
    timeout: { after: 4h, outcome: escalate, escalate_to: [director] }, on_approve: pay, on_reject: again }
  again: { type: condition, branches: [{ when: 'tries >= 2', next: sorry }], otherwise: form }
  form: { type: collect_form, prompt: What then?, form: { type: object, properties: { tries: { type: integer } } },
    set: { tries: '{{ output.tries }}' }, timeout: { after: 1d, next: sorry }, next: look }
  pay: { type: tool_call, action: shop.looked_up, input: { order: '{{ order }}', run: '{{ run.id }}' }, next: tell, on_error: { next: sorry } }
  tell: { type: notify, channels: [sms], to: { phone: '{{ customer.phone }}' }, body: 'paid {{ order }}', next: done, on_error: { next: hand } }
  hand: { type: human_handoff, note: call them, next: done }
  done: { type: end, output: { order: '{{ order }}' } }
  sorry: { type: end, status: rejected }
";

fn made(play: &Play) -> FromRun {
    let made = from_run(&play.version, &catalogue(), &play.log, "a run".into());
    made.unwrap_or_else(|error| panic!("{error}: {:#?}", play.log))
}

fn acts(made: &FromRun) -> Vec<String> {
    let word = |act: &Act| {
        let act = serde_json::to_value(act).unwrap();
        let of = ["/duration", "/outcome", "/answer/kind", "/answer/outcome", "/answer/class"];
        let of: Vec<&str> = of.iter().filter_map(|place| act.pointer(place).and_then(Value::as_str)).collect();
        format!("{} {}", act["act"].as_str().unwrap(), of.join(" ")).trim().to_owned()
    };
    made.case.acts.iter().map(word).collect()
}

fn approved(play: &mut Play) {
    play.pass(250);
    play.succeed(json!({ "order": 7 })).unwrap();
    play.pass(90_000);
    play.decide("approved", person("boss", &["manager"])).unwrap();
}

#[test]
fn a_run_keeps_its_clock_its_people_and_its_data() {
    let mut play = Play::started(SHOP);
    approved(&mut play);
    play.succeed(json!({ "id": "re_1" })).unwrap();
    play.succeed(json!({ "channel": "sms", "provider_id": "SM1" })).unwrap();
    assert_eq!(play.status(), "completed");
    let made = made(&play);
    // A message that was taken needs no act. The clock of a script stands while a call is under way.
    assert_eq!(acts(&made), ["answers output", "waits 1m30s250ms", "decides approved", "answers output"]);
    let Act::Decides { by: Some(by), .. } = &made.case.acts[2] else { panic!("{:?}", made.case.acts) };
    assert_eq!((by.email.as_str(), by.roles.as_slice()), ("boss@example.com", &["manager".to_owned()][..]));
    assert!(matches!(&made.case.acts[0], Act::Answers { answer: Answer::Output { given: Some(_), .. }, .. }));
    assert_eq!(made.case.opening.by.as_ref().unwrap().name, "starter");
    assert_eq!(made.case.opening.customer["email"], "ada@example.com");
    let expect = &made.case.expect;
    assert_eq!(expect.path.as_ref().unwrap().join(" "), "look ask pay tell done");
    assert_eq!(expect.output, Some(json!({ "order": 7 })));
    // The run's id is another one each time: it is told that it is not looked at.
    assert_eq!(expect.requests.as_ref().unwrap()[1].input, Some(json!({ "order": 7 })));
    assert_eq!(made.limits.len(), 1);
    assert!(made.limits[0].message.contains("/run") && made.limits[0].code == "not_compared", "{:?}", made.limits);
    // On a version that pays something else it fails.
    let other = support::version(&SHOP.replace("order: '{{ order }}', run", "order: 8, run"));
    assert!(!made.case.run(&other, &catalogue()).passed());
}

#[test]
fn pauses_failures_and_doubts_come_again() {
    let mut play = Play::started(SHOP);
    for class in [FailureClass::Retryable, FailureClass::Unknown] {
        play.fail(class).unwrap();
        // Real pauses are shorter than those of a rehearsal, which has no chance in it.
        play.now = play.state.wake_at().unwrap();
        play.take(Input::TimerFired).unwrap();
    }
    approved(&mut play);
    play.fail(FailureClass::Unknown).unwrap();
    assert!(matches!(play.state.phase, Phase::Calling { stage: Stage::LookingUp { .. }, .. }));
    let id = CallId { visit: play.visit(), call: 0, attempt: 1 };
    play.take(Input::LookedUp { id, result: LookUpResult::Unclear }).unwrap();
    play.pass(7_000);
    let by = person("op", &["operator"]);
    let answer = UnknownAnswer::Happened { result: json!({ "id": "re_1" }) };
    let comment = "seen in the ledger".to_owned();
    play.take(Input::UnknownResolved { id, answer, comment, by, for_others: Vec::new() }).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.step_id(), "hand");
    let by = person("op", &["operator"]);
    play.take(Input::HandedBack {
        visit: play.visit(),
        back: HandedBack::Returned,
        comment: "done".into(),
        values: Value::Null,
        by,
    })
    .unwrap();
    assert_eq!(play.status(), "completed");
    let made = made(&play);
    let told = acts(&made);
    assert_eq!(&told[..4], ["answers error retryable", "waits", "answers error unknown", "waits"]);
    let last = ["answers unclear", "waits 7s", "resolves happened", "answers error fatal", "hands_back returned"];
    assert_eq!(&told[told.len() - 5..], last);
}

#[test]
fn loops_silences_and_a_late_process_come_again() {
    let mut play = Play::started(SHOP);
    for tries in [1, 2] {
        play.succeed(json!({ "order": 7 })).unwrap();
        // Reminded, escalated late, reminded no more, over.
        while play.step_id() == "ask" {
            play.now = Timestamp(play.state.wake_at().unwrap().0 + 61_000);
            play.take(Input::TimerFired).unwrap();
        }
        assert_eq!(play.step_id(), "form");
        // The process was late: the answer came when the timer was due already.
        play.now = Timestamp(play.state.wake_at().unwrap().0 + 500);
        let (visit, by) = (play.visit(), person("customer", &[]));
        play.take(Input::FormSubmitted { visit, values: json!({ "tries": tries }), by }).unwrap();
    }
    play.succeed(json!({ "order": 8 })).unwrap();
    play.decide("rejected", person("boss", &["manager"])).unwrap();
    assert_eq!(play.status(), "rejected");
    let made = made(&play);
    assert_eq!(made.case.expect.status, Some(ExpectedStatus::Rejected));
    let told = acts(&made);
    assert_eq!(&told[..5], ["answers output", "waits", "waits", "waits", "waits 23h59m59s999ms"]);
}

#[test]
fn a_run_that_is_stopped_is_stopped_again() {
    let by = || person("op", &["operator"]);
    let cancel = |reason: &str| Input::CancelRequested { reason: reason.into(), by: by() };
    // While a call is under way, while it waits to try again, while somebody is asked.
    let mut calling = Play::started(SHOP);
    calling.take(cancel("wrong")).unwrap();
    calling.succeed(json!({ "order": 7 })).unwrap();
    let mut pausing = Play::started(SHOP);
    pausing.fail(FailureClass::Retryable).unwrap();
    pausing.pass(100);
    pausing.take(cancel("wrong")).unwrap();
    let mut asking = Play::started(SHOP);
    asking.succeed(json!({ "order": 7 })).unwrap();
    asking.pass(60_000);
    asking.take(cancel("")).unwrap();
    for (play, told) in [
        (calling, vec!["cancels", "answers output"]),
        (pausing, vec!["answers error retryable", "waits 100ms", "cancels"]),
        (asking, vec!["answers output", "waits 1m", "cancels"]),
    ] {
        assert_eq!(play.status(), "cancelled");
        let made = made(&play);
        assert_eq!(acts(&made), told);
        assert_eq!(made.case.expect.status, Some(ExpectedStatus::Cancelled));
    }
}

#[test]
fn a_run_that_is_not_over_ends_where_it_waits() {
    let mut play = Play::started(SHOP);
    let calling = made(&play);
    assert_eq!((calling.case.acts.len(), calling.limits[0].code), (0, "not_over"));
    play.succeed(json!({ "order": 7 })).unwrap();
    let asking = made(&play);
    assert_eq!(asking.case.expect.status, Some(ExpectedStatus::Waiting));
    assert_eq!(asking.case.expect.path.as_ref().unwrap().join(" "), "look ask");
    assert!(asking.limits[0].message.contains("`ask`"), "{:?}", asking.limits);
}

#[test]
fn a_start_without_words_for_it_is_one_by_hand_and_that_is_said() {
    let start = |trigger: Value, channel: &str| {
        let mut play = Play::started(SHOP);
        play.fail(FailureClass::Fatal).unwrap();
        let Event::Run(RunEvent::Started { start, .. }) = &mut play.log[0].events[0] else { panic!() };
        start.trigger = trigger;
        start.conversation = json!({ "id": "c1", "channel": channel });
        let made = made(&play);
        (made.case.opening.message, made.limits.iter().map(|limit| limit.code).collect::<Vec<_>>())
    };
    assert_eq!(start(json!({ "type": "manual" }), "web"), (None, vec![]));
    assert_eq!(start(json!({ "type": "schedule", "at": 1 }), "web"), (None, vec!["trigger"]));
    assert_eq!(
        start(json!({ "type": "message", "text": "hi", "channel": "whatsapp" }), "whatsapp"),
        (None, vec!["channel", "trigger"])
    );
}

#[test]
fn words_that_left_over_a_channel_are_said_in_the_script() {
    let mut play = Play::new(
        "schema: 1\nname: N\nstart: tell\nsteps:\n  tell: { type: notify, channels: [conversation], body: Hello, next: z }\n  z: { type: end }\n",
    );
    play.conversation = json!({ "id": "c1", "channel": "whatsapp" });
    play.start(json!({})).unwrap();
    play.succeed(json!({ "channel": "conversation" })).unwrap();
    let made = made(&play);
    assert_eq!(made.case.expect.path.as_ref().unwrap().last().unwrap(), "z");
    assert!(made.case.acts.is_empty(), "{:?}", made.case.acts);
}

#[test]
fn two_people_of_one_name_stay_two() {
    let mut play = Play::started(&SHOP.replace("roles: [manager] }", "roles: [manager], quorum: 2 }"));
    play.succeed(json!({ "order": 7 })).unwrap();
    for id in ["key-1", "key-2"] {
        let by = Actor { name: "Manager key".into(), email: String::new(), ..person(id, &["manager"]) };
        play.decide("approved", by).unwrap();
    }
    assert_eq!(play.step_id(), "pay");
    let made = made(&play);
    assert_eq!(made.case.expect.path.as_ref().unwrap().last().unwrap(), "pay");
}

fn refusal(version: &Version, log: &[LogEntry]) -> &'static str {
    from_run(version, &catalogue(), log, "a run".into()).map(|made| made.case).unwrap_err().code()
}

#[test]
fn what_a_script_has_no_words_for_is_refused() {
    let mut retried = Play::started(SHOP);
    retried.fail(FailureClass::Fatal).unwrap();
    retried.retry(Some("look"), json!({})).unwrap();
    assert_eq!(refusal(&retried.version, &retried.log), "run_retried");
    assert_eq!(refusal(&retried.version, &retried.log[1..]), "unreadable");
    assert_eq!(refusal(&retried.version, &[]), "unreadable");
    let mut asked = Play::started(SHOP);
    asked.succeed(json!({ "order": 7 })).unwrap();
    // Another version than the one it ran on says something else: never a wrong test case.
    let other = support::version(&SHOP.replace("start: look", "start: form"));
    assert_eq!(refusal(&other, &asked.log), "plays_differently");
    // What hangs on the channel cannot be played: the path would be another one.
    let yaml = SHOP.replace("'tries >= 2'", "\"conversation.channel = 'whatsapp'\"");
    let mut play = Play::started(&yaml);
    play.succeed(json!({ "order": 7 })).unwrap();
    play.decide("rejected", person("boss", &["manager"])).unwrap();
    let by_whatsapp = support::version(&yaml.replace("'whatsapp'", "'web'"));
    assert_eq!(refusal(&by_whatsapp, &play.log), "plays_differently");
    let error = from_run(&by_whatsapp, &catalogue(), &play.log, "x".into()).unwrap_err();
    assert!(matches!(&error, NotATest::PlaysDifferently(why) if why.contains("look → ask → again")), "{error}");
    let mut long = Play::started(SHOP);
    for tries in 0..150 {
        long.succeed(json!({ "order": 7 })).unwrap();
        long.decide("rejected", person("boss", &["manager"])).unwrap();
        long.pass(1_000);
        let (visit, by) = (long.visit(), person("customer", &[]));
        long.take(Input::FormSubmitted { visit, values: json!({ "tries": -tries }), by }).unwrap();
    }
    assert_eq!(refusal(&long.version, &long.log), "too_long");
}
