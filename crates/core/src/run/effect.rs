//! What the shell must do once the events are committed.

use super::CallId;
use crate::{
    document::{Channel, MessageTemplate},
    time::Span,
};
use serde_json::Value;
use std::sync::Arc;

/// Everything the machine can ask of the world. Each answers with one [`super::Input`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call a connector action; answer `CallSucceeded` or `CallFailed`.
    InvokeAction {
        /// Which attempt of which call.
        id: CallId,
        /// Idempotency key: the same on every attempt.
        key: Arc<str>,
        /// `<connector>.<action>`.
        action: String,
        /// Named connection, or the connector's only one.
        connection: Option<String>,
        /// Of an approved call: the account it was approved for. It is sent to no other.
        account: Option<String>,
        /// Rendered input.
        input: Value,
        /// How long it may take.
        timeout: Span,
        /// Whether it was sent before and may have taken place.
        repeated: bool,
    },
    /// Send a message to a person; answer `CallSucceeded` or `CallFailed`.
    SendMessage {
        /// Which attempt of which call.
        id: CallId,
        /// The same on every attempt.
        key: Arc<str>,
        /// Over which channel.
        channel: Channel,
        /// Address on that channel.
        to: String,
        /// Subject, for e-mail.
        subject: String,
        /// The text.
        body: String,
        /// What WhatsApp takes instead when the customer did not write within 24 hours.
        template: Option<Box<MessageTemplate>>,
        /// How long it may take.
        timeout: Span,
    },
    /// Find out whether a call with an unknown outcome took place; answer `LookedUp`.
    LookUp {
        /// Which attempt of which call.
        id: CallId,
        /// The key the call was sent with.
        key: Arc<str>,
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
    /// Which attempt of which call it is about; the same as [`super::RunState::under_way`] while it is awaited.
    #[must_use]
    pub fn id(&self) -> CallId {
        match self {
            Self::InvokeAction { id, .. } | Self::SendMessage { id, .. } | Self::LookUp { id, .. } => *id,
        }
    }
}
