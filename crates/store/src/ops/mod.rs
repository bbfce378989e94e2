//! The operations, by subject, written once over [`crate::database::Database`].

mod access;
mod audit;
mod checkpoints;
mod connectors;
mod conversations;
mod customers;
mod delegations;
mod idempotency;
mod inbound;
mod nodes;
mod orphans;
mod outbound;
mod people;
mod pointers;
mod rehearsal;
mod run_lists;
mod runs;
mod saved_views;
mod settings;
mod standing;
mod statistics;
mod triggers;
mod workflows;

pub use audit::AuditFilter;
pub use checkpoints::CheckpointFilter;
pub use connectors::NewConnectorRevision;
pub use conversations::{ConversationFilter, ConversationUpdate};
pub use customers::CustomerKey;
pub use idempotency::Reservation;
pub use inbound::InboundFilter;
pub use outbound::OutboundFilter;
pub use pointers::SetRamp;
pub use run_lists::{RunPage, RunTally, UnreadableRun};
pub use runs::RunFilter;
pub use statistics::{ApprovalWait, FailingStep, RunsInBucket, Span, StepTime};
pub use workflows::{Activate, Publish, SaveDraft};
