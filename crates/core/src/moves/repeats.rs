//! What would be done a second time when a run goes on from a step.

use crate::{
    catalogue::Risk,
    document::{Channel, StepId, graph::Graph},
    log::{ExecutionStatus, LogEntry, StepExecution, history},
    run::{Again, CallRequest, CompiledStep, Repeat, Version},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Again {
    /// Reads it from the log of a run on `version`; steps named in `agreed` may do again what they did.
    #[must_use]
    pub fn read(version: &Version, log: &[LogEntry], from: &str, agreed: &[StepId]) -> Self {
        let visits = history(version, log).last().map_or(0, |last| last.visit);
        let (agreed, unasked): (Vec<Repeat>, _) =
            repeats(version, log, version, from).into_iter().partition(|done| agreed.contains(&done.step));
        let agreed = agreed.into_iter().map(|done| done.step).collect();
        Self { from: from.to_owned(), visits, unasked, agreed }
    }
}

/// The steps that can be reached from `from`, itself included.
fn reachable(version: &Version, from: &str) -> BTreeSet<StepId> {
    let (steps, graph) = (&version.workflow.steps, Graph::of(&version.workflow));
    let mut found = BTreeSet::new();
    let mut left: Vec<usize> = steps.get_index_of(from).into_iter().collect();
    while let Some(start) = left.pop() {
        let reached = graph.reachable_from(Some(start), |_, _| true);
        for (id, _) in steps.keys().zip(reached).filter(|(_, reached)| *reached) {
            if found.insert(id.clone()) {
                // A guarded step sends the run back to its approval when nobody has approved it.
                let approvals = version.guarded_by.get(id).into_iter().flatten();
                left.extend(approvals.filter_map(|approval| steps.get_index_of(approval)));
            }
        }
    }
    found
}

/// Guarded steps reachable from `from`: each needs a fresh approval, since a retry uses no earlier one.
#[must_use]
pub fn asked_again(version: &Version, from: &str) -> Vec<StepId> {
    let reached = reachable(version, from);
    version.guarded_by.keys().filter(|step| reached.contains(*step)).cloned().collect()
}

/// What a run did on `ran_on` that may be done again when it goes on from `from` on `goes_on`: every action that is not
/// a mere read and every message, unless it certainly did not take place. One entry a step, its latest.
#[must_use]
pub fn repeats(ran_on: &Version, log: &[LogEntry], goes_on: &Version, from: &str) -> Vec<Repeat> {
    let reached = reachable(goes_on, from);
    let actions: BTreeSet<&str> = reached.iter().filter_map(|step| action_of(goes_on, step)).collect();
    let mut latest: BTreeMap<StepId, Repeat> = BTreeMap::new();
    for sent in sent(ran_on, log) {
        // A step that was renamed since is known by its action.
        let again = if goes_on.steps.contains_key(&sent.step) {
            reached.contains(&sent.step)
        } else {
            actions.contains(sent.action.as_str())
        };
        if again {
            latest.insert(sent.step.clone(), sent);
        }
    }
    let mut repeats: Vec<Repeat> = latest.into_values().collect();
    repeats.sort_by_key(|repeat| repeat.visit);
    repeats
}

fn action_of<'a>(version: &'a Version, step: &str) -> Option<&'a str> {
    match version.steps.get(step) {
        Some(CompiledStep::ToolCall(step)) => Some(step.action()),
        _ => None,
    }
}

fn only_reads(version: &Version, step: &str, input: &Value) -> bool {
    matches!(version.steps.get(step), Some(CompiledStep::ToolCall(step)) if step.spec.risk_of(input) == Risk::Read)
}

/// Calls that took place or may have, in order.
fn sent(version: &Version, log: &[LogEntry]) -> Vec<Repeat> {
    history(version, log).iter().flat_map(|execution| calls(version, execution)).collect()
}

/// Those of one step entry; of each the last attempt tells.
fn calls(version: &Version, execution: &StepExecution) -> Vec<Repeat> {
    let mut calls: BTreeMap<u16, (bool, Repeat)> = BTreeMap::new();
    for attempt in &execution.attempts {
        let action = match attempt.request.as_ref() {
            CallRequest::Action { input, .. } if only_reads(version, &execution.step, input) => continue,
            CallRequest::Action { action, .. } => action.clone(),
            // It was asked whether it may be said there; that is nothing to do twice.
            CallRequest::Message { channel: Channel::Conversation, .. } => continue,
            CallRequest::Message { channel, .. } => channel.tag().to_owned(),
        };
        let certain = attempt.status == ExecutionStatus::Completed;
        let happened = certain || attempt.in_doubt || calls.get(&attempt.call).is_some_and(|(earlier, _)| *earlier);
        let (step, title) = (execution.step.clone(), version.title(&execution.step).to_owned());
        let repeat = Repeat { step, title, action, visit: execution.visit, at: attempt.started_at, certain };
        calls.insert(attempt.call, (happened, repeat));
    }
    calls.into_values().filter(|(happened, _)| *happened).map(|(_, repeat)| repeat).collect()
}
