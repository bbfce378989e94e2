//! What starts a run, and whether it ever can.

use super::{
    Context,
    report::{Report, shown},
};
use crate::{
    document::{Respond, Schedule, Signature, Trigger, Verify, time_zone_named},
    expr::{Expression, Knowing},
    run::value_problems,
    time::Span,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What the condition of a message trigger can read.
pub(super) const MESSAGE_NAMES: [&str; 5] = ["text", "channel", "customer", "conversation", "first"];

/// By what a customer's message can come.
const CHANNELS: [&str; 5] = ["web", "whatsapp", "telegram", "sms", "email"];

/// Longest name of a header, bytes.
const HEADER_LENGTH_MAX: usize = 100;

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
            Trigger::Message { when, id } => {
                if let Some(id) = id {
                    check_path(id, &format!("{pointer}/id"), report);
                }
                check_when(when, &format!("{pointer}/when"), report);
                check_input(context, &json!({}), ("a message brings no input", &pointer), report);
            }
            Trigger::Webhook { path, verify, hmac, filter, input, dedup, respond, respond_within } => {
                if let Some(hmac) = hmac {
                    check_signature(*verify, hmac, &format!("{pointer}/hmac"), report);
                }
                check_respond((*respond, *respond_within), dedup.is_some(), &pointer, report);
                if let Some(path) = path {
                    check_path(path, &format!("{pointer}/path"), report);
                }
                let parts = [("filter", filter), ("input", input), ("dedup", dedup)];
                for (name, expression) in parts {
                    if let Some(expression) = expression {
                        check_call(expression, (name, &format!("{pointer}/{name}")), report);
                    }
                }
                let input = input.as_deref().and_then(|input| Expression::compile(input).ok()?.constant());
                if let Some(Ok(input)) = input {
                    let input = input.unwrap_or_else(|| json!({}));
                    check_input(
                        context,
                        &input,
                        ("it always gives the same input", &format!("{pointer}/input")),
                        report,
                    );
                }
            }
            Trigger::Schedule { cron, time_zone, id, input, .. } => {
                if let Some(id) = id {
                    check_path(id, &format!("{pointer}/id"), report);
                }
                check_schedule(cron, time_zone, &pointer, report);
                let (input, place) = match input {
                    Some(input) => (input.clone(), format!("{pointer}/input")),
                    None => (json!({}), pointer.clone()),
                };
                check_input(context, &input, ("it always gives the same input", &place), report);
            }
            Trigger::Api | Trigger::Manual => {
                if context.workflow.triggers[..index].contains(trigger) {
                    report.warning("duplicate_trigger", &pointer, "this trigger is there twice", "Remove one.");
                }
            }
        }
    }
}

/// How long a caller may be kept waiting, milliseconds.
const WITHIN_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;

fn check_respond(
    (respond, within): (Respond, Option<Span>),
    repetitions_known: bool,
    pointer: &str,
    report: &mut Report,
) {
    if respond == Respond::End && !repetitions_known {
        let message = "who gets no answer, or a bad one, calls again, and that starts another run";
        let help = "Give in `dedup` what repetitions have in common, such as headers.\"x-request-id\".";
        report.warning("respond_repeated", &format!("{pointer}/respond"), message, help);
    }
    let Some(within) = within else { return };
    let pointer = format!("{pointer}/respond_within");
    if respond != Respond::End {
        let message = "a call that is answered once it is accepted does not wait";
        report.warning("respond_within", &pointer, message, "Remove it, or answer at the end (`respond: end`).");
    } else if !WITHIN_MS.contains(&within.0) {
        let message = "a caller waits for 1 to 60 seconds";
        report.error(
            "respond_within",
            &pointer,
            message,
            "Give a time such as 20s; what takes longer is answered 202.",
        );
    }
}

fn check_signature(verify: Verify, hmac: &Signature, pointer: &str, report: &mut Report) {
    if verify != Verify::Hmac {
        let message = "calls of this trigger are not verified by an HMAC of its own";
        report.warning("hmac_unused", pointer, message, "Set `verify: hmac`, or remove it.");
    }
    // Of what may be part of a name, quotes, backticks and `$` mean something in a shell, and no service uses them.
    let of_header = |letter: char| letter.is_ascii_alphanumeric() || "!#%&*+-.^_|~".contains(letter);
    let known =
        |header: &String| !header.is_empty() && header.len() <= HEADER_LENGTH_MAX && header.chars().all(of_header);
    if let Some(header) = hmac.header.as_ref().filter(|header| !known(header)) {
        let message = format!("`{}` cannot be the name of a header", shown(header));
        report.error("hmac_header", &format!("{pointer}/header"), message, "Give a name such as x-hub-signature.");
    }
    let of_prefix = |letter: char| matches!(letter, ' '..='~') && !"\"'`$".contains(letter);
    let sent = |prefix: &String| prefix.chars().all(of_prefix) && !prefix.starts_with(' ');
    if let Some(prefix) = hmac.prefix.as_ref().filter(|prefix| !sent(prefix)) {
        let message = format!("`{}` cannot stand before a signature", shown(prefix));
        let help = "Give what stands before it, such as v1=: no quotes, no backtick, no $, no space in front.";
        report.error("hmac_prefix", &format!("{pointer}/prefix"), message, help);
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
        let help = "The condition of a message trigger reads text, channel, customer, conversation and first.";
        report.error("unknown_name", pointer, format!("nothing is called `{}` here", shown(name)), help);
    }
    never(&expression, &OfMessage, pointer, report);
}

/// What a run would be started with fits what the workflow takes: else nothing is ever started.
fn check_input(context: &Context<'_>, input: &Value, (what, pointer): (&str, &str), report: &mut Report) {
    let Some(schema) = &context.workflow.input else { return };
    if super::forms::valid(schema).is_err() {
        return;
    }
    if let Some(problem) = value_problems(schema, input).first() {
        let place = if problem.pointer.is_empty() { String::new() } else { format!(" at {}", problem.pointer) };
        let message = format!(
            "it never starts a run: {what}, and the workflow's input does not fit{place}: {}",
            shown(&problem.message)
        );
        let help = "Give the trigger an input that fits, or require less in the workflow's `input`.";
        report.error("trigger_input", pointer, message, help);
    }
}

/// A condition that can hold.
fn never(expression: &Expression, known: &dyn Knowing, pointer: &str, report: &mut Report) {
    let why = expression.never_holds(known).or_else(|| match expression.constant()? {
        Ok(Some(value)) if crate::expr::truthy(&value) => None,
        Ok(Some(value)) => Some(format!("it is always {}", shown(&value.to_string()))),
        Ok(None) => Some("it always gives nothing".to_owned()),
        Err(error) => Some(error.message),
    });
    if let Some(why) = why {
        let message = format!("it never starts a run: {why}");
        report.error("trigger_never", pointer, message, "Correct the condition, or remove the trigger.");
    }
}

/// What comes with a message.
struct OfMessage;

impl Knowing for OfMessage {
    fn nothing_at(&self, path: &[String]) -> Option<String> {
        match path {
            [root, _, ..] if matches!(root.as_str(), "text" | "channel") => {
                Some(format!("`{root}` is text and has no parts"))
            }
            [root, _, ..] if root == "first" => Some("`first` is true or false and has no parts".to_owned()),
            _ => None,
        }
    }

    fn never_equal(&self, path: &[String], literal: &Value) -> Option<String> {
        match (path, literal) {
            ([root], Value::String(_)) if root == "text" => None,
            ([root], Value::String(name)) if root == "channel" => {
                let known = CHANNELS.contains(&name.as_str());
                (!known).then(|| format!("no message comes by `{}`, only by {}", shown(name), CHANNELS.join(", ")))
            }
            ([root], literal) if matches!(root.as_str(), "text" | "channel") => {
                Some(format!("`{root}` is text and never equals {}", shown(&literal.to_string())))
            }
            ([root], literal) if root == "first" && !literal.is_boolean() => {
                Some(format!("`first` is true or false and never equals {}", shown(&literal.to_string())))
            }
            _ => None,
        }
    }
}

/// What comes with a call of a webhook.
struct OfCall;

impl Knowing for OfCall {
    fn nothing_at(&self, path: &[String]) -> Option<String> {
        match path {
            [root, name, ..] if root == "headers" && name.chars().any(char::is_uppercase) => {
                Some(format!("names of headers come in small letters: `{}`", shown(&name.to_lowercase())))
            }
            _ => None,
        }
    }

    fn never_equal(&self, path: &[String], literal: &Value) -> Option<String> {
        let text = matches!(path, [root, _] if matches!(root.as_str(), "headers" | "query"));
        (text && !literal.is_string())
            .then(|| format!("`{}` is text and never equals {}", shown(&path.join(".")), shown(&literal.to_string())))
    }
}

/// An expression about a call of a webhook.
fn check_call(source: &str, (name, pointer): (&str, &str), report: &mut Report) {
    match Expression::compile(source) {
        Ok(expression) => {
            super::expressions::check_functions(&expression, pointer, report);
            for root in expression.roots().iter().filter(|name| !CALL_NAMES.contains(&name.as_str())) {
                let help = "Expressions of a webhook trigger read body, headers and query.";
                report.error("unknown_name", pointer, format!("nothing is called `{}` here", shown(root)), help);
            }
            if name == "filter" {
                never(&expression, &OfCall, pointer, report);
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
