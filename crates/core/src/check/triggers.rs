//! What starts a run.

use super::{
    Context,
    report::{Report, shown},
};
use crate::{
    document::{Schedule, Trigger, time_zone_named},
    expr::Expression,
};
use std::collections::BTreeSet;

/// What the condition of a message trigger can read.
pub(super) const MESSAGE_NAMES: [&str; 4] = ["text", "channel", "customer", "conversation"];

/// What expressions of a webhook trigger can read.
const CALL_NAMES: [&str; 3] = ["body", "headers", "query"];

pub(super) fn check(context: &Context<'_>, report: &mut Report) {
    report.document();
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for (index, (id, _)) in context.workflow.triggers_by_id().enumerate() {
        if !ids.insert(id.clone()) {
            let message = format!("another trigger is called `{}` too", shown(&id));
            report.error("duplicate_trigger", &format!("/triggers/{index}"), message, "Give each its own name.");
        }
    }
    for (index, trigger) in context.workflow.triggers.iter().enumerate() {
        let pointer = format!("/triggers/{index}");
        match trigger {
            Trigger::Message { when } => check_when(when, &format!("{pointer}/when"), report),
            Trigger::Webhook { path, filter, input, dedup, .. } => {
                if let Some(path) = path {
                    check_path(path, &format!("{pointer}/path"), report);
                }
                let parts = [("filter", filter), ("input", input), ("dedup", dedup)];
                for (name, expression) in parts {
                    if let Some(expression) = expression {
                        check_call(expression, &format!("{pointer}/{name}"), report);
                    }
                }
            }
            Trigger::Schedule { cron, time_zone, id, .. } => {
                if let Some(id) = id {
                    check_path(id, &format!("{pointer}/id"), report);
                }
                check_schedule(cron, time_zone, &pointer, report);
            }
            Trigger::Api | Trigger::Manual => {
                if context.workflow.triggers[..index].contains(trigger) {
                    report.warning("duplicate_trigger", &pointer, "this trigger is there twice", "Remove one.");
                }
            }
        }
    }
}

fn check_when(when: &str, pointer: &str, report: &mut Report) {
    let expression = match Expression::compile(when) {
        Ok(expression) => expression,
        Err(error) => {
            let help = "Write a JSONata condition such as $contains($lowercase(text), 'upgrade').";
            report.error("trigger_when", pointer, error.message, help);
            return;
        }
    };
    super::expressions::check_functions(&expression, pointer, report);
    for name in expression.roots().iter().filter(|name| !MESSAGE_NAMES.contains(&name.as_str())) {
        let help = "The condition of a message trigger reads text, channel, customer and conversation.";
        report.error("unknown_name", pointer, format!("nothing is called `{}` here", shown(name)), help);
    }
}

/// An expression about a call of a webhook.
fn check_call(source: &str, pointer: &str, report: &mut Report) {
    match Expression::compile(source) {
        Ok(expression) => {
            super::expressions::check_functions(&expression, pointer, report);
            for name in expression.roots().iter().filter(|name| !CALL_NAMES.contains(&name.as_str())) {
                let help = "Expressions of a webhook trigger read body, headers and query.";
                report.error("unknown_name", pointer, format!("nothing is called `{}` here", shown(name)), help);
            }
        }
        Err(error) => report.error("trigger_when", pointer, error.message, "Write JSONata such as body.order.id."),
    }
}

fn check_path(path: &str, pointer: &str, report: &mut Report) {
    let good = !path.is_empty()
        && path.len() <= 100
        && path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !good {
        let message = format!("`{}` cannot be part of an address", shown(path));
        report.error("trigger_path", pointer, message, "Use letters, digits, `-` and `_`, at most 100 of them.");
    }
}

fn check_schedule(cron: &str, time_zone: &str, pointer: &str, report: &mut Report) {
    // Each is looked at by itself, so that both are told.
    if let Err(error) = Schedule::parse(cron, "UTC") {
        let help = "Five fields (or six that begin with seconds): minute, hour, day of month, month, day of week; for example 0 9 * * MON-FRI.";
        report.error("trigger_cron", &format!("{pointer}/cron"), error.to_string(), help);
    }
    if time_zone_named(time_zone).is_none() {
        let message = format!("no time zone is called `{}`", shown(time_zone));
        report.error("trigger_cron", &format!("{pointer}/time_zone"), message, "Write it like Europe/Berlin or UTC.");
    }
}
