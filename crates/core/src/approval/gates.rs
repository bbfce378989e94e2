//! Which approvals every path to a step passes.

use crate::document::{
    ApprovalTimeout, StepId, StepKind, TimeoutOutcome, Workflow,
    graph::{Branch, Edge, Graph},
};
use std::collections::BTreeMap;

/// The approvals without whose yes no path leads to a step.
#[derive(Debug, Default)]
pub(crate) struct Gates {
    /// Those that do not guard the step themselves.
    before: BTreeMap<StepId, Vec<StepId>>,
    /// Those that do.
    guarding: BTreeMap<StepId, Vec<StepId>>,
}

impl Gates {
    pub(crate) fn of(workflow: &Workflow) -> Self {
        let mut gates = Self::default();
        let graph = Graph::of(workflow);
        let all = graph.reachable(|_, _| true);
        for (index, (id, step)) in workflow.steps.iter().enumerate() {
            let StepKind::Approval(approval) = &step.kind else { continue };
            let silence = approval.timeout.as_ref().is_some_and(silence_approves);
            let yes = |edge: Edge| edge.branch == Branch::Approved || (silence && edge.branch == Branch::Timeout);
            let without = graph.reachable(|from, edge| from != index || !yes(edge));
            let behind = workflow.steps.keys().enumerate().filter(|(at, _)| all[*at] && !without[*at]);
            for (_, behind) in behind {
                let of = if approval.guards.contains(behind) { &mut gates.guarding } else { &mut gates.before };
                of.entry(behind.clone()).or_default().push(id.clone());
            }
        }
        gates
    }

    /// The approvals that must have been passed before the step is entered; those that guard it have their own rule.
    pub(crate) fn before(&self, step: &str) -> &[StepId] {
        self.before.get(step).map_or(&[], Vec::as_slice)
    }

    /// The approvals that guard the step and lie on every path to it.
    pub(crate) fn guarding(&self, step: &str) -> &[StepId] {
        self.guarding.get(step).map_or(&[], Vec::as_slice)
    }
}

fn silence_approves(timeout: &ApprovalTimeout) -> bool {
    match timeout.outcome {
        TimeoutOutcome::Approved => true,
        TimeoutOutcome::Rejected | TimeoutOutcome::Escalate => false,
    }
}
