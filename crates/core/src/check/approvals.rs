//! People's yes before what cannot be undone.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::{
    catalogue::Risk,
    document::{
        Approval, Approvers, StandingLimits, Step, StepKind, TimeoutOutcome, UNDO_SECONDS_MAX, Verdict,
        graph::{Branch, Edge},
    },
    expr::Template,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    let mut guards: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        let StepKind::Approval(approval) = &step.kind else { continue };
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        check_guards(context, index, approval, &pointer, report);
        check_timeout(context, approval, &pointer, report);
        check_asked(context, approval, &pointer, report);
        for guarded in &approval.guards {
            if let Some(guarded) = context.workflow.steps.get_index_of(guarded) {
                guards.entry(guarded).or_default().push(index);
            }
        }
    }
    check_high_risk(context, &guards, report);
}

fn is_high_risk(context: &Context<'_>, step: &Step) -> bool {
    match &step.kind {
        StepKind::ToolCall(call) => {
            context.catalogue.action(&call.action).is_some_and(|it| it.risk_as_written(&call.input) == Risk::High)
        }
        StepKind::CollectForm(_)
        | StepKind::Condition(_)
        | StepKind::Notify(_)
        | StepKind::Approval(_)
        | StepKind::HumanHandoff(_)
        | StepKind::End(_) => false,
    }
}

/// Every path to a high-risk action passes the approve exit, taken by a person, of an approval that guards it: take
/// those exits away, and the action must be out of reach.
fn check_high_risk(context: &Context<'_>, guards: &BTreeMap<usize, Vec<usize>>, report: &mut Report) {
    let mut reached: BTreeMap<&[usize], Vec<bool>> = BTreeMap::new();
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        if !context.reachable[index] || !is_high_risk(context, step) {
            continue;
        }
        report.step(index);
        let by = guards.get(&index).map_or(&[][..], Vec::as_slice);
        let unguarded = reached.entry(by).or_insert_with(|| {
            let by: BTreeSet<usize> = by.iter().copied().collect();
            let approved = |from: usize, edge: Edge| edge.branch == Branch::Approved && by.contains(&from);
            context.graph.reachable(|from, edge| !approved(from, edge))
        });
        if !unguarded[index] {
            continue;
        }
        let message = if by.is_empty() {
            format!("`{id}` cannot be undone, and no approval guards it")
        } else {
            format!("`{id}` cannot be undone, and a path leads to it past the approval that guards it")
        };
        let help = "Put an approval before it whose `guards` name this step, on every path that leads here.";
        report.error("unguarded_action", &format!("/steps/{}", token(id)), message, help);
    }
}

fn check_guards(context: &Context<'_>, index: usize, approval: &Approval, pointer: &str, report: &mut Report) {
    if approval.guards.is_empty() {
        return;
    }
    let approved = context.workflow.steps.get_index_of(&approval.on_approve);
    let after = context.graph.reachable_from(approved, |from, _| from != index);
    for (at, guarded) in approval.guards.iter().enumerate() {
        let pointer = format!("{pointer}/guards/{at}");
        let Some((guarded_index, _, step)) = context.workflow.steps.get_full(guarded) else {
            let near = report.suggestion(guarded, context.workflow.steps.keys().map(String::as_str));
            let message = format!("there is no step `{}` to guard", shown(guarded));
            report.error("guards_unknown", &pointer, message, super::names::meant(near));
            continue;
        };
        if !matches!(step.kind, StepKind::ToolCall(_)) {
            let message = format!("`{guarded}` calls no action, so there is nothing to approve in it");
            report.warning("guards_unknown", &pointer, message, "Guard the steps that call actions.");
        } else if let Some(later) = reads_later(context, index, (guarded_index, &step.kind), &after) {
            let message = format!("`{guarded}` sends what `{later}` gives, and that step comes after this approval");
            let help = "What would be sent is not known when it is asked. Put the approval after that step.";
            report.error("guard_reads_later", &pointer, message, help);
        } else if !after[guarded_index] {
            let message = format!("`{guarded}` is never reached after this approval");
            report.warning("guards_unreachable", &pointer, message, "Guard a step on the way on from here.");
        }
        if approval.guards[..at].contains(guarded) {
            report.warning("duplicate_guard", &pointer, format!("`{guarded}` is named twice"), "Remove one.");
        }
    }
}

/// A step between an approval and what it guards, the approval itself included, whose result the guarded request reads: by
/// its output or by a variable it sets. What a person is shown would never be what is sent.
fn reads_later<'a>(
    context: &Context<'a>,
    approval: usize,
    (guarded, kind): (usize, &StepKind),
    after: &[bool],
) -> Option<&'a str> {
    let StepKind::ToolCall(call) = kind else { return None };
    let input = Template::compile(&call.input).ok()?;
    let expressions = input.expressions();
    let paths = || expressions.iter().flat_map(|(_, expression)| expression.paths());
    let reads = |id: &str, step: &Step| {
        let output = paths().any(|path| matches!(path.as_slice(), [root, of, ..] if root == "steps" && of == id));
        let sets =
            |set: &Map<String, Value>| paths().any(|path| path.first().is_some_and(|root| set.contains_key(root)));
        output
            || match &step.kind {
                StepKind::ToolCall(step) => sets(&step.set),
                StepKind::CollectForm(step) => sets(&step.set),
                StepKind::Condition(_)
                | StepKind::Notify(_)
                | StepKind::Approval(_)
                | StepKind::HumanHandoff(_)
                | StepKind::End(_) => false,
            }
    };
    let between = |index: usize| {
        index == approval
            || (after[index] && context.graph.reachable_from(Some(index), |from, _| from != approval)[guarded])
    };
    let steps = context.workflow.steps.iter().enumerate();
    let mut later = steps.filter(|(index, (id, step))| *index != guarded && reads(id, step) && between(*index));
    later.next().map(|(_, (id, _))| id.as_str())
}

/// What an approver may change, must say and how often they may send it back.
fn check_asked(context: &Context<'_>, approval: &Approval, pointer: &str, report: &mut Report) {
    for (step, fields) in &approval.editable {
        let pointer = format!("{pointer}/editable/{}", token(step));
        let input = match context.workflow.steps.get(step).map(|step| &step.kind) {
            Some(StepKind::ToolCall(call)) if approval.guards.contains(step) => &call.input,
            _ => {
                let message = format!("`{}` is no call that this approval guards", shown(step));
                report.error("not_editable", &pointer, message, "Name the guarded step whose input may be changed.");
                continue;
            }
        };
        for (at, field) in fields.iter().enumerate() {
            if !may_be_there(input, field) {
                let message = format!("the input of `{step}` has no place `{}`", shown(field));
                let help = "Write a JSON pointer into its input, such as /amount.";
                report.error("not_editable", &format!("{pointer}/{at}"), message, help);
            }
        }
    }
    let everybody = |approvers: &Approvers| approvers.step_up.is_some_and(|step_up| !step_up.links_only);
    let never = approval.standing.is_some()
        && everybody(&approval.approvers)
        && approval.tiers.iter().all(|tier| everybody(&tier.approvers));
    if never {
        let message = "nothing is ever decided by what was allowed in advance: each decision takes a password";
        let help = "Leave out `standing`, or `step_up` in the cases in which it may.";
        report.warning("step_up_standing", &format!("{pointer}/standing"), message, help);
    }
    if let Some(standing) = &approval.standing {
        check_standing(context, approval, standing, &format!("{pointer}/standing"), report);
    }
    if approval.changes_max.is_some_and(|times| !(1..=100).contains(&times)) {
        let help = "Leave it out for 10.";
        report.error("changes_range", &format!("{pointer}/changes_max"), "it may be sent back 1 to 100 times", help);
    }
    if approval.undo_seconds.is_some_and(|seconds| !(1..=UNDO_SECONDS_MAX).contains(&seconds)) {
        let message = format!("a decision can be taken back for 1 to {UNDO_SECONDS_MAX} seconds");
        let help = "Write 10, or leave it out so that it counts at once.";
        report.error("undo_range", &format!("{pointer}/undo_seconds"), message, help);
    }
    let unused = approval.changes_max.is_some() || approval.comment_required.contains(&Verdict::Changes);
    if unused && approval.on_changes.is_none() {
        let message = "nobody can ask for changes here: `on_changes` leads nowhere";
        report.warning("changes_not_offered", pointer, message, "Say with `on_changes` where it is sent back to.");
    }
}

/// What is allowed in advance is a number in a guarded request, and one yes is enough for it.
fn check_standing(
    context: &Context<'_>,
    approval: &Approval,
    standing: &StandingLimits,
    pointer: &str,
    report: &mut Report,
) {
    match context.workflow.steps.get(&standing.step).map(|step| &step.kind) {
        Some(StepKind::ToolCall(call)) if approval.guards.contains(&standing.step) => {
            if !may_be_there(&call.input, &standing.field) {
                let message = format!("the input of `{}` has no place `{}`", standing.step, shown(&standing.field));
                report.error("standing", &format!("{pointer}/field"), message, "Write a JSON pointer to its amount.");
            }
        }
        _ => {
            let message = format!("`{}` is no call that this approval guards", shown(&standing.step));
            report.error("standing", &format!("{pointer}/step"), message, "Name the guarded step whose amount counts.");
        }
    }
    if !(standing.max >= 0.0 && (1..=10_000).contains(&standing.per_day) && (1..=366).contains(&standing.days)) {
        let message = "it is limited to an amount from 0, 1 to 10,000 a day and 1 to 366 days";
        report.error("standing", pointer, message, "Correct the limits.");
    }
    if approval.guards.len() > 1 {
        let message = "the amount of one call is limited, and this approval guards more";
        report.error("standing", &format!("{pointer}/step"), message, "Guard that call by an approval of its own.");
    }
    let several = |approvers: &Approvers| approvers.quorum > 1 || !approvers.counts.is_empty();
    if several(&approval.approvers) || approval.form.is_some() || approval.comment_required.contains(&Verdict::Approved)
    {
        let message = "one yes in advance is not what this approval takes: several people, a form or words";
        report.error("standing", pointer, message, "Leave `standing` out, or let one plain yes be enough.");
    }
}

/// Whether a pointer can lead somewhere in an input once its templates are rendered.
fn may_be_there(input: &Value, pointer: &str) -> bool {
    let mut value = input;
    let Some(path) = pointer.strip_prefix('/') else { return false };
    let names: Vec<String> = path.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    for (at, name) in names.iter().enumerate() {
        let last = at + 1 == names.len();
        value = match value {
            Value::Object(members) => match members.get(name) {
                Some(member) => member,
                // A member that an approver adds.
                None => return last,
            },
            Value::Array(items) => match name.parse::<usize>().ok().and_then(|index| items.get(index)) {
                Some(item) => item,
                None => return false,
            },
            // What it gives is not known yet.
            Value::String(text) => return text.contains("{{"),
            Value::Null | Value::Bool(_) | Value::Number(_) => return false,
        };
    }
    true
}

fn check_timeout(context: &Context<'_>, approval: &Approval, pointer: &str, report: &mut Report) {
    let Some(timeout) = &approval.timeout else { return };
    let pointer = format!("{pointer}/timeout");
    match timeout.outcome {
        TimeoutOutcome::Approved => {
            let guarded = approval.guards.iter().filter_map(|id| context.workflow.steps.get(id));
            if guarded.into_iter().any(|step| is_high_risk(context, step)) {
                let message = "silence would approve what cannot be undone";
                let help = "Let silence reject or escalate: a high-risk action needs a person's yes.";
                report.error("approval_timeout_approves", &format!("{pointer}/outcome"), message, help);
            }
        }
        TimeoutOutcome::Escalate if timeout.escalate_to.is_empty() => {
            let message = "the escalation names nobody new";
            let help = "Name the roles that may decide then in `escalate_to`.";
            report.warning("no_approver", &format!("{pointer}/escalate_to"), message, help);
        }
        TimeoutOutcome::Rejected | TimeoutOutcome::Escalate => {}
    }
}
