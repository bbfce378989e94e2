//! The moment in which a decision can be taken back.

use super::{ApprovalWait, Compiled, Counted, Entered, OpenApproval, changed, entered};
use crate::run::{
    Actor, CheckpointEvent, HeldDecision, Refusal, TakenBack,
    machine::{Flow, Machine},
};

/// Who decided takes it back: it is open as it was.
pub(crate) fn taken_back(machine: &mut Machine<'_>, visit: u32, by: &Actor) -> Result<Flow, Refusal> {
    let Some(wait) = machine.state.phase.approval().filter(|wait| wait.place.visit == visit) else {
        return Err(Refusal::Stale);
    };
    let Some(held) = wait.held.clone() else { return Err(Refusal::NothingHeld) };
    if !held.is_of(by) {
        return Err(Refusal::NotTheirs(held));
    }
    // The same instant belongs to the decision.
    if held.until <= machine.now {
        return Err(Refusal::HeldNoMore(held));
    }
    let back = TakenBack { verdict: held.verdict, by: by.clone(), said_at: held.at };
    machine.checkpoint(visit, CheckpointEvent::TakenBack(Box::new(back)));
    Ok(Flow::Stay)
}

/// Nobody took it back: it counts. Whoever said it could when they did; nothing that bears on that has changed since, for
/// neither ladder nor time limit nor a move to another version acts meanwhile.
pub(super) fn handed_over(
    machine: &mut Machine<'_>,
    step: &Compiled,
    wait: &ApprovalWait,
    held: &HeldDecision,
) -> Flow {
    let HeldDecision { verdict, by, comment, values, edits, at, .. } = held.clone();
    let requests = changed(machine, step, wait, (verdict, &edits));
    let open = OpenApproval::on(step, wait, machine.version, &machine.state);
    let (Some(next), Ok(requests)) = (open.leads(verdict).cloned(), requests) else {
        return machine.lost(&wait.place);
    };
    let said = Counted { verdict, comment, by, values, next, standing: None, said_at: Some(at) };
    match entered(machine, step, wait, Entered { requests, edits, said }) {
        Ok(flow) => flow,
        Err(_) => machine.lost(&wait.place),
    }
}
