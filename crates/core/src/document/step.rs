//! The seven step types.

use super::{Approval, Approvers, StepId};
use crate::time::Span;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One step: a title and one of the seven kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// What people read on the card; the step's id when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Where the builder draws it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<[f64; 2]>,
    /// What it does.
    #[serde(flatten)]
    pub kind: StepKind,
}

/// The seven step types and no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StepKind {
    /// Calls a connector action.
    ToolCall(ToolCall),
    /// Shows a form in the conversation and waits for it.
    CollectForm(CollectForm),
    /// Branches on expressions.
    Condition(Condition),
    /// Sends a message over one or more channels.
    Notify(Notify),
    /// Pauses until a person approves or rejects.
    Approval(Box<Approval>),
    /// Gives the conversation to a person and waits to get it back.
    HumanHandoff(HumanHandoff),
    /// Ends the run.
    End(End),
}

impl StepKind {
    /// The type tag as written in documents, logs and on cards.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        match self {
            Self::ToolCall(_) => "tool_call",
            Self::CollectForm(_) => "collect_form",
            Self::Condition(_) => "condition",
            Self::Notify(_) => "notify",
            Self::Approval(_) => "approval",
            Self::HumanHandoff(_) => "human_handoff",
            Self::End(_) => "end",
        }
    }
}

/// Calls a connector action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// `<connector>.<action>`.
    pub action: String,
    /// Name of the connection (credentials) to use when the workspace has several for the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The action's input; strings may hold `{{ expression }}`.
    #[serde(default)]
    pub input: Value,
    /// Variables to set from the result; scope has `output`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Whom the result proves the customer to be; scope has `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Box<ProvenCustomer>>,
    /// When and how often to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long one attempt may take; 30 s when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// The step after success.
    pub next: StepId,
    /// Where to go when every attempt failed; the run fails when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
    /// Who may say what became of a call of which nobody knows whether it took place; operators when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_outcome: Option<Box<Approvers>>,
}

/// Whom an action proved the customer to be: run, conversation and cards have that customer from then on. It takes an
/// external id, an e-mail address or a phone number.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvenCustomer {
    /// Id in the business's own systems; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Name; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number, E.164; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Anything else; templates.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// Where a failed step leads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnError {
    /// The step to go to; the scope there has `error`.
    pub next: StepId,
}

/// When and how often to try again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// All attempts, the first included; 1 to 20.
    pub attempts: u32,
    /// How the pause grows.
    #[serde(default)]
    pub backoff: Backoff,
    /// The first pause; 1 s when absent.
    #[serde(default = "one_second")]
    pub initial: Span,
    /// The longest pause; 1 min when absent.
    #[serde(default = "one_minute")]
    pub max: Span,
}

fn one_second() -> Span {
    Span::seconds(1)
}

fn one_minute() -> Span {
    Span::seconds(60)
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 3, backoff: Backoff::Exponential, initial: one_second(), max: one_minute() }
    }
}

/// How the pause between attempts grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Doubles each time, with jitter.
    #[default]
    Exponential,
    /// Stays the same, with jitter.
    Constant,
}

/// Shows a form in the conversation and waits for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectForm {
    /// What the customer reads above the form; a template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// JSON Schema of the answers: an object with properties.
    pub form: Value,
    /// Values the form starts with; templates.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub prefill: Map<String, Value>,
    /// Text of the button; `Send` when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub submit: String,
    /// Variables to set from the answers; scope has `output`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// The step after the answers arrived.
    pub next: StepId,
    /// What happens when nobody answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<WaitTimeout>,
    /// What happens when the customer keeps writing what is no answer; it is asked again for ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unusable: Option<OnUnusable>,
}

/// How many replies that are no answer are enough, and where to go then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnUnusable {
    /// With this one it goes on there; 1 to 20.
    pub replies: u32,
    /// The step to go to then.
    pub next: StepId,
}

/// How long to wait and where to go then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitTimeout {
    /// How long to wait.
    pub after: Span,
    /// The step to go to then.
    pub next: StepId,
}

/// Branches on expressions, tried in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Tried in order; the first that holds wins.
    pub branches: Vec<Branch>,
    /// The step when none holds.
    pub otherwise: StepId,
}

/// One branch of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// JSONata expression over the run's state.
    pub when: String,
    /// The step when it holds.
    pub next: StepId,
    /// What the edge is called on the canvas.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// Where a message can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Into the run's conversation.
    Conversation,
    /// WhatsApp Cloud API.
    Whatsapp,
    /// Telegram bot.
    Telegram,
    /// Text message.
    Sms,
    /// E-mail.
    Email,
}

impl Channel {
    /// The channel's name as written in documents.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }
}

/// Sends a message over one or more channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Channels in order of preference.
    pub channels: Vec<Channel>,
    /// Every channel, or the first that works.
    #[serde(default)]
    pub delivery: Delivery,
    /// Who gets it; the run's customer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Recipient>,
    /// Subject line for e-mail; a template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The message; a template.
    pub body: String,
    /// What is sent over WhatsApp instead when the customer did not write there within 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Box<MessageTemplate>>,
    /// When and how often to try again, for each channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long one attempt may take; 30 s when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// The step after it was accepted.
    pub next: StepId,
    /// Where to go when it could not be sent; the run fails when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
    /// Who may say what became of a call of which nobody knows whether it took place; operators when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_outcome: Option<Box<Approvers>>,
}

/// A message that WhatsApp approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageTemplate {
    /// Its name at WhatsApp.
    pub name: String,
    /// Its language there, such as `en_US`.
    pub language: String,
    /// What stands for `{{1}}`, `{{2}}` … of its body; templates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
}

/// Whether one or every channel must take the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// All channels, one after the other; the first failure fails the step.
    #[default]
    All,
    /// The first channel that takes it.
    First,
}

/// Addresses to use instead of the customer's; templates.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// E.164 number for WhatsApp and SMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telegram chat id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telegram: Option<String>,
}

/// Gives the conversation to a person and waits to get it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HumanHandoff {
    /// Role or group that takes it; anyone with the operator role when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub team: String,
    /// What the person reads; a template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What the customer reads; a template, nothing is said when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// JSON Schema of what the person fills in to hand it back, whatever the result: `steps.<id>.output.values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Value>,
    /// Named results to hand back with, each with its own path.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outcomes: IndexMap<String, HandoffOutcome>,
    /// The step after it was handed back without a named result.
    pub next: StepId,
    /// What happens when nobody hands it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<WaitTimeout>,
}

/// One named result of a handoff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoffOutcome {
    /// The step to go to.
    pub next: StepId,
}

/// Ends the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// The run's final status.
    #[serde(default)]
    pub status: EndStatus,
    /// Last words into the conversation; a template, nothing is said when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the run answers to who started it; templates.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
}

/// Final status a document may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndStatus {
    /// It did what it was for.
    #[default]
    Completed,
    /// It was refused on the way: a rejected approval, a customer not eligible.
    Rejected,
    /// It could not do what it was for.
    Failed,
}
