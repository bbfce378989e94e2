//! How a run goes on otherwise than by itself: on another version, from another step, with other values. And which version
//! a new one takes.

mod moving;
mod ramp;
mod repeats;
mod resume;

pub(crate) use moving::undone;
pub use moving::{Movable, MoveCheck, MoveReason, MoveRequest, MoveVerdict, check_move};
pub use ramp::{Ramp, version_for};
pub use repeats::{Again, Repeat, asked_again, repeats};
pub use resume::{Continuation, StateEdit};
