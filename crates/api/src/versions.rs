//! What differs between versions, what a change would have done to real runs, and moving runs.

use crate::{RunStatus, StepDifference, WaitingFor};
use countersign_core::{difference::document, moves, play};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What differs between two documents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DiffResponse {
    /// Version number, or `draft`.
    pub from: String,
    /// Version number, or `draft`.
    pub to: String,
    /// Unified difference of the YAML texts.
    pub text_diff: String,
    /// Which steps differ.
    pub steps: StepDifference,
    /// Each step that differs, and how.
    pub changes: Vec<StepChange>,
    /// Ways from step to step that lead elsewhere.
    pub connections: Vec<ConnectionChange>,
    /// What differs outside the steps.
    pub document: Vec<FieldChange>,
}

/// How a step differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepChangeKind {
    /// Only in the later document.
    Added,
    /// Only in the earlier document.
    Removed,
    /// In both, and not the same.
    Changed,
    /// In both, only drawn elsewhere.
    Moved,
    /// The same under another id.
    Renamed,
}

/// One step that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StepChange {
    /// How.
    pub kind: StepChangeKind,
    /// Its id in the later document; in the earlier one when it was removed.
    pub step: String,
    /// Its id in the earlier document, when it was renamed.
    pub was: Option<String>,
    /// What differs inside it.
    pub fields: Vec<FieldChange>,
}

/// One way out of a step that leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionChange {
    /// The step, by its id in the later document.
    pub step: String,
    /// Name of the way out.
    pub exit: String,
    /// Where it led.
    pub before: Option<String>,
    /// Where it leads.
    pub after: Option<String>,
}

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// JSON pointer.
    pub pointer: String,
    /// Null when it was added.
    pub before: Value,
    /// Null when it was removed.
    pub after: Value,
}

impl From<document::FieldChange> for FieldChange {
    fn from(change: document::FieldChange) -> Self {
        let document::FieldChange { pointer, before, after } = change;
        Self { pointer, before: before.unwrap_or_default(), after: after.unwrap_or_default() }
    }
}

impl From<document::ConnectionChange> for ConnectionChange {
    fn from(change: document::ConnectionChange) -> Self {
        let document::ConnectionChange { step, exit, before, after } = change;
        Self { step, exit, before, after }
    }
}

impl From<document::StepChange> for StepChange {
    fn from(change: document::StepChange) -> Self {
        let kind = match change.kind {
            document::StepChangeKind::Added => StepChangeKind::Added,
            document::StepChangeKind::Removed => StepChangeKind::Removed,
            document::StepChangeKind::Changed => StepChangeKind::Changed,
            document::StepChangeKind::Moved => StepChangeKind::Moved,
            document::StepChangeKind::Renamed => StepChangeKind::Renamed,
        };
        let fields = change.fields.into_iter().map(Into::into).collect();
        Self { kind, step: change.step, was: change.was, fields }
    }
}

/// Makes the draft a copy of a version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForkRequest {
    /// The version.
    pub version: u32,
}

/// Plays the last runs to another version; nothing leaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BacktestRequest {
    /// A version; the draft when absent.
    pub version: Option<u32>,
    /// How many runs, the newest first: 1 to 500, 50 when absent.
    pub last: Option<u32>,
}

/// What would have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BacktestVerdict {
    /// The same is called, said and asked, and it ends the same; steps that do nothing may differ.
    Same,
    /// The same as far as it can be told.
    CannotSay,
    /// Another end.
    EndChanged,
    /// Other requests.
    RequestChanged,
    /// Another path.
    PathChanged,
}

/// What the last runs would have done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BacktestResponse {
    /// Version number, or `draft`.
    pub against: String,
    /// How many runs were played.
    pub runs: u32,
    /// How many would do something else, for certain.
    pub changed: u32,
    /// How many cannot be told about.
    pub cannot_say: u32,
    /// Runs whose log cannot be read.
    pub unreadable: u32,
    /// Every run that was played, newest first.
    pub items: Vec<BacktestedRun>,
}

/// What one run would have done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct BacktestedRun {
    /// Id.
    pub run: String,
    /// One line.
    pub title: String,
    /// The version it ran on.
    pub version: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Start.
    pub started_at: i64,
    /// In one word.
    pub verdict: BacktestVerdict,
    /// Where the path leaves the recorded one.
    pub path: Option<PathChange>,
    /// Where it would enter other steps and do the same: they are only passed through.
    #[serde(default)]
    pub passing: Option<PathChange>,
    /// Calls that would send something else; values of secret members are masked.
    pub requests: Vec<RequestChange>,
    /// How it would end otherwise.
    pub end: Option<EndChange>,
    /// Why the rest cannot be told.
    pub cannot_say: Option<CannotSay>,
    /// Steps on its way that are only called otherwise; that is no other path.
    pub renamed: Vec<StepRename>,
}

/// A step that is the same under another id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StepRename {
    /// Its id in the version the run was on.
    pub was: String,
    /// Its id now.
    pub now: String,
}

/// Where a path leaves the recorded one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PathChange {
    /// The last step both have in common.
    pub after: Option<String>,
    /// The step that followed; null when the run ended there.
    pub recorded: Option<String>,
    /// The step that would follow; null when it would end there.
    pub now: Option<String>,
}

/// A call that would send something else.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RequestChange {
    /// The step.
    pub step: String,
    /// Which entry of that step, from 1.
    pub occurrence: u32,
    /// What differs.
    pub fields: Vec<FieldChange>,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EndFacts {
    /// Status word; `open` while it has not ended.
    pub status: String,
    /// What it answered.
    pub output: Value,
    /// Code of its error.
    pub error: Option<String>,
}

/// How a run would end otherwise.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EndChange {
    /// How it ended.
    pub recorded: EndFacts,
    /// How it would.
    pub now: EndFacts,
}

/// Where the recording has no answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CannotSay {
    /// The step.
    pub step: Option<String>,
    /// Stable short name.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<play::BacktestVerdict> for BacktestVerdict {
    fn from(verdict: play::BacktestVerdict) -> Self {
        match verdict {
            play::BacktestVerdict::Same => Self::Same,
            play::BacktestVerdict::CannotSay => Self::CannotSay,
            play::BacktestVerdict::EndChanged => Self::EndChanged,
            play::BacktestVerdict::RequestChanged => Self::RequestChanged,
            play::BacktestVerdict::PathChanged => Self::PathChanged,
        }
    }
}

impl From<play::EndFacts> for EndFacts {
    fn from(facts: play::EndFacts) -> Self {
        let play::EndFacts { status, output, error } = facts;
        Self { status, output, error }
    }
}

/// Moves waiting runs to another version.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRunsRequest {
    /// The version they are to go on with.
    pub to: u32,
    /// Only runs on this version.
    #[serde(default)]
    pub from: Option<u32>,
    /// Only these runs; all that wait when absent.
    #[serde(default)]
    pub runs: Option<Vec<String>>,
    /// Steps that are called otherwise there: old id to new id.
    #[serde(default)]
    pub mapping: BTreeMap<String, String>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// Takes back the last move of runs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoMovesRequest {
    /// The runs, at most 500.
    pub runs: Vec<String>,
}

/// Whether a run can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveVerdict {
    /// Nothing stands against it.
    Safe,
    /// A step must be named.
    NeedsMapping,
    /// It must stay.
    Unsafe,
}

impl From<moves::MoveVerdict> for MoveVerdict {
    fn from(verdict: moves::MoveVerdict) -> Self {
        match verdict {
            moves::MoveVerdict::Safe => Self::Safe,
            moves::MoveVerdict::NeedsMapping => Self::NeedsMapping,
            moves::MoveVerdict::Unsafe => Self::Unsafe,
        }
    }
}

/// A reason with its stable name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveReason {
    /// Stable short name.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<moves::MoveReason> for MoveReason {
    fn from(reason: moves::MoveReason) -> Self {
        Self { code: reason.code.to_owned(), message: reason.message }
    }
}

/// What is said about moving one run, and whether it was done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MovedRun {
    /// Id.
    pub run: String,
    /// One line.
    pub title: String,
    /// The version it was on.
    pub from: u32,
    /// The step it waits at.
    pub step: Option<String>,
    /// The step it would wait at.
    pub now_at: Option<String>,
    /// What it waits for.
    pub waiting_for: Option<WaitingFor>,
    /// Whether it can be moved.
    pub verdict: MoveVerdict,
    /// Why it must stay, or why a step must be named.
    pub reasons: Vec<MoveReason>,
    /// What to know when it goes.
    pub notes: Vec<MoveReason>,
    /// Steps it could wait at instead.
    pub candidates: Vec<String>,
    /// Whether it was moved.
    pub moved: bool,
}

/// Runs and what is said about moving them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveRunsResponse {
    /// The runs.
    pub items: Vec<MovedRun>,
    /// Whether more runs wait than are looked at in one request.
    pub more: bool,
}

/// What became of taking back one move.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndoneMove {
    /// Id.
    pub run: String,
    /// The version it is on now; null when the move stays.
    pub version: Option<u32>,
    /// Why the move stays.
    pub reason: Option<String>,
}

/// What became of taking back moves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UndoMovesResponse {
    /// One for each run.
    pub items: Vec<UndoneMove>,
}
