//! Which messages start a run.

use super::Version;
use crate::{
    document::Trigger,
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
}

/// Whether a message trigger wants the message; with the conditions that could not be evaluated, which count as false.
#[must_use]
pub fn message_starts(version: &Version, message: IncomingMessage<'_>, now: Timestamp) -> (bool, Vec<ExpressionError>) {
    let scope = Scope::new(now)
        .with("text", message.text)
        .with("channel", message.channel)
        .with("customer", message.customer)
        .with("conversation", message.conversation);
    let mut failed = Vec::new();
    let starts = version.workflow().triggers.iter().any(|trigger| match trigger {
        Trigger::Message { when } => match Expression::compile(when).and_then(|when| when.truthy(&scope)) {
            Ok((holds, _)) => holds,
            Err(error) => {
                failed.push(error);
                false
            }
        },
        Trigger::Api | Trigger::Webhook { .. } | Trigger::Schedule { .. } | Trigger::Manual => false,
    });
    (starts, failed)
}
