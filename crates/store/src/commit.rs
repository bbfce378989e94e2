//! What the engine hands over to be written in one piece.

use crate::{Author, CheckpointRow, ConversationStatus, OutboundReason, Outcome, RunRow, StepExecutionRow};

/// Everything one decision of a run changes. It is written completely or not at all.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Workspace of the run and of everything below.
    pub workspace: String,
    /// Run id.
    pub run_id: String,
    /// `seq` the decision was made on; 0 starts a new run. The commit becomes `expected_seq + 1`.
    pub expected_seq: u64,
    /// Time of the decision.
    pub at: i64,
    /// JSON array of the events decided together.
    pub events: String,
    /// The complete new projection (`id`, `workspace` and `seq` are taken from the fields above). Of a run that was and
    /// stays `running` only the step, what it waits for, the node and the time can change, and only they are written.
    pub run: RunRow,
    /// Attempts that began or ended; written over an earlier row of the same (visit, call, attempt).
    pub step_executions: Vec<StepExecutionRow>,
    /// Checkpoints of this run, applied in order.
    pub checkpoints: Vec<CheckpointChange>,
    /// Messages to append, in order. An id that is already there is skipped.
    pub messages: Vec<NewMessage>,
    /// The customer the run turned out to have: `run.customer` is theirs already, its conversation becomes theirs.
    pub proven: Option<String>,
    /// New status of a conversation.
    pub conversation_status: Option<(String, ConversationStatus)>,
    /// Entries for the audit chain.
    pub audit: Vec<NewAudit>,
    /// Of a start that did not name its version: what the version was chosen by.
    pub pointed: Option<Pointed>,
    /// What came from outside and led to it; it is dealt with when this is written. When it already is, the commit fails
    /// with `Conflict::InboundDone`.
    pub inbound: Option<String>,
    /// The message trigger that what came in was for, `trigger:<workflow>/<trigger>`.
    pub wanted_by: Option<String>,
    /// What happened to checkpoints that people are to be told.
    pub outbound: Vec<NewOutbound>,
    /// Whether people are to be told that the run failed.
    pub alert: bool,
    /// Remember the answer; an answer already remembered wins and nothing is written.
    pub idempotency: Option<NewIdempotency>,
}

impl Commit {
    /// The conversation whose customer sent a form with this decision.
    pub(crate) fn heard(&self) -> Option<&String> {
        let sent = |change: &CheckpointChange| match change {
            CheckpointChange::Close { outcome, .. } => *outcome == Outcome::Submitted,
            CheckpointChange::Open(_)
            | CheckpointChange::Touch { .. }
            | CheckpointChange::Ask { .. }
            | CheckpointChange::Find { .. }
            | CheckpointChange::Move { .. } => false,
        };
        self.run.conversation.as_ref().filter(|_| self.checkpoints.iter().any(sent))
    }
}

/// The choice a start was decided on: when it was moved meanwhile, the commit fails with `Conflict::PointerMoved`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointed {
    /// Workflow id.
    pub workflow: String,
    /// `pointer_revision` of the workflow.
    pub revision: u64,
}

/// Something happened to a checkpoint of the commit's run: whom it concerns is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutbound {
    /// Checkpoint id.
    pub checkpoint: String,
    /// What.
    pub reason: OutboundReason,
}

/// One change of a checkpoint.
#[derive(Debug, Clone)]
pub enum CheckpointChange {
    /// A new checkpoint; its `run` and `workspace` must be the commit's.
    Open(Box<CheckpointRow>),
    /// The decision. A checkpoint that is not open makes the whole commit fail with `Conflict::AlreadyDecided`.
    Close {
        /// Checkpoint id.
        id: String,
        /// How it ended.
        outcome: Outcome,
        /// When.
        decided_at: i64,
        /// JSON: who.
        decided_by: String,
        /// How.
        via: String,
        /// Comment.
        comment: Option<String>,
    },
    /// A change that decides nothing (partial approval, escalation, new due time). Fails like `Close` when decided.
    Touch {
        /// Checkpoint id.
        id: String,
        /// New due time (`Some(None)` removes it), `None` leaves it.
        due_at: Option<Option<i64>>,
        /// New payload, JSON.
        payload: Option<String>,
        /// New assignee (`Some(None)` removes it), `None` leaves it.
        assigned_to: Option<Option<String>>,
    },
    /// Whom it asks now. Fails like `Close` when decided.
    Ask {
        /// Checkpoint id.
        id: String,
        /// JSON: by what they are.
        asks: String,
        /// Users who may not all the same.
        barred: Vec<String>,
    },
    /// What it is found by now: its run has another case, or other words are shown. Fails like `Close` when decided.
    Find {
        /// Checkpoint id.
        id: String,
        /// The run's case, one line.
        case: String,
        /// All other words, `None` leaves them.
        words: Option<String>,
    },
    /// Its run was moved to another version. Fails like `Close` when decided.
    Move {
        /// Checkpoint id.
        id: String,
        /// Version it is on now.
        version: u32,
        /// Step it is at now.
        step: String,
    },
}

/// What a checkpoint is found by, as it is kept: the case of its run, which is one line, before all else.
#[must_use]
pub fn found_by(case: &str, words: &str) -> String {
    format!("{case}\n{words}").to_lowercase()
}

/// A message to append. The position is assigned in the transaction.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// UUID; sending the same id again changes nothing.
    pub id: String,
    /// Conversation id, of the same workspace.
    pub conversation: String,
    /// When.
    pub at: i64,
    /// Who.
    pub author: Author,
    /// Name shown.
    pub author_name: String,
    /// Text.
    pub body: String,
    /// JSON form shown inline.
    pub form: Option<String>,
    /// Checkpoint the form or card belongs to.
    pub checkpoint: Option<String>,
    /// Run that sent it.
    pub run: Option<String>,
    /// JSON: attachments, provider ids, anything else.
    pub data: Option<String>,
    /// Whether it leaves by the channel of its conversation.
    pub leaves: bool,
}

/// An entry for the audit chain; number and hashes are added in the transaction.
#[derive(Debug, Clone)]
pub struct NewAudit {
    /// When.
    pub at: i64,
    /// Who: `user:<id>`, `key:<id>`, `customer:<id>`, `system`.
    pub actor: String,
    /// How they were identified: session, api_key, link, channel, timer.
    pub via: String,
    /// What: `workflow.published`, `checkpoint.decided`, ….
    pub action: String,
    /// On what: `workflow:<id>`, ….
    pub subject: String,
    /// JSON.
    pub detail: String,
}

/// An answer to remember with the commit.
#[derive(Debug, Clone)]
pub struct NewIdempotency {
    /// What kind of request, such as `run.start`.
    pub scope: String,
    /// The client's key.
    pub key: String,
    /// SHA-256 hex of the request.
    pub request_hash: String,
    /// HTTP status.
    pub response_status: u16,
    /// Body.
    pub response_body: String,
}

/// What became of a commit that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// Written; the run is at this `seq`.
    Committed {
        /// New `seq`.
        seq: u64,
    },
    /// The idempotency key was answered before; nothing was written.
    Replayed(Box<crate::IdempotencyRow>),
}

/// Who waits when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// New work: refused at once with `Busy`.
    Start,
    /// A run that already moves: waits for a place (back-pressure).
    Continue,
}
