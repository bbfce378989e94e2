//! One run: started, loaded, decided, written, performed.

mod aside;
mod calls;
mod conduct;
mod customer;
mod drive;
mod inbox;
mod load;
mod moves;
mod people;
mod places;
mod pointers;
#[doc(hidden)]
pub mod project;
mod retry;
mod roster;
mod standing;
mod start;
mod versions;
mod waiters;

pub use aside::beside_workers;
#[doc(hidden)]
pub use calls::Outside;
pub(crate) use calls::Turn;
pub use customer::{conversation_object, customer_object};
pub use inbox::{Inbox, Reader};
pub use load::{LoadedCheckpoint, LoadedRun};
pub use moves::{CheckedMove, MoveRun};
pub use people::DecideRequest;
pub use retry::{RetryBy, RetryPlan, RetryRun};
pub use start::{IdempotencyKey, NamedVersion, StartRun, StartedRun};
pub use versions::VersionRecord;
pub use waiters::has_stopped;

pub(crate) use aside::Aside;
pub(crate) use conduct::{Around, Conducts};
pub(crate) use drive::Cells;
pub(crate) use people::Counted;
pub(crate) use places::{Limits, Places, Taken};
pub(crate) use pointers::{Pointers, Starter};
pub(crate) use start::Origin;
pub(crate) use versions::Versions;
pub(crate) use waiters::Waiters;
