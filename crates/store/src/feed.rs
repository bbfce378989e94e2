//! The change feed: hints for live pages and other nodes, never the truth.

use serde::{Deserialize, Serialize};

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A run moved.
    Run,
    /// A checkpoint opened, changed or was decided.
    Checkpoint,
    /// A conversation or its messages changed.
    Conversation,
    /// A workflow's draft, version or pointer changed.
    Workflow,
    /// Something that came in is dealt with.
    Inbound,
    /// Somebody's rights changed; the id is the user's or the API key's.
    Access,
    /// Changes may have been missed (connection to the database lost): read again. Workspace and id are empty.
    Resync,
}

/// Something changed; read it again to see what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// Workspace.
    pub workspace: String,
    /// What.
    pub kind: ChangeKind,
    /// Which.
    pub id: String,
}

/// Subscribers that fall further behind than this are told so (`Lagged`).
const BACKLOG_MAX: usize = 4096;

/// The in-process end of the feed.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    sender: tokio::sync::broadcast::Sender<Change>,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { sender: tokio::sync::broadcast::Sender::new(BACKLOG_MAX) }
    }

    pub(crate) fn subscribe(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Tells everybody who listens; nobody listening is fine.
    pub(crate) fn publish(&self, changes: &[Change]) {
        for change in changes {
            if self.sender.send(change.clone()).is_err() {
                return;
            }
        }
    }
}
