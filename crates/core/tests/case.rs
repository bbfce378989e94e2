//! What a run is about, in one line, and the step that failed in one that ended well.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use countersign_core::{log::FailureClass, run::CASE_CHARS_MAX, time::Timestamp};
use serde_json::json;
use support::Play;

fn play(case: &str) -> Play {
    Play::started(&format!(
        "
schema: 1
name: Look
case: {case:?}
start: look
steps:
  look:
    type: tool_call
    action: shop.read
    input: {{}}
    retry: {{ attempts: 1 }}
    on_error: {{ next: done }}
    next: done
  done: {{ type: end }}
"
    ))
}

fn case_of(play: &Play) -> Option<String> {
    play.version.case(&play.state, Timestamp(0))
}

#[test]
fn the_case_is_told_as_far_as_it_is_known() {
    let mut play = play("Order {{ steps.look.output.order }} for {{ run.version }}");
    assert_eq!(case_of(&play).as_deref(), Some("Order … for 1"));
    play.succeed(json!({ "order": 1042 })).unwrap();
    assert_eq!(case_of(&play).as_deref(), Some("Order 1042 for 1"));
}

#[test]
fn nothing_known_is_no_case() {
    assert_eq!(case_of(&play("Order {{ steps.look.output.order }}")), None);
    assert_eq!(case_of(&play("")), None);
    assert_eq!(case_of(&play("Nightly")).as_deref(), Some("Nightly"));
}

#[test]
fn whatever_is_answered_is_one_line_of_bounded_length() {
    let mut play = play("{{ steps.look.output.text }}");
    play.succeed(json!({ "text": "a\nb ".repeat(500) })).unwrap();
    let case = case_of(&play).unwrap();
    assert!(case.starts_with("a b a b") && case.chars().count() == CASE_CHARS_MAX, "{case}");
}

#[test]
fn a_step_that_failed_is_known_after_a_good_end() {
    let mut failed = play("");
    failed.fail(FailureClass::Fatal).unwrap();
    assert_eq!(failed.status(), "completed");
    let (step, message) = failed.state.failed_step().unwrap();
    assert!(step == "look" && !message.is_empty(), "{step}: {message}");
    let mut good = play("");
    good.succeed(json!({ "order": 1 })).unwrap();
    assert_eq!(good.state.failed_step(), None);
}

#[test]
fn what_a_step_did_last_counts() {
    let twice = || {
        Play::started(
            "
schema: 1
name: Twice
vars: { again: true }
start: look
steps:
  look: { type: tool_call, action: shop.read, input: {}, on_error: { next: more }, next: more }
  more: { type: condition, branches: [{ when: again, next: once }], otherwise: done }
  once: { type: tool_call, action: shop.read, input: {}, set: { again: '{{ false }}' }, next: look }
  done: { type: end }
",
        )
    };
    let mut later_good = twice();
    later_good.fail(FailureClass::Fatal).unwrap();
    assert_eq!(later_good.state.failed_step().map(|failed| failed.0).as_deref(), Some("look"));
    later_good.succeed(json!({})).unwrap();
    // Good, and without an answer.
    later_good.succeed(json!(null)).unwrap();
    assert_eq!((later_good.status(), later_good.state.failed_step()), ("completed", None));
    let mut later_bad = twice();
    for _ in 0..2 {
        later_bad.succeed(json!({ "order": 1 })).unwrap();
    }
    later_bad.fail(FailureClass::Fatal).unwrap();
    assert_eq!(later_bad.status(), "completed");
    assert_eq!(later_bad.state.failed_step().map(|failed| failed.0).as_deref(), Some("look"));
}
