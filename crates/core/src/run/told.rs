//! An event in words: its name, what a person would want to know of it, and as one flat object.

use super::{CallEvent, CheckpointEvent, Event, RunEvent, StepEvent};
use crate::document::RungAct;
use serde_json::{Map, Value};

impl Event {
    /// The event's name for people and programs.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Run(what) => match what {
                RunEvent::Started { .. } => "run_started",
                RunEvent::Continued { .. } => "run_continued",
                RunEvent::CancelRequested { .. } => "cancel_requested",
                RunEvent::Ended { .. } => "run_ended",
                RunEvent::Reopened { .. } => "run_reopened",
                RunEvent::Moved { .. } => "run_moved",
                RunEvent::CustomerProven { .. } => "customer_proven",
            },
            Self::Step { what, .. } => match what {
                StepEvent::Entered { .. } => "step_entered",
                StepEvent::Evaluated { .. } => "condition_evaluated",
                StepEvent::Said { .. } => "message_posted",
                StepEvent::ApprovalVoided { .. } => "approval_voided",
                StepEvent::Completed { .. } => "step_completed",
                StepEvent::Failed { .. } => "step_failed",
            },
            Self::Call { what, .. } => match what {
                CallEvent::Requested { .. } => "call_requested",
                CallEvent::Resumed => "call_resumed",
                CallEvent::Succeeded { .. } => "call_succeeded",
                CallEvent::Failed { .. } => "call_failed",
                CallEvent::Scheduled { .. } => "retry_scheduled",
                CallEvent::LookUpRequested => "look_up_requested",
                CallEvent::LookUpAnswered { .. } => "look_up_answered",
            },
            Self::Checkpoint { what, .. } => match what {
                CheckpointEvent::Opened { .. } => "checkpoint_opened",
                CheckpointEvent::Reminded => "checkpoint_reminded",
                CheckpointEvent::Escalated { .. } => "checkpoint_escalated",
                CheckpointEvent::Climbed { act, .. } => match act {
                    RungAct::Remind => "ladder_reminded",
                    RungAct::Reassign => "ladder_reassigned",
                    RungAct::Escalate => "ladder_escalated",
                },
                CheckpointEvent::ApprovalGiven { .. } => "approval_given",
                CheckpointEvent::RejectionGiven { .. } => "rejection_given",
                CheckpointEvent::Unusable { .. } => "reply_unusable",
                CheckpointEvent::Held(_) => "decision_held",
                CheckpointEvent::TakenBack(_) => "decision_taken_back",
                CheckpointEvent::Edited { .. } => "request_edited",
                CheckpointEvent::Closed { .. } => "checkpoint_closed",
            },
        }
    }

    /// What a person would want to know about it in a word: an exit, an outcome, an error's code.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Run(what) => match what {
                RunEvent::Ended { status, .. } => Some(status.tag().to_owned()),
                RunEvent::Reopened { step, .. } => Some(step.clone()),
                RunEvent::Continued { from } => Some(from.step.clone()),
                RunEvent::Moved { moved, .. } => Some(format!("version {}", moved.to)),
                RunEvent::CustomerProven { step, .. } => Some(step.clone()),
                RunEvent::Started { .. } | RunEvent::CancelRequested { .. } => None,
            },
            Self::Step { what, .. } => match what {
                StepEvent::Evaluated { branches } => {
                    branches.iter().find(|branch| branch.held).map(|branch| branch.when.clone())
                }
                StepEvent::Completed { exit, .. } => Some(exit.to_string()),
                StepEvent::Failed { error, .. } => Some(error.code.clone()),
                StepEvent::Entered { .. } | StepEvent::Said { .. } | StepEvent::ApprovalVoided { .. } => None,
            },
            Self::Call { id, what } => match what {
                CallEvent::Requested { .. } => Some(format!("attempt {}", id.attempt)),
                CallEvent::Failed { error, .. } => Some(error.code.clone()),
                CallEvent::LookUpAnswered { found } => Some(found.word().to_owned()),
                CallEvent::Resumed
                | CallEvent::Succeeded { .. }
                | CallEvent::Scheduled { .. }
                | CallEvent::LookUpRequested => None,
            },
            Self::Checkpoint { what, .. } => match what {
                CheckpointEvent::Opened { opened, .. } => Some(opened.kind().as_str().to_owned()),
                CheckpointEvent::Closed { outcome, .. } => Some(outcome.word().to_owned()),
                CheckpointEvent::Unusable { count, of, .. } => Some(format!("{count} of {of}")),
                CheckpointEvent::Held(said) => Some(said.verdict.word().to_owned()),
                CheckpointEvent::TakenBack(back) => Some(back.verdict.word().to_owned()),
                CheckpointEvent::Reminded
                | CheckpointEvent::Escalated { .. }
                | CheckpointEvent::Climbed { .. }
                | CheckpointEvent::ApprovalGiven { .. }
                | CheckpointEvent::RejectionGiven { .. }
                | CheckpointEvent::Edited { .. } => None,
            },
        }
    }

    /// What it says as one flat object, as the API tells it: what it is about, and its own members beside.
    #[must_use]
    pub fn told(&self) -> Map<String, Value> {
        let mut told = Map::new();
        let own = match self {
            Self::Run(what) => serde_json::to_value(what),
            Self::Step { visit, what } => {
                told.insert("visit".into(), (*visit).into());
                serde_json::to_value(what)
            }
            Self::Call { id, what } => {
                told.insert("visit".into(), id.visit.into());
                told.insert("call".into(), id.call.into());
                told.insert("attempt".into(), id.attempt.into());
                serde_json::to_value(what)
            }
            Self::Checkpoint { visit, what } => {
                told.insert("visit".into(), (*visit).into());
                serde_json::to_value(what)
            }
        };
        if let Ok(Value::Object(own)) = own {
            told.extend(
                own.into_iter()
                    .filter_map(|(_, own)| if let Value::Object(own) = own { Some(own) } else { None })
                    .flatten(),
            );
        }
        // Words, whatever they are grouped in here.
        if let Self::Checkpoint { what: CheckpointEvent::Closed { outcome, .. }, .. } = self {
            told.insert("outcome".into(), outcome.word().into());
        }
        if let Self::Step { what: StepEvent::Completed { exit, .. }, .. } = self {
            told.insert("exit".into(), exit.to_string().into());
        }
        told
    }
}
