//! What comes from outside: a row before it is answered, then a run. Whatever ends a row is written in one transaction with
//! what follows from it, so a crash anywhere loses nothing and repeats nothing; who takes a row only saves work.

mod answers;
mod channels;
mod consent;
mod forms;
mod messages;
mod pump;
mod snoozes;
mod triggers;
mod webhooks;

pub use channels::HookCall;
pub(crate) use channels::{DeliveryState, reference};
pub(crate) use consent::is_about_consent;
pub use forms::{FollowedForm, FormOver, started as started_form};
pub use messages::{AcceptedMessage, Incoming};
pub use triggers::{Fire, TriggerState};
pub use webhooks::{TriedCall, Webhook, WebhookCall, WebhookTaken};

pub(crate) use pump::{CameIn, Inbox};
pub(crate) use snoozes::Snoozes;

use countersign_store::{InboundEndRow, InboundKind, InboundOutcome, InboundRow, InboundStatus, RunRow};
use sha2::{Digest, Sha256};

/// Why a trigger that is switched off starts nothing.
const SWITCHED_OFF: &str = "the trigger is switched off";

/// What an event led to.
enum Came {
    /// The commit of a run has ended it.
    Ended(Option<Box<RunRow>>),
    /// It ends without a run.
    Nothing(InboundOutcome, Option<String>),
    /// A customer said something that nobody and no workflow answers; why not.
    Unanswered(String),
    /// It is looked at again after so many milliseconds.
    Later(i64),
}

impl Came {
    fn ignored(why: &str) -> Self {
        Self::Nothing(InboundOutcome::Ignored, Some(why.to_owned()))
    }

    fn unanswered(why: &str) -> Self {
        Self::Unanswered(why.to_owned())
    }
}

/// A row as it is accepted.
fn accepted(workspace: &str, id: String, kind: InboundKind, at: i64) -> InboundRow {
    InboundRow {
        workspace: workspace.to_owned(),
        source: String::new(),
        dedup: id.clone(),
        id,
        kind,
        payload: "{}".to_owned(),
        at,
        due_at: pump::LEASE_MS,
        attempts: 1,
        status: InboundStatus::Waiting,
        outcome: None,
        run: None,
        error: None,
        done_at: None,
        rank: 0,
        wanted_by: None,
    }
}

/// A row as it ends.
fn end_of(row: &InboundRow, outcome: InboundOutcome, at: i64) -> InboundEndRow {
    InboundEndRow {
        workspace: row.workspace.clone(),
        id: row.id.clone(),
        status: InboundStatus::Done,
        outcome: Some(outcome),
        run: None,
        error: None,
        done_at: Some(at),
        wanted_by: row.wanted_by.clone(),
    }
}

/// The same id for the same parts, so that what is made twice is one.
pub(crate) fn seeded(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0_u8; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
