//! What a person is asked to allow, and who may: who decides ([`policy`]), what is shown and stands for what runs
//! ([`GuardedRequest`]), what would follow ([`preview()`]).

pub mod policy;
mod preview;
mod requests;

pub use preview::{PreviewStep, preview};
pub use requests::{GuardedRequest, RequestDifference, request_hash};
