//! Customers, conversations, messages, notes.

use super::{row, text_enum};

row! {
    /// Somebody the business talks to.
    pub struct CustomerRow in "customers" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Id in the business's own systems, unique per workspace when set.
        pub external_id: Option<String>,
        /// Name.
        pub name: String,
        /// Kept in lower case.
        pub email: Option<String>,
        /// E.164.
        pub phone: Option<String>,
        /// Telegram user id.
        pub telegram: Option<String>,
        /// JSON object of anything else.
        pub data: String,
        /// Creation.
        pub created_at: i64,
        /// The customer this one turned out to be. Set by [`crate::Store::merge_customers`] only.
        pub merged_into: Option<String>,
        /// How often somebody was made this customer.
        pub merges: i64,
    }
}

row! {
    /// Two customers turned out to be one.
    pub struct CustomerMergeRow in "customer_merges" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// The customer that is left.
        pub kept: String,
        /// The one that turned out to be them.
        pub merged: String,
        /// How that is known.
        pub reason: String,
        /// When.
        pub at: i64,
        /// User id.
        pub merged_by: String,
        /// When it was taken back.
        pub undone_at: Option<i64>,
        /// User id.
        pub undone_by: Option<String>,
    }
}

text_enum! {
    /// Who has the conversation.
    pub enum ConversationStatus {
        /// Workflows answer.
        Open = "open",
        /// An operator answers.
        WithPerson = "with_person",
        /// Nobody; a new message opens it again.
        Closed = "closed",
    }
}

row! {
    /// A thread with a customer on one channel.
    pub struct ConversationRow in "conversations" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Customer id.
        pub customer: Option<String>,
        /// web, whatsapp, telegram, sms, email, slack.
        pub channel: String,
        /// Channel account it runs over.
        pub channel_account: Option<String>,
        /// Address on the channel (phone, chat id, mail address and thread), unique per account when set.
        pub external_id: Option<String>,
        /// Subject line, if the channel has one.
        pub subject: Option<String>,
        /// Who has it.
        pub status: ConversationStatus,
        /// SHA-256 hex of the visitor's secret on the web channel.
        pub token_hash: Option<String>,
        /// Operator (user id).
        pub assigned_to: Option<String>,
        /// Position of the newest message, 0 when none. Set by the store.
        pub last_position: u64,
        /// Creation.
        pub created_at: i64,
        /// Last change of any kind.
        pub updated_at: i64,
        /// Time of the newest message.
        pub last_message_at: Option<i64>,
        /// Since when it is in *Unanswered*: the customer said something that nobody and no workflow answers.
        pub unanswered_since: Option<i64>,
        /// Until when it is put aside; [`crate::SNOOZED_FOR_GOOD`] until the customer writes, 0 when they did. It comes back by itself.
        pub snoozed_until: Option<i64>,
    }
}

text_enum! {
    /// Who wrote a message.
    pub enum Author {
        /// The customer.
        Customer = "customer",
        /// A run.
        Workflow = "workflow",
        /// An operator.
        Operator = "operator",
        /// Countersign itself.
        System = "system",
    }
}

row! {
    /// A message as stored.
    pub struct MessageRow in "messages" key(workspace, id) {
        /// UUID; sending the same id again changes nothing.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Conversation id.
        pub conversation: String,
        /// 1… per conversation, in commit order.
        pub position: u64,
        /// When.
        pub at: i64,
        /// Who.
        pub author: Author,
        /// Name shown.
        pub author_name: String,
        /// Text.
        pub body: String,
        /// JSON form shown inline.
        pub form: Option<String>,
        /// Checkpoint the form or card belongs to.
        pub checkpoint: Option<String>,
        /// Run that sent it.
        pub run: Option<String>,
        /// JSON: state of delivery on an outside channel.
        pub delivery: Option<String>,
        /// JSON: attachments, provider ids, anything else.
        pub data: Option<String>,
        /// It is to be sent by the channel of its conversation, not before this time of the database.
        pub send_at: Option<i64>,
    }
}

row! {
    /// What a provider calls a message of ours.
    pub struct MessageRefRow in "message_refs" key(workspace, reference) {
        /// Workspace.
        pub workspace: String,
        /// Account, address and the provider's id.
        pub reference: String,
        /// Message id.
        pub message: String,
    }
}

row! {
    /// An internal remark; customers never see it.
    pub struct NoteRow in "notes" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// What it is about: `conversation:<id>`, `run:<id>`, `customer:<id>`.
        pub subject: String,
        /// Text.
        pub body: String,
        /// User id.
        pub author: String,
        /// When.
        pub at: i64,
    }
}
