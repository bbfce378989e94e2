//! What addresses of customers want to get.

use super::{row, text_enum};

text_enum! {
    /// How it came to be known what somebody wants.
    pub enum ConsentHow {
        /// They wrote a word such as STOP.
        Word = "word",
        /// By the link of a mail.
        Link = "link",
        /// The provider refuses to send to them.
        Provider = "provider",
        /// An operator was told.
        Operator = "operator",
    }
}

row! {
    /// Whether an address of a channel wants messages; one that is not here does.
    pub struct ConsentRow in "consents" key(workspace, channel, address) {
        /// Workspace.
        pub workspace: String,
        /// whatsapp, telegram, sms, email, slack.
        pub channel: String,
        /// The address in one spelling.
        pub address: String,
        /// Whether it wants none.
        pub opted_out: bool,
        /// Since when.
        pub at: i64,
        /// How that is known.
        pub how: ConsentHow,
        /// The message they said it with.
        pub message: Option<String>,
        /// The operator who was told (user id).
        pub told_to: Option<String>,
        /// What the operator says about it.
        pub reason: String,
    }
}

row! {
    /// With which the reader of a mail says that they want no more; it lives as long as the mail.
    pub struct UnsubscribeLinkRow in "unsubscribe_links" key(token_hash, workspace) {
        /// SHA-256 hex of the token.
        pub token_hash: String,
        /// Workspace.
        pub workspace: String,
        /// The channel.
        pub channel: String,
        /// Whose messages it ends.
        pub address: String,
        /// When it was given out first.
        pub created_at: i64,
    }
}
