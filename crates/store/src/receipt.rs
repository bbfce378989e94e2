//! Receipts: an entry of the audit chain that is a decision, signed with the workspace's key. The entry says what was
//! shown, the outcome, who, how they were identified, when and its place in the chain; the signature says that this server
//! wrote it, so that whoever can only write to the database cannot make one.

use std::fmt;
use std::sync::{Arc, OnceLock};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::{AuditRow, audit::audit_document};

/// What an entry is called that is a decision: each has a receipt.
const DECISIONS: [&str; 4] =
    ["checkpoint.decided", "checkpoint.approval_given", "checkpoint.rejection_given", "standing.granted"];

/// How many workspaces' keys are kept: making one costs as much as signing with it.
const KEPT: usize = 256;

/// Makes the key of each workspace from one secret (Ed25519). `Debug` shows nothing of it.
#[derive(Clone)]
pub struct ReceiptKeys {
    secret: Arc<OnceLock<[u8; 32]>>,
    made: Arc<Cache<String, SigningKey>>,
}

impl PartialEq for ReceiptKeys {
    fn eq(&self, other: &Self) -> bool {
        self.secret == other.secret
    }
}

impl Eq for ReceiptKeys {}

impl ReceiptKeys {
    /// Keys from a secret that nothing else is made from.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        let keys = Self::unknown();
        keys.know(secret);
        keys
    }

    /// Keys whose secret is told later, by [`ReceiptKeys::know`]: it is kept in the database that they are for. Until then
    /// nothing is signed.
    #[must_use]
    pub fn unknown() -> Self {
        Self { secret: Arc::default(), made: Arc::new(Cache::new(KEPT)) }
    }

    /// Tells the secret to every copy of these keys. Only the first one told counts.
    pub fn know(&self, secret: [u8; 32]) {
        let _ = self.secret.set(secret);
    }

    fn key(&self, workspace: &str) -> Option<SigningKey> {
        self.made.get(workspace).or_else(|| {
            let secret = self.secret.get()?;
            let seed = Sha256::new_with_prefix(secret).chain_update(b"/receipts/").chain_update(workspace).finalize();
            let key = SigningKey::from_bytes(&seed.into());
            self.made.insert(workspace.to_owned(), key.clone());
            Some(key)
        })
    }

    /// The key that anybody checks a workspace's receipts with, hex.
    #[must_use]
    pub fn public_key(&self, workspace: &str) -> Option<String> {
        Some(hex::encode(self.key(workspace)?.verifying_key().as_bytes()))
    }

    /// The signature over [`audit_document`], hex.
    pub(crate) fn sign(&self, entry: &AuditRow) -> Option<String> {
        Some(hex::encode(self.key(&entry.workspace)?.sign(audit_document(entry).as_bytes()).to_bytes()))
    }
}

impl fmt::Debug for ReceiptKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptKeys")
    }
}

/// Whether an entry is a decision and so has a receipt.
pub(crate) fn is_due(entry: &AuditRow) -> bool {
    DECISIONS.contains(&entry.action.as_str())
}

/// Whether an entry has the receipt it should have: a decision a good one, anything else none.
#[must_use]
pub fn receipt_holds(entry: &AuditRow, public_key: &str) -> bool {
    match &entry.receipt {
        Some(receipt) => is_due(entry) && verified(entry, receipt, public_key).is_some(),
        None => !is_due(entry),
    }
}

fn verified(entry: &AuditRow, receipt: &str, public_key: &str) -> Option<()> {
    let mut key = [0_u8; 32];
    hex::decode_to_slice(public_key, &mut key).ok()?;
    let mut signature = [0_u8; 64];
    hex::decode_to_slice(receipt, &mut signature).ok()?;
    let key = VerifyingKey::from_bytes(&key).ok()?;
    key.verify_strict(audit_document(entry).as_bytes(), &Signature::from_bytes(&signature)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewAudit, audit::AuditHead, audit::link};

    fn entry(action: &str, keys: &ReceiptKeys) -> AuditRow {
        let new = NewAudit {
            at: 1,
            actor: "user:u".to_owned(),
            via: "portal".to_owned(),
            action: action.to_owned(),
            subject: "run:r".to_owned(),
            detail: "{\"outcome\":\"approved\"}".to_owned(),
        };
        link(&mut AuditHead::default(), "w", &new, Some(keys))
    }

    #[test]
    fn a_decision_is_signed_and_nothing_else() {
        let keys = ReceiptKeys::new([1; 32]);
        let public = keys.public_key("w").unwrap();
        let decided = entry("checkpoint.decided", &keys);
        assert!(receipt_holds(&decided, &public));
        assert_eq!(entry("workflow.published", &keys).receipt, None);
        assert!(receipt_holds(&entry("workflow.published", &keys), &public));
        // Without its receipt it is no decision.
        assert!(!receipt_holds(&AuditRow { receipt: None, ..decided }, &public));
    }

    #[test]
    fn a_receipt_is_of_one_entry_and_one_key() {
        let keys = ReceiptKeys::new([1; 32]);
        let decided = entry("checkpoint.decided", &keys);
        let public = keys.public_key("w").unwrap();
        assert!(!receipt_holds(&decided, &keys.public_key("other").unwrap()));
        assert!(!receipt_holds(&decided, &ReceiptKeys::new([2; 32]).public_key("w").unwrap()));
        assert!(!receipt_holds(&decided, "no key"));
        for changed in [
            AuditRow { detail: "{\"outcome\":\"rejected\"}".to_owned(), ..decided.clone() },
            AuditRow { actor: "user:v".to_owned(), ..decided.clone() },
            AuditRow { at: 2, ..decided.clone() },
            AuditRow { seq: 2, ..decided.clone() },
            AuditRow { receipt: Some("00".repeat(64)), ..decided },
        ] {
            assert!(!receipt_holds(&changed, &public));
        }
    }
}
