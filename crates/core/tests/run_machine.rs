//! What the run machine promises, step type by step type.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    document::Channel,
    log::{FailureClass, LookUpRecord, history},
    run::{
        CallId, CheckpointEvent, Effect, Event, Found, HandedBack, Input, LookUpResult, Phase, Refusal, Stage,
        UnknownAnswer, Wait,
    },
    time::Timestamp,
};
use serde_json::{Value, json};
use support::{Play, person};

/// That attempt of the first call of the first step.
fn call(attempt: u32) -> CallId {
    CallId { visit: 1, call: 0, attempt }
}

const ONE_CALL: &str = "
schema: 1
name: One call
vars: { id: 9007199254740993, seen: null }
start: call
steps:
  call:
    type: tool_call
    action: shop.keyed
    input: { id: '{{ id }}', text: 'run {{ id }}' }
    set: { seen: '{{ output.id }}' }
    retry: { attempts: 3, backoff: exponential, initial: 1s, max: 1m }
    next: done
    on_error: { next: sorry }
  done: { type: end, message: 'all good' }
  sorry: { type: end, status: failed, message: 'sorry: {{ error.code }}' }
";

fn one_call(action: &str) -> Play {
    Play::started(&ONE_CALL.replace("shop.keyed", action))
}

#[test]
fn a_call_carries_its_key_and_exact_integers() {
    let mut play = one_call("shop.keyed");
    let Effect::InvokeAction { key, input, id, .. } = &play.effects[0] else { panic!("{:?}", play.effects) };
    assert_eq!((&**key, id.attempt), ("r1.1.0", 1));
    assert_eq!(input["id"], json!(9_007_199_254_740_993_i64));
    play.succeed(json!({ "id": 18_446_744_073_709_551_615_u64 })).unwrap();
    assert_eq!(play.state.vars["seen"], json!(18_446_744_073_709_551_615_u64));
    assert_eq!(play.status(), "completed");
}

#[test]
fn a_retry_waits_longer_each_time_and_keeps_the_key() {
    let mut play = one_call("shop.keyed");
    for (attempt, pause) in [(2, 1000), (3, 2000)] {
        play.fail(FailureClass::Retryable).unwrap();
        assert_eq!(play.state.wake_at(), Some(Timestamp(play.now.0 + pause)));
        assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotDue));
        play.pass(pause);
        play.take(Input::TimerFired).unwrap();
        let Effect::InvokeAction { key, id, .. } = &play.effects[0] else { panic!() };
        assert_eq!((&**key, id.attempt), ("r1.1.0", attempt));
    }
    play.fail(FailureClass::Retryable).unwrap();
    assert_eq!(play.status(), "failed");
    assert!(play.last_events().contains(&"message_posted"));
}

#[test]
fn a_call_without_a_place_is_asked_for_again_as_the_same_attempt() {
    let mut play = one_call("shop.keyed");
    for _ in 0..5 {
        let due = Timestamp(play.now.0 + 700);
        play.take(Input::CallPutOff { id: play.under_way(), due }).unwrap();
        assert_eq!((play.effects.len(), play.state.wake_at()), (0, Some(due)));
        play.pass(700);
        play.take(Input::TimerFired).unwrap();
        let Effect::InvokeAction { key, id, .. } = &play.effects[0] else { panic!() };
        assert_eq!((&**key, id.attempt), ("r1.1.0", 1));
    }
    play.succeed(json!({ "id": 1 })).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn a_call_that_was_never_sent_leaves_no_doubt_when_its_run_is_cancelled() {
    let mut play = one_call("shop.unkeyed");
    let id = play.under_way();
    let by = person("op", &["operator"]);
    play.take(Input::CancelRequested { reason: "no more".into(), by }).unwrap();
    play.take(Input::CallPutOff { id, due: Timestamp(play.now.0 + 700) }).unwrap();
    assert_eq!(play.status(), "cancelled");
}

#[test]
fn a_refusal_by_the_other_side_is_not_tried_again() {
    let mut play = one_call("shop.keyed");
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.status(), "failed");
}

#[test]
fn an_unknown_outcome_is_sent_again_only_under_a_key() {
    let mut play = one_call("shop.keyed");
    play.fail(FailureClass::Unknown).unwrap();
    assert!(matches!(play.state.phase, Phase::Calling { stage: Stage::BackingOff { .. }, .. }));

    let mut play = one_call("shop.unkeyed");
    play.fail(FailureClass::Unknown).unwrap();
    assert!(matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))), "{:?}", play.state.phase);
    assert_eq!(play.effects, []);
}

#[test]
fn a_keyed_call_that_stays_unknown_to_the_end_asks_a_person() {
    let mut play = one_call("shop.keyed");
    for _ in 0..2 {
        play.fail(FailureClass::Unknown).unwrap();
        play.pass(60_000);
        play.take(Input::TimerFired).unwrap();
    }
    play.fail(FailureClass::Unknown).unwrap();
    assert!(matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))));
}

#[test]
fn a_look_up_settles_what_is_unknown() {
    let happened = LookUpResult::Happened { output: json!({ "id": 7 }) };
    for (result, status, step) in [
        (happened, "completed", ""),
        (LookUpResult::DidNotHappen, "open", "call"),
        (LookUpResult::Unclear, "open", "call"),
    ] {
        let mut play = one_call("shop.looked_up");
        play.fail(FailureClass::Unknown).unwrap();
        assert!(matches!(play.effects[0], Effect::LookUp { .. }));
        let told = |play: &Play| history(&play.version, &play.log)[0].attempts[0].look_up.unwrap();
        let asked_at = play.now;
        assert_eq!(told(&play), LookUpRecord { asked_at, answer: None });
        play.pass(300);
        play.take(Input::LookedUp { id: call(1), result: result.clone() }).unwrap();
        assert_eq!(play.status(), status, "{result:?}");
        let found = match result {
            LookUpResult::Happened { .. } => Found::Happened,
            LookUpResult::DidNotHappen => Found::DidNotHappen,
            LookUpResult::Unclear => Found::Unclear,
        };
        assert_eq!(told(&play), LookUpRecord { asked_at, answer: Some((found, play.now)) });
        if status == "open" {
            assert_eq!(play.step_id(), step);
        }
        match result {
            LookUpResult::DidNotHappen => {
                assert!(matches!(play.effects[0], Effect::InvokeAction { id: CallId { attempt: 2, .. }, .. }))
            }
            LookUpResult::Unclear => assert!(matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_)))),
            LookUpResult::Happened { .. } => {}
        }
    }
}

#[test]
fn a_person_settles_what_cannot_be_looked_up() {
    let by = || person("op", &["operator"]);
    let resolve = |answer| {
        let comment = "checked".into();
        Input::UnknownResolved { id: call(1), answer, comment, by: by(), for_others: Vec::new() }
    };
    let doubt = || {
        let mut play = one_call("shop.unkeyed");
        play.fail(FailureClass::Unknown).unwrap();
        play
    };
    let mut play = doubt();
    play.take(resolve(UnknownAnswer::Happened { result: json!({ "id": 5 }) })).unwrap();
    assert_eq!((play.status(), &play.state.vars["seen"]), ("completed", &json!(5)));
    let mut play = doubt();
    play.take(resolve(UnknownAnswer::NotHappened)).unwrap();
    assert!(matches!(play.effects[0], Effect::InvokeAction { id: CallId { attempt: 2, .. }, .. }));
    let mut play = doubt();
    play.take(resolve(UnknownAnswer::Stop)).unwrap();
    assert_eq!(play.status(), "failed");
}

#[test]
fn a_call_knows_whether_an_earlier_one_may_have_taken_place() {
    let repeated = |play: &Play| match &play.effects[0] {
        Effect::InvokeAction { repeated, .. } => *repeated,
        Effect::SendMessage { .. } | Effect::LookUp { .. } => panic!("{:?}", play.effects),
    };
    let mut play = one_call("shop.keyed");
    assert!(!repeated(&play));
    for (class, then) in
        [(FailureClass::Retryable, false), (FailureClass::Unknown, true), (FailureClass::Retryable, true)]
    {
        let mut play = one_call("shop.keyed");
        if then && class == FailureClass::Retryable {
            play.fail(FailureClass::Unknown).unwrap();
            play.pass(60_000);
            play.take(Input::TimerFired).unwrap();
        }
        play.fail(class).unwrap();
        play.pass(60_000);
        play.take(Input::TimerFired).unwrap();
        assert_eq!(repeated(&play), then, "{class:?}");
    }
    play.take(Input::Recovered).unwrap();
    assert!(repeated(&play), "the process that made the call is gone");
}

#[test]
fn a_crash_repeats_only_what_may_be_repeated() {
    let mut play = one_call("shop.keyed");
    play.take(Input::Recovered).unwrap();
    assert!(
        matches!(&play.effects[0], Effect::InvokeAction { key, id: CallId { attempt: 1, .. }, .. } if &**key == "r1.1.0")
    );
    let mut play = one_call("shop.unkeyed");
    play.take(Input::Recovered).unwrap();
    assert!(matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))));
    let mut play = one_call("shop.looked_up");
    play.take(Input::Recovered).unwrap();
    assert!(matches!(play.effects[0], Effect::LookUp { .. }));
    play.take(Input::Recovered).unwrap();
    assert!(matches!(play.effects[0], Effect::LookUp { .. }), "a look-up is asked again after a second crash");
}

#[test]
fn late_and_doubled_answers_are_refused() {
    let mut play = one_call("shop.keyed");
    let id = play.under_way();
    let answer = Input::CallSucceeded { id, output: json!({ "id": 1 }), exchange: Value::Null };
    play.take(answer.clone()).unwrap();
    assert_eq!(play.take(answer), Err(Refusal::RunOver));
}

#[test]
fn a_cancel_waits_for_the_call_under_way_and_keeps_its_answer() {
    let mut play = one_call("shop.keyed");
    let cancel = || Input::CancelRequested { reason: "enough".into(), by: person("op", &["operator"]) };
    play.take(cancel()).unwrap();
    assert_eq!(play.status(), "open");
    play.succeed(json!({ "id": 3 })).unwrap();
    assert_eq!((play.status(), &play.state.vars["seen"]), ("cancelled", &json!(3)));
    assert_eq!(play.take(cancel()), Err(Refusal::RunOver));
}

#[test]
fn a_run_that_is_to_stop_is_not_sent_on_by_an_answer_about_its_call() {
    let mut play = one_call("shop.unkeyed");
    play.take(Input::CancelRequested { reason: "enough".into(), by: person("op", &["operator"]) }).unwrap();
    play.fail(FailureClass::Unknown).unwrap();
    let (comment, by) = (String::new(), person("op", &["operator"]));
    let answer = UnknownAnswer::NotHappened;
    play.take(Input::UnknownResolved { id: call(1), answer, comment, by, for_others: Vec::new() }).unwrap();
    assert_eq!((play.status(), play.effects.len()), ("cancelled", 0));
}

#[test]
fn an_answer_about_another_attempt_is_stale() {
    let mut play = one_call("shop.unkeyed");
    play.fail(FailureClass::Unknown).unwrap();
    let resolve = |attempt| {
        let (comment, by) = (String::new(), person("op", &["operator"]));
        Input::UnknownResolved {
            id: call(attempt),
            answer: UnknownAnswer::NotHappened,
            comment,
            by,
            for_others: Vec::new(),
        }
    };
    play.take(resolve(1)).unwrap();
    play.fail(FailureClass::Unknown).unwrap();
    assert_eq!(play.take(resolve(1)), Err(Refusal::Stale));
    let mut play = one_call("shop.looked_up");
    play.fail(FailureClass::Unknown).unwrap();
    let found = |attempt| Input::LookedUp { id: call(attempt), result: LookUpResult::DidNotHappen };
    play.take(found(1)).unwrap();
    play.fail(FailureClass::Unknown).unwrap();
    assert_eq!(play.take(found(1)), Err(Refusal::Stale));
}

const FORM: &str = "
schema: 1
name: Form
vars: { email: null }
start: ask
steps:
  ask:
    type: collect_form
    prompt: 'Hello {{ customer.name }}'
    form:
      type: object
      required: [email]
      properties: { email: { type: string, format: email } }
    prefill: { email: '{{ customer.email }}' }
    set: { email: '{{ output.email }}' }
    timeout: { after: 1d, next: gone }
    next: hand
  hand:
    type: human_handoff
    note: 'take care of {{ email }}'
    message: a person will answer
    outcomes: { refunded: { next: refunded } }
    next: done
    timeout: { after: 2d, next: gone }
  refunded: { type: end, message: refunded }
  gone: { type: end, status: failed }
  done: { type: end }
";

fn submit(play: &Play, values: Value) -> Input {
    Input::FormSubmitted { visit: play.visit(), values, by: person("customer", &[]) }
}

#[test]
fn a_form_takes_only_what_fits_it() {
    let mut play = Play::started(FORM);
    let before = play.state.clone();
    for wrong in [json!({}), json!({ "email": "nobody" }), json!("text"), json!(null)] {
        let input = submit(&play, wrong);
        assert!(matches!(play.take(input), Err(Refusal::InvalidForm { .. })));
    }
    assert_eq!(play.state, before);
    let input = submit(&play, json!({ "email": "ada@example.com" }));
    play.take(input.clone()).unwrap();
    assert_eq!(play.step_id(), "hand");
    assert_eq!(play.take(input), Err(Refusal::Stale));
}

#[test]
fn a_handoff_comes_back_with_an_outcome() {
    for (outcome, ok, message) in [("refunded", true, true), ("returned", true, false), ("lost", false, false)] {
        let mut play = Play::started(FORM);
        let input = submit(&play, json!({ "email": "ada@example.com" }));
        play.take(input).unwrap();
        let back = Input::HandedBack {
            visit: play.visit(),
            back: HandedBack::read(outcome),
            comment: String::new(),
            values: Value::Null,
            by: person("op", &["operator"]),
        };
        assert_eq!(play.take(back).is_ok(), ok, "{outcome}");
        if ok {
            assert_eq!(play.last_events().contains(&"message_posted"), message);
        }
    }
}

const FILLED_IN: &str = "
schema: 1
name: Handed back with answers
start: hand
steps:
  hand:
    type: human_handoff
    form: { type: object, required: [amount], properties: { amount: { type: number, minimum: 0 }, why: { type: string } } }
    outcomes: { refund: { next: much } }
    next: done
  much: { type: condition, branches: [{ when: steps.hand.output.values.amount > 100, next: large }], otherwise: done }
  large: { type: end, output: '{{ steps.hand.output.values.amount }}' }
  done: { type: end }
";

#[test]
fn a_handoff_comes_back_with_what_its_form_takes() {
    let back = |play: &mut Play, outcome: &str, values: Value| {
        let (visit, by) = (play.visit(), person("op", &["operator"]));
        play.take(Input::HandedBack { visit, back: HandedBack::read(outcome), comment: String::new(), values, by })
    };
    let mut play = Play::started(FILLED_IN);
    let before = play.state.clone();
    for (outcome, values, place) in [
        ("refund", json!({ "amount": -1 }), "/amount"),
        ("returned", json!({ "amount": "much" }), "/amount"),
        ("returned", json!({ "why": "late" }), ""),
        ("refund", Value::Null, ""),
    ] {
        let refused = back(&mut play, outcome, values.clone());
        let Err(Refusal::InvalidForm { problems }) = refused else { panic!("{values}: {refused:?}") };
        assert!(problems.iter().any(|problem| problem.pointer == place), "{values}: {problems:?}");
    }
    assert_eq!(play.state, before, "what was refused changes nothing");
    back(&mut play, "refund", json!({ "amount": 120.5 })).unwrap();
    assert_eq!(play.state.ended().unwrap().output, json!(120.5), "a later expression reads it");
    let closed = play.log.iter().flat_map(|entry| &entry.events).any(|event| {
        matches!(event, Event::Checkpoint { what: CheckpointEvent::Closed { values, .. }, .. }
            if *values == json!({ "amount": 120.5 }))
    });
    assert!(closed, "what was filled in is on the record");
    assert_eq!(back(&mut play, "refund", json!({ "amount": 1 })), Err(Refusal::RunOver), "handed back once");
}

#[test]
fn who_fills_in_a_handoff_does_not_approve_what_they_filled_in() {
    let yaml = "
schema: 1
name: Own amount
start: hand
steps:
  hand: { type: human_handoff, form: { type: object, properties: { amount: { type: number } } }, next: ask }
  ask: { type: approval, summary: Pay, guards: [pay], approvers: { exclude_requester: true }, on_approve: pay, on_reject: done,
         timeout: { after: 4h, outcome: rejected } }
  pay: { type: tool_call, action: shop.keyed, input: { amount: '{{ steps.hand.output.values.amount }}' }, next: done }
  done: { type: end }
";
    for (values, may) in [(json!({ "amount": 9000 }), false), (json!({}), false)] {
        let mut play = Play::started(yaml);
        let (visit, comment, by) = (play.visit(), String::new(), person("mia", &["operator"]));
        play.take(Input::HandedBack { visit, back: HandedBack::Returned, comment, values, by: by.clone() }).unwrap();
        assert_eq!(play.step_id(), "ask");
        assert_eq!(play.decide("approved", by).is_ok(), may);
        assert!(play.decide("approved", person("bob", &["operator"])).is_ok());
    }
    // Handed back without answers nobody had a hand in anything.
    let plain = yaml
        .replace("form: { type: object, properties: { amount: { type: number } } }, ", "")
        .replace("'{{ steps.hand.output.values.amount }}'", "1");
    let mut play = Play::started(&plain);
    let (visit, comment, by) = (play.visit(), String::new(), person("mia", &["operator"]));
    play.take(Input::HandedBack { visit, back: HandedBack::Returned, comment, values: Value::Null, by: by.clone() })
        .unwrap();
    play.decide("approved", by).unwrap();
}

#[test]
fn a_handoff_without_a_form_takes_no_answers() {
    let mut play = Play::started(FORM);
    let input = submit(&play, json!({ "email": "ada@example.com" }));
    play.take(input).unwrap();
    let (visit, comment, by) = (play.visit(), String::new(), person("op", &["operator"]));
    let back = Input::HandedBack { visit, back: HandedBack::Returned, comment, values: json!({ "amount": 1 }), by };
    assert!(matches!(play.take(back), Err(Refusal::InvalidForm { .. })));
}

#[test]
fn silence_takes_the_timeout_path() {
    let mut play = Play::started(FORM);
    play.pass(86_400_000);
    play.take(Input::TimerFired).unwrap();
    assert_eq!(play.status(), "failed");
}

const NOTIFY: &str = "
schema: 1
name: Notify
start: tell
steps:
  tell:
    type: notify
    channels: [conversation, whatsapp, email]
    delivery: all
    subject: 'About {{ customer.name }}'
    body: 'Hello {{ customer.name }}'
    retry: { attempts: 1 }
    next: done
    on_error: { next: sorry }
  done: { type: end }
  sorry: { type: end, status: failed }
";

#[test]
fn a_notification_goes_over_every_channel_in_turn() {
    let mut play = Play::started(NOTIFY);
    assert!(play.last_events().contains(&"message_posted"));
    assert!(
        matches!(&play.effects[0], Effect::SendMessage { to, key, .. } if to == "+15555550101" && &**key == "r1.1.1")
    );
    play.succeed(json!({})).unwrap();
    assert!(
        matches!(&play.effects[0], Effect::SendMessage { to, key, .. } if to == "ada@example.com" && &**key == "r1.1.2")
    );
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn the_first_channel_that_works_is_enough_when_asked_so() {
    let yaml = NOTIFY.replace("conversation, ", "").replace("delivery: all", "delivery: first");
    let mut play = Play::started(&yaml);
    play.fail(FailureClass::Fatal).unwrap();
    assert!(matches!(&play.effects[0], Effect::SendMessage { to, .. } if to == "ada@example.com"));
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
    let mut play = Play::started(&yaml);
    play.fail(FailureClass::Unknown).unwrap();
    assert!(
        matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))),
        "an unknown message is not sent elsewhere silently"
    );
}

#[test]
fn words_for_a_conversation_that_leaves_are_said_once_it_takes_them() {
    let over_sms = |delivery: &str| {
        let mut play = Play::new(&NOTIFY.replace("delivery: all", delivery));
        play.conversation = json!({ "id": "c1", "channel": "sms" });
        play.start(json!({})).unwrap();
        assert!(!play.last_events().contains(&"message_posted"));
        assert!(matches!(&play.effects[0], Effect::SendMessage { channel: Channel::Conversation, .. }));
        play
    };
    let mut play = over_sms("delivery: first");
    play.succeed(json!({})).unwrap();
    assert!(play.last_events().contains(&"message_posted"));
    assert_eq!(play.status(), "completed");
    // Not taken: the next channel.
    let mut play = over_sms("delivery: first");
    play.fail(FailureClass::Fatal).unwrap();
    assert!(!play.last_events().contains(&"message_posted"));
    assert!(matches!(&play.effects[0], Effect::SendMessage { to, .. } if to == "+15555550101"));
    // A process that dies while it asks asks again: no person is asked whether it was said.
    let mut play = over_sms("delivery: first");
    play.take(Input::Recovered).unwrap();
    assert!(matches!(&play.effects[0], Effect::SendMessage { channel: Channel::Conversation, .. }));
    play.succeed(json!({})).unwrap();
    assert_eq!(play.status(), "completed");
    // All of them: what one refuses is a failure of the step.
    let mut play = over_sms("delivery: all");
    play.fail(FailureClass::Fatal).unwrap();
    assert_eq!(play.status(), "failed");
}

#[test]
fn a_loop_ends_at_the_step_limit() {
    let play = Play::started(
        "
schema: 1
name: Loop
step_limit: 50
start: a
steps:
  a: { type: condition, branches: [], otherwise: b }
  b: { type: condition, branches: [{ when: 'true', next: a }], otherwise: done }
  done: { type: end }
",
    );
    assert_eq!((play.status(), play.state.visits), ("failed", 50));
    assert_eq!(play.state.ended().unwrap().error.as_ref().unwrap().code, "step_limit");
}

#[test]
fn an_expression_that_trips_a_guard_fails_its_step_clearly() {
    let play = Play::started(
        "
schema: 1
name: Guard
start: a
steps:
  a: { type: condition, branches: [{ when: '($f := function($x){ $f($x + 1) + 1 }; $f(0))', next: done }], otherwise: done }
  done: { type: end }
",
    );
    assert_eq!(play.status(), "failed");
    let code = &play.state.ended().unwrap().error.as_ref().unwrap().code;
    assert!(code.starts_with("expression_"), "{code}");
}

#[test]
fn a_failed_run_goes_on_from_any_step() {
    let mut play = one_call("shop.keyed");
    play.fail(FailureClass::Fatal).unwrap();
    assert!(matches!(play.retry(Some("nowhere"), json!({})), Err(Refusal::NotRetryable(_))));
    play.retry(Some("call"), json!({ "id": 1 })).unwrap();
    assert!(matches!(&play.effects[0], Effect::InvokeAction { key, .. } if &**key == "r1.3.0"), "{:?}", play.effects);
    play.succeed(json!({ "id": 1 })).unwrap();
    assert_eq!(play.status(), "completed");
}

#[test]
fn nothing_before_the_start_and_no_second_start() {
    let mut play = Play::new(ONE_CALL);
    assert_eq!(play.take(Input::TimerFired), Err(Refusal::NotStarted));
    play.start(json!({})).unwrap();
    assert_eq!(play.start(json!({})), Err(Refusal::AlreadyStarted));
}

#[test]
fn a_refusal_after_an_attempt_in_doubt_is_not_taken_for_nothing_happened() {
    for class in [FailureClass::Retryable, FailureClass::Fatal] {
        let mut play = one_call("shop.keyed");
        play.fail(FailureClass::Unknown).unwrap();
        while play.state.wake_at().is_some() {
            play.pass(60_000);
            play.take(Input::TimerFired).unwrap();
            play.fail(class).unwrap();
        }
        assert!(matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))), "{class:?} {:?}", play.state.phase);
    }
    let mut play = one_call("shop.keyed");
    play.take(Input::Recovered).unwrap();
    play.fail(FailureClass::Fatal).unwrap();
    assert!(
        matches!(play.state.phase, Phase::Waiting(Wait::Unknown(_))),
        "a call made again after a crash may have happened"
    );
}
