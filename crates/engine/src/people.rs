//! What people do to runs: forms, decisions, cancel.

use crate::{Engine, EngineError};
use countersign_core::run::{Actor, Input, Opened, UnknownAnswer};
use countersign_store::{CheckpointKind, CheckpointRow, CheckpointStatus, RunRow};
use serde_json::Value;

/// A person's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecideRequest {
    /// `approved`, `rejected`, `changes`; `returned` or a named outcome; `happened`, `not_happened`, `stop`.
    pub outcome: String,
    /// Their words.
    pub comment: String,
    /// What to go on with when a call in doubt did happen.
    pub result: Option<Value>,
}

impl Engine {
    /// Takes a form's answers.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyDecided`, or `Refused` with what does not fit the form.
    pub async fn submit_form(
        &self,
        workspace: &str,
        checkpoint: &str,
        values: Value,
        by: Actor,
    ) -> Result<CheckpointRow, EngineError> {
        let row = self.0.store.get_checkpoint(workspace, checkpoint).await?;
        let row = open(row.ok_or(EngineError::NotFound("checkpoint"))?)?;
        if row.kind != CheckpointKind::Form {
            return Err(EngineError::Invalid("this checkpoint is not a form".into()));
        }
        self.close(&row, Input::FormSubmitted { visit: row.visit, values, by }).await
    }

    /// Takes a decision of an operator.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyDecided`, or `Refused` when they may not decide or the outcome is not offered.
    pub async fn decide(
        &self,
        workspace: &str,
        checkpoint: &str,
        decision: DecideRequest,
        by: Actor,
    ) -> Result<CheckpointRow, EngineError> {
        let row = self.0.store.get_checkpoint(workspace, checkpoint).await?;
        self.decide_row(row.ok_or(EngineError::NotFound("checkpoint"))?, decision, by).await
    }

    /// [`Engine::decide`] for a checkpoint that was just read.
    ///
    /// # Errors
    /// As there.
    pub async fn decide_row(
        &self,
        row: CheckpointRow,
        decision: DecideRequest,
        by: Actor,
    ) -> Result<CheckpointRow, EngineError> {
        let row = open(row)?;
        let DecideRequest { outcome, comment, result } = decision;
        let visit = row.visit;
        let input = match row.kind {
            CheckpointKind::Approval => Input::Decided { visit, outcome, comment, by },
            CheckpointKind::Handoff => Input::HandedBack { visit, outcome, comment, by },
            CheckpointKind::UnknownOutcome => {
                let (call, attempt) = call_in_doubt(&row)?;
                Input::UnknownResolved { visit, call, attempt, answer: answer(&outcome, result)?, comment, by }
            }
            CheckpointKind::Form => {
                return Err(EngineError::Invalid("a form is answered by the customer, not decided".into()));
            }
        };
        self.close(&row, input).await
    }

    /// Stops a run; one with a call under way stops once that is answered.
    ///
    /// # Errors
    /// `NotFound`, or `Refused` when it is over.
    pub async fn cancel(&self, workspace: &str, run: &str, reason: String, by: Actor) -> Result<RunRow, EngineError> {
        self.take(workspace, run, Input::CancelRequested { reason, by }).await
    }

    /// Feeds the decision to the run. Whoever loses the race learns who won it.
    async fn close(&self, row: &CheckpointRow, input: Input) -> Result<CheckpointRow, EngineError> {
        let taken = self.take(&row.workspace, &row.run, input).await;
        let now = self.0.store.get_checkpoint(&row.workspace, &row.id).await?;
        let now = now.ok_or(EngineError::NotFound("checkpoint"))?;
        match taken {
            Ok(_) => Ok(now),
            Err(EngineError::Refused(
                countersign_core::run::Refusal::Stale | countersign_core::run::Refusal::RunOver,
            )) if now.status == CheckpointStatus::Decided => Err(EngineError::AlreadyDecided(Box::new(now))),
            Err(error) => Err(error),
        }
    }
}

fn open(row: CheckpointRow) -> Result<CheckpointRow, EngineError> {
    match row.status {
        CheckpointStatus::Open => Ok(row),
        CheckpointStatus::Decided => Err(EngineError::AlreadyDecided(Box::new(row))),
    }
}

/// Which call and attempt the checkpoint asks about.
fn call_in_doubt(row: &CheckpointRow) -> Result<(u16, u32), EngineError> {
    match serde_json::from_str(&row.payload) {
        Ok(Opened::UnknownOutcome { call, attempt, .. }) => Ok((call, attempt)),
        Ok(Opened::Form { .. } | Opened::Approval { .. } | Opened::Handoff { .. }) | Err(_) => {
            Err(EngineError::Corrupt(format!("checkpoint {} does not say which call is in doubt", row.id)))
        }
    }
}

fn answer(outcome: &str, result: Option<Value>) -> Result<UnknownAnswer, EngineError> {
    match outcome {
        "happened" => Ok(UnknownAnswer::Happened { result: result.unwrap_or(Value::Null) }),
        "not_happened" => Ok(UnknownAnswer::NotHappened),
        "stop" => Ok(UnknownAnswer::Stop),
        other => {
            let offered = ["happened", "not_happened", "stop"].map(str::to_owned).to_vec();
            Err(countersign_core::run::Refusal::NotOffered { outcome: other.to_owned(), offered }.into())
        }
    }
}
