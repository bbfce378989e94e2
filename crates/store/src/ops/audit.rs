//! The audit trail.

use crate::database::{Write, column};
use crate::rows::params;
use crate::sql::Query;
use crate::store::audited;
use crate::{AuditRow, AuditVerdict, NewAudit, Result, Store};

/// Longest list of entries.
const ENTRIES_MAX: u32 = 1000;

/// Which entries; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<String>,
    /// How the action begins, such as `workflow.`.
    pub action_prefix: Option<String>,
    /// On what.
    pub subject: Option<String>,
    /// At or after.
    pub after_at: Option<i64>,
    /// Before.
    pub before_at: Option<i64>,
}

impl Store {
    /// Adds entries to the workspace's chain.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn append_audit(&self, workspace: &str, entries: Vec<NewAudit>) -> Result<()> {
        self.write(Write { audit: audited(workspace, entries), ..Write::default() }).await.map(|_| ())
    }

    /// Entries before a number, newest first, at most 1,000.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn list_audit(
        &self,
        workspace: &str,
        filter: &AuditFilter,
        before_seq: Option<u64>,
        limit: u32,
    ) -> Result<Vec<AuditRow>> {
        let mut query = Query::in_workspace(workspace);
        query.and_some("actor = ", filter.actor.as_deref());
        query.and_some("subject = ", filter.subject.as_deref());
        query.and_some("at >= ", filter.after_at);
        query.and_some("at < ", filter.before_at);
        query.and_some("seq < ", before_seq.as_ref());
        if let Some(prefix) = &filter.action_prefix {
            query.and("substr(action, 1, ", i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX));
            query.push(") = ");
            query.bind(prefix);
        }
        query.push(" ORDER BY seq DESC LIMIT ");
        query.bind(limit.min(ENTRIES_MAX));
        self.rows(&query.text, query.params).await
    }

    /// Entries after a number, oldest first, at most 1,000: what an export is made of.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn export_audit(&self, workspace: &str, after_seq: u64, limit: u32) -> Result<Vec<AuditRow>> {
        let tail = "WHERE workspace = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
        self.rows(tail, params![workspace, &after_seq, limit.min(ENTRIES_MAX)]).await
    }

    /// The end of every workspace's chain, to be noted elsewhere: workspace, number and hash of the last entry, at most
    /// 1,000. Names no workspace: it is for whoever runs the server.
    ///
    /// # Errors
    /// `Busy`, `Corrupt`.
    pub async fn audit_heads(&self) -> Result<Vec<(String, u64, String)>> {
        let sql = "SELECT workspace, seq, hash FROM audit_heads WHERE seq > 0 ORDER BY workspace LIMIT ?1";
        let rows = self.query(sql.to_owned(), params![ENTRIES_MAX]).await?;
        let head = |row: crate::database::Row| {
            let mut row = row.into_iter();
            let workspace = column(&mut row, "audit_heads.workspace")?;
            Ok((workspace, column(&mut row, "audit_heads.seq")?, column(&mut row, "audit_heads.hash")?))
        };
        rows.into_iter().map(head).collect()
    }

    /// Walks the whole chain and compares its end with the recorded one.
    ///
    /// # Errors
    /// `Busy`, `Corrupt` when an entry cannot even be read.
    pub async fn verify_audit(&self, workspace: &str) -> Result<AuditVerdict> {
        Ok(self.verify_audit_with(workspace, None).await?.0)
    }

    /// As [`Store::verify_audit`], with the number of the good entry that has the hash `noted`.
    ///
    /// # Errors
    /// As there.
    pub async fn verify_audit_with(&self, workspace: &str, noted: Option<&str>) -> Result<(AuditVerdict, Option<u64>)> {
        // The end is read first: entries added during the walk are then simply more than needed.
        let sql = "SELECT seq, hash FROM audit_heads WHERE workspace = ?1";
        let end = self.query(sql.to_owned(), params![workspace]).await?.into_iter().next();
        let (last_seq, last_hash) = match end {
            None => (0, String::new()),
            Some(row) => {
                let mut row = row.into_iter();
                (column::<u64>(&mut row, "audit_heads.seq")?, column::<String>(&mut row, "audit_heads.hash")?)
            }
        };
        let (mut verdict, mut noted_at) = (AuditVerdict::default(), None);
        loop {
            let entries = self.export_audit(workspace, verdict.entries, ENTRIES_MAX).await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                if !verdict.take(entry) {
                    return Ok((verdict, noted_at));
                }
                if noted == Some(entry.hash.as_str()) {
                    noted_at = noted_at.or(Some(entry.seq));
                }
                if entry.seq == last_seq && entry.hash != last_hash {
                    verdict.broken_at = Some(entry.seq);
                    return Ok((verdict, noted_at));
                }
            }
        }
        if verdict.entries < last_seq {
            verdict.broken_at = Some(verdict.entries + 1);
        }
        Ok((verdict, noted_at))
    }
}
