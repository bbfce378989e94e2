//! The audit trail.

use crate::DecidedBy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One entry of the audit trail.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// The number as text.
    pub id: String,
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: i64,
    /// Who.
    pub actor: DecidedBy,
    /// Who, as `actor` of the list takes it: `user:<id>`, `key:<id>`, `customer:<id>`, `system`.
    pub actor_ref: String,
    /// What, for example `workflow.published`.
    pub action: String,
    /// What, as a sentence that goes on after who.
    pub sentence: String,
    /// On what, for example `workflow:<id>`.
    pub subject: String,
    /// That by name.
    pub subject_name: String,
    /// Whatever else is on the record.
    pub detail: Value,
    /// Hash of the entry before, empty for the first.
    pub prev_hash: String,
    /// SHA-256 hex over this entry.
    pub hash: String,
    /// Of a decision: the workspace's signature over this entry, hex.
    pub receipt: Option<String>,
}

/// Whether the chain holds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditVerifyResponse {
    /// Entries that are in order.
    pub entries: u64,
    /// Whether all are, and the head that was asked for is among them.
    pub ok: bool,
    /// The first that is not.
    pub broken_at: Option<u64>,
    /// Hash of the last good entry.
    pub head: Option<String>,
    /// Number of the entry with the head that was asked for; null when there is none.
    pub head_at: Option<u64>,
    /// Ed25519 key that the receipts are checked with, hex.
    pub public_key: Option<String>,
}

/// A decision, signed: what anybody can check without this server.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// The signed text: JSON of the audit entry with outcome, `shown` (SHA-256 of what was shown), who, how identified, when
    /// and the entry before it in the chain.
    pub document: String,
    /// Ed25519 signature over the document, hex.
    pub signature: String,
    /// Ed25519 key of the workspace, hex.
    pub public_key: String,
    /// Number of the entry in the audit trail.
    pub seq: u64,
    /// SHA-256 hex of the document: the entry's hash in the chain.
    pub hash: String,
}
