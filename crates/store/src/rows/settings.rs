//! Connections, channel accounts, the vault's key, nodes, idempotency, audit entries.

use super::row;

row! {
    /// An account's credentials for a connector.
    pub struct ConnectionRow in "connections" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Connector name.
        pub connector: String,
        /// Name, unique per workspace and connector.
        pub name: String,
        /// JSON: what is not secret.
        pub settings: String,
        /// Encrypted secrets; the store never sees them open.
        pub sealed: String,
        /// JSON: what the service last said of it; no part of what approvals are bound to.
        pub health: String,
        /// JSON: when it was last called through and by whom; empty when never.
        pub used: String,
        /// Creation.
        pub created_at: i64,
        /// Last change.
        pub updated_at: i64,
    }
}

row! {
    /// An account on a channel.
    pub struct ChannelAccountRow in "channel_accounts" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// whatsapp, telegram, sms, email, web.
        pub channel: String,
        /// Name, unique per workspace and channel.
        pub name: String,
        /// JSON: what is not secret.
        pub settings: String,
        /// Encrypted secrets.
        pub sealed: String,
        /// JSON: what the provider last said of it.
        pub health: String,
        /// When the provider last posted something to it.
        pub heard_at: Option<i64>,
        /// Creation.
        pub created_at: i64,
        /// Last change.
        pub updated_at: i64,
    }
}

row! {
    /// A text that operators reply with.
    pub struct CannedReplyRow in "canned_replies" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Short name, unique per workspace.
        pub name: String,
        /// The text with its variables.
        pub body: String,
        /// Last change.
        pub updated_at: i64,
    }
}

row! {
    /// Filters of the runs list that a person keeps under a name.
    pub struct SavedViewRow in "saved_views" key(workspace, id) {
        /// UUID v7.
        pub id: String,
        /// Workspace.
        pub workspace: String,
        /// Whose.
        pub user_id: String,
        /// Name, unique per person.
        pub name: String,
        /// JSON object: the filters as in the address of the page.
        pub search: String,
        /// Creation.
        pub created_at: i64,
    }
}

row! {
    /// The key that credentials are sealed with, itself sealed.
    pub struct VaultKeyRow in "vault_keys" key(id) {
        /// Which; there is one.
        pub id: String,
        /// Encrypted with a key that is not in the database.
        pub sealed: String,
        /// Creation.
        pub created_at: i64,
        /// When it was last sealed with another key.
        pub rotated_at: i64,
    }
}

row! {
    /// A process of the fleet.
    pub struct NodeRow in "nodes" key(id) {
        /// UUID, new with every start.
        pub id: String,
        /// Start.
        pub started_at: i64,
        /// Last sign of life.
        pub heartbeat_at: i64,
        /// Where it listens.
        pub address: String,
    }
}

row! {
    /// The remembered answer to a request.
    pub struct IdempotencyRow in "idempotency" key(workspace, scope, key) {
        /// Workspace.
        pub workspace: String,
        /// What kind of request, such as `run.start`.
        pub scope: String,
        /// The client's key.
        pub key: String,
        /// SHA-256 hex of the request, to refuse a key used for something else.
        pub request_hash: String,
        /// `None` while the first request is still being worked on.
        pub response_status: Option<u16>,
        /// The answer's body.
        pub response_body: Option<String>,
        /// Run that was started.
        pub run: Option<String>,
        /// When.
        pub created_at: i64,
    }
}

row! {
    /// One link of a workspace's audit chain.
    #[derive(serde::Serialize, serde::Deserialize)]
    pub struct AuditRow in "audit" key(workspace, seq) {
        /// Workspace.
        pub workspace: String,
        /// 1… per workspace, without gaps.
        pub seq: u64,
        /// When.
        pub at: i64,
        /// Who: `user:<id>`, `key:<id>`, `customer:<id>`, `system`.
        pub actor: String,
        /// How they were identified: session, api_key, link, channel, timer.
        pub via: String,
        /// What: `workflow.published`, `checkpoint.decided`, ….
        pub action: String,
        /// On what: `workflow:<id>`, `checkpoint:<id>`, ….
        pub subject: String,
        /// JSON.
        pub detail: String,
        /// Hash of the entry before, empty for the first.
        pub prev_hash: String,
        /// SHA-256 hex over this entry, see [`crate::audit_hash`].
        pub hash: String,
        /// Of a decision: the workspace's signature over this entry, see [`crate::ReceiptKeys`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub receipt: Option<String>,
    }
}
