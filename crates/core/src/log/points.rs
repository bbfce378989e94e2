//! A run at any point of its log. A point is one event, counted from 1; point 0 is before the first.

use crate::{
    approval::Grant,
    document::StepId,
    expr::{Expression, ExpressionError},
    log::LogEntry,
    run::{Event, Phase, RunEvent, RunState, Stage, StepEvent, Version, Wait, apply},
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One point of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Ordinal of the event in the run, from 1.
    pub point: u32,
    /// The commit it was part of.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What happened: the event's type.
    pub kind: String,
    /// The step entry it belongs to; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<u32>,
    /// The step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// The step's title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What a person would want to know about it: an exit, an outcome, an error's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Every point of a log, in order.
#[must_use]
pub fn points(version: &Version, log: &[LogEntry]) -> Vec<Point> {
    let mut here: Option<(u32, StepId)> = None;
    let mut points = Vec::new();
    for (entry, event) in events(log) {
        if let Event::Step { visit, what: StepEvent::Entered { step, .. } } = event {
            here = Some((*visit, step.clone()));
        } else if let Event::Run(RunEvent::Reopened { .. } | RunEvent::Continued { .. }) = event {
            here = None;
        }
        let number = u32::try_from(points.len() + 1).unwrap_or(u32::MAX);
        points.push(Point {
            point: number,
            seq: entry.seq,
            at: entry.at,
            kind: event.tag().to_owned(),
            visit: here.as_ref().map(|(visit, _)| *visit),
            title: here.as_ref().map(|(_, step)| version.title(step).to_owned()),
            step: here.as_ref().map(|(_, step)| step.clone()),
            note: event.note(),
        });
    }
    points
}

fn events(log: &[LogEntry]) -> impl Iterator<Item = (&LogEntry, &Event)> {
    log.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry, event)))
}

/// A run as it was at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct AtPoint {
    /// The point; the last one when a later one was asked for.
    pub point: u32,
    /// The commit it was part of; 0 before the first.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The state.
    pub state: RunState,
}

/// The state after the first `point` events.
#[must_use]
pub fn at_point(log: &[LogEntry], point: u32) -> AtPoint {
    let mut reached = AtPoint { point: 0, seq: 0, at: Timestamp(0), state: RunState::default() };
    for (entry, event) in events(log).take(point as usize) {
        apply(&mut reached.state, event);
        reached.point += 1;
        (reached.seq, reached.at) = (entry.seq, entry.at);
    }
    reached
}

/// The point at which a step entry began, before anything in it happened.
#[must_use]
pub fn point_of_visit(log: &[LogEntry], wanted: u32) -> Option<u32> {
    let entered = |(_, event): (&LogEntry, &Event)| matches!(event, Event::Step { visit, what: StepEvent::Entered { .. } } if *visit == wanted);
    events(log).position(entered).and_then(|before| u32::try_from(before).ok())
}

impl RunState {
    /// The state for people: what expressions see, with the variables under `vars`, and where the token is.
    #[must_use]
    pub fn shown(&self) -> Value {
        json!({
            "vars": self.vars,
            "input": self.info.input,
            "steps": if self.steps.is_null() { json!({}) } else { self.steps.clone() },
            "error": self.error,
            "customer": self.info.customer,
            "conversation": self.info.conversation,
            "trigger": self.info.trigger,
            "run": self.info.scope,
            "approved": self.grants.steps().map(|step| (step.clone(), approved(self, step))).collect::<serde_json::Map<_, _>>(),
            "now": { "phase": self.phase.tag(), "step": self.place().map(|place| &place.step), "visit": self.visits },
        })
    }
}

/// What each approval says about a guarded step.
fn approved(state: &RunState, step: &str) -> Value {
    let about = state.grants.about(step).into_iter().flatten();
    let one = |(approval, grant): (&String, &Grant)| json!({ "by": approval, "action": grant.request.action, "input": grant.request.input, "standing": grant.standing });
    about.map(one).collect()
}

impl Phase {
    /// The phase in one word.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Unstarted => "unstarted",
            Self::Moving => "moving",
            Self::AtStep(_) => "at_step",
            Self::Calling { stage, .. } => match stage {
                Stage::UnderWay => "calling",
                Stage::Down => "call_down",
                Stage::BackingOff { .. } => "backing_off",
                Stage::LookingUp { .. } => "looking_up",
            },
            Self::Waiting(wait) => match wait {
                Wait::Form(_) => "waiting_form",
                Wait::Approval(_) => "waiting_approval",
                Wait::Handoff(_) => "waiting_handoff",
                Wait::Unknown(_) => "waiting_unknown",
            },
            Self::Ended(_) => "ended",
        }
    }
}

/// Evaluates an expression with the names a step would see at that point, at the time of that point.
///
/// # Errors
/// When it is no expression, does not fit the values, or reaches a bound.
pub fn evaluate_at(reached: &AtPoint, source: &str) -> Result<Option<Value>, ExpressionError> {
    let place = reached.state.place().map(|place| place.step.clone());
    let output = place.and_then(|step| reached.state.steps.get(&step)).and_then(|step| step.get("output"));
    let mut scope = reached.state.scope(reached.at);
    // Inside `set` a step's own output goes by this name.
    if let Some(output) = output {
        scope.insert("output", output);
    }
    Expression::compile(source)?.evaluate(&scope)
}
