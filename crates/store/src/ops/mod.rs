//! The operations, by subject, written once over [`crate::database::Database`].

mod access;
mod audit;
mod checkpoints;
mod conversations;
mod customers;
mod idempotency;
mod nodes;
mod people;
mod pointers;
mod rehearsal;
mod runs;
mod schedules;
mod settings;
mod workflows;

pub use audit::AuditFilter;
pub use checkpoints::CheckpointFilter;
pub use conversations::{ConversationFilter, ConversationUpdate};
pub use customers::CustomerKey;
pub use idempotency::Reservation;
pub use pointers::SetRamp;
pub use runs::RunFilter;
pub use workflows::{Activate, Publish, SaveDraft};
