//! What comes from outside, and the triggers it comes through.

use super::{row, text_enum};

text_enum! {
    /// Whether what came in was dealt with.
    pub enum InboundStatus {
        /// Accepted; what follows from it is to be decided.
        Waiting = "waiting",
        /// Dealt with.
        Done = "done",
    }
}

text_enum! {
    /// What came in.
    pub enum InboundKind {
        /// A customer wrote.
        Message = "message",
        /// A platform told something: a message, a change of one, what became of one of ours.
        Channel = "channel",
        /// A webhook trigger was called.
        Webhook = "webhook",
        /// The clock of a schedule trigger struck.
        Schedule = "schedule",
    }
}

text_enum! {
    /// What came of it.
    pub enum InboundOutcome {
        /// A run was started.
        Started = "started",
        /// A message is in its conversation, and what follows from it is an event of its own.
        Stored = "stored",
        /// A message is different now, or where it is is known.
        Applied = "applied",
        /// It answered the form of a run.
        Answered = "answered",
        /// The next question of a form was asked.
        Asked = "asked",
        /// Nobody wanted it: no trigger, a filter that did not hold, a person has the conversation.
        Ignored = "ignored",
        /// A run of the trigger is still under way, and it says to skip.
        Skipped = "skipped",
        /// It cannot lead to anything; `error` says why.
        Failed = "failed",
    }
}

row! {
    /// Something that came from outside and was accepted.
    pub struct InboundRow in "inbound" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// UUID v7.
        pub id: String,
        /// Through what it came: `conversation:<id>`, `trigger:<workflow>/<trigger>`, `channel:<account>/<address>`.
        pub source: String,
        /// Unique per source: what came before is not taken again.
        pub dedup: String,
        /// What it is.
        pub kind: InboundKind,
        /// JSON: what it says.
        pub payload: String,
        /// When it was accepted.
        pub at: i64,
        /// Not taken before this time of the database: a process has it, or it is put off.
        pub due_at: i64,
        /// How often it was taken.
        pub attempts: u32,
        /// Whether it is dealt with.
        pub status: InboundStatus,
        /// What came of it.
        pub outcome: Option<InboundOutcome>,
        /// The run that was started.
        pub run: Option<String>,
        /// Why nothing came of it.
        pub error: Option<String>,
        /// When it was dealt with.
        pub done_at: Option<i64>,
        /// Where the other side puts it among those of its source; 0 where it does not say.
        pub rank: i64,
        /// The trigger that a message was for, `trigger:<workflow>/<trigger>`, once that is known.
        pub wanted_by: Option<String>,
    }
}

row! {
    /// How something that came in ends.
    pub struct InboundEndRow in "inbound" key(workspace, id) {
        /// Workspace.
        pub workspace: String,
        /// Its id.
        pub id: String,
        /// Done.
        pub status: InboundStatus,
        /// What came of it.
        pub outcome: Option<InboundOutcome>,
        /// The run that was started.
        pub run: Option<String>,
        /// Why nothing came of it.
        pub error: Option<String>,
        /// When.
        pub done_at: Option<i64>,
        /// The trigger that a message was for.
        pub wanted_by: Option<String>,
    }
}

row! {
    /// What a trigger of a workflow keeps across versions: its switch, its address, its secret, its clock.
    pub struct TriggerRow in "triggers" key(workspace, workflow, id) {
        /// Workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// The trigger's id, unique in the workflow.
        pub id: String,
        /// The type of the trigger it was made for.
        pub kind: String,
        /// JSON: the trigger as last published.
        pub definition: String,
        /// Whether it starts runs.
        pub enabled: bool,
        /// SHA-256 hex of the secret part of its address.
        pub token_hash: Option<String>,
        /// That part, encrypted; empty without.
        pub token_sealed: String,
        /// What calls are verified with, encrypted; empty without.
        pub secret_sealed: String,
        /// When it fires next.
        pub next_at: Option<i64>,
        /// When it fired last.
        pub last_at: Option<i64>,
    }
}

row! {
    /// What a step or a trigger of a workflow is tried with; it is never part of a version.
    pub struct SampleRow in "samples" key(workspace, workflow, place) {
        /// Workspace.
        pub workspace: String,
        /// Workflow id.
        pub workflow: String,
        /// `step:<id>` or `trigger:<id>`.
        pub place: String,
        /// JSON, without secrets.
        pub value: String,
        /// When it was kept.
        pub kept_at: i64,
        /// By whom.
        pub kept_by: String,
    }
}
