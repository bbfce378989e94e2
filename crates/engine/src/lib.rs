//! The shell around the run machine: claim, load, decide, commit, perform. No HTTP server, no SQL.

mod aside;
mod calls;
mod clock;
mod connections;
mod customer;
mod drive;
mod engine;
mod error;
mod fleet;
mod load;
mod moves;
mod people;
#[doc(hidden)]
pub mod project;
mod retry;
mod start;
mod timers;
mod triggers;
pub mod vault;
mod versions;
mod waiters;

pub use aside::beside_workers;
#[doc(hidden)]
pub use calls::Outside;
pub use clock::{Clock, SystemClock};
pub use customer::{conversation_object, customer_object};
pub use engine::{Engine, EngineConfig, EngineParts};
pub use error::EngineError;
pub use load::{LoadedCheckpoint, LoadedRun};
pub use moves::{CheckedMove, MoveRun};
pub use people::DecideRequest;
pub use retry::{RetryBy, RetryPlan, RetryRun};
pub use start::{IdempotencyKey, StartRun, StartedRun};
pub use vault::Vault;
pub use waiters::has_stopped;
