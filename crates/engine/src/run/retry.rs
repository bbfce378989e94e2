//! Ended runs that go on: from which step, with what state, on which version, and what would be done a second time.

use crate::{Engine, EngineError, IdempotencyKey, LoadedRun, NamedVersion, StartRun, run::start::Origin};
use countersign_core::{
    log::at_point,
    moves::{asked_again, repeats},
    run::{Actor, Again, Continuation, Input, Refusal, Repeat, StateEdit, Version},
};
use countersign_store::RunRow;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// How often a retry is planned anew because the run went on meanwhile.
const PLANS_MAX: usize = 5;

/// How a run goes on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RetryRun {
    /// From which step; the one it ended at when absent. On the newest version an absent step with nothing changed
    /// starts anew with the same input.
    pub step: Option<String>,
    /// On the active version, as a new run.
    pub newest: bool,
    /// The point of the log the state is taken from; its end when absent.
    pub point: Option<u32>,
    /// All variables, in place of those of that state.
    pub vars: Option<Map<String, Value>>,
    /// What the steps gave, in place of that of that state.
    pub steps: Option<Value>,
    /// Variables to change on top.
    pub set: Map<String, Value>,
    /// Steps that may do again what they did.
    pub repeat: Vec<String>,
}

impl RetryRun {
    fn changes_state(&self) -> bool {
        self.point.is_some() || self.vars.is_some() || self.steps.is_some() || !self.set.is_empty()
    }
}

/// What a retry would mean.
pub struct RetryPlan {
    /// The run as it is.
    pub loaded: LoadedRun,
    /// The version it would go on with, and its number.
    pub target: (u32, Arc<Version>),
    /// The first step; absent when it starts anew.
    pub step: Option<String>,
    /// The variables it would go on with.
    pub vars: Map<String, Value>,
    /// The step results it would go on with.
    pub steps: Value,
    /// What was done, or may have been, and may be done again.
    pub repeats: Vec<Repeat>,
    /// Guarded steps that will ask for a new approval.
    pub asked_again: Vec<String>,
}

/// Who wants it, and under which key.
#[derive(Clone)]
pub struct RetryBy {
    /// Who.
    pub actor: Actor,
    /// Makes a repeat of a request for a new run answer with the first.
    pub idempotency: Option<IdempotencyKey>,
}

impl Engine {
    /// What a retry would mean; nothing is changed.
    ///
    /// # Errors
    /// `NotFound`, `NotPublished`, or `Refused` when there is no such step.
    pub async fn plan_retry(&self, workspace: &str, run: &str, retry: &RetryRun) -> Result<RetryPlan, EngineError> {
        let loaded = self.load(workspace, run).await?;
        let target = if retry.newest {
            let pointer = self.pointer(workspace, &loaded.row.workflow).await?;
            let number = pointer.active_version.ok_or(EngineError::NotPublished)?;
            (number, self.version(workspace, &loaded.row.workflow, number).await?)
        } else {
            (loaded.row.version, Arc::clone(&loaded.version))
        };
        let base = retry.point.map_or_else(|| loaded.state.clone(), |point| at_point(&loaded.log, point).state);
        let mut vars = retry.vars.clone().unwrap_or(base.vars);
        vars.extend(retry.set.clone());
        let steps = retry.steps.clone().unwrap_or(base.steps);
        let anew = retry.newest && retry.step.is_none() && !retry.changes_state();
        let last = || loaded.state.place().map(|place| place.step.clone());
        let step = if anew { None } else { retry.step.clone().or_else(last) };
        let first = step.as_ref().unwrap_or(&target.1.workflow().start);
        if target.1.step(first).is_none() {
            let number = target.0;
            return Err(Refusal::NotRetryable(format!("there is no step `{first}` in version {number}")).into());
        }
        let repeats = repeats(&loaded.version, &loaded.log, &target.1, first);
        let asked_again = asked_again(&target.1, first);
        Ok(RetryPlan { target, step, vars, steps, repeats, asked_again, loaded })
    }

    /// Takes an ended run up again on its own version, or lets a new run on the active version go on from it.
    ///
    /// # Errors
    /// `NotFound`, `Refused` when it is not over, has no such step, or something that was done could be done again and
    /// nobody agreed to that; `Busy` when it goes on again and again meanwhile.
    pub async fn retry(&self, workspace: &str, run: &str, retry: RetryRun, by: RetryBy) -> Result<RunRow, EngineError> {
        if retry.newest {
            for _ in 0..PLANS_MAX {
                let plan = self.plan_retry(workspace, run, &retry).await?;
                match self.continue_on_newest(workspace, plan, &retry, by.clone()).await {
                    // Another version became the newest since the plan was made.
                    Err(EngineError::NotCurrent(_)) => {}
                    done => return done,
                }
            }
            return Err(EngineError::Busy);
        }
        for _ in 0..PLANS_MAX {
            let plan = self.plan_retry(workspace, run, &retry).await?;
            let LoadedRun { state, log, version, .. } = &plan.loaded;
            let mut edit = StateEdit::towards(state, &plan.vars, &plan.steps);
            edit.point = retry.point;
            // What would be done again is refused by the decision itself: it is committed only on the log it was read from.
            let again = Again::read(version, log, plan.step.as_deref().unwrap_or_default(), &retry.repeat);
            let (ended, by) = (state.ended().is_some(), by.actor.clone());
            let input = Input::RetryRequested { step: plan.step, edit, again, by };
            match self.take(workspace, run, input).await {
                // It went on since the plan was made.
                Err(EngineError::Refused(Refusal::Stale)) if ended => {}
                taken => return taken,
            }
        }
        Err(EngineError::Busy)
    }

    async fn continue_on_newest(
        &self,
        workspace: &str,
        plan: RetryPlan,
        retry: &RetryRun,
        by: RetryBy,
    ) -> Result<RunRow, EngineError> {
        let RetryPlan { loaded, target, step, vars, steps, repeats, .. } = plan;
        // The new run stands beside the old one, which need not be over and may itself be retried at any time: no fence on
        // the old run could promise what it does afterwards. What is promised is about one read of its log: the state the
        // new run begins with and what was done until then are from the same log, so nothing that this state knows of is
        // done again unasked.
        let (agreed, unasked): (Vec<Repeat>, Vec<Repeat>) =
            repeats.into_iter().partition(|done| retry.repeat.contains(&done.step));
        if !unasked.is_empty() {
            return Err(Refusal::WouldRepeat { repeats: unasked }.into());
        }
        let point = retry.point;
        let edit = StateEdit { point, ..StateEdit::towards(&loaded.state, &vars, &steps) };
        let of = loaded.row.id.clone();
        let request = StartRun {
            workspace: workspace.to_owned(),
            workflow: loaded.row.workflow,
            version: Some(NamedVersion { version: target.0, otherwise: None }),
            input: loaded.state.info.input,
            customer: loaded.row.customer,
            conversation: loaded.row.conversation,
            trigger: json!({ "type": "manual", "retry_of": of }),
            started_by: Some(by.actor.clone()),
            idempotency: by.idempotency,
            wait: None,
        };
        let (error, contributors, by) = (loaded.state.error, loaded.state.contributors, by.actor);
        let repeats = agreed.into_iter().map(|done| done.step).collect();
        let from = step.map(|step| {
            let of = of.clone();
            Continuation { of, point, step, vars, steps, error, edit, repeats, by, contributors }
        });
        let origin = Origin { retry_of: Some(of), from: from.map(Box::new), ..Origin::default() };
        Ok(self.start_from(request, origin).await?.run)
    }
}
