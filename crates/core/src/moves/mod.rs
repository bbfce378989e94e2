//! How a run goes on otherwise than by itself: on another version, from another step, with other values. And which version
//! a new one takes.

mod moving;
mod ramp;
mod repeats;

pub use moving::{MoveCheck, MoveReason, MoveRequest, MoveVerdict, check_move};
pub use ramp::{Ramp, version_for};
pub use repeats::{asked_again, repeats};
