//! What a person is asked to allow, and who may: who decides ([`policy`], [`deciders()`]), what is shown and stands for what runs
//! ([`GuardedRequest`]), what would follow ([`preview()`]).

mod accounts;
mod audience;
mod contributors;
mod deciders;
mod edits;
mod gates;
mod grants;
pub mod policy;
mod preview;
mod requests;

pub use accounts::{Accounts, ChosenAccounts, connector_of};
pub use audience::{Asks, Audience, Names};
pub use contributors::Contributors;
pub use deciders::{Decider, Hindrance, Roster, RosterMember, audience, deciders};
pub use edits::{NotEditable, edited};
pub(crate) use gates::Gates;
pub use grants::{Grant, Grants, Missing, Needed, Standing};
pub use preview::{PreviewStep, preview};
pub use requests::{Edits, GuardedCall, GuardedRequest, RequestDifference, ShownFact, json_hash};
