//! The customer's side of a conversation.

use crate::Message;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Opens a chat.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChatStartRequest {
    /// E-mail address, if the visitor gave one. Not proof of who they are.
    pub email: Option<String>,
    /// Name.
    pub name: Option<String>,
}

/// An opened chat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChatStartResponse {
    /// Conversation id.
    pub conversation: String,
    /// Secret for `X-Visitor`: told once.
    pub token: String,
}

/// A chat as the customer sees it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChatView {
    /// The newest messages, or those after `after` or before `before`, oldest first, at most 200.
    pub messages: Vec<Message>,
    /// Whether there are messages before these.
    pub has_older: bool,
    /// open, with_person, closed.
    pub status: String,
    /// Whether a workflow is at work.
    pub working: bool,
    /// Who the customer talks to.
    pub workspace_name: String,
    /// Name of the operator who has the conversation.
    pub operator: Option<String>,
}

/// A form's answers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormValuesRequest {
    /// Values by field.
    pub values: Map<String, Value>,
}

/// A form was taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormSubmitted {
    /// The form's checkpoint.
    pub checkpoint: String,
    /// `submitted`.
    pub outcome: String,
    /// When.
    pub submitted_at: Option<i64>,
}
