//! The store's contract in memory: fence on `seq`, one decision per checkpoint, append-only log, keys, audit order.

use crate::sabotage::Sabotage;
use countersign_store::{
    AuditRow, CheckpointChange, CheckpointRow, CheckpointStatus, Commit, CommitOutcome, Conflict, IdempotencyRow,
    MessageRow, NewAudit, NewMessage, RunEventsRow, RunRow, RunStatus, StoreError, audit_hash,
};
use std::collections::BTreeMap;

#[derive(Default)]
pub struct Store {
    pub runs: BTreeMap<String, RunRow>,
    pub log: BTreeMap<String, Vec<RunEventsRow>>,
    pub checkpoints: BTreeMap<String, CheckpointRow>,
    pub messages: Vec<MessageRow>,
    pub audit: Vec<AuditRow>,
    pub keys: BTreeMap<String, IdempotencyRow>,
    /// Last sign of life by node.
    pub nodes: BTreeMap<String, i64>,
    commits: u64,
}

impl Store {
    pub fn commit(&mut self, commit: &Commit, sabotage: Sabotage) -> Result<CommitOutcome, StoreError> {
        self.commits += 1;
        if let Some(wanted) = &commit.idempotency
            && sabotage != Sabotage::IgnoresStartKeys
            && let Some(known) = self.keys.get(&wanted.key)
        {
            return Ok(CommitOutcome::Replayed(Box::new(known.clone())));
        }
        let log = self.log.get(&commit.run_id).map_or(0, |log| log.len() as u64);
        let seq = self.fence(commit, log, sabotage)?;
        let checkpoints = self.changed(commit)?;
        if sabotage == Sabotage::ForgetsCommits && self.commits.is_multiple_of(40) {
            return Ok(CommitOutcome::Committed { seq });
        }
        self.write(commit, seq, sabotage);
        for row in checkpoints {
            self.checkpoints.insert(row.id.clone(), row);
        }
        Ok(CommitOutcome::Committed { seq })
    }

    fn fence(&self, commit: &Commit, found: u64, sabotage: Sabotage) -> Result<u64, StoreError> {
        let expected = commit.expected_seq;
        if sabotage == Sabotage::NoFence {
            return Ok(found + 1);
        }
        if found == 0 && expected > 0 {
            return Err(StoreError::NotFound("run"));
        }
        if found != expected {
            return Err(Conflict::RunMoved { expected, found }.into());
        }
        Ok(expected + 1)
    }

    fn changed(&self, commit: &Commit) -> Result<Vec<CheckpointRow>, StoreError> {
        let mut changed: Vec<CheckpointRow> = Vec::new();
        for change in &commit.checkpoints {
            let id = match change {
                CheckpointChange::Open(row) => &row.id,
                CheckpointChange::Close { id, .. }
                | CheckpointChange::Ask { id, .. }
                | CheckpointChange::Find { id, .. }
                | CheckpointChange::Touch { id, .. }
                | CheckpointChange::Move { id, .. } => id,
            };
            let earlier = changed.iter().position(|row| row.id == *id);
            let current = earlier.map_or_else(|| self.checkpoints.get(id), |index| changed.get(index));
            let row = changed_checkpoint(change, current)?;
            match earlier {
                Some(index) => changed[index] = row,
                None => changed.push(row),
            }
        }
        Ok(changed)
    }

    fn write(&mut self, commit: &Commit, seq: u64, sabotage: Sabotage) {
        self.runs.insert(commit.run_id.clone(), RunRow { seq, ..commit.run.clone() });
        self.log.entry(commit.run_id.clone()).or_default().push(RunEventsRow {
            workspace: commit.workspace.clone(),
            run: commit.run_id.clone(),
            seq,
            at: commit.at,
            events: commit.events.clone(),
        });
        for message in &commit.messages {
            let known = self.messages.iter().any(|row| row.id == message.id);
            if !known {
                self.messages.push(self.message(commit, message));
            }
            if sabotage == Sabotage::DoubleMessages {
                self.messages.push(self.message(commit, message));
            }
        }
        for entry in &commit.audit {
            self.audit.push(self.linked(&commit.workspace, entry));
        }
        if let Some(new) = &commit.idempotency {
            self.keys.insert(
                new.key.clone(),
                IdempotencyRow {
                    workspace: commit.workspace.clone(),
                    scope: new.scope.clone(),
                    key: new.key.clone(),
                    request_hash: new.request_hash.clone(),
                    response_status: Some(new.response_status),
                    response_body: Some(new.response_body.clone()),
                    run: Some(commit.run_id.clone()),
                    created_at: commit.at,
                },
            );
        }
    }

    fn message(&self, commit: &Commit, message: &NewMessage) -> MessageRow {
        let before = self.messages.iter().filter(|row| row.conversation == message.conversation).count();
        MessageRow {
            id: message.id.clone(),
            workspace: commit.workspace.clone(),
            conversation: message.conversation.clone(),
            position: before as u64 + 1,
            at: message.at,
            author: message.author,
            author_name: message.author_name.clone(),
            body: message.body.clone(),
            form: message.form.clone(),
            checkpoint: message.checkpoint.clone(),
            run: message.run.clone(),
            delivery: None,
            data: message.data.clone(),
            send_at: None,
        }
    }

    fn linked(&self, workspace: &str, new: &NewAudit) -> AuditRow {
        let mut entry = AuditRow {
            workspace: workspace.to_owned(),
            seq: self.audit.len() as u64 + 1,
            at: new.at,
            actor: new.actor.clone(),
            via: new.via.clone(),
            action: new.action.clone(),
            subject: new.subject.clone(),
            detail: new.detail.clone(),
            prev_hash: self.audit.last().map(|last| last.hash.clone()).unwrap_or_default(),
            hash: String::new(),
            receipt: None,
        };
        entry.hash = audit_hash(&entry);
        entry
    }

    pub fn due_runs(&self, now: i64) -> Vec<String> {
        let due = self.runs.values().filter(|row| row.wake_at.is_some_and(|at| at <= now));
        due.map(|row| row.id.clone()).collect()
    }

    pub fn next_wake_at(&self) -> Option<i64> {
        self.runs.values().filter_map(|row| row.wake_at).min()
    }

    pub fn running_of(&self, node: &str) -> Vec<(String, u64)> {
        let own = |row: &&RunRow| row.status == RunStatus::Running && row.node.as_deref() == Some(node);
        self.runs.values().filter(own).map(|row| (row.id.clone(), row.seq)).collect()
    }

    pub fn any_running(&self) -> bool {
        self.runs.values().any(|row| row.status == RunStatus::Running)
    }

    pub fn dead_nodes(&self, silent_since: i64, except: &str) -> Vec<String> {
        let dead = self.nodes.iter().filter(|(id, at)| **at < silent_since && *id != except);
        dead.map(|(id, _)| id.clone()).collect()
    }

    /// Gives running runs of these nodes, and of no node, to `node`.
    pub fn claim_orphans(&mut self, node: &str, dead: &[String]) -> Vec<String> {
        let mut claimed = Vec::new();
        for row in self.runs.values_mut().filter(|row| row.status == RunStatus::Running) {
            if row.node.as_ref().is_none_or(|owner| dead.contains(owner)) {
                row.node = Some(node.to_owned());
                claimed.push(row.id.clone());
            }
        }
        claimed
    }
}

fn changed_checkpoint(change: &CheckpointChange, current: Option<&CheckpointRow>) -> Result<CheckpointRow, StoreError> {
    if let Some(row) = current
        && row.status == CheckpointStatus::Decided
    {
        return Err(Conflict::AlreadyDecided(Box::new(row.clone())).into());
    }
    match change {
        CheckpointChange::Open(_) if current.is_some() => Err(StoreError::AlreadyExists("checkpoint")),
        CheckpointChange::Open(row) => Ok(CheckpointRow::clone(row)),
        CheckpointChange::Close { outcome, decided_at, decided_by, via, comment, .. } => Ok(CheckpointRow {
            status: CheckpointStatus::Decided,
            outcome: Some(outcome.clone()),
            decided_at: Some(*decided_at),
            decided_by: Some(decided_by.clone()),
            via: Some(via.clone()),
            comment: comment.clone(),
            ..current.cloned().ok_or(StoreError::NotFound("checkpoint"))?
        }),
        CheckpointChange::Touch { due_at, payload, .. } => {
            let mut row = current.cloned().ok_or(StoreError::NotFound("checkpoint"))?;
            row.due_at = due_at.unwrap_or(row.due_at);
            if let Some(payload) = payload {
                row.payload.clone_from(payload);
            }
            Ok(row)
        }
        // The model has no inbox.
        CheckpointChange::Ask { .. } | CheckpointChange::Find { .. } => {
            current.cloned().ok_or(StoreError::NotFound("checkpoint"))
        }
        CheckpointChange::Move { version, step, .. } => {
            let mut row = current.cloned().ok_or(StoreError::NotFound("checkpoint"))?;
            row.version = *version;
            row.step.clone_from(step);
            Ok(row)
        }
    }
}
