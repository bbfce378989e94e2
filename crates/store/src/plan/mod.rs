//! Group commit without a database: given what the database holds ([`Facts`]), which commits pass and what is to be
//! written ([`Effects`]). Both databases load facts, call [`plan`] and write effects, so a conflict means the same in both.

mod effects;
mod facts;

pub(crate) use effects::{AuditHeadRow, ConversationChangeRow, Effects, RunMoveRow, Values};
use effects::{EventsWrite, RunMove, RunWrite, StepWrite};
pub(crate) use facts::{Facts, Key, Standing, Wanted};

use crate::rows::{IdempotencyRow, InboundEndRow, InboundOutcome, InboundStatus};
use crate::{
    Author, Change, ChangeKind, CheckpointChange, CheckpointRow, CheckpointStatus, Commit, CommitOutcome, Conflict,
    MessageRow, NewMessage, OutboundReason, OutboundRow, Result, RunStatus, StoreError, audit, found_by,
};
use sha2::{Digest, Sha256};

/// Decides one commit. Only a commit that passes changes the facts (later commits of the batch see it) and the effects.
pub(crate) fn plan<'c>(commit: &'c Commit, facts: &mut Facts, effects: &mut Effects<'c>) -> Result<CommitOutcome> {
    if let Some(known) = remembered(commit, facts) {
        return Ok(CommitOutcome::Replayed(Box::new(known)));
    }
    check_fence(commit, facts)?;
    check_pointer(commit, facts)?;
    check_inbound(commit, facts)?;
    let checkpoints = change_checkpoints(commit, facts)?;
    check_conversations(commit, facts)?;

    let seq = commit.expected_seq + 1;
    write_run(commit, seq, facts, effects);
    for row in checkpoints {
        note(effects, commit, ChangeKind::Checkpoint, &row.id);
        let key = (row.workspace.clone(), row.id.clone());
        facts.checkpoints.insert(key.clone(), row.clone());
        effects.checkpoints.put(key, row);
    }
    write_conversations(commit, facts, effects);
    write_audit(&commit.workspace, &commit.audit, facts, effects);
    write_idempotency(commit, facts, effects);
    end_inbound(commit, facts, effects);
    let time = (commit.at, i64::try_from(seq).unwrap_or(i64::MAX));
    let announcing = |new| OutboundRow::announcing(&commit.workspace, new, time);
    effects.outbound.extend(commit.outbound.iter().map(announcing));
    if commit.alert {
        let failed = (OutboundReason::Failed, commit.run_id.as_str());
        effects.outbound.push(OutboundRow::alerting(&commit.workspace, failed, time));
    }
    Ok(CommitOutcome::Committed { seq })
}

fn remembered(commit: &Commit, facts: &Facts) -> Option<IdempotencyRow> {
    let wanted = commit.idempotency.as_ref()?;
    facts.idempotency.get(&(commit.workspace.clone(), wanted.scope.clone(), wanted.key.clone())).cloned()
}

fn check_fence(commit: &Commit, facts: &Facts) -> Result<()> {
    let expected = commit.expected_seq;
    match facts.runs.get(&(commit.workspace.clone(), commit.run_id.clone())) {
        None if expected == 0 => Ok(()),
        None => Err(StoreError::NotFound("run")),
        Some(found) if expected > 0 && found.seq == expected => Ok(()),
        Some(found) => Err(Conflict::RunMoved { expected, found: found.seq }.into()),
    }
}

/// A start goes by the version that is chosen now, not by the one that was when it was decided.
fn check_pointer(commit: &Commit, facts: &Facts) -> Result<()> {
    let Some(pointed) = &commit.pointed else { return Ok(()) };
    match facts.pointers.get(&(commit.workspace.clone(), pointed.workflow.clone())) {
        Some(found) if *found == pointed.revision => Ok(()),
        Some(_) | None => Err(Conflict::PointerMoved { workflow: pointed.workflow.clone() }.into()),
    }
}

fn check_inbound(commit: &Commit, facts: &Facts) -> Result<()> {
    match &commit.inbound {
        Some(id) if !facts.inbound.contains(&(commit.workspace.clone(), id.clone())) => {
            Err(Conflict::InboundDone { id: id.clone() }.into())
        }
        Some(_) | None => Ok(()),
    }
}

fn end_inbound(commit: &Commit, facts: &mut Facts, effects: &mut Effects<'_>) {
    let Some(id) = &commit.inbound else { return };
    facts.inbound.remove(&(commit.workspace.clone(), id.clone()));
    note(effects, commit, ChangeKind::Inbound, id);
    effects.inbound.push(InboundEndRow {
        workspace: commit.workspace.clone(),
        id: id.clone(),
        status: InboundStatus::Done,
        outcome: Some(if commit.expected_seq == 0 { InboundOutcome::Started } else { InboundOutcome::Answered }),
        run: Some(commit.run_id.clone()),
        error: None,
        done_at: Some(commit.at),
        wanted_by: commit.wanted_by.clone(),
    });
}

/// The checkpoints of the commit as they will be, without touching the facts yet.
fn change_checkpoints(commit: &Commit, facts: &Facts) -> Result<Vec<CheckpointRow>> {
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
        let current = match earlier {
            Some(index) => changed.get(index),
            None => facts.checkpoints.get(&(commit.workspace.clone(), id.clone())),
        };
        let row = change_checkpoint(commit, change, current)?;
        match earlier {
            Some(index) => changed[index] = row,
            None => changed.push(row),
        }
    }
    Ok(changed)
}

fn change_checkpoint(
    commit: &Commit,
    change: &CheckpointChange,
    current: Option<&CheckpointRow>,
) -> Result<CheckpointRow> {
    if let Some(row) = current
        && row.status == CheckpointStatus::Decided
    {
        return Err(Conflict::AlreadyDecided(Box::new(row.clone())).into());
    }
    let of_this_run = current.filter(|row| row.run == commit.run_id).cloned();
    match change {
        CheckpointChange::Open(_) if current.is_some() => Err(StoreError::AlreadyExists("checkpoint")),
        CheckpointChange::Open(row) => {
            let mut row = CheckpointRow::clone(row);
            row.workspace.clone_from(&commit.workspace);
            row.run.clone_from(&commit.run_id);
            Ok(row)
        }
        CheckpointChange::Close { outcome, decided_at, decided_by, via, comment, .. } => {
            let mut row = of_this_run.ok_or(StoreError::NotFound("checkpoint"))?;
            row.status = CheckpointStatus::Decided;
            row.draft = None;
            row.outcome = Some(outcome.clone());
            row.decided_at = Some(*decided_at);
            row.decided_by = Some(decided_by.clone());
            row.via = Some(via.clone());
            row.comment.clone_from(comment);
            row.audience = None;
            Ok(row)
        }
        CheckpointChange::Ask { asks, barred, .. } => {
            let mut row = of_this_run.ok_or(StoreError::NotFound("checkpoint"))?;
            row.audience = Some(hex::encode(Sha256::digest(asks)));
            row.asks = Some(asks.clone());
            row.barred = barred_text(barred);
            Ok(row)
        }
        CheckpointChange::Find { case, words, .. } => {
            let mut row = of_this_run.ok_or(StoreError::NotFound("checkpoint"))?;
            let kept = || row.words.split_once('\n').map_or("", |(_, words)| words).to_owned();
            row.words = found_by(case, &words.clone().unwrap_or_else(kept));
            Ok(row)
        }
        CheckpointChange::Touch { due_at, payload, assigned_to, .. } => {
            let mut row = of_this_run.ok_or(StoreError::NotFound("checkpoint"))?;
            row.due_at = due_at.unwrap_or(row.due_at);
            if let Some(payload) = payload {
                row.payload.clone_from(payload);
            }
            if let Some(assigned_to) = assigned_to {
                row.assigned_to.clone_from(assigned_to);
            }
            Ok(row)
        }
        CheckpointChange::Move { version, step, .. } => {
            let mut row = of_this_run.ok_or(StoreError::NotFound("checkpoint"))?;
            row.version = *version;
            row.step.clone_from(step);
            Ok(row)
        }
    }
}

/// `|<id>|<id>|`: each is found with the bars around it.
fn barred_text(people: &[String]) -> String {
    if people.is_empty() { String::new() } else { format!("|{}|", people.join("|")) }
}

fn check_conversations(commit: &Commit, facts: &Facts) -> Result<()> {
    let named = commit.messages.iter().map(|message| &message.conversation);
    let proven = commit.proven.iter().filter_map(|_| commit.run.conversation.as_ref());
    for id in named.chain(commit.conversation_status.iter().map(|(id, _)| id)).chain(proven) {
        if !facts.conversations.contains_key(&(commit.workspace.clone(), id.clone())) {
            return Err(StoreError::NotFound("conversation"));
        }
    }
    Ok(())
}

fn note(effects: &mut Effects<'_>, commit: &Commit, kind: ChangeKind, id: &str) {
    effects.changes.push(Change { workspace: commit.workspace.clone(), kind, id: id.to_owned() });
}

fn write_run<'c>(commit: &'c Commit, seq: u64, facts: &mut Facts, effects: &mut Effects<'c>) {
    let Commit { workspace, run_id, run, .. } = commit;
    let key = (workspace.as_str(), run_id.as_str());
    let before = facts.runs.insert((workspace.clone(), run_id.clone()), Standing { seq, status: run.status });
    let still_running = before.is_some_and(|before| before.status == RunStatus::Running)
        && run.status == RunStatus::Running
        && commit.proven.is_none()
        && !effects.changed_runs.contains(&key);
    if commit.expected_seq == 0 || effects.new_runs.contains(&key) {
        effects.new_runs.put(key, RunWrite(commit));
    } else if still_running {
        effects.moved_runs.put(key, RunMove(commit));
    } else {
        // Later than a move of the same batch, and complete.
        effects.changed_runs.put(key, RunWrite(commit));
    }
    effects.events.push(EventsWrite(commit));
    for row in &commit.step_executions {
        let key = (key.0, key.1, row.visit, row.call, row.attempt);
        effects.step_executions.put(key, StepWrite { commit, row });
    }
    note(effects, commit, ChangeKind::Run, run_id);
}

fn write_conversations(commit: &Commit, facts: &mut Facts, effects: &mut Effects<'_>) {
    for message in &commit.messages {
        if !facts.messages.insert((commit.workspace.clone(), message.id.clone())) {
            continue;
        }
        let key = (commit.workspace.clone(), message.conversation.clone());
        let Some(last_position) = facts.conversations.get_mut(&key) else { continue };
        *last_position += 1;
        let row = message_row(&commit.workspace, *last_position, message);
        let change = effects.conversation(&key, *last_position, commit.at);
        change.last_position = row.position;
        change.last_message_at = Some(row.at);
        if row.author == Author::Customer {
            change.snoozed_until = Some(0);
        }
        effects.messages.push(row);
    }
    if let Some((id, status)) = &commit.conversation_status {
        let key = (commit.workspace.clone(), id.clone());
        let last_position = facts.conversations.get(&key).copied().unwrap_or_default();
        effects.conversation(&key, last_position, commit.at).status = Some(*status);
    }
    if let (Some(customer), Some(id)) = (&commit.proven, &commit.run.conversation) {
        let key = (commit.workspace.clone(), id.clone());
        let last_position = facts.conversations.get(&key).copied().unwrap_or_default();
        effects.conversation(&key, last_position, commit.at).customer = Some(customer.clone());
    }
    let heard = commit.heard().filter(|id| {
        let key = (commit.workspace.clone(), (*id).clone());
        let Some(last_position) = facts.conversations.get(&key).copied() else { return false };
        effects.conversation(&key, last_position, commit.at).snoozed_until = Some(0);
        true
    });
    let named = commit.messages.iter().map(|message| &message.conversation);
    let proven = commit.proven.iter().filter_map(|_| commit.run.conversation.as_ref());
    let status = commit.conversation_status.iter().map(|(id, _)| id);
    let mut ids: Vec<&String> = named.chain(status).chain(proven).chain(heard).collect();
    ids.dedup();
    for id in ids {
        note(effects, commit, ChangeKind::Conversation, id);
    }
}

/// The delivery of a message that is yet to be sent.
const QUEUED: &str = "{\"status\":\"queued\"}";

pub(crate) fn message_row(workspace: &str, position: u64, message: &NewMessage) -> MessageRow {
    MessageRow {
        id: message.id.clone(),
        workspace: workspace.to_owned(),
        conversation: message.conversation.clone(),
        position,
        at: message.at,
        author: message.author,
        author_name: message.author_name.clone(),
        body: message.body.clone(),
        form: message.form.clone(),
        checkpoint: message.checkpoint.clone(),
        run: message.run.clone(),
        delivery: message.leaves.then(|| QUEUED.to_owned()),
        data: message.data.clone(),
        send_at: message.leaves.then_some(0),
    }
}

/// Links entries to a workspace's chain; also used by writes that are not commits.
pub(crate) fn write_audit(workspace: &str, entries: &[crate::NewAudit], facts: &mut Facts, effects: &mut Effects<'_>) {
    if entries.is_empty() {
        return;
    }
    let head = facts.audit_heads.entry(workspace.to_owned()).or_default();
    for entry in entries {
        effects.audit.push(audit::link(head, workspace, entry, facts.receipts.as_ref()));
    }
    let row = AuditHeadRow { workspace: workspace.to_owned(), seq: head.seq, hash: head.hash.clone() };
    effects.audit_heads.put(workspace.to_owned(), row);
}

fn write_idempotency(commit: &Commit, facts: &mut Facts, effects: &mut Effects<'_>) {
    let Some(new) = &commit.idempotency else { return };
    let row = IdempotencyRow {
        workspace: commit.workspace.clone(),
        scope: new.scope.clone(),
        key: new.key.clone(),
        request_hash: new.request_hash.clone(),
        response_status: Some(new.response_status),
        response_body: Some(new.response_body.clone()),
        run: Some(commit.run_id.clone()),
        created_at: commit.at,
    };
    facts.idempotency.insert((row.workspace.clone(), row.scope.clone(), row.key.clone()), row.clone());
    effects.idempotency.push(row);
}
