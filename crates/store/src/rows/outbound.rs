//! What people are told, the links they are told it with, and how they want to be told.

use super::{row, text_enum};
use crate::NewOutbound;

text_enum! {
    /// What is to be done.
    pub enum OutboundKind {
        /// Something happened to a checkpoint: whom that concerns is found out, and a row is written for each.
        Announce = "announce",
        /// One person is told over one channel.
        Message = "message",
        /// One person is told over one channel of all that waits for them.
        Digest = "digest",
        /// Something went wrong that no checkpoint is about: whom that concerns is found out, and a row is written for each.
        Alert = "alert",
        /// One person is told of it over one channel.
        Warning = "warning",
        /// A message that was sent is changed: nothing can be decided with it any more.
        Final = "final",
    }
}

text_enum! {
    /// Why somebody is told.
    pub enum OutboundReason {
        /// The checkpoint opened.
        Opened = "opened",
        /// Nobody decided it for a while.
        Reminded = "reminded",
        /// Nobody decided it in time, and others may now.
        Escalated = "escalated",
        /// Who had taken it gave it back.
        Reassigned = "reassigned",
        /// What is to be decided was changed.
        Changed = "changed",
        /// It is decided.
        Decided = "decided",
        /// A run failed.
        Failed = "failed",
        /// A connection was cut off: somebody has to connect it anew.
        Disconnected = "disconnected",
        /// Where the audit trail ends, to be kept elsewhere.
        Head = "head",
    }
}

text_enum! {
    /// Whether it is dealt with.
    pub enum OutboundStatus {
        /// To be done.
        Waiting = "waiting",
        /// Done with.
        Done = "done",
    }
}

text_enum! {
    /// What came of it.
    pub enum OutboundOutcome {
        /// Of what happened: a row was written for everybody it concerns.
        Announced = "announced",
        /// The channel took it.
        Sent = "sent",
        /// The channel took it, after an attempt that may have reached the person too.
        SentAgain = "sent_again",
        /// It cannot be delivered; `error` says why.
        Undeliverable = "undeliverable",
        /// It may have been delivered, and nobody will know.
        Unknown = "unknown",
        /// It comes with all else that waits, at the time that the person chose.
        InDigest = "in_digest",
        /// There was nothing to tell any more: decided before, or not theirs to decide.
        Moot = "moot",
    }
}

row! {
    /// Something people are to be told.
    pub struct OutboundRow in "outbound" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// Made of what is told, to whom and over what, so the same is there once.
        pub id: String,
        /// What is to be done.
        pub kind: OutboundKind,
        /// Why.
        pub reason: OutboundReason,
        /// Checkpoint id; empty where it is about none.
        pub checkpoint: String,
        /// User id of who is told.
        pub person: Option<String>,
        /// Over what: email, slack, telegram, whatsapp, sms.
        pub channel: Option<String>,
        /// Their address there.
        pub address: Option<String>,
        /// Of `final`: the provider's id of the message that is changed. Of `alert` and `warning`: the run, the connection, or
        /// number and hash of the trail's last entry.
        pub about: Option<String>,
        /// When it was written.
        pub at: i64,
        /// Not taken before this time of the database: a process has it, or it is put off.
        pub due_at: i64,
        /// How often it was taken.
        pub attempts: u32,
        /// Whether an attempt began of which nobody said yet what came of it.
        pub under_way: bool,
        /// How often nobody knows what came of an attempt.
        pub doubts: u32,
        /// Whether it is dealt with.
        pub status: OutboundStatus,
        /// What came of it.
        pub outcome: Option<OutboundOutcome>,
        /// The provider's id of the message.
        pub provider_id: Option<String>,
        /// What went wrong, at last.
        pub error: Option<String>,
        /// When it was dealt with.
        pub done_at: Option<i64>,
    }
}

impl OutboundRow {
    /// What happened to a checkpoint at `at`, due at once. The number tells it from other times the same happened.
    #[must_use]
    pub fn announcing(workspace: &str, new: &NewOutbound, (at, number): (i64, i64)) -> Self {
        let id = format!("{}/{}.{number}", new.checkpoint, new.reason);
        Self { id, ..Self::new(workspace, new, at) }
    }

    /// A run failed, or a connection was cut off, at `at`: due at once. The number tells it from other times the same happened.
    #[must_use]
    pub fn alerting(workspace: &str, (reason, about): (OutboundReason, &str), (at, number): (i64, i64)) -> Self {
        let new = NewOutbound { checkpoint: String::new(), reason };
        Self {
            id: format!("{about}/{reason}.{number}"),
            kind: OutboundKind::Alert,
            about: Some(about.to_owned()),
            ..Self::new(workspace, &new, at)
        }
    }

    /// Something about a checkpoint, to be done at once.
    #[must_use]
    pub fn new(workspace: &str, NewOutbound { checkpoint, reason }: &NewOutbound, at: i64) -> Self {
        Self {
            workspace: workspace.to_owned(),
            id: checkpoint.clone(),
            kind: OutboundKind::Announce,
            reason: *reason,
            checkpoint: checkpoint.clone(),
            person: None,
            channel: None,
            address: None,
            about: None,
            at,
            due_at: 0,
            attempts: 0,
            under_way: false,
            doubts: 0,
            status: OutboundStatus::Waiting,
            outcome: None,
            provider_id: None,
            error: None,
            done_at: None,
        }
    }

    /// The end of it.
    #[must_use]
    pub fn ending(&self, outcome: OutboundOutcome, at: i64) -> OutboundEndRow {
        OutboundEndRow {
            workspace: self.workspace.clone(),
            id: self.id.clone(),
            under_way: false,
            status: OutboundStatus::Done,
            outcome: Some(outcome),
            provider_id: None,
            error: None,
            done_at: Some(at),
        }
    }
}

row! {
    /// How it ends.
    pub struct OutboundEndRow in "outbound" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// Its id.
        pub id: String,
        /// No.
        pub under_way: bool,
        /// Done.
        pub status: OutboundStatus,
        /// What came of it.
        pub outcome: Option<OutboundOutcome>,
        /// The provider's id of the message.
        pub provider_id: Option<String>,
        /// What went wrong.
        pub error: Option<String>,
        /// When.
        pub done_at: Option<i64>,
    }
}

row! {
    /// With what one person may decide one checkpoint as it was shown to them, without signing in.
    pub struct LinkRow in "links" key(token_hash, workspace) {
        /// SHA-256 hex of the token.
        pub token_hash: String,
        /// Workspace.
        pub workspace: String,
        /// Checkpoint id.
        pub checkpoint: String,
        /// User id.
        pub person: String,
        /// SHA-256 hex of what was shown.
        pub shown: String,
        /// When it was made.
        pub created_at: i64,
        /// When it ends by itself.
        pub expires_at: i64,
        /// When it was decided with.
        pub used_at: Option<i64>,
    }
}

row! {
    /// With what a customer may fill in one form on a page of its own.
    pub struct FormLinkRow in "form_links" key(token_hash, workspace) {
        /// SHA-256 hex of the token.
        pub token_hash: String,
        /// Workspace.
        pub workspace: String,
        /// Checkpoint id.
        pub checkpoint: String,
        /// When it was made.
        pub created_at: i64,
        /// When it ends by itself.
        pub expires_at: i64,
        /// When the form was sent with it.
        pub used_at: Option<i64>,
    }
}

row! {
    /// How a person wants to be told.
    pub struct NotificationsRow in "notification_settings" key(workspace, user_id) {
        /// Workspace.
        pub workspace: String,
        /// User id.
        pub user_id: String,
        /// JSON: channels and quiet hours.
        pub settings: String,
        /// When it was said.
        pub updated_at: i64,
    }
}
