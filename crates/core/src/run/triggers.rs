//! Which messages start a run.

use super::Version;
use crate::{
    document::{Trigger, Workflow},
    expr::{Expression, ExpressionError, Scope},
    time::Timestamp,
};
use serde_json::Value;

/// A customer's message, as the conditions of message triggers see it.
#[derive(Debug, Clone, Copy)]
pub struct IncomingMessage<'a> {
    /// The words.
    pub text: &'a Value,
    /// Over which channel.
    pub channel: &'a Value,
    /// The customer, or null.
    pub customer: &'a Value,
    /// The conversation, or null.
    pub conversation: &'a Value,
    /// Whether nothing of the customer came before it in the conversation.
    pub first: bool,
}

/// The conditions of message triggers, compiled; one that does not compile fails with every message.
pub(super) fn compile(workflow: &Workflow) -> Vec<Result<Expression, ExpressionError>> {
    let condition = |trigger: &Trigger| match trigger {
        Trigger::Message { when } => Some(Expression::compile(when)),
        Trigger::Api | Trigger::Webhook { .. } | Trigger::Schedule { .. } | Trigger::Manual => None,
    };
    workflow.triggers.iter().filter_map(condition).collect()
}

/// Whether a message trigger of the version looks at whether the message is the first.
#[must_use]
pub fn asks_whether_first(version: &Version) -> bool {
    let asks = |when: &Expression| when.reads_everything() || when.roots().iter().any(|name| name == "first");
    version.messages.iter().flatten().any(asks)
}

/// Whether a message trigger wants the message; with the conditions that could not be evaluated, which count as false.
#[must_use]
pub fn message_starts(version: &Version, message: IncomingMessage<'_>, now: Timestamp) -> (bool, Vec<ExpressionError>) {
    let first = Value::Bool(message.first);
    let scope = Scope::new(now)
        .with("text", message.text)
        .with("channel", message.channel)
        .with("customer", message.customer)
        .with("conversation", message.conversation)
        .with("first", &first);
    let mut failed = Vec::new();
    let starts = version.messages.iter().any(|when| {
        let holds = when.as_ref().map_err(Clone::clone).and_then(|when| when.truthy(&scope));
        holds.map_or_else(
            |error| {
                failed.push(error);
                false
            },
            |(holds, _)| holds,
        )
    });
    (starts, failed)
}
