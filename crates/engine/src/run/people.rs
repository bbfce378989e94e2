//! What people do to runs: forms, decisions, cancel.

use crate::{Engine, EngineError, LoadedCheckpoint, run::drive::Held};
use countersign_core::{
    approval::Edits,
    log::ending,
    run::{
        Actor, CallId, CompiledStep, DecidedWith, HandedBack, Input, OpenApproval, OpenDoubt, Opened, Refusal,
        Resolution, Verdict, Wait,
    },
};
use countersign_store::{CheckpointKind, CheckpointRow, CheckpointStatus, RunRow};
use serde_json::Value;
use std::sync::Arc;

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecideRequest {
    /// `approved`, `rejected`, `changes`; `returned` or a named outcome; `happened`, `not_happened`, `stop`.
    pub outcome: String,
    /// Their words.
    pub comment: String,
    /// What to go on with when a call in doubt did happen.
    pub result: Option<Value>,
    /// What they change in the requests they approve.
    pub edits: Edits,
    /// What they fill in with a yes, or to hand a conversation back.
    pub values: Option<Value>,
    /// Hash of what was before them, where they say so.
    pub shown: Option<String>,
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
        self.submit_form_from(workspace, checkpoint, values, by, None).await
    }

    /// As [`Engine::submit_form`]; what came in with the answers is dealt with by the same commit.
    pub(crate) async fn submit_form_from(
        &self,
        workspace: &str,
        checkpoint: &str,
        values: Value,
        by: Actor,
        inbound: Option<String>,
    ) -> Result<LoadedCheckpoint, EngineError> {
        let found = open(self.load_checkpoint(workspace, checkpoint).await?)?;
        if found.row.kind != CheckpointKind::Form {
            return Err(EngineError::Invalid("this checkpoint is not a form".into()));
        }
        let visit = found.row.visit;
        self.close(found, Input::FormSubmitted { visit, values, by }, inbound).await
    }

    /// Counts a reply that is no answer, where the form's step does: the same one once. With too many the run goes on, and
    /// what came in is dealt with by the same commit.
    pub(crate) async fn reply_unusable(
        &self,
        (workspace, checkpoint): (&str, &str),
        reply: &str,
        by: Actor,
        inbound: &str,
    ) -> Result<Counted, EngineError> {
        let found = self.load_checkpoint(workspace, checkpoint).await?;
        if found.row.status == CheckpointStatus::Decided {
            return Ok(Counted::Closed);
        }
        let step = found.run.version.step(&found.row.step);
        let Some(CompiledStep::CollectForm(form)) = step.filter(|step| counts(step)) else {
            return Ok(Counted::Open);
        };
        let wait = found.run.state.phase.waiting();
        let last = matches!(wait, Some(Wait::Form(wait)) if form.is_over_with(wait, reply));
        let input = Input::ReplyUnusable { visit: found.row.visit, reply: reply.to_owned(), by };
        let inbound = last.then(|| inbound.to_owned());
        match self.close(found, input, inbound).await {
            Ok(now) if now.row.status == CheckpointStatus::Open => Ok(Counted::Open),
            Ok(_) => Ok(if last { Counted::Over } else { Counted::Closed }),
            // It was counted before.
            Err(EngineError::Refused(Refusal::Stale)) => Ok(Counted::Open),
            Err(EngineError::AlreadyDecided(_)) => Ok(Counted::Closed),
            Err(error) => Err(error),
        }
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
        let DecideRequest { outcome, comment, result, edits, values, shown } = decision;
        let visit = found.row.visit;
        let input = match found.row.kind {
            CheckpointKind::Approval => {
                let verdict = Verdict::read(&outcome).ok_or_else(|| not_offered(&outcome, offered(&found)))?;
                let for_others = self.others_of(&found, &by, verdict).await?;
                let values = values.unwrap_or_default();
                let with = Box::new(DecidedWith { for_others, edits, values, standing: None, shown });
                Input::Decided { visit, verdict, comment, by, with }
            }
            CheckpointKind::Handoff => {
                let (back, values) = (HandedBack::read(&outcome), values.unwrap_or_default());
                Input::HandedBack { visit, back, comment, values, by }
            }
            CheckpointKind::UnknownOutcome => {
                let all = || Resolution::ALL.map(|resolution| resolution.word().to_owned()).to_vec();
                let resolution = Resolution::read(&outcome).ok_or_else(|| not_offered(&outcome, all()))?;
                let (id, answer) = (call_in_doubt(&found.row)?, resolution.answer(result.unwrap_or_default()));
                let for_others = self.others_in_doubt(&found, &by).await?;
                Input::UnknownResolved { id, answer, comment, by, for_others }
            }
            CheckpointKind::Form => {
                return Err(EngineError::Invalid("a form is answered by the customer, not decided".into()));
            }
        };
        self.close(found, input, None).await
    }

    /// Takes back a decision of theirs that is held: the checkpoint is open as it was.
    ///
    /// # Errors
    /// `NotFound`, `AlreadyDecided` when it counts by now, or `Refused` when nothing of theirs is held.
    pub async fn take_back(
        &self,
        workspace: &str,
        checkpoint: &str,
        by: Actor,
    ) -> Result<LoadedCheckpoint, EngineError> {
        let found = open(self.load_checkpoint(workspace, checkpoint).await?)?;
        if found.row.kind != CheckpointKind::Approval {
            return Err(Refusal::NothingHeld.into());
        }
        let visit = found.row.visit;
        self.close(found, Input::DecisionTakenBack { visit, by }, None).await
    }

    /// Those for whom this person decides, where they may not decide themselves.
    async fn others_of(
        &self,
        found: &LoadedCheckpoint,
        by: &Actor,
        verdict: Verdict,
    ) -> Result<Vec<Actor>, EngineError> {
        let open = OpenApproval::of(&found.run.version, &found.run.state);
        if open.is_none_or(|open| open.why_not(by, verdict).is_none()) {
            return Ok(Vec::new());
        }
        self.stands_in_for(&found.row.workspace, by).await
    }

    /// As [`Engine::others_of`], for a call in doubt.
    async fn others_in_doubt(&self, found: &LoadedCheckpoint, by: &Actor) -> Result<Vec<Actor>, EngineError> {
        let doubt = OpenDoubt::of(&found.run.version, &found.run.state);
        if doubt.is_none_or(|doubt| doubt.seat(by, &[]).is_ok()) {
            return Ok(Vec::new());
        }
        self.stands_in_for(&found.row.workspace, by).await
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
    pub(super) async fn close(
        &self,
        found: LoadedCheckpoint,
        input: Input,
        inbound: Option<String>,
    ) -> Result<LoadedCheckpoint, EngineError> {
        let LoadedCheckpoint { row, run } = found;
        let known = Held { row: Arc::new(run.row), version: run.version, state: Box::new(run.state) };
        let taken = self.take_on(Some(known), (&row.workspace, &row.run), input, inbound).await;
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

/// What became of a form that a reply was no answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It waits on.
    Open,
    /// The run went on without an answer, and what came in is dealt with.
    Over,
    /// It was closed meanwhile.
    Closed,
}

fn counts(step: &CompiledStep) -> bool {
    matches!(step, CompiledStep::CollectForm(form) if form.counts_replies())
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
    OpenApproval::of(&found.run.version, &found.run.state).map_or_else(Vec::new, |open| open.outcomes())
}

fn not_offered(outcome: &str, offered: Vec<String>) -> Refusal {
    Refusal::NotOffered { outcome: outcome.to_owned(), offered }
}
