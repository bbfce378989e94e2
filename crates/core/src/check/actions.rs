//! Calls of connector actions.

use super::{
    Context, literal,
    report::{Report, shown, token},
};
use crate::{
    approval::connector_of,
    catalogue::ALL_PAGES,
    document::{Retry, StepKind, ToolCall},
    time::Span,
};

/// Attempts a step may make.
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=20;

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    for (index, (id, step)) in context.workflow.steps.iter().enumerate() {
        report.step(index);
        let pointer = format!("/steps/{}", token(id));
        match &step.kind {
            StepKind::ToolCall(call) => {
                check_call(context, call, &pointer, report);
                attempts(call.retry.as_ref(), call.timeout, &pointer, report);
            }
            StepKind::Notify(notify) => attempts(notify.retry.as_ref(), notify.timeout, &pointer, report),
            StepKind::CollectForm(_)
            | StepKind::Condition(_)
            | StepKind::Approval(_)
            | StepKind::HumanHandoff(_)
            | StepKind::End(_) => {}
        }
    }
}

fn check_call(context: &Context<'_>, call: &ToolCall, pointer: &str, report: &mut Report) {
    let Some(action) = context.catalogue.action(&call.action) else {
        let message = if call.action.is_empty() {
            "the step calls no action yet".to_owned()
        } else {
            format!("there is no action `{}`", shown(&call.action))
        };
        let near = report.suggestion(&call.action, context.catalogue.actions().map(|action| action.name.as_str()));
        let help = match near {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Choose an action of one of the connectors, or import the connector that has it.".to_owned(),
        };
        report.error("unknown_action", &format!("{pointer}/action"), message, help);
        return;
    };
    check_account(context, call, pointer, report);
    let input = format!("{pointer}/input");
    let takes_pages = action.input.get("properties").is_some_and(|members| members.get(ALL_PAGES).is_some());
    if call.input.get(ALL_PAGES).is_some() && !takes_pages {
        let message = format!("`{}` gives its list in one answer, not page by page", action.name);
        let help =
            format!("Take `{ALL_PAGES}` out, or say in the connector's manifest how the list is paged (`pagination`).");
        report.error("not_paged", &format!("{input}/{ALL_PAGES}"), message, help);
        return;
    }
    for problem in literal::problems(&call.input, &action.input) {
        let help = format!("See what `{}` takes.", action.name);
        report.error("action_input", &format!("{input}{}", problem.pointer), problem.message, help);
    }
}

/// Nobody but the author says through whose account a call goes when there are several.
fn check_account(context: &Context<'_>, call: &ToolCall, pointer: &str, report: &mut Report) {
    let connector = connector_of(&call.action);
    let Some(accounts) = context.among.accounts else { return };
    let accounts = accounts.get(connector);
    let names = accounts.map_or(&[][..], |accounts| accounts.names.as_slice());
    let pointer = format!("{pointer}/connection");
    let listed = || names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
    match &call.connection {
        None if names.len() > 1 && accounts.is_some_and(|accounts| accounts.needed) => {
            let message = format!("`{connector}` has several accounts ({}), and the step names none", listed());
            report.error("connection_choice", &pointer, message, "Choose the account that the step calls through.");
        }
        Some(named) if !names.contains(named) => {
            let message = format!("`{connector}` has no account `{}`", shown(named));
            let help = match names {
                [] => "Add the account before the workflow runs.".to_owned(),
                _ => format!("Add it, or choose one of {}.", listed()),
            };
            report.warning("unknown_connection", &pointer, message, help);
        }
        None | Some(_) => {}
    }
}

fn attempts(retry: Option<&Retry>, timeout: Option<Span>, pointer: &str, report: &mut Report) {
    if timeout == Some(Span(0)) {
        let message = "an attempt that may take no time always fails";
        report.error("timeout_range", &format!("{pointer}/timeout"), message, "Give a time such as 10s.");
    }
    let Some(retry) = retry else { return };
    if !ATTEMPTS.contains(&retry.attempts) {
        let message = format!("{} attempts are not between 1 and 20", retry.attempts);
        report.error("retry_range", &format!("{pointer}/retry/attempts"), message, "One attempt means no retry.");
    }
    if retry.initial > retry.max {
        let message = format!("the first pause ({}) is longer than the longest ({})", retry.initial, retry.max);
        report.error("retry_range", &format!("{pointer}/retry/initial"), message, "Make `initial` at most `max`.");
    }
}
