//! Random documents, random inputs: replay gives the state, nothing panics, what is refused changes nothing.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod support;

use countersign_core::{
    log::{FailureClass, StepError, history},
    moves::{MoveRequest, MoveVerdict, check_move},
    play::{BacktestVerdict, backtest},
    run::{self, HandedBack, Input, LookUpResult, Phase, RunState, Stage, StateEdit, UnknownAnswer, Verdict, Version},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Play, catalogue, documents::document, person};

/// What a random move tries; most fit the phase now and then.
fn inputs() -> impl Strategy<Value = Vec<(u8, u8, i64)>> {
    prop::collection::vec((0..14_u8, any::<u8>(), 0..8_000_000_i64), 1..60)
}

fn input_of(play: &Play, kind: u8, detail: u8) -> Input {
    let visit = play.state.place().map_or(0, |place| place.visit) + u32::from(detail % 16 == 15);
    let here = play.state.phase.call().map(run::Calling::id);
    let id = run::CallId { visit, ..here.unwrap_or(run::CallId { visit, call: 0, attempt: 1 }) };
    let by = person(["p1", "p2", "p3"][usize::from(detail % 3)], &["operator"]);
    let comment = String::new();
    match kind {
        0..=3 => {
            let output = json!({ "x": detail });
            Input::CallSucceeded { id, output, exchange: Value::Null }
        }
        4 | 5 => {
            let class = [FailureClass::Retryable, FailureClass::Fatal, FailureClass::Unknown][usize::from(detail % 3)];
            let error = StepError { class, code: "x".into(), message: "x".into(), details: Value::Null };
            let (exchange, jitter_per_mille) = (Value::Null, u16::from(detail) * 3);
            let retry_after_seconds = (detail > 200).then_some(u64::MAX);
            Input::CallFailed { id, error, exchange, retry_after_seconds, jitter_per_mille }
        }
        6 => Input::TimerFired,
        7 => Input::FormSubmitted {
            visit,
            values: if detail.is_multiple_of(4) { json!("no") } else { json!({ "x": detail }) },
            by,
        },
        8 => {
            use Verdict::{Approved, Changes, Rejected};
            let verdict = [Approved, Approved, Rejected, Changes][usize::from(detail % 4)];
            Input::Decided { visit, verdict, comment, by, with: Box::default() }
        }
        9 => Input::HandedBack { visit, back: HandedBack::Returned, comment, values: Value::Null, by },
        10 => {
            let answer = match detail % 3 {
                0 => UnknownAnswer::Happened { result: json!({ "x": 1 }) },
                1 => UnknownAnswer::NotHappened,
                _ => UnknownAnswer::Stop,
            };
            Input::UnknownResolved { id, answer, comment, by, for_others: Vec::new() }
        }
        11 => {
            let result = match detail % 3 {
                0 => LookUpResult::Happened { output: json!({ "x": 2 }) },
                1 => LookUpResult::DidNotHappen,
                _ => LookUpResult::Unclear,
            };
            Input::LookedUp { id, result }
        }
        12 if detail.is_multiple_of(8) => Input::CancelRequested { reason: comment, by },
        12 => Input::Recovered,
        _ => Input::RetryRequested { step: None, edit: StateEdit::default(), again: play.agreed(None), by },
    }
}

fn same_version_again(play: &Play) -> Version {
    Version::compile(play.version.workflow().clone(), &catalogue(), true).unwrap()
}

/// A move to an equal version and back must leave everything as it was.
fn moved_and_back(play: &mut Play) -> Result<(), TestCaseError> {
    let (again, mapping) = (same_version_again(play), std::collections::BTreeMap::new());
    let request =
        MoveRequest { from: &play.version, to: &again, number: play.state.info.version + 1, mapping: &mapping };
    let found = check_move(&request, &play.state, play.now);
    let waits = play.state.open_checkpoint().is_some()
        || matches!(play.state.phase, Phase::Calling { stage: Stage::BackingOff { .. }, .. });
    prop_assert_eq!(found.verdict == MoveVerdict::Safe, waits, "{:?} {:?}", found, play.state.phase);
    let by = person("mover", &["builder"]);
    let (before, checkpoint, due) = (play.state.clone(), play.state.open_checkpoint(), play.state.wake_at());
    let number = play.state.info.version + 1;
    if play.move_to(again, number, &mapping, by.clone()).is_err() {
        prop_assert!(!waits);
        return Ok(());
    }
    prop_assert_eq!(play.state.open_checkpoint(), checkpoint);
    prop_assert_eq!(play.state.wake_at(), due);
    prop_assert_eq!(play.state.info.version, before.info.version + 1);
    play.undo(same_version_again(play), by.clone()).unwrap();
    let contributors = play.state.contributors.clone();
    prop_assert_eq!(&play.state, &RunState { contributors, ..before });
    prop_assert!(play.undo(same_version_again(play), by).is_err(), "once");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_run_is_the_fold_of_its_log(document in document(), inputs in inputs()) {
        let workflow = serde_json::from_value(document).unwrap();
        let Ok(version) = Version::compile(workflow, &catalogue(), true) else { return Ok(()) };
        let mut play = Play::of(version);
        play.start(json!({})).unwrap();
        let mut closed = 0;
        for (kind, detail, pass) in inputs {
            play.pass(pass);
            let before = play.state.clone();
            let open = before.open_checkpoint();
            let ended = before.ended().is_some();
            let input = input_of(&play, kind, detail);
            let reopening = matches!(input, Input::RetryRequested { .. });
            // `Play` replays the log after every accepted input.
            if play.take(input).is_err() {
                prop_assert_eq!(&play.state, &before);
                continue;
            }
            prop_assert!(!ended || reopening, "a run that is over takes nothing but a retry");
            let now_closed = support_closed(&play);
            prop_assert!(now_closed - closed <= 1 || open.is_none(), "a checkpoint is closed once");
            closed = now_closed;
            // No commit may leave the token between two steps.
            let transient = play.state.phase.is_transient();
            prop_assert!(!transient, "{:?}", play.state.phase);
        }
        prop_assert!(history(&play.version, &play.log).len() <= 41);
    }

    #[test]
    fn played_to_its_own_version_a_run_does_the_same(document in document(), inputs in inputs()) {
        let workflow = serde_json::from_value(document).unwrap();
        let Ok(version) = Version::compile(workflow, &catalogue(), true) else { return Ok(()) };
        let mut play = Play::of(version);
        play.start(json!({})).unwrap();
        for (kind, detail, pass) in inputs {
            play.pass(pass);
            // A refused input changes nothing and leaves no trace.
            drop(play.take(input_of(&play, kind, detail)));
        }
        let found = backtest(&play.log, &play.version).unwrap();
        prop_assert_eq!(found.verdict, BacktestVerdict::Same, "{:?}\n{:#?}", found, play.log);
    }

    #[test]
    fn a_move_and_its_undo_leave_everything_as_it_was(document in document(), inputs in inputs()) {
        let workflow = serde_json::from_value(document).unwrap();
        let Ok(version) = Version::compile(workflow, &catalogue(), true) else { return Ok(()) };
        let mut play = Play::of(version);
        play.start(json!({})).unwrap();
        for (kind, detail, pass) in inputs {
            play.pass(pass);
            if detail.is_multiple_of(5) {
                moved_and_back(&mut play)?;
            }
            drop(play.take(input_of(&play, kind, detail)));
        }
        let found = backtest(&play.log, &play.version).unwrap();
        prop_assert_eq!(found.verdict, BacktestVerdict::Same, "moves are no part of a path: {:?}", found);
    }
}

fn support_closed(play: &Play) -> usize {
    play.log.iter().flat_map(|entry| &entry.events).filter(|event| event.tag() == "checkpoint_closed").count()
}
