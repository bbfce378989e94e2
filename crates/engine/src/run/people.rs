//! What people do to runs: forms, decisions, cancel.

use crate::{Engine, EngineError, LoadedCheckpoint, run::drive::Held};
use countersign_core::{
    log::ending,
    run::{Actor, CallId, CompiledStep, HandedBack, Input, Opened, Refusal, Resolution, Verdict},
};
use countersign_store::{CheckpointKind, CheckpointRow, CheckpointStatus, RunRow};
use serde_json::Value;
use std::sync::Arc;

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
    ) -> Result<LoadedCheckpoint, EngineError> {
        let found = open(self.load_checkpoint(workspace, checkpoint).await?)?;
        if found.row.kind != CheckpointKind::Form {
            return Err(EngineError::Invalid("this checkpoint is not a form".into()));
        }
        let visit = found.row.visit;
        self.close(found, Input::FormSubmitted { visit, values, by }).await
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
    ) -> Result<LoadedCheckpoint, EngineError> {
        self.decide_loaded(self.load_checkpoint(workspace, checkpoint).await?, decision, by).await
    }

    /// [`Engine::decide`] for a checkpoint that was just read.
    ///
    /// # Errors
    /// As there.
    pub async fn decide_loaded(
        &self,
        found: LoadedCheckpoint,
        decision: DecideRequest,
        by: Actor,
    ) -> Result<LoadedCheckpoint, EngineError> {
        let found = open(found)?;
        let DecideRequest { outcome, comment, result } = decision;
        let visit = found.row.visit;
        let input = match found.row.kind {
            CheckpointKind::Approval => {
                let verdict = Verdict::read(&outcome).ok_or_else(|| not_offered(&outcome, offered(&found)))?;
                Input::Decided { visit, verdict, comment, by }
            }
            CheckpointKind::Handoff => Input::HandedBack { visit, back: HandedBack::read(&outcome), comment, by },
            CheckpointKind::UnknownOutcome => {
                let all = || Resolution::ALL.map(|resolution| resolution.word().to_owned()).to_vec();
                let resolution = Resolution::read(&outcome).ok_or_else(|| not_offered(&outcome, all()))?;
                let (id, answer) = (call_in_doubt(&found.row)?, resolution.answer(result.unwrap_or_default()));
                Input::UnknownResolved { id, answer, comment, by }
            }
            CheckpointKind::Form => {
                return Err(EngineError::Invalid("a form is answered by the customer, not decided".into()));
            }
        };
        self.close(found, input).await
    }

    /// Stops a run; one with a call under way stops once that is answered.
    ///
    /// # Errors
    /// `NotFound`, or `RunOver` with who ended it and when.
    pub async fn cancel(&self, workspace: &str, run: &str, reason: String, by: Actor) -> Result<RunRow, EngineError> {
        match self.take(workspace, run, Input::CancelRequested { reason, by }).await {
            Err(EngineError::Refused(Refusal::RunOver)) => {
                let ending = ending(&self.run_log(workspace, run).await?);
                Err(ending.map_or(EngineError::Refused(Refusal::RunOver), |over| EngineError::RunOver(Box::new(over))))
            }
            taken => taken,
        }
    }

    /// Feeds the decision to the run. Whoever loses the race learns who won it.
    async fn close(&self, found: LoadedCheckpoint, input: Input) -> Result<LoadedCheckpoint, EngineError> {
        let LoadedCheckpoint { row, run } = found;
        let known = Held { row: Arc::new(run.row), version: run.version, state: Box::new(run.state) };
        let taken = self.take_on(Some(known), &row.workspace, &row.run, input).await;
        let now = self.load_checkpoint(&row.workspace, &row.id).await?;
        match taken {
            Ok(_) => Ok(now),
            Err(EngineError::Refused(Refusal::Stale | Refusal::RunOver))
                if now.row.status == CheckpointStatus::Decided =>
            {
                Err(EngineError::AlreadyDecided(Box::new(now.row)))
            }
            Err(error) => Err(error),
        }
    }
}

fn open(found: LoadedCheckpoint) -> Result<LoadedCheckpoint, EngineError> {
    match found.row.status {
        CheckpointStatus::Open => Ok(found),
        CheckpointStatus::Decided => Err(EngineError::AlreadyDecided(Box::new(found.row))),
    }
}

/// Which call and attempt the checkpoint asks about.
fn call_in_doubt(row: &CheckpointRow) -> Result<CallId, EngineError> {
    match serde_json::from_str(&row.payload) {
        Ok(Opened::UnknownOutcome { call, attempt, .. }) => Ok(CallId { visit: row.visit, call, attempt }),
        Ok(Opened::Form { .. } | Opened::Approval { .. } | Opened::Handoff { .. }) | Err(_) => {
            Err(EngineError::Corrupt(format!("checkpoint {} does not say which call is in doubt", row.id)))
        }
    }
}

/// What an approval can be answered with.
fn offered(found: &LoadedCheckpoint) -> Vec<String> {
    match found.run.version.step(&found.row.step) {
        Some(CompiledStep::Approval(step)) => step.outcomes(),
        Some(
            CompiledStep::ToolCall(_)
            | CompiledStep::CollectForm(_)
            | CompiledStep::Condition(_)
            | CompiledStep::Notify(_)
            | CompiledStep::HumanHandoff(_)
            | CompiledStep::End(_),
        )
        | None => Vec::new(),
    }
}

fn not_offered(outcome: &str, offered: Vec<String>) -> Refusal {
    Refusal::NotOffered { outcome: outcome.to_owned(), offered }
}
