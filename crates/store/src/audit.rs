//! The audit chain: each entry's hash covers the hash before it, so a change anywhere breaks everything after.

use sha2::{Digest, Sha256};

use crate::rows::storable;
use crate::{AuditRow, NewAudit, ReceiptKeys, receipt};

/// SHA-256 hex over [`audit_document`]. Anybody with an exported file can compute it.
#[must_use]
pub fn audit_hash(entry: &AuditRow) -> String {
    hex::encode(Sha256::digest(audit_document(entry)))
}

/// The canonical JSON of the entry: the keys below in this order, no white space, UTF-8, without `hash`. What is hashed,
/// and what a receipt signs.
#[must_use]
pub fn audit_document(entry: &AuditRow) -> String {
    /// Field order is the canonical order.
    #[derive(serde::Serialize)]
    struct Canonical<'a> {
        workspace: &'a str,
        seq: u64,
        at: i64,
        actor: &'a str,
        via: &'a str,
        action: &'a str,
        subject: &'a str,
        detail: &'a str,
        prev_hash: &'a str,
    }
    let canonical = Canonical {
        workspace: &entry.workspace,
        seq: entry.seq,
        at: entry.at,
        actor: &entry.actor,
        via: &entry.via,
        action: &entry.action,
        subject: &entry.subject,
        detail: &entry.detail,
        prev_hash: &entry.prev_hash,
    };
    // Text and integers always serialise.
    serde_json::to_string(&canonical).unwrap_or_default()
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AuditHead {
    pub(crate) seq: u64,
    pub(crate) hash: String,
}

/// Adds an entry to a chain and moves its head.
pub(crate) fn link(head: &mut AuditHead, workspace: &str, new: &NewAudit, keys: Option<&ReceiptKeys>) -> AuditRow {
    // The hash is of what will be read.
    let kept = |text: &str| storable(text).into_owned();
    let mut entry = AuditRow {
        workspace: kept(workspace),
        seq: head.seq + 1,
        at: new.at,
        actor: kept(&new.actor),
        via: kept(&new.via),
        action: kept(&new.action),
        subject: kept(&new.subject),
        detail: kept(&new.detail),
        prev_hash: head.hash.clone(),
        hash: String::new(),
        receipt: None,
    };
    entry.hash = audit_hash(&entry);
    entry.receipt = keys.filter(|_| receipt::is_due(&entry)).and_then(|keys| keys.sign(&entry));
    head.seq = entry.seq;
    head.hash.clone_from(&entry.hash);
    entry
}

/// What a walk along a chain found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditVerdict {
    /// Entries that are in order.
    pub entries: u64,
    /// First place that does not hold; for a cut-off end, the first missing entry.
    pub broken_at: Option<u64>,
    /// Hash of the last good entry.
    pub head: Option<String>,
}

impl AuditVerdict {
    /// Checks the next entry; `false` once the chain is broken.
    pub(crate) fn take(&mut self, entry: &AuditRow) -> bool {
        let expected = self.entries + 1;
        let linked = entry.seq == expected && entry.prev_hash == *self.head.as_deref().unwrap_or_default();
        if !linked || audit_hash(entry) != entry.hash {
            self.broken_at = Some(expected);
            return false;
        }
        self.entries = expected;
        self.head = Some(entry.hash.clone());
        true
    }
}

/// Verifies an exported chain, first entry first. A cut-off end can only be noticed by comparing `head` with a known one.
#[must_use]
pub fn verify_chain(entries: impl IntoIterator<Item = AuditRow>) -> AuditVerdict {
    let mut verdict = AuditVerdict::default();
    for entry in entries {
        if !verdict.take(&entry) {
            break;
        }
    }
    verdict
}
