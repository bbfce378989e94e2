//! Whether somebody may decide a checkpoint now, by a link.

use crate::{Engine, EngineError, LoadedCheckpoint};
use countersign_core::run::{Actor, OpenApproval, OpenDoubt, Via};
use countersign_store::{CheckpointKind, CheckpointStatus, Member, Role, roles_of};

/// Whether who decides by a link or a button must give their password: a link has a field for it, a button has not.
pub(super) fn takes_password(found: &LoadedCheckpoint) -> bool {
    let (version, state) = (&found.run.version, &found.run.state);
    let approval = OpenApproval::of(version, state).map(|open| open.approvers());
    approval
        .or_else(|| OpenDoubt::of(version, state).map(|doubt| doubt.approvers()))
        .is_some_and(|it| it.step_up.is_some())
}

/// How much longer than a decision is held its outcome is waited for, milliseconds.
const HELD_SLACK_MS: i64 = 250;

/// A member who can do something, as the run machine knows them by a link.
pub(super) fn by_link(member: Member) -> Option<Actor> {
    let Member { user, membership } = member;
    if membership.disabled_at.is_some() || user.password_hash.is_none() {
        return None;
    }
    Some(Actor {
        id: user.id,
        name: user.name,
        email: user.email,
        roles: roles_of(membership.role, &membership.groups),
        via: Via::Link,
        made_by: String::new(),
        signed_in_at: None,
        on_behalf_of: None,
    })
}

impl Engine {
    /// For how many milliseconds a decision of it is held: who was not told by then is told only if it is taken back.
    pub(super) fn held_for(&self, found: &LoadedCheckpoint) -> Option<i64> {
        found.run.state.phase.held().map(|held| (held.until.0 - self.now()).max(0) + HELD_SLACK_MS)
    }

    /// Why they may not decide it now; nothing when they may.
    pub(super) async fn may_not(&self, found: &LoadedCheckpoint, actor: &Actor) -> Result<Option<String>, EngineError> {
        if found.row.status == CheckpointStatus::Decided {
            return Ok(Some("it is already decided".to_owned()));
        }
        let open = OpenApproval::of(&found.run.version, &found.run.state);
        Ok(match (found.row.kind, open) {
            (CheckpointKind::Approval, Some(open)) => {
                if open.seat(actor, &[], None).is_ok() {
                    return Ok(None);
                }
                let others = self.stands_in_for(&found.row.workspace, actor).await?;
                open.seat(actor, &others, None).err()
            }
            (CheckpointKind::UnknownOutcome, _) => match OpenDoubt::of(&found.run.version, &found.run.state) {
                Some(doubt) => {
                    let others = self.stands_in_for(&found.row.workspace, actor).await?;
                    doubt.seat(actor, &others).err()
                }
                None => Some("the run has moved on".to_owned()),
            },
            (CheckpointKind::Approval, None) => Some("the run has moved on".to_owned()),
            (CheckpointKind::Handoff, _) => {
                let operator = actor.roles.iter().any(|role| role == Role::Operator.as_str());
                (!operator).then(|| "this needs the operator role".to_owned())
            }
            (CheckpointKind::Form, _) => Some("a form is the customer's".to_owned()),
        })
    }
}
