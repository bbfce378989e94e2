//! What people allowed in advance decides what fits it.

use crate::{Engine, EngineError, LoadedCheckpoint};
use countersign_core::{
    document::StepKind,
    run::{Actor, DecidedWith, Input, OpenApproval, Phase, StandingGrant, Verdict, Version, Via, Wait},
    time::Timestamp,
};
use countersign_store::{CheckpointStatus, StandingApprovalRow, StoreError};
use futures::future::BoxFuture;

impl Engine {
    /// Whether something may have been allowed in advance of what the run waits for now.
    pub(crate) fn may_stand(version: &Version, phase: &Phase) -> bool {
        let Some(Wait::Approval(wait)) = phase.waiting() else { return false };
        let step = version.workflow().steps.get(&wait.place.step).map(|step| &step.kind);
        matches!(step, Some(StepKind::Approval(step)) if step.standing.is_some())
    }

    /// Decides an approval that just opened by what somebody allowed in advance. What fits none of it waits for people, and
    /// so does what could not be looked at: nothing is lost by that.
    ///
    /// The type is named because the decision is a commit again.
    pub(crate) fn use_standing(self, workspace: String, checkpoint: String) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.look_at_standing(&workspace, &checkpoint).await })
    }

    async fn look_at_standing(&self, workspace: &str, checkpoint: &str) {
        match self.try_standing(workspace, checkpoint).await {
            Ok(())
            | Err(
                EngineError::AlreadyDecided(_) | EngineError::Refused(_) | EngineError::Store(StoreError::Conflict(_)),
            ) => {}
            Err(error) => tracing::warn!(checkpoint, %error, "what was allowed in advance could not be looked at"),
        }
    }

    async fn try_standing(&self, workspace: &str, checkpoint: &str) -> Result<(), EngineError> {
        let found = self.load_checkpoint(workspace, checkpoint).await?;
        if found.row.status != CheckpointStatus::Open {
            return Ok(());
        }
        let (now, row) = (self.now(), &found.row);
        for standing in self.0.store.standing_approvals_of(workspace, &row.workflow, &row.step, now).await? {
            let Some(by) = self.granter(&standing).await? else { continue };
            let Some(grant) = grant(&standing) else { continue };
            if !fits(&found, &by, &grant, now) {
                continue;
            }
            // Counted before it decides: a process that dies in between has used one too many, never one too few.
            if self.0.store.use_standing_approval(workspace, &standing.id, now).await? {
                let (visit, verdict, comment) = (row.visit, Verdict::Approved, standing.reason.clone());
                let with = Box::new(DecidedWith { standing: Some(grant), ..DecidedWith::default() });
                self.close(found, Input::Decided { visit, verdict, comment, by, with }, None).await?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// What somebody who allows it now binds it to, see [`Version::standing_hash`]; empty where nothing may be allowed.
    ///
    /// # Errors
    /// When the connections cannot be read.
    pub async fn standing_hash(&self, workspace: &str, version: &Version, step: &str) -> Result<String, EngineError> {
        let accounts = self.accounts(workspace, version).await?;
        let account = version.standing_call(step).and_then(|(action, name)| accounts.behind(action, name));
        Ok(version.standing_hash(step, account).unwrap_or_default())
    }

    /// Who allowed it, as what they are now: who may not approve any more allows nothing in advance.
    async fn granter(&self, standing: &StandingApprovalRow) -> Result<Option<Actor>, EngineError> {
        let member = self.member_actor(&standing.workspace, &standing.granted_by).await?;
        Ok(member.map(|actor| Actor { via: Via::Standing, ..actor }))
    }
}

fn grant(standing: &StandingApprovalRow) -> Option<StandingGrant> {
    let amount_max = standing.amount_max.parse().ok()?;
    let (id, of) = (standing.id.clone(), standing.bound_to.clone());
    Some(StandingGrant { id, amount_max, until: Timestamp(standing.until), of })
}

fn fits(found: &LoadedCheckpoint, by: &Actor, grant: &StandingGrant, now: i64) -> bool {
    let state = &found.run.state;
    OpenApproval::of(&found.run.version, state)
        .is_some_and(|open| open.why_not_standing(by, grant, state, Timestamp(now)).is_none())
}
