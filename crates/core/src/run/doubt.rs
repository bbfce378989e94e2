//! Who may say what became of a call.

use super::{Actor, RunState, Verdict, Version, Wait};
use crate::{
    approval::policy::Case,
    document::{Approvers, StepKind},
};
use std::sync::LazyLock;

/// Where a step names nobody: the operators.
static OPERATORS: LazyLock<Approvers> = LazyLock::new(Approvers::default);

/// A call of unknown outcome that waits to be told of.
#[derive(Debug, Clone, Copy)]
pub struct OpenDoubt<'a> {
    case: Case<'a>,
}

impl<'a> OpenDoubt<'a> {
    /// The one the run waits for, if it waits for one.
    #[must_use]
    pub fn of(version: &'a Version, state: &'a RunState) -> Option<Self> {
        let Some(Wait::Unknown(wait)) = state.phase.waiting() else { return None };
        let policy = match version.workflow().steps.get(&wait.calling.place.step).map(|step| &step.kind) {
            Some(StepKind::ToolCall(step)) => step.unknown_outcome.as_deref(),
            Some(StepKind::Notify(step)) => step.unknown_outcome.as_deref(),
            Some(
                StepKind::CollectForm(_)
                | StepKind::Condition(_)
                | StepKind::Approval(_)
                | StepKind::HumanHandoff(_)
                | StepKind::End(_),
            )
            | None => None,
        };
        let approvers = policy.unwrap_or(&OPERATORS);
        let author = version.author.as_deref();
        Some(Self { case: Case { approvers, added: [&[], &[]], contributors: &state.contributors, author } })
    }

    pub(crate) fn case(&self) -> Case<'a> {
        self.case
    }

    /// The policy that holds for it.
    #[must_use]
    pub fn approvers(&self) -> &'a Approvers {
        self.case.approvers
    }

    /// As whom this person says it: as themselves, or for somebody of `for_others` when only that is allowed.
    ///
    /// # Errors
    /// Why they may not themselves.
    pub fn seat(&self, by: &Actor, for_others: &[Actor]) -> Result<Actor, String> {
        let Some(reason) = self.case.why_not(by, Verdict::Approved) else { return Ok(by.clone()) };
        let deputy = by.made_by.is_empty();
        let mut seats = for_others.iter().filter(|_| deputy).map(|other| by.representing(other));
        seats.find(|seat| self.case.why_not(seat, Verdict::Approved).is_none()).ok_or(reason)
    }
}
