//! A run at a point of its log.

use crate::RenderedRequest;
use countersign_core::{difference::json, log};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One point of a run's log: one event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RunPoint {
    /// Ordinal of the event in the run, from 1.
    pub point: u32,
    /// The commit it was part of.
    pub seq: u64,
    /// When.
    pub at: i64,
    /// What happened: the event's type.
    pub kind: String,
    /// The step entry it belongs to.
    pub visit: Option<u32>,
    /// The step.
    pub step: Option<String>,
    /// The step's title.
    pub title: Option<String>,
    /// An exit, an outcome, an error's code.
    pub note: Option<String>,
}

impl From<log::Point> for RunPoint {
    fn from(point: log::Point) -> Self {
        Self {
            point: point.point,
            seq: point.seq,
            at: point.at.0,
            kind: point.kind,
            visit: point.visit,
            step: point.step,
            title: point.title,
            note: point.note,
        }
    }
}

/// What happened to a place of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another value.
    Changed,
}

/// One place that differs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StateChange {
    /// JSON pointer.
    pub pointer: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The value before; null when there was none.
    pub before: Value,
    /// The value after; null when there is none.
    pub after: Value,
}

impl From<json::Change> for StateChange {
    fn from(change: json::Change) -> Self {
        let kind = match change.kind {
            json::ChangeKind::Added => ChangeKind::Added,
            json::ChangeKind::Removed => ChangeKind::Removed,
            json::ChangeKind::Changed => ChangeKind::Changed,
        };
        Self { pointer: change.pointer, kind, before: change.before, after: change.after }
    }
}

/// A run as it was at a point.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StateAtPoint {
    /// The point; the last one when a later one was asked for.
    pub point: u32,
    /// The commit it was part of; 0 before the first.
    pub seq: u64,
    /// When; 0 before the first.
    pub at: i64,
    /// Variables under `vars`, then `input`, `steps`, `error`, `customer`, `conversation`, `trigger`, `run`; what was
    /// approved, and where the run is `now`.
    pub state: Value,
    /// The point it is compared with.
    pub compared_with: u32,
    /// What differs, at most 1,000 places.
    pub changes: Vec<StateChange>,
}

/// An expression to evaluate at a point of a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateRequest {
    /// The point; the end when absent.
    pub point: Option<u32>,
    /// JSONata.
    pub expression: String,
}

/// The request of a call as it goes out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct VisitRequest {
    /// Which call of the step.
    pub call: u16,
    /// Which attempt.
    pub attempt: u32,
    /// Whether it is as it was recorded then; else it was rendered anew, with the connection of today.
    pub recorded: bool,
    /// Without secrets; null when it cannot be told.
    pub request: Option<RenderedRequest>,
    /// What came back, as far as it was recorded: status, headers, body.
    pub response: Value,
    /// Why the request cannot be told.
    pub error: Option<String>,
}
