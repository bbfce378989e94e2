//! Rows and commits to start from.

use countersign_core::run::Verdict;
use countersign_store::*;

pub const WORKSPACE: &str = "ws-1";
pub const OTHER: &str = "ws-2";

pub fn run_row(id: &str) -> RunRow {
    RunRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        workflow: "wf-1".to_owned(),
        version: 1,
        status: RunStatus::Running,
        step: Some("verify".to_owned()),
        step_kind: Some("tool_call".to_owned()),
        waiting_for: None,
        seq: 0,
        customer: None,
        conversation: None,
        trigger: "api".to_owned(),
        title: format!("Run {id}"),
        started_by: Some("user:u-1".to_owned()),
        started_at: 1_000,
        updated_at: 1_000,
        ended_at: None,
        wake_at: None,
        node: Some("node-1".to_owned()),
        error_code: None,
        error_message: None,
        output: None,
        retry_of: None,
        failed_step: None,
        failed_message: None,
    }
}

pub fn commit(run: &str, expected_seq: u64) -> Commit {
    Commit {
        workspace: WORKSPACE.to_owned(),
        run_id: run.to_owned(),
        expected_seq,
        at: 1_000 + expected_seq as i64,
        events: format!("[{{\"type\":\"event\",\"n\":{expected_seq}}}]"),
        run: run_row(run),
        step_executions: vec![],
        checkpoints: vec![],
        messages: vec![],
        proven: None,
        conversation_status: None,
        audit: vec![],
        pointed: None,
        inbound: None,
        wanted_by: None,
        outbound: Vec::new(),
        alert: false,
        idempotency: None,
    }
}

pub fn checkpoint(run: &str, visit: u32) -> CheckpointRow {
    CheckpointRow {
        id: format!("{run}.{visit}"),
        workspace: WORKSPACE.to_owned(),
        run: run.to_owned(),
        workflow: "wf-1".to_owned(),
        version: 1,
        step: "approve".to_owned(),
        visit,
        kind: CheckpointKind::Approval,
        status: CheckpointStatus::Open,
        title: "Manager approval required".to_owned(),
        customer: None,
        conversation: None,
        payload: "{}".to_owned(),
        assigned_to: None,
        opened_at: 2_000 + i64::from(visit),
        due_at: Some(9_000),
        outcome: None,
        decided_at: None,
        decided_by: None,
        via: None,
        comment: None,
        asks: None,
        audience: None,
        barred: String::new(),
        draft: None,
        words: String::new(),
    }
}

/// How [`close`] ends a checkpoint.
pub fn approved() -> Outcome {
    Outcome::Decided(Verdict::Approved)
}

pub fn close(id: &str, by: &str) -> CheckpointChange {
    close_as(id, by, approved())
}

pub fn close_as(id: &str, by: &str, outcome: Outcome) -> CheckpointChange {
    CheckpointChange::Close {
        id: id.to_owned(),
        outcome,
        decided_at: 3_000,
        decided_by: format!("{{\"user\":\"{by}\"}}"),
        via: "page".to_owned(),
        comment: Some("Fine".to_owned()),
    }
}

pub fn step_execution(run: &str, attempt: u32, status: ExecutionStatus) -> StepExecutionRow {
    StepExecutionRow {
        workspace: WORKSPACE.to_owned(),
        run: run.to_owned(),
        visit: 1,
        call: 1,
        attempt,
        step: "verify".to_owned(),
        kind: "tool_call".to_owned(),
        title: "Verify customer identity".to_owned(),
        status,
        action: Some("identity.verify".to_owned()),
        input: Some("{\"email\":\"ada@example.com\"}".to_owned()),
        output: None,
        error_code: None,
        error_message: None,
        detail: None,
        started_at: 1_000,
        ended_at: None,
    }
}

pub fn message(id: &str, conversation: &str) -> NewMessage {
    NewMessage {
        id: id.to_owned(),
        conversation: conversation.to_owned(),
        at: 5_000,
        author: Author::Customer,
        author_name: "Ada Example".to_owned(),
        body: format!("message {id}"),
        form: None,
        checkpoint: None,
        run: None,
        data: None,
        leaves: false,
    }
}

pub fn conversation(id: &str) -> ConversationRow {
    ConversationRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        customer: None,
        channel: "web".to_owned(),
        channel_account: None,
        external_id: None,
        subject: None,
        status: ConversationStatus::Open,
        token_hash: Some(format!("token-of-{id}")),
        assigned_to: None,
        last_position: 0,
        created_at: 1_000,
        updated_at: 1_000,
        last_message_at: None,
        unanswered_since: None,
        snoozed_until: None,
    }
}

pub fn customer(id: &str) -> CustomerRow {
    CustomerRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        external_id: Some(format!("crm-{id}")),
        name: "Ada Example".to_owned(),
        email: Some("Ada@Example.com".to_owned()),
        phone: Some("+15550100".to_owned()),
        telegram: Some("4711".to_owned()),
        data: "{}".to_owned(),
        created_at: 1_000,
        merged_into: None,
        merges: 0,
    }
}

pub fn workflow(id: &str, name: &str) -> WorkflowRow {
    WorkflowRow {
        id: id.to_owned(),
        workspace: WORKSPACE.to_owned(),
        name: name.to_owned(),
        draft: "{\"schema\":1}".to_owned(),
        draft_revision: 1,
        draft_updated_at: 1_000,
        draft_updated_by: Some("user:u-1".to_owned()),
        active_version: None,
        last_version: 0,
        created_at: 1_000,
        archived_at: None,
    }
}

pub fn publish(workflow: &str, document: &str) -> Publish {
    Publish {
        workspace: WORKSPACE.to_owned(),
        workflow: workflow.to_owned(),
        document: document.to_owned(),
        hash: format!("hash of {document}"),
        message: "because".to_owned(),
        author: "user:u-1".to_owned(),
        detail: None,
        expected_active: None,
        at: 2_000,
    }
}

pub fn user(id: &str, email: &str) -> UserRow {
    UserRow {
        id: id.to_owned(),
        email: email.to_owned(),
        name: "Ada Example".to_owned(),
        password_hash: None,
        created_at: 1_000,
    }
}

pub fn audit(action: &str) -> NewAudit {
    NewAudit {
        at: 4_000,
        actor: "user:u-1".to_owned(),
        via: "session".to_owned(),
        action: action.to_owned(),
        subject: "workflow:wf-1".to_owned(),
        detail: "{\"why\":\"because\"}".to_owned(),
    }
}

pub fn no_audit(_: u32) -> Vec<NewAudit> {
    vec![]
}

pub fn page(limit: u32) -> PageRequest {
    PageRequest { after: None, limit }
}

/// Commits and expects it to be written.
pub async fn written(store: &Store, commit: Commit) -> u64 {
    match store.commit(commit, Priority::Continue).await.unwrap() {
        CommitOutcome::Committed { seq } => seq,
        CommitOutcome::Replayed(row) => panic!("replayed {row:?}"),
    }
}

/// SQL that takes a node's last sign of life back by so many milliseconds.
pub fn silent(node: &str, milliseconds: i64) -> String {
    format!("UPDATE nodes SET heartbeat_at = heartbeat_at - {milliseconds} WHERE id = '{node}'")
}
