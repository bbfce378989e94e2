//! Errors sorted by what the caller does about them.

use crate::CheckpointRow;

/// Somebody else was faster; read again and decide again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The run moved on: it is at `found`, not at `expected`.
    #[error("the run is at {found}, not at {expected}")]
    RunMoved {
        /// What the commit was decided on.
        expected: u64,
        /// Where the run is.
        found: u64,
    },
    /// The checkpoint already has its decision.
    #[error("checkpoint {} is already decided", .0.id)]
    AlreadyDecided(Box<CheckpointRow>),
    /// The draft was saved by somebody else.
    #[error("the draft is at revision {revision}")]
    DraftChanged {
        /// Current revision.
        revision: u64,
    },
    /// Another version became active meanwhile.
    #[error("the active version is {active:?}")]
    ActiveChanged {
        /// Current active version.
        active: Option<u32>,
    },
    /// The choice of version was moved since a start was decided on it.
    #[error("another version starts runs of {workflow} now")]
    PointerMoved {
        /// Workflow id.
        workflow: String,
    },
    /// Another revision of the connector was put in, or it was taken out.
    #[error("the connector is at revision {revision:?}")]
    ConnectorChanged {
        /// The revision that is put in now; none when it was taken out.
        revision: Option<u32>,
    },
    /// What came in was dealt with already.
    #[error("inbound event {id} is dealt with")]
    InboundDone {
        /// Its id.
        id: String,
    },
    /// The customer wrote again since a conversation was looked at.
    #[error("the customer wrote meanwhile")]
    MessagesSince,
    /// Nobody would be left who can let people in.
    #[error("somebody must stay administrator")]
    LastAdmin,
    /// The account is not set up, and its link belongs to another workspace.
    #[error("this person has not set up their account in another workspace yet")]
    SetUpElsewhere,
    /// The thing is used by others and cannot go.
    #[error("{0} is in use")]
    InUse(&'static str),
}

/// What went wrong, by consequence.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Read again, decide again.
    #[error("conflict: {0}")]
    Conflict(#[from] Conflict),
    /// There is no such thing in this workspace.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The id or a unique name is taken.
    #[error("{0} already exists")]
    AlreadyExists(&'static str),
    /// Try again later: the queue is full or the database is away.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// Stored data is not what was written; a person must look.
    #[error("corrupt data: {0}")]
    Corrupt(String),
    /// The database was migrated by a newer build.
    #[error("the database is at schema {found}, this build knows {known}: run the newer build")]
    TooNew {
        /// Schema version in the database.
        found: i64,
        /// Newest schema version in this build.
        known: i64,
    },
    /// Migrations are missing: run `migrate`.
    #[error("the database is at schema {found}, this build needs {known}: run `countersign migrate`")]
    TooOld {
        /// Schema version in the database.
        found: i64,
        /// Newest schema version in this build.
        known: i64,
    },
    /// Another process has the SQLite file open.
    #[error("{path} is in use by another process")]
    InUse {
        /// The database file.
        path: String,
    },
    /// No space left.
    #[error("the disk is full")]
    Full,
    /// The database cannot be written.
    #[error("the database is read-only")]
    ReadOnly,
    /// Reading or writing the disk fails for another reason than space or rights.
    #[error("the disk of the database fails: {0}")]
    DiskFailed(String),
    /// The configuration cannot work.
    #[error("{0}")]
    Config(String),
    /// A fault of this program or of the database server.
    #[error("database error: {0}")]
    Other(String),
}

impl StoreError {
    /// Whether it passes by itself, or when somebody mends the database: whatever must not be lost waits for that.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Busy(_) | Self::Full | Self::ReadOnly | Self::DiskFailed(_) => true,
            Self::Conflict(_)
            | Self::NotFound(_)
            | Self::AlreadyExists(_)
            | Self::Corrupt(_)
            | Self::TooNew { .. }
            | Self::TooOld { .. }
            | Self::InUse { .. }
            | Self::Config(_)
            | Self::Other(_) => false,
        }
    }
}

/// Result with a [`StoreError`].
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
