//! Back-testing: what would a real run have done on another version? The run's own trigger, answers, forms, decisions and
//! silences are played to that version; nothing leaves.

mod recording;
mod replay;

use crate::{difference::document::FieldChange, document::StepId, log::LogEntry, run::Version};
use recording::{Key, Recording};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What would have been.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    /// In one word; the gravest of what follows.
    pub verdict: BacktestVerdict,
    /// Where the path leaves the recorded one, so that something else is called, said, asked or waited for.
    pub path: Option<PathChange>,
    /// Where it leaves it and comes to the same: the steps that differ are only passed through.
    pub passing: Option<PathChange>,
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
    /// The same is called, said and asked, and it ends the same, as far as the run went. Steps that do nothing may differ.
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
    let raw = path_change(&recording, &played);
    let (path, passing) = match raw {
        Some(change) if telling_same(&recording, &played) => (None, Some(change)),
        change => (change, None),
    };
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
        passing,
        requests: played.requests,
        end,
        cannot_say: played.cannot_say,
        steps,
        renamed: told,
    })
}

/// Where the steps that were entered are others.
fn path_change(recording: &Recording, played: &replay::Played) -> Option<PathChange> {
    let common = recording.path.iter().zip(&played.path).take_while(|(one, other)| one == other).count();
    if !differs(recording, played, recording.path.get(common).is_some(), played.path.get(common).is_some()) {
        return None;
    }
    // The step that does something is the one to tell of, not those passed through before it.
    let told = |path: &[StepId]| {
        let keys = keyed(path);
        let left = keys.get(common..).unwrap_or_default();
        let found = left.iter().find(|key| tells(recording, played, key)).or_else(|| left.first());
        found.map(|(step, _)| step.clone())
    };
    Some(PathChange {
        common,
        after: common.checked_sub(1).and_then(|last| recording.path.get(last)).cloned(),
        recorded: told(&recording.path),
        now: told(&played.path),
    })
}

/// Whether the steps that do something are the same, in the same order.
fn telling_same(recording: &Recording, played: &replay::Played) -> bool {
    let telling =
        |path: &[StepId]| -> Vec<Key> { keyed(path).into_iter().filter(|key| tells(recording, played, key)).collect() };
    let (was, now) = (telling(&recording.path), telling(&played.path));
    let common = was.iter().zip(&now).take_while(|(one, other)| one == other).count();
    !differs(recording, played, was.len() > common, now.len() > common)
}

/// Whether something was called, said or asked there, then or now.
fn tells(recording: &Recording, played: &replay::Played, key: &Key) -> bool {
    played.telling.contains(key) || recording.entries.get(key).is_some_and(recording::Entry::tells)
}

/// Whether what follows the common part is a difference.
fn differs(recording: &Recording, played: &replay::Played, recorded_goes_on: bool, goes_on: bool) -> bool {
    match (recorded_goes_on, goes_on) {
        (true, true) => true,
        (false, false) => false,
        // It ended or stopped for lack of an answer: only an end says that nothing follows.
        (true, false) => played.end.is_some(),
        (false, true) => recording.end.is_some() || played.end.is_some() || played.cannot_say.is_some(),
    }
}

/// Each step of a path with which entry of it that was, from 1.
fn keyed(path: &[StepId]) -> Vec<Key> {
    let mut times: BTreeMap<&StepId, u32> = BTreeMap::new();
    path.iter()
        .map(|step| {
            let time = times.entry(step).or_default();
            *time += 1;
            (step.clone(), *time)
        })
        .collect()
}
