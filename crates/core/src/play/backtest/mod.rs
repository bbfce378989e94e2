//! Back-testing: what would a real run have done on another version? The run's own trigger, answers, forms, decisions and
//! silences are played to that version; nothing leaves.

mod recording;
mod replay;

use crate::{difference::document::FieldChange, document::StepId, log::LogEntry, run::Version};
use recording::Recording;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    /// In one word; the gravest of what follows.
    pub verdict: BacktestVerdict,
    /// Where the path leaves the recorded one.
    pub path: Option<PathChange>,
    /// Calls that would send something else.
    pub requests: Vec<RequestChange>,
    /// How the run would end otherwise.
    pub end: Option<EndChange>,
    /// Where the recording has no answer, so that what follows cannot be told.
    pub cannot_say: Option<CannotSay>,
    /// How many steps were entered.
    pub steps: usize,
    /// Steps of the recorded path that are called otherwise now, old and new id. That alone is no other path.
    pub renamed: Vec<(StepId, StepId)>,
}

/// What would have been, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BacktestVerdict {
    /// The same path, requests and end, as far as the run went.
    Same,
    /// The same as far as it can be told: the recording has no answer to what would have been asked.
    CannotSay,
    /// The same path and requests, another end.
    EndChanged,
    /// The same path, with other requests.
    RequestChanged,
    /// Another path.
    PathChanged,
}

/// Where a path leaves the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// How many steps both have in common.
    pub common: usize,
    /// The last of these.
    pub after: Option<StepId>,
    /// The step that followed; none when the run ended there.
    pub recorded: Option<StepId>,
    /// The step that would follow; none when it would end there.
    pub now: Option<StepId>,
}

/// A call that would send something else.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestChange {
    /// The step.
    pub step: StepId,
    /// Which entry of that step, from 1.
    pub occurrence: u32,
    /// What differs, by JSON pointer into the request.
    pub fields: Vec<FieldChange>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndFacts {
    /// Status word; `open` while it has not ended.
    pub status: String,
    /// What it answered.
    pub output: Value,
    /// Code of its error.
    pub error: Option<String>,
}

/// How a run would end otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct EndChange {
    /// How it ended.
    pub recorded: EndFacts,
    /// How it would.
    pub now: EndFacts,
}

/// Where the recording has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannotSay {
    /// The step; none before the first.
    pub step: Option<StepId>,
    /// Stable short name.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Plays a recorded run to `version`. None when the log does not begin with a start.
#[must_use]
pub fn backtest(log: &[LogEntry], version: &Version) -> Option<Backtest> {
    backtest_renamed(log, version, &BTreeMap::new())
}

/// [`backtest`] where steps are called otherwise on `version`: old id → new id, as [`crate::difference::document::renamed`] tells.
#[must_use]
pub fn backtest_renamed(log: &[LogEntry], version: &Version, renamed: &BTreeMap<StepId, StepId>) -> Option<Backtest> {
    let mut recording = Recording::of(log)?;
    let on_the_way: BTreeSet<&StepId> = recording.path.iter().collect();
    let told = renamed.iter().filter(|(was, _)| on_the_way.contains(was));
    let told = told.map(|(was, now)| (was.clone(), now.clone())).collect();
    if !renamed.is_empty() {
        recording.rename(renamed);
    }
    let played = replay::play(&recording, version);
    let path = path_change(&recording, &played);
    let end = match &played.end {
        Some(now) => {
            let recorded =
                recording.end.clone().unwrap_or_else(|| EndFacts { status: "open".into(), ..EndFacts::default() });
            (recorded != *now).then(|| EndChange { recorded, now: now.clone() })
        }
        None => None,
    };
    let verdict = if path.is_some() {
        BacktestVerdict::PathChanged
    } else if !played.requests.is_empty() {
        BacktestVerdict::RequestChanged
    } else if end.is_some() {
        BacktestVerdict::EndChanged
    } else if played.cannot_say.is_some() {
        BacktestVerdict::CannotSay
    } else {
        BacktestVerdict::Same
    };
    let steps = played.path.len();
    Some(Backtest {
        verdict,
        path,
        requests: played.requests,
        end,
        cannot_say: played.cannot_say,
        steps,
        renamed: told,
    })
}

fn path_change(recording: &Recording, played: &replay::Played) -> Option<PathChange> {
    let common = recording.path.iter().zip(&played.path).take_while(|(one, other)| one == other).count();
    let (recorded, now) = (recording.path.get(common), played.path.get(common));
    let differs = match (recorded, now) {
        (Some(_), Some(_)) => true,
        (None, None) => false,
        // It ended or stopped for lack of an answer: only an end says that nothing follows.
        (Some(_), None) => played.end.is_some(),
        (None, Some(_)) => recording.end.is_some() || played.end.is_some() || played.cannot_say.is_some(),
    };
    differs.then(|| PathChange {
        common,
        after: common.checked_sub(1).and_then(|last| recording.path.get(last)).cloned(),
        recorded: recorded.cloned(),
        now: now.cloned(),
    })
}
