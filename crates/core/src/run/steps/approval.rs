//! `approval`: nothing goes on until a person has said yes.

use crate::{
    approval::{Contributors, GuardedRequest, RequestDifference, policy},
    document::{self, ApprovalTimeout, Approvers, Exit, StepId, TimeoutOutcome},
    expr::TextTemplate,
    log::StepError,
    run::{
        Actor, ApprovalWait, CheckpointEvent, ClosedBy, CompileError, CompiledStep, Opened, Outcome, Refusal, Verdict,
        machine::{Completion, Flow, Machine},
        state::Place,
        version,
    },
    time::Span,
};
use serde_json::{Value, json};

/// A compiled `approval`.
#[derive(Debug)]
pub struct Compiled {
    summary: TextTemplate,
    guards: Vec<StepId>,
    approvers: Approvers,
    remind_after: Option<Span>,
    timeout: Option<ApprovalTimeout>,
    on_approve: StepId,
    on_reject: StepId,
    on_changes: Option<StepId>,
}

impl Compiled {
    /// Why `actor` may not decide now; nothing when they may.
    #[must_use]
    pub fn why_not(&self, actor: &Actor, wait: &ApprovalWait, contributors: &Contributors) -> Option<String> {
        let extra = wait.escalated.as_deref().unwrap_or_default();
        if let Some(reason) = policy::why_not(self.people(wait), extra, actor, contributors) {
            return Some(reason);
        }
        if wait.given.iter().any(|given| given.person() == actor.person()) {
            return Some("you have already approved; another person must too".into());
        }
        None
    }

    /// Who may decide this wait.
    #[must_use]
    pub fn people<'a>(&'a self, wait: &'a ApprovalWait) -> &'a Approvers {
        wait.people.as_ref().unwrap_or(&self.approvers)
    }

    /// Who may decide.
    #[must_use]
    pub fn approvers(&self) -> &Approvers {
        &self.approvers
    }

    /// What happens when nobody decides.
    #[must_use]
    pub fn timeout(&self) -> Option<&ApprovalTimeout> {
        self.timeout.as_ref()
    }

    /// The outcomes a person may choose.
    #[must_use]
    pub fn outcomes(&self) -> Vec<String> {
        Verdict::ALL
            .into_iter()
            .filter(|verdict| self.leads(*verdict).is_some())
            .map(|verdict| verdict.word().to_owned())
            .collect()
    }

    fn leads(&self, verdict: Verdict) -> Option<&StepId> {
        match verdict {
            Verdict::Approved => Some(&self.on_approve),
            Verdict::Rejected => Some(&self.on_reject),
            Verdict::Changes => self.on_changes.as_ref(),
        }
    }

    pub(crate) fn requests(&self, machine: &Machine<'_>) -> Result<Vec<GuardedRequest>, StepError> {
        self.guards
            .iter()
            .filter_map(|guarded| match machine.version.step(guarded) {
                Some(CompiledStep::ToolCall(step)) => Some(step.request(machine, guarded)),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn compile(step: &document::Approval, at: &version::Place<'_>) -> Result<Compiled, CompileError> {
    Ok(Compiled {
        summary: at.text("summary", &step.summary)?,
        guards: step.guards.clone(),
        approvers: step.approvers.clone(),
        remind_after: step.remind_after,
        timeout: step.timeout.clone(),
        on_approve: step.on_approve.clone(),
        on_reject: step.on_reject.clone(),
        on_changes: step.on_changes.clone(),
    })
}

/// Why an approval is asked elsewhere than where the document has it.
pub(crate) struct Asked {
    /// The step at whose door it is asked.
    pub(crate) door: StepId,
    /// What differs from what was approved.
    pub(crate) difference: Option<RequestDifference>,
}

pub(crate) fn enter(machine: &mut Machine<'_>, step: &Compiled, place: &Place, asked: Option<Asked>) -> Flow {
    let summary = match step.summary.render(&machine.scope()) {
        Ok(summary) => summary,
        Err(error) => return machine.fail_expression(place, "summary", &error),
    };
    let requests = match step.requests(machine) {
        Ok(requests) => requests,
        Err(error) => return machine.fail(place, error, None),
    };
    let due = step.timeout.as_ref().map(|timeout| machine.now.plus(timeout.after));
    let remind_at = step.remind_after.map(|after| machine.now.plus(after));
    let (door, difference) = asked.map_or((None, None), |asked| (Some(asked.door), asked.difference));
    let opened = Opened::Approval { summary, requests: requests.into(), difference, door };
    machine.checkpoint(place.visit, CheckpointEvent::Opened { opened, due, remind_at });
    Flow::Stay
}

pub(crate) fn decided(
    machine: &mut Machine<'_>,
    visit: u32,
    verdict: Verdict,
    comment: String,
    by: Actor,
) -> Result<Flow, Refusal> {
    let version = machine.version;
    let Some(wait) = machine.state.phase.approval().filter(|wait| wait.place.visit == visit).cloned() else {
        return Err(Refusal::Stale);
    };
    let Some(CompiledStep::Approval(step)) = version.step(&wait.place.step) else {
        return Ok(machine.lost(&wait.place));
    };
    let Some(next) = step.leads(verdict) else {
        return Err(Refusal::NotOffered { outcome: verdict.word().to_owned(), offered: step.outcomes() });
    };
    if let Some(reason) = step.why_not(&by, &wait, &machine.state.contributors) {
        return Err(Refusal::NotAnApprover(reason));
    }
    if verdict == Verdict::Approved {
        let needed = usize::try_from(step.people(&wait).quorum).unwrap_or(usize::MAX);
        if wait.given.len() + 1 < needed {
            machine.checkpoint(visit, CheckpointEvent::ApprovalGiven { by, comment });
            return Ok(Flow::Stay);
        }
    }
    let next = wait.door.as_ref().filter(|_| verdict == Verdict::Approved).unwrap_or(next);
    let output = json!({
        "outcome": verdict,
        "comment": comment,
        "by": { "id": by.id, "name": by.name, "email": by.email },
    });
    Ok(close(machine, &wait.place, Closing { verdict, by: ClosedBy::Person { actor: by }, comment, output, next }))
}

struct Closing<'a> {
    verdict: Verdict,
    by: ClosedBy,
    comment: String,
    output: Value,
    next: &'a StepId,
}

fn close(machine: &mut Machine<'_>, place: &Place, closing: Closing<'_>) -> Flow {
    let Closing { verdict, by, comment, output, next } = closing;
    machine.close(place.visit, Outcome::Decided(verdict), by, comment, Value::Null);
    let exit = match verdict {
        Verdict::Approved => Exit::Approved,
        Verdict::Rejected => Exit::Rejected,
        Verdict::Changes => Exit::Changes,
    };
    machine.complete(place, Completion { exit, next, set: &[], output: Some(output), on_error: None })
}

pub(crate) fn timer_fired(machine: &mut Machine<'_>, wait: &ApprovalWait) -> Flow {
    let version = machine.version;
    let (visit, now) = (wait.place.visit, machine.now);
    if wait.due.is_none_or(|due| due > now) {
        machine.checkpoint(visit, CheckpointEvent::Reminded);
        return Flow::Stay;
    }
    let Some(CompiledStep::Approval(step)) = version.step(&wait.place.step) else { return machine.lost(&wait.place) };
    let Some(timeout) = &step.timeout else { return machine.lost(&wait.place) };
    let (verdict, branch) = match timeout.outcome {
        TimeoutOutcome::Approved => (Verdict::Approved, wait.door.as_ref().unwrap_or(&step.on_approve)),
        TimeoutOutcome::Escalate if wait.escalated.is_none() => {
            let (roles, due) = (timeout.escalate_to.clone(), now.plus(timeout.after));
            machine.checkpoint(visit, CheckpointEvent::Escalated { roles, due });
            return Flow::Stay;
        }
        TimeoutOutcome::Rejected | TimeoutOutcome::Escalate => (Verdict::Rejected, &step.on_reject),
    };
    let next = timeout.next.as_ref().unwrap_or(branch);
    let output = json!({ "outcome": verdict, "comment": "", "by": null, "timeout": true });
    close(machine, &wait.place, Closing { verdict, by: ClosedBy::Timeout, comment: String::new(), output, next })
}
