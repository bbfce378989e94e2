//! What a person is asked to allow, and who may: who decides ([`policy`]), what is shown and stands for what runs
//! ([`GuardedRequest`]), what would follow ([`preview()`]).

mod contributors;
mod gates;
mod grants;
pub mod policy;
mod preview;
mod requests;

pub use contributors::Contributors;
pub(crate) use gates::Gates;
pub use grants::{Grant, Grants, Missing, Needed, Standing};
pub use preview::{PreviewStep, preview};
pub use requests::{GuardedRequest, RequestDifference, json_hash, request_hash};
