//! What the shell must do once the events are committed.

use crate::{document::Channel, time::Span};
use serde_json::Value;

/// Everything the machine can ask of the world. Each answers with one [`super::Input`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call a connector action; answer `CallSucceeded` or `CallFailed`.
    InvokeAction {
        /// Which entry of which step.
        visit: u32,
        /// Which call of that step.
        call: u16,
        /// 1 for the first try.
        attempt: u32,
        /// Idempotency key: the same on every attempt.
        key: String,
        /// `<connector>.<action>`.
        action: String,
        /// Named connection, or the connector's only one.
        connection: Option<String>,
        /// Rendered input.
        input: Value,
        /// How long it may take.
        timeout: Span,
    },
    /// Send a message to a person; answer `CallSucceeded` or `CallFailed`.
    SendMessage {
        /// Which entry of which step.
        visit: u32,
        /// Which call of that step.
        call: u16,
        /// 1 for the first try.
        attempt: u32,
        /// The same on every attempt.
        key: String,
        /// Over which channel.
        channel: Channel,
        /// Address on that channel.
        to: String,
        /// Subject, for e-mail.
        subject: String,
        /// The text.
        body: String,
        /// How long it may take.
        timeout: Span,
    },
    /// Find out whether a call with an unknown outcome took place; answer `LookedUp`.
    LookUp {
        /// Which entry of which step.
        visit: u32,
        /// Which call of that step.
        call: u16,
        /// The attempt in doubt.
        attempt: u32,
        /// The key the call was sent with.
        key: String,
        /// The action in doubt.
        action: String,
        /// Named connection, or the connector's only one.
        connection: Option<String>,
        /// What was sent.
        input: Value,
        /// How long it may take.
        timeout: Span,
    },
}

impl Effect {
    /// The step entry and call this effect belongs to.
    #[must_use]
    pub fn place(&self) -> (u32, u16) {
        match self {
            Self::InvokeAction { visit, call, .. }
            | Self::SendMessage { visit, call, .. }
            | Self::LookUp { visit, call, .. } => (*visit, *call),
        }
    }

    /// Which attempt of which call of which entry; the same as [`super::RunState::under_way`] while it is awaited.
    #[must_use]
    pub fn sent(&self) -> (u32, u16, u32) {
        match self {
            Self::InvokeAction { visit, call, attempt, .. }
            | Self::SendMessage { visit, call, attempt, .. }
            | Self::LookUp { visit, call, attempt, .. } => (*visit, *call, *attempt),
        }
    }
}
