//! Names of things, targets that exist, numbers in their range.

use super::{
    Context,
    report::{Report, shown, token},
};
use crate::document::{STEP_LIMIT_MAX, StepKind, graph::exits, sites::RESERVED};

/// Longest template of the case, characters.
const CASE_TEMPLATE_MAX: usize = 500;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    let workflow = context.workflow;
    report.document();
    if workflow.name.trim().is_empty() || workflow.name.chars().count() > 200 {
        report.error("name_empty", "/name", "the workflow needs a name of 1 to 200 characters", "Say what it does.");
    }
    if workflow.step_limit.is_some_and(|limit| limit == 0 || limit > STEP_LIMIT_MAX) {
        let message = format!("`step_limit` must be between 1 and {STEP_LIMIT_MAX}");
        report.error("step_limit_range", "/step_limit", message, "Leave it out for the usual limit.");
    }
    if workflow.case.chars().count() > CASE_TEMPLATE_MAX {
        let message = format!("the case is longer than {CASE_TEMPLATE_MAX} characters");
        let help = "Name what tells one run from another: an order, an amount, a customer.";
        report.error("case_too_long", "/case", message, help);
    }
    for name in workflow.vars.keys() {
        variable(name, &format!("/vars/{}", token(name)), report);
    }
    if workflow.steps.is_empty() {
        report.error("no_steps", "/steps", "the workflow has no steps", "Add at least an `end` step.");
    } else if !workflow.steps.contains_key(&workflow.start) {
        let near = report.suggestion(&workflow.start, workflow.steps.keys().map(String::as_str));
        let message = format!("there is no step `{}` to start with", shown(&workflow.start));
        report.error("unknown_start", "/start", message, meant(near));
    }
    for (index, (id, step)) in workflow.steps.iter().enumerate() {
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        if !is_identifier(id) {
            let help = "Start with a letter or `_`, go on with letters, digits or `_`, at most 64 of them.";
            report.error("step_id", &pointer, format!("`{}` is no step id", shown(id)), help);
        }
        for exit in exits(&step.kind) {
            if !exit.pointer.is_empty() && !workflow.steps.contains_key(exit.target) {
                let near = report.suggestion(exit.target, workflow.steps.keys().map(String::as_str));
                let message = if exit.target.is_empty() {
                    "this way out leads nowhere yet".to_owned()
                } else {
                    format!("there is no step `{}`", shown(exit.target))
                };
                report.error("unknown_step", &format!("{pointer}{}", exit.pointer), message, meant(near));
            }
        }
        match &step.kind {
            StepKind::Condition(condition) if condition.branches.is_empty() => {
                let help = "Add a branch, or connect the step before with the one after.";
                report.error("no_branches", &format!("{pointer}/branches"), "the condition has no branches", help);
            }
            StepKind::ToolCall(call) => set(&call.set, &pointer, report),
            StepKind::CollectForm(form) => set(&form.set, &pointer, report),
            StepKind::Condition(_)
            | StepKind::Notify(_)
            | StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::End(_) => {}
        }
    }
}

fn set(set: &serde_json::Map<String, serde_json::Value>, pointer: &str, report: &mut Report) {
    for name in set.keys() {
        variable(name, &format!("{pointer}/set/{}", token(name)), report);
    }
}

fn variable(name: &str, pointer: &str, report: &mut Report) {
    if RESERVED.contains(&name) || name == "output" {
        let message = format!("`{name}` cannot be a variable: expressions read something else under that name");
        report.error("reserved_name", pointer, message, "Choose another name.");
    } else if !is_identifier(name) {
        let message = format!("`{}` is an awkward name for a variable", shown(name));
        let help = "Expressions must write it between backticks; letters, digits and `_` need none.";
        report.warning("variable_name", pointer, message, help);
    }
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 64
}

/// The help for a name that does not exist.
pub(super) fn meant(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("Did you mean `{near}`?"),
        None => "Choose one of the steps of this workflow.".to_owned(),
    }
}
