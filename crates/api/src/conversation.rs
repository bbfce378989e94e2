//! Customers, conversations, messages, notes.

use crate::{PersonRef, RunSummary};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A customer by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CustomerRef {
    /// Id.
    pub id: String,
    /// Name, or whatever else is known.
    pub name: String,
}

/// Somebody the business talks to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Customer {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, E.164.
    pub phone: Option<String>,
    /// Telegram user id.
    pub telegram: Option<String>,
    /// Id in the business's own systems.
    pub external_id: Option<String>,
    /// Anything else.
    pub fields: Map<String, Value>,
    /// What they said of themselves and nobody proved; null when nothing was claimed.
    pub claimed: Option<ClaimedCustomer>,
    /// Creation.
    pub created_at: i64,
    /// The customer this one turned out to be; null when they are who is left.
    pub merged_into: Option<String>,
}

/// How sure it is that an identity is a customer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A service or the business says so, or they write from it.
    Proven,
    /// They said so.
    Claimed,
}

/// What a customer is reached or known by.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// phone, email, telegram, slack, external_id; web is a chat on a page.
    pub kind: String,
    /// The address or id; of a chat on a page its conversation.
    pub value: String,
    /// How sure it is.
    pub standing: Standing,
    /// The customer it came with, who turned out to be this one; null when it is this one's own.
    pub merged_from: Option<String>,
}

/// Somebody turned out to be this customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CustomerMerge {
    /// Id; it is taken back by it.
    pub id: String,
    /// Who that was.
    pub customer: CustomerRef,
    /// Who they turned out to be: this customer, or one who turned out to be this customer.
    pub into: String,
    /// How it is known.
    pub reason: String,
    /// When.
    pub at: i64,
    /// Who said so.
    pub by: Option<PersonRef>,
}

/// A customer's identities.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Identities {
    /// Whose: who is left, also when somebody was asked for who turned out to be them.
    pub customer: CustomerRef,
    /// Their own first, then those of who turned out to be them.
    pub identities: Vec<Identity>,
    /// Who turned out to be them, oldest first.
    pub merges: Vec<CustomerMerge>,
}

/// Makes another customer this one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The customer who is this one.
    pub customer: String,
    /// How it is known, 1 to 500 characters.
    pub reason: String,
    /// What the preview answered: refused when either is not who was looked at any more.
    pub reviewed: Option<String>,
}

/// What two customers say differently; this one's stands, the other's stays an identity.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergeDifference {
    /// name, email, phone, telegram, external_id.
    pub field: String,
    /// Of this one.
    pub kept: String,
    /// Of the other.
    pub merged: String,
}

/// Why two customers cannot be made one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergeConflict {
    /// The code it is refused with: `merged`, `same_customer`, `two_external_ids`, `too_many`.
    pub code: String,
    /// In words.
    pub text: String,
}

/// What making another customer this one would do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MergePreview {
    /// Who would be left.
    pub kept: CustomerRef,
    /// Who would turn out to be them.
    pub merged: CustomerRef,
    /// Conversations that would be this one's.
    pub conversations: u64,
    /// Runs that would.
    pub runs: u64,
    /// Those of them that go on; they go on with what they know.
    pub open_runs: u64,
    /// Forms, approvals and the like that wait.
    pub open_checkpoints: u64,
    /// Identities that would be this one's too.
    pub identities: Vec<Identity>,
    /// What both say differently.
    pub differs: Vec<MergeDifference>,
    /// Where one of them wants no messages: the other gets none on that channel either.
    pub opted_out: Vec<OptedOut>,
    /// Why it cannot be; null when it can.
    pub conflict: Option<MergeConflict>,
    /// Who was looked at, to be given back with the merge.
    pub reviewed: String,
}

/// An address that wants no messages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OptedOut {
    /// Channel.
    pub channel: String,
    /// Address.
    pub address: String,
}

/// What a visitor said of themselves.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClaimedCustomer {
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
}

/// A customer to add, or to change: what is given is set.
#[derive(Debug, Default, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerRequest {
    /// Name, at most 200 characters.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number, E.164.
    pub phone: Option<String>,
    /// Telegram user id.
    pub telegram: Option<String>,
    /// Id in the business's own systems; unique.
    pub external_id: Option<String>,
    /// Anything else.
    pub fields: Option<Map<String, Value>>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// The customer.
    Customer,
    /// A person of the business.
    Operator,
    /// A run.
    Workflow,
    /// Countersign itself.
    System,
}

/// Who wrote a message, by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageAuthor {
    /// What they are.
    pub kind: AuthorKind,
    /// Name shown.
    pub name: Option<String>,
}

/// Where a form stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormStatus {
    /// It can be sent.
    Open,
    /// It was sent.
    Submitted,
    /// It can no longer be sent.
    Closed,
}

/// A form inside a message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageForm {
    /// Checkpoint that waits for it.
    pub checkpoint: String,
    /// JSON Schema of the answers.
    pub schema: Value,
    /// What the customer reads above it.
    pub prompt: Option<String>,
    /// First values.
    pub prefill: Option<Map<String, Value>>,
    /// Text of the button.
    pub submit: Option<String>,
    /// Where it stands.
    pub status: FormStatus,
    /// What was sent.
    pub values: Option<Map<String, Value>>,
    /// What the customer filled in and has not sent. Only they are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Map<String, Value>>,
}

/// What is kept of a form that is not sent yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FormDraft {
    /// Without secrets, files and what the form does not name.
    pub values: Map<String, Value>,
}

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Id.
    pub id: String,
    /// From 1 in its conversation.
    pub position: u64,
    /// When.
    pub at: i64,
    /// Who.
    pub author: MessageAuthor,
    /// Text.
    pub body: String,
    /// The form shown with it.
    pub form: Option<MessageForm>,
    /// The run that sent it.
    pub run: Option<String>,
    /// The sender's own id of it.
    pub client_id: Option<String>,
    /// How far it came, when it left over a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<MessageDelivery>,
    /// What else is known of it, when it came over a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<MessageContent>,
}

/// How far a message came on its channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageDelivery {
    /// queued, accepted, sent, delivered, read, failed.
    pub status: String,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<i64>,
    /// Why it failed, or what is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Short name of the failure: `in_doubt` when nobody knows whether it was sent, `outside_window`, `opted_out`,
    /// or what the provider's refusal is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What came over a channel beside the words.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageContent {
    /// text, choice, flow, location, contacts, media, unknown.
    pub kind: String,
    /// Files, as the provider keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// When it was edited last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    /// When its sender took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<i64>,
    /// The sign put on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<String>,
}

/// A file somebody sent, by reference.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// image, audio, video, document and so on.
    pub what: String,
    /// Name of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A thread with a customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Id.
    pub id: String,
    /// With whom.
    pub customer: Option<Customer>,
    /// What the customer wants on each channel where an address of theirs is known.
    pub consents: Vec<Consent>,
    /// web, whatsapp, telegram, sms, email, slack.
    pub channel: String,
    /// Subject line.
    pub subject: Option<String>,
    /// open, with_person, closed.
    pub status: String,
    /// The operator who has it.
    pub assigned_to: Option<PersonRef>,
    /// The newest messages, oldest first.
    pub messages: Vec<Message>,
    /// Whether there are older ones: ask with `before`.
    pub has_older: bool,
    /// Its runs, newest first.
    pub runs: Vec<RunSummary>,
    /// Creation.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
    /// Since when the customer waits for an answer of people: nobody and no workflow answers what they said. Null when not.
    pub unanswered_since: Option<i64>,
    /// That it is put aside; null when it is not.
    pub snoozed: Option<Snooze>,
}

/// A conversation is put aside.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct Snooze {
    /// When it comes back at the latest; null: when the customer writes again.
    pub until: Option<i64>,
}

/// Puts a conversation aside. It comes back then, or before when the customer writes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeRequest {
    /// When it comes back, within a year; null: only when the customer writes again.
    pub until: Option<i64>,
    /// Position of the newest message you saw: refused with 409 `messages_since` when the customer wrote after it.
    #[serde(default)]
    pub seen: Option<u64>,
}

/// How it came to be known what an address wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentHow {
    /// They wrote a word such as STOP.
    Word,
    /// By the link of a mail.
    Link,
    /// The provider refuses to send to them.
    Provider,
    /// An operator was told.
    Operator,
}

/// Whether an address of a customer wants messages.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Consent {
    /// whatsapp, telegram, sms, email, slack.
    pub channel: String,
    /// The address.
    pub address: String,
    /// Whether it wants none: nothing is sent to it.
    pub opted_out: bool,
    /// Since when; null while nobody said anything.
    pub at: Option<i64>,
    /// How that is known; null while nobody said anything.
    pub how: Option<ConsentHow>,
    /// The message they said it with.
    pub message: Option<String>,
    /// The operator who was told.
    pub told_to: Option<PersonRef>,
    /// What the operator says about it.
    pub reason: Option<String>,
}

/// Writes down what a customer wants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentRequest {
    /// One of the channels in `consents`.
    pub channel: String,
    /// Whether they want no messages there.
    pub opted_out: bool,
    /// How they said so, 1 to 500 characters.
    pub reason: String,
}

/// A conversation in a list.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConversationSummary {
    /// Id.
    pub id: String,
    /// With whom.
    pub customer: Option<CustomerRef>,
    /// web, whatsapp, telegram, sms, email, slack.
    pub channel: String,
    /// Subject line.
    pub subject: Option<String>,
    /// open, with_person, closed.
    pub status: String,
    /// The operator who has it.
    pub assigned_to: Option<PersonRef>,
    /// Last change.
    pub updated_at: i64,
    /// Since when the customer waits for an answer of people; null when not.
    pub unanswered_since: Option<i64>,
    /// That it is put aside; null when it is not.
    pub snoozed: Option<Snooze>,
    /// Begin of the newest message.
    pub last_message: Option<String>,
}

/// How many conversations wait for people.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConversationCounts {
    /// In *Unanswered* and not put aside; counted up to 1,000.
    pub unanswered: u64,
}

/// Says something.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessageRequest {
    /// Text, 1 to 8,000 characters.
    pub body: String,
    /// The sender's own id: sending the same one again changes nothing.
    pub client_id: Option<String>,
}

/// A text that operators reply with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CannedReply {
    /// Id.
    pub id: String,
    /// Short name.
    pub name: String,
    /// The text with its variables.
    pub body: String,
    /// Last change.
    pub updated_at: i64,
}

/// Keeps a text that operators reply with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannedReplyRequest {
    /// Short name, unique in the workspace: 1 to 40 letters, digits, `-` and `_`.
    pub name: String,
    /// 1 to 4,000 characters. Variables are `{{customer.name}}`, `{{customer.…}}`, `{{conversation.channel}}`,
    /// `{{operator.name}}` and `{{workspace.name}}`.
    pub body: String,
}

/// A text as it would be in a conversation.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FilledReply {
    /// The reply's id.
    pub id: String,
    /// Its short name.
    pub name: String,
    /// The text with what is known put in; what is not known stands there as its variable.
    pub text: String,
    /// The variables that are not known: the text is not sent while they stand in it.
    pub gaps: Vec<String>,
}

/// Gives a conversation to somebody.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    /// User id; null for nobody.
    pub assigned_to: Option<String>,
}

/// An internal remark.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// Id.
    pub id: String,
    /// Text.
    pub body: String,
    /// Who wrote it.
    pub author: Option<PersonRef>,
    /// When.
    pub at: i64,
}

/// Writes a remark.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// Text, 1 to 8,000 characters.
    pub body: String,
}
