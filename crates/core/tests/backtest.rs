//! A recorded run played to other versions.
#![allow(clippy::unwrap_used)]

mod support;

use countersign_core::{
    difference::document::renamed,
    log::FailureClass,
    play::{Backtest, BacktestVerdict, backtest, backtest_renamed},
    run::{Event, Input},
};
use serde_json::{Value, json};
use support::{Play, person, version};

const DOC: &str = "
schema: 1
name: Upgrade
vars: { plan: null }
start: verify
steps:
  verify: { type: tool_call, action: shop.read, input: { email: '{{ customer.email }}' }, set: { plan: '{{ output.plan }}' }, next: eligible }
  eligible: { type: condition, branches: [{ when: \"plan != 'enterprise'\", next: ask }], otherwise: already }
  ask: { type: approval, summary: ok?, guards: [pay], approvers: { roles: [manager] }, timeout: { after: 4h, outcome: rejected }, on_approve: pay, on_reject: sorry }
  pay: { type: tool_call, action: bank.pay, input: { amount: 10, plan: '{{ plan }}' }, next: done }
  done: { type: end, output: { paid: '{{ steps.pay.output.id }}' } }
  already: { type: end, status: rejected }
  sorry: { type: end, status: rejected }
";

fn recorded() -> Play {
    let mut play = Play::started(DOC);
    // Real runs know the account behind the call; no version decides which one that is.
    play.accounts.note("bank", None, "ours".into());
    play.succeed(json!({ "plan": "team" })).unwrap();
    play.pass(3_600_000);
    play.decide("approved", person("boss", &["manager"])).unwrap();
    play.succeed(json!({ "id": "p1" })).unwrap();
    assert_eq!(play.status(), "completed");
    play
}

fn against(play: &Play, yaml: &str) -> Backtest {
    backtest(&play.log, &version(yaml)).unwrap()
}

fn changed(from: &str, to: &str) -> Backtest {
    assert!(DOC.contains(from), "{from}");
    against(&recorded(), &DOC.replace(from, to))
}

#[test]
fn the_same_document_gives_the_same() {
    let found = against(&recorded(), DOC);
    assert_eq!((found.verdict, found.steps), (BacktestVerdict::Same, 5), "{found:?}");
    let words = changed("summary: ok?", "summary: 'really?'");
    assert_eq!(words.verdict, BacktestVerdict::Same, "what people read is no path, request or end");
}

/// The recorded run on `yaml`, whose steps may have other names.
fn against_renamed(yaml: &str) -> Backtest {
    let document = |yaml: &str| serde_json::to_value(version(yaml).workflow()).unwrap();
    backtest_renamed(&recorded().log, &version(yaml), &renamed(&document(DOC), &document(yaml))).unwrap()
}

#[test]
fn a_step_that_only_has_another_name_is_no_other_path() {
    let yaml =
        DOC.replace("pay:", "charge:").replace("[pay]", "[charge]").replace("on_approve: pay", "on_approve: charge");
    let yaml = yaml.replace("steps.pay.", "steps.charge.").replace("eligible", "may_have_it");
    let found = against_renamed(&yaml);
    assert_eq!((found.verdict, found.path, found.steps), (BacktestVerdict::Same, None, 5));
    let pair = |was: &str, now: &str| (was.to_owned(), now.to_owned());
    assert_eq!(found.renamed, [pair("eligible", "may_have_it"), pair("pay", "charge")]);
    // Without that notion it is a step that was never there.
    assert_eq!(against(&recorded(), &yaml).verdict, BacktestVerdict::PathChanged);
    // What else changed is still told.
    let ends = against_renamed(&yaml.replace("steps.charge.output.id }}' }", "steps.charge.output.id }}', x: 1 }"));
    assert_eq!((ends.verdict, ends.renamed.len()), (BacktestVerdict::EndChanged, 2));
    let otherwise = against_renamed(&yaml.replace("plan != 'enterprise'", "plan = 'free'"));
    let path = otherwise.path.unwrap();
    assert_eq!(
        (otherwise.verdict, path.common),
        (BacktestVerdict::PathChanged, 1),
        "another condition is another step"
    );
    let other_action = against_renamed(&yaml.replace("action: bank.pay", "action: shop.keyed"));
    assert_eq!(other_action.verdict, BacktestVerdict::PathChanged, "a step that does something else has no other name");
    assert_eq!(against_renamed(DOC).renamed, []);
}

#[test]
fn a_step_that_is_only_passed_through_is_no_difference() {
    let through = |step: &str| {
        DOC.replace("on_approve: pay", "on_approve: extra")
            .replace("  done: {", &format!("  extra: {step}\n  done: {{"))
    };
    let found = against(&recorded(), &through("{ type: condition, branches: [], otherwise: pay }"));
    assert_eq!((found.verdict, &found.path), (BacktestVerdict::Same, &None), "{found:?}");
    let passing = found.passing.unwrap();
    assert_eq!((passing.common, passing.after.as_deref()), (3, Some("ask")));
    // Taken away again it is none either, and neither is another end that says and answers the same.
    let mut play = Play::started(&through("{ type: condition, branches: [], otherwise: pay }"));
    play.succeed(json!({ "plan": "team" })).unwrap();
    play.decide("approved", person("boss", &["manager"])).unwrap();
    play.succeed(json!({ "id": "p1" })).unwrap();
    let back = against(&play, DOC);
    assert_eq!((back.verdict, back.passing.is_some()), (BacktestVerdict::Same, true), "{back:?}");
    let other_end = DOC.replace("next: done", "next: paid").replace("  done: {", "  paid: {");
    assert_eq!(against(&recorded(), &other_end).verdict, BacktestVerdict::Same);

    // What calls, says or asks something is one: told of by its name, not by what leads there.
    let call = through("{ type: condition, branches: [], otherwise: more }")
        .replace("  done: {", "  more: { type: tool_call, action: shop.read, input: {}, next: pay }\n  done: {");
    let found = against(&recorded(), &call);
    let path = found.path.unwrap();
    assert_eq!((found.verdict, found.passing), (BacktestVerdict::PathChanged, None));
    assert_eq!((path.recorded.as_deref(), path.now.as_deref()), (Some("pay"), Some("more")));
}

#[test]
fn last_words_that_would_differ_are_told() {
    let said = DOC.replace("  done: { type: end,", "  done: { type: end, message: Paid,");
    let mut play = Play::started(&said);
    play.succeed(json!({ "plan": "team" })).unwrap();
    play.decide("approved", person("boss", &["manager"])).unwrap();
    play.succeed(json!({ "id": "p1" })).unwrap();
    assert_eq!(against(&play, &said).verdict, BacktestVerdict::Same);
    let found = against(&play, &said.replace("message: Paid,", "message: Done,"));
    assert_eq!((found.verdict, found.requests.len()), (BacktestVerdict::RequestChanged, 1), "{found:?}");
    let field = &found.requests[0].fields[0];
    assert_eq!((&field.before, &field.after), (&Some(json!("Paid")), &Some(json!("Done"))));
    // Taken away, or added where nothing was said.
    for (play, yaml, before, now) in
        [(&play, DOC, json!("Paid"), Value::Null), (&recorded(), said.as_str(), Value::Null, json!("Paid"))]
    {
        let found = against(play, yaml);
        assert_eq!((found.verdict, &found.path), (BacktestVerdict::RequestChanged, &None), "{found:?}");
        let field = &found.requests[0].fields[0];
        assert_eq!((field.before.clone().unwrap_or_default(), field.after.clone().unwrap_or_default()), (before, now));
    }
}

#[test]
fn words_in_a_conversation_that_leaves_are_compared_also_where_nobody_asked_for_them() {
    let by_sms = |yaml: &str, asked: bool| {
        let mut play = Play::new(yaml);
        play.conversation = json!({ "id": "c1", "channel": "sms" });
        play.start(json!({})).unwrap();
        if asked {
            play.succeed(json!({ "channel": "conversation" })).unwrap();
        }
        assert_eq!(play.status(), "completed");
        play
    };
    let says = "schema: 1\nname: N\nstart: tell\nsteps:\n  tell: { type: notify, channels: [conversation], body: Hello, next: z }\n  z: { type: end }\n";
    let silent = "schema: 1\nname: N\nstart: z\nsteps:\n  z: { type: end }\n";
    assert_eq!(against(&by_sms(says, true), says).verdict, BacktestVerdict::Same);
    for (play, yaml) in [(by_sms(silent, false), says), (by_sms(says, true), silent)] {
        let found = against(&play, yaml);
        assert!(found.cannot_say.is_none() && found.verdict != BacktestVerdict::Same, "{found:?}");
    }
    // One from before anybody asked: the same words, said at once.
    let mut old = by_sms(says, true);
    for entry in &mut old.log {
        entry.events.retain(|event| !matches!(event, Event::Call { .. }));
    }
    let found = against(&old, says);
    assert_eq!((found.verdict, found.cannot_say.is_none()), (BacktestVerdict::Same, true), "{found:?}");
}

#[test]
fn a_condition_that_falls_otherwise_changes_the_path() {
    let found = changed("plan != 'enterprise'", "plan = 'free'");
    let path = found.path.unwrap();
    assert_eq!(found.verdict, BacktestVerdict::PathChanged);
    assert_eq!((path.common, path.after.as_deref()), (2, Some("eligible")));
    assert_eq!((path.recorded.as_deref(), path.now.as_deref()), (Some("ask"), Some("already")));
    assert_eq!(found.end.unwrap().now.status, "rejected");
}

#[test]
fn a_request_that_would_differ_is_named_with_its_fields() {
    let found = changed("amount: 10", "amount: 12");
    assert_eq!(found.verdict, BacktestVerdict::RequestChanged, "{found:?}");
    let [request] = found.requests.as_slice() else { unreachable!("{found:?}") };
    assert_eq!((request.step.as_str(), request.occurrence), ("pay", 1));
    assert_eq!(request.fields[0].pointer, "/amount");
    assert_eq!((&request.fields[0].before, &request.fields[0].after), (&Some(json!(10)), &Some(json!(12))));
    assert!(found.path.is_none() && found.end.is_none());
}

#[test]
fn an_end_that_would_differ_is_told_with_both() {
    let found = changed("steps.pay.output.id }}' }", "steps.pay.output.id }}', x: 1 }");
    assert_eq!(found.verdict, BacktestVerdict::EndChanged);
    let end = found.end.unwrap();
    assert_eq!((end.recorded.output, end.now.output), (json!({ "paid": "p1" }), json!({ "paid": "p1", "x": 1 })));
}

#[test]
fn a_call_that_was_never_made_cannot_be_answered() {
    let yaml = DOC
        .replace("on_approve: pay", "on_approve: extra")
        .replace("  done: {", "  extra: { type: tool_call, action: shop.read, input: {}, next: pay }\n  done: {");
    let found = against(&recorded(), &yaml);
    assert_eq!(found.verdict, BacktestVerdict::PathChanged);
    let reason = found.cannot_say.unwrap();
    assert_eq!((reason.code, reason.step.as_deref()), ("never_called", Some("extra")));
    let other = changed("action: shop.read", "action: shop.keyed");
    assert_eq!((other.verdict, other.cannot_say.unwrap().code), (BacktestVerdict::CannotSay, "other_action"));
}

#[test]
fn people_who_may_not_decide_any_more_and_forms_that_do_not_fit_are_said() {
    let found = changed("roles: [manager]", "roles: [director]");
    assert_eq!((found.verdict, found.cannot_say.unwrap().code), (BacktestVerdict::CannotSay, "not_an_approver"));
    let more = changed("roles: [manager] }", "roles: [manager], quorum: 2 }");
    assert_eq!(more.cannot_say.unwrap().code, "more_approvals");
    let form = "schema: 1\nname: F\nstart: a\nsteps:\n  a: { type: collect_form, form: { type: object, properties: { n: { type: integer } } }, next: z }\n  z: { type: end }\n";
    let mut play = Play::started(form);
    play.take(Input::FormSubmitted { visit: 1, values: json!({ "n": 5 }), by: person("c", &[]) }).unwrap();
    assert_eq!(against(&play, form).verdict, BacktestVerdict::Same);
    let strict = form.replace("{ type: integer }", "{ type: integer, minimum: 9 }");
    assert_eq!(against(&play, &strict).cannot_say.unwrap().code, "form_refused");
}

#[test]
fn times_count_a_shorter_timeout_runs_out_before_the_decision_came() {
    let found = changed("after: 4h", "after: 30m");
    assert_eq!(found.path.unwrap().now.as_deref(), Some("sorry"));
    assert_eq!(changed("after: 4h", "after: 2h").verdict, BacktestVerdict::Same);
    let mut silent = Play::started(DOC);
    silent.succeed(json!({ "plan": "team" })).unwrap();
    silent.pass(4 * 3_600_000);
    silent.take(Input::TimerFired).unwrap();
    assert_eq!(silent.status(), "rejected");
    assert_eq!(against(&silent, DOC).verdict, BacktestVerdict::Same);
    assert_eq!(against(&silent, &DOC.replace("4h", "1h")).verdict, BacktestVerdict::Same);
    let longer = against(&silent, &DOC.replace("4h", "9h"));
    assert_eq!((longer.verdict, longer.cannot_say.unwrap().code), (BacktestVerdict::CannotSay, "silence"));
}

#[test]
fn failures_retries_and_runs_under_way_are_played_too() {
    let mut play = Play::started(DOC);
    play.fail(FailureClass::Retryable).unwrap();
    play.pass(60_000);
    play.take(Input::TimerFired).unwrap();
    play.succeed(json!({ "plan": "team" })).unwrap();
    let waiting = against(&play, DOC);
    assert_eq!((waiting.verdict, waiting.end, waiting.steps), (BacktestVerdict::Same, None, 3));
    let impatient = DOC.replace("set: { plan", "retry: { attempts: 1 }, set: { plan");
    let found = against(&play, &impatient);
    assert_eq!(found.end.unwrap().now.status, "failed");
    assert!(backtest(&[], &version(DOC)).is_none());
}
